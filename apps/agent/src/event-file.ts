import { appendFile } from 'node:fs/promises';

/** Lines that wait to be written: a disk that does not keep up costs no more memory than this. */
const MAX_WAITING = 10_000;
const EVERY_MS = 500;

/**
 * Appends lines to a file, many at once. The file is opened anew each time, so that it may be moved away (logrotate) or made anew at any time. Where it
 * cannot be written the lines are lost, which is told; the next ones are tried again.
 */
export class EventFile {
  readonly #path: string;
  readonly #onProblem: (problem: string | null) => void;
  #waiting: string[] = [];
  #lost = 0;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  #hasProblem = false;

  constructor(path: string, onProblem: (problem: string | null) => void) {
    this.#path = path;
    this.#onProblem = onProblem;
  }

  /** A line without its newline. */
  write(line: string): void {
    if (this.#waiting.length >= MAX_WAITING) this.#lost += 1;
    else this.#waiting.push(line);
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      void this.flush();
    }, EVERY_MS);
  }

  /** Ends when all is written that can be. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.flush();
  }

  /** Writes what waits now. */
  async flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#append());
    await this.#writing;
  }

  async #append(): Promise<void> {
    const [lines, lost] = [this.#waiting, this.#lost];
    if (lines.length === 0) return;
    [this.#waiting, this.#lost] = [[], 0];
    try {
      await appendFile(this.#path, `${lines.join('\n')}\n`, { mode: 0o640 });
      const problem = lost === 0 ? null : `${lost} lines were lost: ${this.#path} is written too slowly`;
      this.#say(problem);
    } catch (error) {
      this.#say(`${lines.length + lost} lines were lost: ${(error as Error).message}`);
    }
  }

  #say(problem: string | null): void {
    const has = problem !== null;
    if (has || this.#hasProblem) this.#onProblem(problem);
    this.#hasProblem = has;
  }
}
