import { readFile, writeFile } from 'node:fs/promises';
import { tearDown, up } from '@manx/lab/attack-kit';
import type { TestProject } from 'vitest/node';
import { figuresFile } from './fresh-port.js';
import { makeRange, type Range } from './range.js';

declare module 'vitest' {
  export interface ProvidedContext {
    readonly range: Range;
  }
}

/** What the frozen-host checks took, in milliseconds, as one line. */
const figures = (sorted: readonly number[]): string => {
  const at = (part: number): number => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
  return `after each attack a port of another project came up: ${sorted.length} times, ping after ${at(0.5)} ms (median), ${at(0.99)} ms (99 of 100), ${at(1)} ms (worst)`;
};

/** Before all attacks: one lab of two hosts, and the range in it. After them: what the frozen-host checks took, and the lab goes. */
export const setup = async (project: TestProject): Promise<void> => {
  await up({ hosts: 2, empty: true }, () => undefined);
  try {
    await writeFile(figuresFile, '');
    project.provide('range', await makeRange());
  } catch (error) {
    await tearDown();
    throw error;
  }
};

export const teardown = async (): Promise<void> => {
  // There is none where the lab could not be built.
  const took = (await readFile(figuresFile, 'utf8').catch(() => '')).split('\n').filter(Boolean).map(Number);
  if (took.length > 0) console.log(`attacks: ${figures(took.toSorted((a, b) => a - b))}`);
  await tearDown();
};
