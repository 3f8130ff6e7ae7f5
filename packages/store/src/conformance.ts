import type { Commit, Revision } from '@manx/model';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deletePort, putPort, putSample, sampleCommit } from './sample-commit.js';
import { PRUNE_SLACK, type Store } from './store.js';
import { byKey, codeOf, fold, historyOf, range, revisionsOf, stateOf } from './store-view.js';

/** A place where one implementation keeps one store. */
export type StorePlace = {
  /** Opens the store of this place, which is empty at first. */
  readonly open: (options?: { readonly keepCommits?: number }) => Promise<Store>;
  readonly dispose: () => Promise<void>;
};

/** What the suite has to know of an implementation. */
export type StoreUnderTest = {
  readonly name: string;
  /** True when a store that was closed can be opened again and has everything. */
  readonly isDurable: boolean;
  readonly makePlace: () => Promise<StorePlace>;
};

type Ground = { readonly store: () => Store; readonly place: () => StorePlace };

function describeAppend({ store }: Ground): void {
  it('an empty store is at revision 0, with no object and no past', async () => {
    expect(await store().head()).toBe(0);
    expect(await stateOf(store())).toEqual({ revision: 0, objects: new Map() });
    expect(await historyOf(store())).toEqual([]);
  });

  it('what was appended is the state: the last put of each object, without the deleted', async () => {
    const network = putSample('network', 'a', { name: 'same id, other kind' });
    const commits = [
      sampleCommit(1, [putPort('a', { name: 'old' }), putPort('b'), network]),
      sampleCommit(2, [putPort('a', { name: 'new' }), deletePort('b'), deletePort('never there')]),
      sampleCommit(3, [putPort('b', { name: 'again' }), putPort('c')]),
      sampleCommit(4, [deletePort('c')]),
    ];
    expect(await store().append(0, commits)).toEqual({ kind: 'appended', head: 4 });
    const objects = byKey([putPort('a', { name: 'new' }), network, putPort('b', { name: 'again' })]);
    expect(await stateOf(store())).toEqual({ revision: 4, objects });
    expect(await historyOf(store())).toEqual(commits);
  });

  it('an append that expects another head is a conflict that names the head and writes nothing', async () => {
    await store().append(0, [sampleCommit(1), sampleCommit(2)]);
    expect(await store().append(1, [sampleCommit(2, [putPort('lost')])])).toEqual({ kind: 'conflict', head: 2 });
    expect(await store().append(0, [sampleCommit(1, [putPort('lost')])])).toEqual({ kind: 'conflict', head: 2 });
    expect(await store().append(7, [sampleCommit(8, [putPort('lost')])])).toEqual({ kind: 'conflict', head: 2 });
    expect((await stateOf(store())).objects).toEqual(byKey([putPort('port-1'), putPort('port-2')]));
    expect(revisionsOf(await historyOf(store()))).toEqual([1, 2]);
  });

  it('an append without commits only compares', async () => {
    await store().append(0, [sampleCommit(1)]);
    expect(await store().append(1, [])).toEqual({ kind: 'appended', head: 1 });
    expect(await store().append(0, [])).toEqual({ kind: 'conflict', head: 1 });
    expect(await store().head()).toBe(1);
  });

  it('commits that are not numbered from the expected head on are refused, and nothing is written', async () => {
    expect(await codeOf(() => store().append(0, [sampleCommit(2)]))).toBe('misnumbered');
    expect(await codeOf(() => store().append(0, [sampleCommit(1), sampleCommit(3)]))).toBe('misnumbered');
    expect(await codeOf(() => store().append(0, [sampleCommit(1), sampleCommit(1)]))).toBe('misnumbered');
    expect(await store().head()).toBe(0);
    expect(await store().append(0, [sampleCommit(1)])).toEqual({ kind: 'appended', head: 1 });
  });

  it('appends that are not waited for take effect in call order', async () => {
    const results = await Promise.all(
      range(1, 300).map((revision) => store().append(revision - 1, [sampleCommit(revision, [putPort('one', { revision })])])),
    );
    expect(results).toEqual(range(1, 300).map((head) => ({ kind: 'appended', head })));
    expect((await stateOf(store())).objects).toEqual(byKey([putPort('one', { revision: 300 })]));
  });

  it('of two writers who race for one revision exactly the first wins, and the loser can try again', async () => {
    const [first, second, third] = await Promise.all([
      store().append(0, [sampleCommit(1, [putPort('first')])]),
      store().append(0, [sampleCommit(1, [putPort('second')])]),
      store().append(1, [sampleCommit(2, [putPort('third')])]),
    ]);
    expect([first, second, third]).toEqual([
      { kind: 'appended', head: 1 },
      { kind: 'conflict', head: 1 },
      { kind: 'appended', head: 2 },
    ]);
    expect((await stateOf(store())).objects).toEqual(byKey([putPort('first'), putPort('third')]));
  });

  it('the head counts every append that was called before it was asked for', async () => {
    const write = store().append(0, [sampleCommit(1)]);
    expect(await store().head()).toBe(1);
    await write;
  });

  it('many writers who compare and try again lose no commit and write none twice', async () => {
    const write = async (name: string): Promise<void> => {
      for (let done = 0; done < 10; ) {
        const head = await store().head();
        const result = await store().append(head, [sampleCommit(head + 1, [putPort(`${name}-${done}`)])]);
        if (result.kind === 'appended') done += 1;
      }
    };
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map(write));
    const commits = await historyOf(store());
    expect(revisionsOf(commits)).toEqual(range(1, 50));
    expect(fold(commits).size).toBe(50);
  });
}

function describeContent({ place, store }: Ground): void {
  it('any JSON comes back as it went in, from the state and from the history', async () => {
    const values = fc.array(fc.jsonValue({ stringUnit: 'binary' }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(values, async (attributes) => {
        const head = await store().head();
        const change = putPort('any', JSON.parse(JSON.stringify({ attributes })) as Record<string, unknown>);
        await store().append(head, [sampleCommit(head + 1, [change])]);
        expect((await stateOf(store())).objects.get('port any')).toEqual(change);
        expect(await historyOf(store(), head)).toEqual([sampleCommit(head + 1, [change])]);
      }),
      { numRuns: 50 },
    );
  }, 120_000);

  it('text that is hard to keep is kept: NUL, quotes, lone surrogates, line ends, emoji', async () => {
    const change = putPort('hard', { name: 'a\0b"c\\\ud800\r\n\u2028😀', description: '\udc00' });
    await store().append(0, [sampleCommit(1, [change])]);
    expect((await stateOf(store())).objects.get('port hard')).toEqual(change);
  });

  it('the state is what the log says, after any sequence of appends, good ones and stale ones', async () => {
    const change = fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd'), n: fc.nat(), isPut: fc.boolean() });
    const commit = fc.uniqueArray(change, { maxLength: 4, selector: ({ id }) => id });
    const step = fc.record({ lag: fc.constantFrom(0, 0, 0, 1, -1), commits: fc.array(commit, { maxLength: 3 }) });
    await store().close();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const ground = await place().open();
        try {
          const start = await ground.head();
          const before = (await stateOf(ground)).objects;
          const written: Commit[] = [];
          for (const { lag, commits } of steps) {
            const expected = start + written.length - lag;
            const batch = commits.map((changes, index) =>
              sampleCommit(
                expected + 1 + index,
                changes.map(({ id, n, isPut }) => (isPut ? putPort(id, { n }) : deletePort(id))),
              ),
            );
            const result = await ground.append(expected, batch);
            expect(result.kind).toBe(lag === 0 ? 'appended' : 'conflict');
            if (lag === 0) written.push(...batch);
            expect(result.head).toBe(start + written.length);
          }
          expect(await historyOf(ground, start)).toEqual(written);
          const all = fold([sampleCommit(start, [...before.values()]), ...written]);
          expect(await stateOf(ground)).toEqual({ revision: start + written.length, objects: all });
        } finally {
          await ground.close();
        }
      }),
      { numRuns: 25 },
    );
  }, 120_000);

  it('a commit of several megabytes and a state of many such are loaded and read whole', async () => {
    const big = 'x'.repeat(700_000);
    const changes = range(1, 5).map((n) => putPort(`big-${n}`, { big, n }));
    await store().append(0, [sampleCommit(1, changes), sampleCommit(2), sampleCommit(3, changes), sampleCommit(4)]);
    expect((await stateOf(store())).objects).toEqual(fold([sampleCommit(1, changes), sampleCommit(2), sampleCommit(4)]));
    expect(revisionsOf(await historyOf(store()))).toEqual([1, 2, 3, 4]);
  });
}

function describeHistory({ place, store }: Ground): void {
  it('history begins after the revision asked for, and beyond the head there is none', async () => {
    await store().append(
      0,
      range(1, 5).map((revision) => sampleCommit(revision)),
    );
    expect(revisionsOf(await historyOf(store(), 0))).toEqual([1, 2, 3, 4, 5]);
    expect(revisionsOf(await historyOf(store(), 3))).toEqual([4, 5]);
    expect(await historyOf(store(), 5)).toEqual([]);
    expect(await historyOf(store(), 99)).toEqual([]);
  });

  it('a reader who stops early leaves the store as it is', async () => {
    await store().append(
      0,
      range(1, 5).map((revision) => sampleCommit(revision)),
    );
    for await (const commit of store().history(0)) if (commit.revision === 2) break;
    expect(await store().append(5, [sampleCommit(6)])).toEqual({ kind: 'appended', head: 6 });
  });

  it('the past is bounded, the state is not: old commits go, at least as many as promised stay, without a gap', async () => {
    await store().close();
    const bounded = await place().open({ keepCommits: 10 });
    try {
      const start = await bounded.head();
      const end = start + 2 * PRUNE_SLACK + 100;
      for (let at = start; at < end; at += 4)
        await bounded.append(
          at,
          range(at + 1, at + 4).map((revision) => sampleCommit(revision)),
        );
      const kept = revisionsOf(await historyOf(bounded));
      expect(kept.length).toBeGreaterThanOrEqual(10);
      expect(kept.length).toBeLessThanOrEqual(10 + 2 * PRUNE_SLACK);
      expect(kept).toEqual(range(end - kept.length + 1, end));
      expect((await stateOf(bounded)).objects.size).toBe(end);
    } finally {
      await bounded.close();
    }
  });
}

function describeWatch({ store }: Ground): void {
  it('a watcher hears every later commit once, in order, before its append resolves', async () => {
    await store().append(0, [sampleCommit(1)]);
    const heard: Commit[] = [];
    store().watch((commit) => heard.push(commit));
    await store().append(1, [sampleCommit(2), sampleCommit(3)]);
    expect(revisionsOf(heard)).toEqual([2, 3]);
    await Promise.all([store().append(3, [sampleCommit(4)]), store().append(3, [sampleCommit(4)]), store().append(4, [sampleCommit(5)])]);
    expect(heard).toEqual(range(2, 5).map((revision) => sampleCommit(revision)));
  });

  it('a watcher is not called within the call of append', async () => {
    let isWithin = true;
    const within: boolean[] = [];
    store().watch(() => within.push(isWithin));
    const done = store().append(0, [sampleCommit(1)]);
    isWithin = false;
    await done;
    expect(within).toEqual([false]);
  });

  it('who has stopped hears nothing more; the others do', async () => {
    const heard: string[] = [];
    const stopped = store().watch(({ revision }) => heard.push(`stopped ${revision}`));
    const once = store().watch(({ revision }) => {
      heard.push(`once ${revision}`);
      once.stop();
    });
    store().watch(({ revision }) => heard.push(`stays ${revision}`));
    stopped.stop();
    stopped.stop();
    await store().append(0, [sampleCommit(1), sampleCommit(2)]);
    expect(heard).toEqual(['once 1', 'stays 1', 'stays 2']);
  });

  it('who is stopped by another watcher of the same commit does not hear it', async () => {
    const heard: string[] = [];
    store().watch(() => second.stop());
    const second = store().watch(({ revision }) => heard.push(`second ${revision}`));
    await store().append(0, [sampleCommit(1)]);
    expect(heard).toEqual([]);
  });

  it('who watches first and loads then misses nothing while others write', async () => {
    const heard: Commit[] = [];
    const writes = range(1, 60).map((revision) => store().append(revision - 1, [sampleCommit(revision)]));
    await writes[9];
    store().watch((commit) => heard.push(commit));
    const { revision, puts } = await store().load();
    await Promise.all(writes);
    const later = heard.filter((commit) => commit.revision > revision);
    expect(revisionsOf(later)).toEqual(range(revision + 1, 60));
    expect(fold([sampleCommit(0, [...puts]), ...later])).toEqual((await stateOf(store())).objects);
  });
}

function describeClose({ store }: Ground): void {
  it('close waits for the appends under way', async () => {
    const settled: Revision[] = [];
    const writes = range(1, 50).map(async (revision) => {
      await store().append(revision - 1, [sampleCommit(revision)]);
      settled.push(revision);
    });
    await store().close();
    await Promise.all(writes);
    expect(settled).toEqual(range(1, 50));
  });

  it('from close on every call is refused, and closing again is fine', async () => {
    const closing = store().close();
    expect(await codeOf(() => store().append(0, [sampleCommit(1)]))).toBe('closed');
    await closing;
    await store().close();
    expect(await codeOf(() => store().head())).toBe('closed');
    expect(await codeOf(() => store().load())).toBe('closed');
    expect(await codeOf(() => store().append(0, []))).toBe('closed');
    expect(await codeOf(() => historyOf(store()))).toBe('closed');
    expect(await codeOf(() => store().watch(() => undefined))).toBe('closed');
  });
}

function describeReopen({ place, store }: Ground): void {
  it('a store that is opened again has the head, the state and the past that it had', async () => {
    await store().append(0, [sampleCommit(1, [putPort('a'), putPort('b')]), sampleCommit(2, [deletePort('a')])]);
    await store().close();
    const again = await place().open();
    try {
      expect(await again.head()).toBe(2);
      expect(await stateOf(again)).toEqual({ revision: 2, objects: byKey([putPort('b')]) });
      expect(revisionsOf(await historyOf(again))).toEqual([1, 2]);
      expect(await again.append(1, [sampleCommit(2)])).toEqual({ kind: 'conflict', head: 2 });
      expect(await again.append(2, [sampleCommit(3)])).toEqual({ kind: 'appended', head: 3 });
    } finally {
      await again.close();
    }
  });

  it('a setting that keeps less shrinks a long past bit by bit, and never the state', async () => {
    const length = 4 * PRUNE_SLACK;
    await store().append(
      0,
      range(1, length).map((revision) => sampleCommit(revision)),
    );
    await store().close();
    const again = await place().open({ keepCommits: 1 });
    try {
      for (let head = length; head < length + 8; head += 1) await again.append(head, [sampleCommit(head + 1)]);
      const kept = revisionsOf(await historyOf(again));
      expect(kept.length).toBeLessThanOrEqual(PRUNE_SLACK + 1);
      expect(kept.at(-1)).toBe(length + 8);
      expect((await stateOf(again)).objects.size).toBe(length + 8);
    } finally {
      await again.close();
    }
  });
}

/** The meaning of the `Store` port, as tests that every implementation passes. */
export function describeStoreConformance({ name, isDurable, makePlace }: StoreUnderTest): void {
  describe(`store port, ${name}`, () => {
    let place: StorePlace | null = null;
    let store: Store | null = null;
    const there = <T>(value: T | null): T => {
      if (value === null) throw new Error('the suite has no ground to stand on');
      return value;
    };
    const ground: Ground = { store: () => there(store), place: () => there(place) };

    beforeEach(async () => {
      place = await makePlace();
      store = await place.open();
    });
    afterEach(async () => {
      await store?.close();
      await place?.dispose();
    });

    describe('append', () => describeAppend(ground));
    describe('content', () => describeContent(ground));
    describe('history', () => describeHistory(ground));
    describe('watch', () => describeWatch(ground));
    describe('close', () => describeClose(ground));
    if (isDurable) describe('reopen', () => describeReopen(ground));
  });
}
