import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { basename, join } from 'node:path';

type Watched = { readonly inode: number; readonly watcher: FSWatcher };

/**
 * Watches folders, and the folders in them, for files that are written, replaced or removed, whoever does it. What is not there yet, or was made
 * anew, is watched from the next `refresh` on.
 */
export class FolderWatch<K extends string> {
  readonly #roots: Readonly<Record<K, string>>;
  readonly #onChange: (key: K, name: string) => void;
  readonly #watched = new Map<string, Watched>();

  /** `onChange` gets the file's path within its folder, '' or one that ends in `/` for a whole folder; files with a leading dot, half-written ones, are not told of. */
  constructor(roots: Readonly<Record<K, string>>, onChange: (key: K, name: string) => void) {
    this.#roots = roots;
    this.#onChange = onChange;
  }

  /** Looks which folders there are now. */
  refresh(): void {
    const seen = new Set<string>();
    for (const [key, root] of Object.entries(this.#roots) as [K, string][]) this.#enter(key, root, { within: '', seen });
    for (const [path, { watcher }] of this.#watched) {
      if (seen.has(path)) continue;
      watcher.close();
      this.#watched.delete(path);
    }
  }

  close(): void {
    for (const { watcher } of this.#watched.values()) watcher.close();
    this.#watched.clear();
  }

  #enter(key: K, path: string, { within, seen }: { readonly within: string; readonly seen: Set<string> }): void {
    const inode = statSync(path, { throwIfNoEntry: false })?.ino;
    if (inode === undefined) return;
    seen.add(path);
    const known = this.#watched.get(path);
    if (known?.inode !== inode) {
      known?.watcher.close();
      this.#watch(key, path, { within, inode });
    }
    if (within === '') for (const entry of foldersIn(path)) this.#enter(key, join(path, entry), { within: `${within}${entry}/`, seen });
  }

  #watch(key: K, path: string, { within, inode }: { readonly within: string; readonly inode: number }): void {
    const watcher = watch(path, { persistent: false }, (_kind, name) => {
      // Of what happens to the folder itself it is told under its own name.
      const file = name === null || name === basename(path) ? '' : name;
      if (!file.startsWith('.')) this.#onChange(key, `${within}${file}`);
    });
    // The folder went: what was in it is told of as gone, and the next refresh looks again.
    watcher.on('error', () => {
      watcher.close();
      this.#watched.delete(path);
      this.#onChange(key, within);
    });
    this.#watched.set(path, { inode, watcher });
  }
}

const foldersIn = (path: string): readonly string[] => {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
};
