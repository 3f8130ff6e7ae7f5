import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Change, Commit } from '@manx/model';
import { afterAll, describe, expect, it } from 'vitest';
import { makeScratchDirectory } from './scratch-directory.js';
import { openSqliteStore } from './sqlite-store.js';

const ROUNDS = 10;
const program = fileURLToPath(new URL('./crash-writer.js', import.meta.url));

/** Lets writers write until so many answers have come, kills them, and says which revision was acknowledged last. */
const writeAndKill = async (path: string, answers: number): Promise<number> => {
  const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let acknowledged = 0;
  let count = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged = Math.max(acknowledged, Number(line));
    count += 1;
    if (count === answers) child.kill('SIGKILL');
  }
  expect((await exited)[1]).toBe('SIGKILL');
  return acknowledged;
};

const attributesOf = (change: Change | undefined): Record<string, unknown> => (change?.op === 'put' ? { ...change.value } : {});

const expectSound = (commits: readonly Commit[], puts: readonly Change[]): void => {
  const head = commits.length;
  expect(commits.map((commit) => commit.revision)).toEqual(Array.from({ length: head }, (_, index) => index + 1));
  const state = new Map(puts.map((change) => [change.id, change]));
  const folded = new Map(commits.flatMap((commit) => commit.changes).map((change) => [change.id, change]));
  expect(state).toEqual(folded);
  for (let writer = 0; writer < 8; writer += 1) {
    expect(attributesOf(state.get(`left-${writer}`))['revision']).toBe(attributesOf(state.get(`right-${writer}`))['revision']);
  }
  const lastOfBatch = Number(commits.at(-1)?.request_id.split(' ')[2] ?? 0);
  expect(lastOfBatch, 'the last batch is there as a whole').toBe(head);
};

describe('sqlite store, killed', () => {
  const { path, remove } = makeScratchDirectory();
  afterAll(remove);

  it(`an acknowledged write survives kill -9 at any moment, nothing is there by half, no revision is skipped (${ROUNDS} kills)`, async () => {
    const file = join(path, 'store.db');
    let least = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const answers = 1 + Math.floor(Math.random() * 300);
      const acknowledged = await writeAndKill(file, answers);
      expect(acknowledged, `round ${round}, killed after ${answers} answers`).toBeGreaterThan(least);
      const store = await openSqliteStore({ path: file });
      const { revision, puts } = await store.load();
      const commits: Commit[] = [];
      for await (const commit of store.history(0)) commits.push(commit);
      await store.close();
      expect(revision).toBeGreaterThanOrEqual(acknowledged);
      expect(commits.length).toBe(revision);
      expectSound(commits, [...puts]);
      least = revision;
    }
  }, 180_000);
});
