import { asHostName, type HostState, isProblem } from '@manx/hoststate';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createFeed, type Feed, type FeedOptions } from './feed.js';
import type { FeedSink } from './feed-stream.js';
import { parseFeedMessage } from './parse-message.js';
import { SampleCloud, sampleSet, stateOfSets } from './sample-cloud.js';
import { StateAssembler } from './state-assembler.js';

const h1 = asHostName('h1');
const h2 = asHostName('h2');

let feeds: Feed[] = [];
afterEach(() => {
  for (const feed of feeds) feed.close();
  feeds = [];
});

const makeFeed = (cloud: SampleCloud, options: Partial<FeedOptions> = {}): Feed => {
  const feed = createFeed({ source: cloud.source, onStatus: () => undefined, ...options });
  feeds.push(feed);
  return feed;
};

/** A socket of which the test decides when it takes more, and the agent behind it. */
class SampleReader {
  readonly #assembler: StateAssembler;
  readonly lines: string[] = [];
  readonly pieces: (string | Buffer)[] = [];
  isReading = true;
  isEnded = false;
  held: { revision: number; state: HostState } | null;

  constructor(held: { revision: number; state: HostState } | null = null) {
    this.held = held;
    this.#assembler = new StateAssembler(held);
  }

  readonly sink: FeedSink = {
    write: (piece) => {
      this.pieces.push(piece);
      for (const line of piece.toString().split('\n').slice(0, -1)) this.#take(line);
      return this.isReading;
    },
    end: () => {
      this.isEnded = true;
    },
  };

  get types(): readonly string[] {
    return this.lines.map((line) => (JSON.parse(line) as { type: string }).type);
  }

  #take(line: string): void {
    this.lines.push(line);
    const message = parseFeedMessage(line);
    const result = isProblem(message) ? message : this.#assembler.take(message);
    if (isProblem(result)) throw new Error(`${result.detail}: ${line}`);
    if (result.kind === 'partial') return;
    const state = result.kind === 'revision' ? this.held?.state : result.state;
    if (state !== undefined) this.held = { revision: result.revision, state };
  }
}

describe('sessions of a host', () => {
  it('a session begins with the whole state and goes on with what changes for its host alone', () => {
    const cloud = new SampleCloud();
    cloud.prepare({ h1: stateOfSets(sampleSet('a', 2)) });
    const feed = makeFeed(cloud);
    const reader = new SampleReader();
    feed.attach(h1, reader.sink, null);
    expect(reader.types).toEqual(['begin', 'put', 'in-sync']);
    cloud.commit(feed, { h1: stateOfSets(sampleSet('a', 3)) });
    cloud.commit(feed, { h2: stateOfSets(sampleSet('b', 1)) });
    expect(reader.types).toEqual(['begin', 'put', 'in-sync', 'delta']);
    expect(reader.held).toEqual({ revision: 2, state: cloud.stateOf(h1) });
  });

  it('a member that joins a large set is one address on the wire', () => {
    const cloud = new SampleCloud();
    cloud.prepare({ h1: stateOfSets(sampleSet('a', 10_000)) });
    const feed = makeFeed(cloud);
    const reader = new SampleReader();
    feed.attach(h1, reader.sink, null);
    cloud.commit(feed, { h1: stateOfSets(sampleSet('a', 10_001)) });
    expect(reader.lines.at(-1)?.length).toBeLessThan(200);
    expect(reader.held?.state).toEqual(cloud.stateOf(h1));
  });

  it('a change that is the same for many hosts is made bytes once', () => {
    const cloud = new SampleCloud();
    const feed = makeFeed(cloud);
    const readers = [h1, h2].map((host) => {
      const reader = new SampleReader();
      feed.attach(host, reader.sink, null);
      return reader;
    });
    const delta = { deletes: [], puts: [sampleSet('a', 1)], rules: [], members: [] };
    cloud.revision = 2;
    feed.publish(2, new Map([h1, h2].map((host) => [host, delta])));
    expect(readers[0]?.pieces.at(-1)).toBeInstanceOf(Buffer);
    expect(readers[0]?.pieces.at(-1)).toBe(readers[1]?.pieces.at(-1));
  });

  it('a change that is larger than what may be kept reaches those who have read all before it, as a change', () => {
    const cloud = new SampleCloud();
    const feed = makeFeed(cloud, { pastBytes: 100 });
    const readers = [h1, h2].map((host) => {
      const reader = new SampleReader();
      feed.attach(host, reader.sink, null);
      return reader;
    });
    for (const size of [100, 101, 102]) cloud.commit(feed, { h1: stateOfSets(sampleSet('a', size)) });
    expect(readers[0]?.types).toEqual(['begin', 'in-sync', 'delta', 'delta', 'delta']);
    expect(readers[0]?.held?.state).toEqual(cloud.stateOf(h1));
  });

  it('a second session of a host ends the first, and takes its place', () => {
    const cloud = new SampleCloud();
    const feed = makeFeed(cloud);
    const [first, second] = [new SampleReader(), new SampleReader()];
    const session = feed.attach(h1, first.sink, null);
    feed.attach(h1, second.sink, null);
    expect([first.isEnded, second.isEnded]).toEqual([true, false]);
    session.closed();
    cloud.commit(feed, { h1: stateOfSets(sampleSet('a', 1)) });
    expect(first.types).not.toContain('delta');
    expect(second.types.at(-1)).toBe('delta');
    expect(feed.hosts()).toMatchObject([{ host: 'h1', isConnected: true, isAlive: true }]);
  });

  it('a snapshot that is ahead of what was published is not followed by what it has already', () => {
    const cloud = new SampleCloud();
    const feed = makeFeed(cloud);
    cloud.prepare({ h1: stateOfSets(sampleSet('a', 1)) });
    cloud.revision = 2;
    const reader = new SampleReader();
    feed.attach(h1, reader.sink, null);
    feed.publish(2, new Map([[h1, { deletes: [], puts: [sampleSet('a', 1)], rules: [], members: [] }]]));
    expect(reader.types).toEqual(['begin', 'put', 'in-sync']);
  });

  it('a source that is behind what was published is a bug that is said aloud', () => {
    const cloud = new SampleCloud();
    const feed = makeFeed(cloud);
    feed.publish(9, new Map());
    expect(() => feed.attach(h1, new SampleReader().sink, null)).toThrow(/bug: the state of h1/);
    expect(() => feed.publish(9, new Map())).toThrow(/bug: revision 9/);
  });
});

describe('resuming', () => {
  const resumed = (since: number, run: string, options: Partial<FeedOptions> = {}): SampleReader => {
    const cloud = new SampleCloud(4);
    const feed = makeFeed(cloud, { run: 'this run', ...options });
    feed.attach(h1, new SampleReader().sink, null).closed();
    const states = new Map([[4, cloud.stateOf(h1)]]);
    for (let size = 1; size <= 3; size += 1) {
      cloud.commit(feed, { h1: stateOfSets(sampleSet('a', size)) });
      states.set(cloud.revision, cloud.stateOf(h1));
    }
    feed.publish((cloud.revision += 1), new Map());
    const reader = new SampleReader({ revision: since, state: states.get(since) ?? cloud.stateOf(h1) });
    feed.attach(h1, reader.sink, { run, since });
    expect(reader.held?.state).toEqual(cloud.stateOf(h1));
    return reader;
  };

  it('an agent that was away hears only what it missed', () => {
    expect(resumed(5, 'this run').types).toEqual(['in-sync', 'delta', 'delta']);
    expect(resumed(4, 'this run').types).toEqual(['in-sync', 'delta', 'delta', 'delta']);
  });

  it('revisions that changed nothing for the host count as heard', () => {
    expect(resumed(8, 'this run').types).toEqual(['in-sync']);
  });

  it.each([
    ['another run of the server', 5, 'another run', {}],
    ['a revision from before what is kept', 3, 'this run', {}],
    ['a revision that is not yet', 9, 'this run', {}],
    ['a revision that the bounded past no longer reaches', 5, 'this run', { ring: { entries: 1, bytes: 10_000 } }],
    ['changes too large for the bounded past', 5, 'this run', { ring: { entries: 100, bytes: 10 } }],
    ['changes too large for what is kept of all hosts', 5, 'this run', { pastBytes: 10 }],
  ])('%s gets a whole state', (_, since, run, options) => {
    expect(resumed(since, run, options).types).toEqual(['begin', 'put', 'in-sync']);
  });

  it('what is kept is shared out evenly: the more hosts, the less of the past of each', () => {
    const cloud = new SampleCloud();
    const feed = makeFeed(cloud, { run: 'run', pastBytes: 1000 });
    const typesAfter = (others: number): readonly string[] => {
      for (let other = 0; other < others; other += 1) feed.attach(asHostName(`other-${other}`), new SampleReader().sink, null);
      feed.attach(h1, new SampleReader().sink, null).closed();
      const since = { run: 'run', revision: cloud.revision, state: cloud.stateOf(h1) };
      for (const size of [1, 2, 3]) cloud.commit(feed, { h1: stateOfSets(sampleSet(`a${others}`, size)) });
      const reader = new SampleReader(since);
      feed.attach(h1, reader.sink, { run: 'run', since: since.revision });
      return reader.types;
    };
    expect(typesAfter(0)).toEqual(['in-sync', 'delta', 'delta', 'delta']);
    expect(typesAfter(9)[0]).toBe('begin');
  });
});

describe('readers who do not read', () => {
  it('nothing is written to them, the past that is kept for them is bounded, and they get a whole state when they read again', () => {
    const cloud = new SampleCloud();
    const feed = makeFeed(cloud, { ring: { entries: 10, bytes: 1_000_000 } });
    const reader = new SampleReader();
    reader.isReading = false;
    const session = feed.attach(h1, reader.sink, null);
    const written = reader.pieces.length;
    for (let size = 1; size <= 100; size += 1) cloud.commit(feed, { h1: stateOfSets(sampleSet('a', size)) });
    expect(reader.pieces.length).toBe(written);
    reader.isReading = true;
    session.drained();
    expect(reader.types).toEqual(['begin', 'in-sync', 'begin', 'put', 'in-sync']);
    expect(reader.held).toEqual({ revision: cloud.revision, state: cloud.stateOf(h1) });
  });

  it('whatever happens to the connection, a reader who reads in the end has the state that the server has', () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('commit' as const), id: fc.constantFrom('a', 'b', 'c'), size: fc.nat(4) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('other' as const) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('stall' as const) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('drain' as const), isReading: fc.boolean() }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('reconnect' as const), isResumed: fc.boolean() }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 6 }), (steps, entries) => {
        const cloud = new SampleCloud();
        cloud.prepare({ h1: stateOfSets(sampleSet('a', 1)) });
        const feed = makeFeed(cloud, { run: 'run', ring: { entries, bytes: 100_000 } });
        let reader = new SampleReader();
        let session = feed.attach(h1, reader.sink, null);
        for (const one of steps) {
          if (one.kind === 'commit') {
            const sets = new Map(cloud.stateOf(h1).sets);
            if (one.size === 0) sets.delete(one.id);
            else sets.set(one.id, sampleSet(one.id, one.size));
            cloud.commit(feed, { h1: stateOfSets(...sets.values()) });
          } else if (one.kind === 'other') cloud.commit(feed, { h2: stateOfSets(sampleSet('x', cloud.revision)) });
          else if (one.kind === 'stall') reader.isReading = false;
          else if (one.kind === 'drain') {
            reader.isReading = one.isReading;
            session.drained();
          } else {
            session.closed();
            const held = one.isResumed ? reader.held : null;
            reader = new SampleReader(held);
            session = feed.attach(h1, reader.sink, held === null ? null : { run: 'run', since: held.revision });
          }
        }
        reader.isReading = true;
        session.drained();
        expect(reader.held?.state).toEqual(cloud.stateOf(h1));
        feed.close();
      }),
      { numRuns: 300 },
    );
  });
});

describe('reports', () => {
  const report = { run: 'r', revision: 1, isFull: false, claims: null, drops: null, samples: null, agent: null };
  const status = (id: string) => ({ id, state: 'up' as const, revision: 1, problem: null });

  it('a host reports its own endpoints only: others are left out', async () => {
    const endpoint = { kind: 'endpoint', id: 'mine' } as never;
    const source = { snapshot: () => ({ revision: 1, state: { ...stateOfSets(), endpoints: new Map([['mine', endpoint]]) } }) };
    const taken: unknown[] = [];
    const feed = makeFeed(new SampleCloud(), { source, onStatus: (host, { endpoints }) => void taken.push([host, endpoints]) });
    await feed.report(h1, { ...report, endpoints: [status('mine'), status('theirs')] });
    expect(taken).toEqual([['h1', [status('mine')]]]);
  });

  it('a sign of life is remembered and troubles nobody', async () => {
    const feed = makeFeed(new SampleCloud(), {
      onStatus: () => {
        throw new Error('troubled');
      },
    });
    expect(feed.isAlive(h1)).toBe(false);
    await feed.report(h1, { ...report, endpoints: [] });
    expect(feed.isAlive(h1)).toBe(true);
    expect(feed.hosts()).toMatchObject([{ host: 'h1', isConnected: false, report: { run: 'r', revision: 1, agent: null } }]);
  });

  it('how far a host lags counts from the head, once something that concerns it is not applied yet, and not before', async () => {
    const cloud = new SampleCloud();
    const feed = makeFeed(cloud);
    const lag = (): number | undefined => feed.hosts()[0]?.lag;
    feed.attach(h1, new SampleReader().sink, null);
    expect(lag()).toBe(1);
    await feed.report(h1, { ...report, revision: 1, endpoints: [] });
    cloud.commit(feed, {});
    cloud.commit(feed, { h2: stateOfSets(sampleSet('s', 1)) });
    expect(lag()).toBe(0);
    cloud.commit(feed, { h1: stateOfSets(sampleSet('s', 1)) });
    expect(lag()).toBe(3);
    cloud.commit(feed, {});
    expect(lag()).toBe(4);
    await feed.report(h1, { ...report, revision: 4, endpoints: [] });
    expect(lag()).toBe(0);
  });
});
