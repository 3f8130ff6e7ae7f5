import { writeSync } from 'node:fs';
import { putPort, sampleCommit } from './sample-commit.js';
import { openSqliteStore } from './sqlite-store.js';

// A program for the crash test: writes into the store at argv[2] until it is killed, and prints each revision once it is acknowledged.
// Each of its writers appends batches of one to four commits; each commit writes the same number into a pair of objects.

const WRITERS = 8;

const store = await openSqliteStore({ path: process.argv[2] ?? '' });
let tail = await store.head();

const writeOn = async (writer: number): Promise<void> => {
  for (let round = 0; ; round += 1) {
    const expected = tail;
    const size = 1 + ((writer + round) % 4);
    tail += size;
    const commits = Array.from({ length: size }, (_, index) => {
      const revision = expected + 1 + index;
      const pair = ['left', 'right'].map((side) => putPort(`${side}-${writer}`, { revision, filler: 'x'.repeat(500) }));
      return { ...sampleCommit(revision, [...pair, putPort(`own-${revision}`)]), request_id: `batch ${expected + 1} ${expected + size}` };
    });
    const result = await store.append(expected, commits);
    if (result.kind !== 'appended') throw new Error(`the only process that writes lost a race: ${JSON.stringify(result)}`);
    writeSync(1, `${expected + size}\n`);
  }
};

await Promise.all(Array.from({ length: WRITERS }, (_, writer) => writeOn(writer)));
