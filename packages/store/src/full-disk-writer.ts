import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { putPort, sampleCommit } from './sample-commit.js';
import { openSqliteStore } from './sqlite-store.js';
import type { Store } from './store.js';
import { StoreFault } from './store-fault.js';

// A program for the tests of faults: fills the small file system at argv[2] with a store until it takes no more, frees some space, goes on,
// and prints what it saw as JSON.

const directory = process.argv[2] ?? '';
const path = join(directory, 'store.db');
const ballast = join(directory, 'ballast');

const bigCommit = (revision: number) => sampleCommit(revision, [putPort(`port-${revision}`, { filler: 'x'.repeat(20_000) })]);

const fill = async (store: Store): Promise<{ readonly head: number; readonly fault: StoreFault }> => {
  for (let head = 0; ; head += 1) {
    try {
      await store.append(head, [bigCommit(head + 1)]);
    } catch (error) {
      if (!(error instanceof StoreFault)) throw error;
      return { head, fault: error };
    }
  }
};

const countOf = async (store: Store): Promise<number> => [...(await store.load()).puts].length;

const run = async (): Promise<unknown> => {
  const store = await openSqliteStore({ path });
  writeFileSync(ballast, Buffer.alloc(1_000_000));
  const { head, fault } = await fill(store);
  const { code, op, retry } = fault;
  const isHeadKept = (await store.head()) === head;
  const isStateKept = (await countOf(store)) === head;
  rmSync(ballast);
  const afterwards = (await store.append(head, [bigCommit(head + 1)])).kind;
  await store.close();
  const again = await openSqliteStore({ path });
  const isReopenedWhole = (await again.head()) === head + 1 && (await countOf(again)) === head + 1;
  await again.close();
  return { fault: { code, op, retry }, isHeadKept, isStateKept, afterwards, isReopenedWhole };
};

try {
  process.stdout.write(JSON.stringify(await run()));
} catch (error) {
  if (!(error instanceof StoreFault)) throw error;
  process.stdout.write(JSON.stringify({ opening: { code: error.code, errno: error.errno } }));
}
