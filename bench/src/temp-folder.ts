import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cleanup } from './cleanup.js';

/** A folder of its own on the machine's disk, removed whole by the clean-up. */
export const makeTempFolder = async (name: string, cleanup: Cleanup): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), `manx-bench-${name}-`));
  cleanup.add(async () => await rm(folder, { recursive: true, force: true }));
  return folder;
};
