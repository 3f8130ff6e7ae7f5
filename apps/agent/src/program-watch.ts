import type { ProgramPort } from '@manx/kernel';
import type { Finding } from './problem-book.js';

const EVERY_MS = 1_000;
/** A process is ended when it was found ill so many times in a row: a busy machine makes none ill for so long. */
const MAX_ILL = 3;

type Program = Pick<ProgramPort, 'ailment' | 'failure' | 'kill'>;

/** What is watched, and whom it tells. */
export type ProgramWatchOptions = {
  readonly programs: Readonly<Record<string, Program>>;
  /** Told when what is wrong has changed. */
  readonly onChange: () => void;
  /** Told of a program that is ended because it does not work, and why. */
  readonly onKill: (program: string, ailment: string) => void;
};

/**
 * Looks every second whether the programs beside the agent work: one that hangs does not end, so nobody would start it again (S20). One that
 * does not work is named at once, and ended when that goes on; its supervision starts another. One that does not stay up is named as well.
 */
export class ProgramWatch {
  readonly #options: ProgramWatchOptions;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #ill = new Map<string, { readonly times: number; readonly ailment: string }>();
  readonly #failing = new Map<string, string>();
  #isClosed = false;

  constructor(options: ProgramWatchOptions) {
    this.#options = options;
    for (const [name, program] of Object.entries(options.programs)) this.#lookSoon(name, program);
  }

  /** What was wrong when it last looked. */
  get findings(): readonly Finding[] {
    const ill = [...this.#ill].map(([subject, { ailment }]) => {
      return { code: 'program', subject, detail: `${ailment}; when that goes on another is started in its place` };
    });
    const failing = [...this.#failing].map(([subject, detail]) => ({ code: 'program', subject, detail }));
    return [...failing, ...ill].sort((a, b) => (a.subject < b.subject ? -1 : 1));
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  #lookSoon(name: string, program: Program): void {
    if (this.#isClosed) return;
    this.#timers.set(
      name,
      setTimeout(() => void this.#look(name, program), EVERY_MS),
    );
  }

  async #look(name: string, program: Program): Promise<void> {
    const ailment = await program.ailment();
    if (this.#isClosed) return;
    const [failure, failedBefore] = [program.failure(), this.#failing.get(name) ?? null];
    if (failure === null) this.#failing.delete(name);
    else this.#failing.set(name, failure);
    const before = this.#ill.get(name);
    const times = (before?.times ?? 0) + 1;
    if (ailment === null) this.#ill.delete(name);
    else this.#ill.set(name, { times: times % MAX_ILL, ailment });
    if (ailment !== null && times === MAX_ILL) {
      this.#options.onKill(name, ailment);
      program.kill();
    }
    if (before?.ailment !== (ailment ?? undefined) || failure !== failedBefore) this.#options.onChange();
    this.#lookSoon(name, program);
  }
}
