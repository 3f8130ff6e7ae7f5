import { type BgpSession, type BirdPort, Fault } from '@manx/kernel';

const EVERY_MS = 2_000;

/** Asks BIRD for its sessions now and then, tells when one has changed, and lets those learn again whose limit of routes was reached. */
export class BgpWatch {
  readonly #bird: BirdPort;
  readonly #onChange: (sessions: readonly BgpSession[]) => void;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;
  #last = '[]';

  constructor(bird: BirdPort, onChange: (sessions: readonly BgpSession[]) => void) {
    this.#bird = bird;
    this.#onChange = onChange;
    this.#again(EVERY_MS / 10);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #again(ms: number): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      void this.#ask();
    }, ms);
  }

  async #ask(): Promise<void> {
    const sessions = await sessionsOf(this.#bird);
    const text = JSON.stringify(sessions);
    if (text !== this.#last && !this.#isClosed) {
      this.#last = text;
      this.#onChange(sessions);
    }
    await this.#relearn();
    this.#again(EVERY_MS);
  }

  async #relearn(): Promise<void> {
    try {
      await this.#bird.relearn();
    } catch (fault) {
      // What does not answer is told of by its sessions, and asked again.
      if (!(fault instanceof Fault)) throw fault;
    }
  }
}

/** A BIRD that does not answer has no session that one could count on. */
const sessionsOf = async (bird: BirdPort): Promise<readonly BgpSession[]> => {
  try {
    return await bird.sessions();
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    return [{ name: 'BIRD', state: fault.detail }];
  }
};
