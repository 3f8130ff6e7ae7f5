import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readSysctl, writeFileAtomic } from '@manx/kernel';

const NAME = 'sysctls-before.json';

/** Host-wide sysctls as they were before an agent first wrote them, so that a clean-up can put them back. On disk before the first write. */
export class SavedSysctls {
  readonly #path: string;
  readonly #values: Map<string, string>;

  constructor(stateDir: string) {
    this.#path = join(stateDir, NAME);
    this.#values = new Map(Object.entries(readValues(this.#path)));
  }

  /** Values by path below /proc/sys; empty when nothing was written. */
  get values(): ReadonlyMap<string, string> {
    return this.#values;
  }

  /** Saves the value of now, unless an earlier one is saved. */
  save(path: string): void {
    if (this.#values.has(path)) return;
    const value = readSysctl(path);
    if (value === null) return;
    this.#values.set(path, value);
    writeFileAtomic(this.#path, `${JSON.stringify(Object.fromEntries(this.#values))}\n`);
  }

  /** Forgets them. */
  remove(): void {
    rmSync(this.#path, { force: true });
  }
}

const readValues = (path: string): Record<string, string> => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
};
