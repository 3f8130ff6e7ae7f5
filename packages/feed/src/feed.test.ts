import { asHostName, type HostName, type HostState, isProblem } from '@manx/hoststate';
import type { Ip } from '@manx/ip';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createFeed, type Feed, type FeedOptions } from './feed.js';
import type { FeedSink } from './feed-stream.js';
import { MAX_RELEASED, RELEASED_PAUSE_MS } from './messages.js';
import { parseFeedMessage } from './parse-message.js';
import { SampleCloud, sampleIp, sampleSet, stateOfSets } from './sample-cloud.js';
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
  /** Lost addresses with their revisions, in the order of their coming. */
  readonly lost: string[] = [];

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
    if (result.kind === 'partial' || result.kind === 'order') return;
    if (result.kind === 'released') {
      this.lost.push(...result.addresses.map(({ ip, revision }) => `${ip} at ${revision}`));
      return;
    }
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

describe('S16: lost addresses', () => {
  const [a, b, c] = [1, 2, 3].map(sampleIp) as [Ip, Ip, Ip];

  /** A cloud at revision 1, and a feed that has told each host so. */
  const begin = (...names: readonly HostName[]): { cloud: SampleCloud; feed: Feed; readers: SampleReader[] } => {
    const cloud = new SampleCloud();
    const feed = makeFeed(cloud, { run: 'run' });
    const readers = names.map((name) => {
      const reader = new SampleReader();
      feed.attach(name, reader.sink, null);
      return reader;
    });
    return { cloud, feed, readers };
  };
  const lose = (cloud: SampleCloud, feed: Feed, ...ips: readonly Ip[]): void => feed.publish((cloud.revision += 1), new Map(), ips);

  it('every host is told, whatever else changes for it, in the same bytes', () => {
    const { cloud, feed, readers } = begin(h1, h2);
    lose(cloud, feed, a, b);
    expect(readers.map(({ lost }) => lost)).toEqual([
      [`${a} at 2`, `${b} at 2`],
      [`${a} at 2`, `${b} at 2`],
    ]);
    expect(readers[0]?.pieces.at(-1)).toBe(readers[1]?.pieces.at(-1));
  });

  it('what is lost in quick succession is told together, after a pause', () => {
    vi.useFakeTimers();
    try {
      const { cloud, feed, readers } = begin(h1);
      for (const ip of [a, b, c]) lose(cloud, feed, ip);
      expect(readers[0]?.lost).toEqual([`${a} at 2`]);
      vi.advanceTimersByTime(RELEASED_PAUSE_MS);
      expect(readers[0]?.lost).toEqual([`${a} at 2`, `${b} at 3`, `${c} at 4`]);
      expect(readers[0]?.types.filter((type) => type === 'released')).toHaveLength(2);
      vi.advanceTimersByTime(10 * RELEASED_PAUSE_MS);
      expect(readers[0]?.lost).toHaveLength(3);
    } finally {
      vi.useRealTimers();
    }
  });

  it('a host hears of a loss before it comes to stand at a later revision, be it by a change or a heartbeat', () => {
    vi.useFakeTimers();
    try {
      const cloud = new SampleCloud();
      const feed = makeFeed(cloud, { heartbeatMs: RELEASED_PAUSE_MS / 2 });
      const [changed, idle] = [new SampleReader(), new SampleReader()];
      feed.attach(h1, changed.sink, null);
      feed.attach(h2, idle.sink, null);
      lose(cloud, feed, a);
      lose(cloud, feed, b);
      cloud.commit(feed, { h1: stateOfSets(sampleSet('s', 1)) });
      expect(changed.types.slice(-2)).toEqual(['released', 'delta']);
      expect(idle.lost).toEqual([`${a} at 2`]);
      vi.advanceTimersByTime(RELEASED_PAUSE_MS / 2);
      expect(idle.types.slice(-2)).toEqual(['released', 'heartbeat']);
      expect(idle.lost).toEqual([`${a} at 2`, `${b} at 3`]);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ['the same run', 'run'],
    ['another server’s run', 'another'],
  ])('an agent that was away hears of what was lost since its revision, in %s', (_, run) => {
    const { cloud, feed } = begin();
    lose(cloud, feed, a);
    lose(cloud, feed, b);
    const reader = new SampleReader({ revision: 2, state: stateOfSets() });
    feed.attach(h1, reader.sink, { run, since: 2 });
    expect(reader.lost).toEqual([`${b} at 3`]);
    expect(reader.types.at(-1)).toBe('released');
    const fresh = new SampleReader();
    feed.attach(h1, fresh.sink, null);
    expect(fresh.lost).toEqual([]);
  });

  it('a reader who does not read is told as soon as it does', () => {
    const { cloud, feed } = begin();
    const reader = new SampleReader();
    reader.isReading = false;
    const session = feed.attach(h1, reader.sink, null);
    lose(cloud, feed, a);
    expect(reader.lost).toEqual([]);
    reader.isReading = true;
    session.drained();
    expect(reader.lost).toEqual([`${a} at 2`]);
  });

  it('the last ones are kept, each once, as it was lost last', () => {
    const { cloud, feed } = begin();
    const many = Array.from({ length: MAX_RELEASED }, (_, n) => sampleIp(n + 1));
    lose(cloud, feed, ...many);
    lose(cloud, feed, a, sampleIp(MAX_RELEASED + 1));
    const reader = new SampleReader({ revision: 1, state: stateOfSets() });
    feed.attach(h1, reader.sink, { run: 'run', since: 1 });
    expect(reader.lost).toHaveLength(MAX_RELEASED);
    expect(reader.lost[0]).toBe(`${c} at 2`);
    expect(reader.lost.slice(-2)).toEqual([`${a} at 3`, `${sampleIp(MAX_RELEASED + 1)} at 3`]);
  });

  it('words that come too early, or are none, are refused', () => {
    const early = { type: 'released' as const, addresses: [{ ip: a, revision: 2 }] };
    expect(new StateAssembler(null).take(early)).toMatchObject({ code: 'feed-out-of-order' });
    for (const addresses of [
      null,
      [a],
      [{ ip: '10.0.0.01', revision: 2 }],
      [{ ip: a }],
      [{ ip: a, revision: -1 }],
      [{ ip: a, revision: 1, x: 1 }],
    ])
      expect(parseFeedMessage(JSON.stringify({ type: 'released', addresses }))).toMatchObject({ code: 'malformed' });
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
  const report = { run: 'r', revision: 1, isFull: false, claims: null, drops: null, samples: null, events: null, agent: null };
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
