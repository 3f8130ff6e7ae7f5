import { EventEmitter, once } from 'node:events';
import { applyChanges, type Change, type Commit, type Network, put, RESOURCE_KINDS, State, type StateReader } from '@manx/model';
import { openMemoryStore, type Store } from '@manx/store';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ledger, type Origin } from './ledger.js';
import { LedgerFault } from './ledger-fault.js';

const origin: Origin = { requestId: 'req-1', userId: 'u', projectId: 'p' };
const now = (): Date => new Date('2026-01-31T12:00:00Z');

const network = (id: string, name: string): Network => ({
  id,
  name,
  project_id: 'p',
  description: '',
  created_at: '2026-01-31T12:00:00Z',
  updated_at: '2026-01-31T12:00:00Z',
  revision_number: 1,
  admin_state_up: true,
  mtu: 1500,
  status: 'ACTIVE',
  'router:external': false,
  is_default: false,
  port_security_enabled: true,
  'provider:network_type': 'local',
  'provider:physical_network': null,
  availability_zone_hints: [],
  dns_domain: '',
  qos_policy_id: null,
});

/** A decision that makes the network unless there is one, and answers what it did. */
const make =
  (id: string, name: string) =>
  (state: StateReader): { changes: readonly Change[]; value: () => string } => {
    const found = state.get('network', id);
    return found === undefined
      ? { changes: [put('network', network(id, name))], value: () => 'made' }
      : { changes: [], value: () => `taken by ${found.name}` };
  };

type Gate = { readonly store: Store; readonly appends: number[]; readonly open: () => void; readonly failNext: () => void };

/** A store whose appends wait until they are let through, or fail. */
const gated = (inner: Store, isOpen = false): Gate => {
  let waiting: (() => void)[] = [];
  let open = isOpen;
  let failures = 0;
  const appends: number[] = [];
  const store: Store = {
    ...inner,
    append: async (expected, commits) => {
      appends.push(commits.length);
      if (!open) await new Promise<void>((resolve) => waiting.push(resolve));
      if (failures > 0) {
        failures -= 1;
        throw new Error('disk on fire');
      }
      return inner.append(expected, commits);
    },
  };
  return {
    store,
    appends,
    open: () => {
      open = true;
      for (const go of waiting) go();
      waiting = [];
    },
    failNext: () => void (failures += 1),
  };
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const isSettled = async (promise: Promise<unknown>): Promise<boolean> => {
  let settled = false;
  const mark = (): void => {
    settled = true;
  };
  promise.then(mark, mark);
  for (let i = 0; i < 3; i += 1) await turn();
  return settled;
};
const names = (state: StateReader): string[] => [...state.all('network')].map((n) => `${n.id}=${n.name}`).sort();
const rebuilt = async (store: Store): Promise<State> => {
  const state = new State();
  applyChanges(state, (await store.load()).puts);
  return state;
};

describe('Ledger', () => {
  it('answers a write only when it is durable, and a read only when what it saw is', async () => {
    const gate = gated(openMemoryStore());
    const ledger = await Ledger.open({ store: gate.store, now });
    expect(await ledger.read(names)).toEqual([]);
    const write = ledger.decide(origin, make('a', 'first'));
    const read = ledger.read(names);
    const refused = ledger.decide(origin, make('a', 'second'));
    expect(await isSettled(write)).toBe(false);
    expect(await isSettled(read)).toBe(false);
    expect(await isSettled(refused)).toBe(false);
    gate.open();
    expect(await Promise.all([write, read, refused])).toEqual(['made', ['a=first'], 'taken by first']);
    expect(ledger.revision).toBe(1);
  });

  it('puts requests that come together into one append', async () => {
    const gate = gated(openMemoryStore(), true);
    const ledger = await Ledger.open({ store: gate.store, now });
    await Promise.all(Array.from({ length: 100 }, (_, i) => ledger.decide(origin, make(`n${i}`, 'x'))));
    expect(gate.appends).toEqual([100]);
    expect(ledger.revision).toBe(100);
  });

  it('decides again, in order, what another server overtook', async () => {
    const inner = openMemoryStore();
    const gate = gated(inner);
    const ledger = await Ledger.open({ store: gate.store, now });
    const published: Commit[] = [];
    ledger.subscribe((commits) => published.push(...commits));
    const first = ledger.decide(origin, make('a', 'mine'));
    const second = ledger.decide(origin, make('b', 'mine'));
    const read = ledger.read(names);
    await turn();
    const theirs: Commit = {
      revision: 1,
      at: now().toISOString(),
      request_id: 'r',
      user_id: null,
      project_id: null,
      changes: [put('network', network('a', 'theirs'))],
    };
    await inner.append(0, [theirs]);
    gate.open();
    expect(await Promise.all([first, second, read])).toEqual(['taken by theirs', 'made', ['a=theirs', 'b=mine']]);
    await turn();
    expect(published.map((commit) => [commit.revision, commit.changes[0]?.id])).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
  });

  it('takes up the commits of another server while it is idle', async () => {
    const inner = openMemoryStore();
    const ledger = await Ledger.open({ store: inner, now });
    const told = new Promise<Commit>((resolve) => ledger.subscribe(([commit]) => commit && resolve(commit)));
    await inner.append(0, [
      { revision: 1, at: '', request_id: 'r', user_id: null, project_id: null, changes: [put('network', network('a', 'theirs'))] },
    ]);
    expect((await told).revision).toBe(1);
    expect(await ledger.read(names)).toEqual(['a=theirs']);
  });

  it('leaps over history that has been pruned', async () => {
    const inner = openMemoryStore({ keepCommits: 1 });
    let muted = true;
    const deaf: Store = { ...inner, watch: (onCommit) => inner.watch((commit) => (muted ? undefined : onCommit(commit))) };
    const ledger = await Ledger.open({ store: deaf, now });
    const commit = (revision: number, changes: readonly Change[]): Commit => ({
      revision,
      at: '',
      request_id: 'r',
      user_id: null,
      project_id: null,
      changes,
    });
    await inner.append(0, [commit(1, [put('network', network('a', 'x'))]), commit(2, [put('network', network('b', 'x'))])]);
    await inner.append(2, [commit(3, [{ op: 'delete', kind: 'network', id: 'a' }])]);
    muted = false;
    await inner.append(3, [commit(4, [put('network', network('c', 'x'))])]);
    await turn();
    expect(await ledger.read(names)).toEqual(['b=x', 'c=x']);
    expect(ledger.revision).toBe(4);
  });

  it('refuses with a fault while the store fails, changes nothing, and comes back by itself', async () => {
    const faults: unknown[] = [];
    let isBack = (): void => undefined;
    const back = new Promise<void>((resolve) => {
      isBack = resolve;
    });
    const gate = gated(openMemoryStore(), true);
    const ledger = await Ledger.open({
      store: gate.store,
      now,
      onStoreFault: (fault) => {
        faults.push(fault);
        if (fault === null) isBack();
      },
    });
    await ledger.decide(origin, make('a', 'kept'));
    gate.failNext();
    const write = ledger.decide(origin, make('b', 'lost'));
    const read = ledger.read(names);
    await expect(write).rejects.toMatchObject({ code: 'store-unavailable', retry: true });
    await expect(read).rejects.toBeInstanceOf(LedgerFault);
    expect(ledger.isReady).toBe(false);
    await expect(ledger.read(names)).rejects.toMatchObject({ code: 'store-unavailable' });
    await back;
    expect(await ledger.read(names)).toEqual(['a=kept']);
    expect(await ledger.decide(origin, make('b', 'again'))).toBe('made');
    expect(faults).toHaveLength(2);
  });

  it('leaves the state untouched when a decision throws', async () => {
    const ledger = await Ledger.open({ store: openMemoryStore(), now });
    const broken = ledger.decide(origin, () => ({
      changes: [put('network', network('a', 'x'))],
      value: () => {
        throw new RangeError('view');
      },
    }));
    await expect(broken).rejects.toThrow('view');
    expect(await ledger.read(names)).toEqual([]);
    expect(await ledger.decide(origin, make('a', 'x'))).toBe('made');
  });

  it('tells subscribers of commits in order, with the state exactly after them and nothing of what is on its way', async () => {
    const ledger = await Ledger.open({ store: openMemoryStore(), now });
    const told: number[] = [];
    const states: string[][] = [];
    ledger.subscribe((commits, state) => {
      told.push(...commits.map(({ revision }) => revision));
      states.push(names(state));
    });
    await ledger.decide(origin, make('a', 'x'));
    const second = ledger.decide(origin, make('b', 'x'));
    expect(names(ledger.state)).toEqual(['a=x', 'b=x']);
    await turn();
    expect(states[0]).toEqual(['a=x']);
    await second;
    await Promise.all(Array.from({ length: 1500 }, (_, i) => ledger.decide(origin, make(`n${i}`, 'x'))));
    await turn();
    expect(told).toEqual(Array.from({ length: 1502 }, (_, i) => i + 1));
    expect(states.at(-1)).toHaveLength(1502);
  });

  it('tells a subscriber nothing of what was durable before it came', async () => {
    const ledger = await Ledger.open({ store: openMemoryStore(), now });
    const told: number[][] = [[], []];
    const listen = (to: number) => ledger.subscribe((commits) => told[to]?.push(...commits.map(({ revision }) => revision)));
    listen(0);
    await ledger.decide(origin, make('a', 'x'));
    // Durable and answered, but not told to anybody yet.
    expect(told).toEqual([[], []]);
    listen(1);
    const second = ledger.decide(origin, make('b', 'x'));
    await second;
    await turn();
    await turn();
    expect(told).toEqual([[1, 2], [2]]);
  });

  it('shows what is durable to who asks for that, and then goes on with what is on its way', async () => {
    const gate = gated(openMemoryStore());
    const ledger = await Ledger.open({ store: gate.store, now });
    const writes = [ledger.decide(origin, make('a', 'x')), ledger.decide(origin, make('b', 'x'))];
    expect(ledger.atDurable((state, revision) => [revision, names(state)])).toEqual([0, []]);
    expect(names(ledger.state)).toEqual(['a=x', 'b=x']);
    gate.open();
    await Promise.all(writes);
    expect(ledger.atDurable((state, revision) => [revision, names(state)])).toEqual([2, ['a=x', 'b=x']]);
  });

  it('misses no commit that another server makes while it catches up with an earlier one', async () => {
    const inner = openMemoryStore();
    const commit = (revision: number): Commit => ({
      revision,
      at: '',
      request_id: 'r',
      user_id: null,
      project_id: null,
      changes: [put('network', network(`n${revision}`, 'x'))],
    });
    let isRacing = false;
    const racing: Store = {
      ...inner,
      async *history(after) {
        yield* inner.history(after);
        if (isRacing && (await inner.head()) < 3) await inner.append(after + 1, [commit(after + 2)]);
      },
    };
    const ledger = await Ledger.open({ store: racing, now });
    const third = new Promise<void>((resolve) =>
      ledger.subscribe((commits) => commits.some(({ revision }) => revision === 3) && resolve()),
    );
    isRacing = true;
    await inner.append(0, [commit(1)]);
    await third;
    expect(names(ledger.state)).toEqual(['n1=x', 'n2=x', 'n3=x']);
  });

  it('closes after what is under way is durable, and refuses what comes later', async () => {
    const gate = gated(openMemoryStore());
    const ledger = await Ledger.open({ store: gate.store, now });
    const published: number[] = [];
    ledger.subscribe((commits) => published.push(...commits.map(({ revision }) => revision)));
    const write = ledger.decide(origin, make('a', 'x'));
    const closed = ledger.close();
    await expect(ledger.read(names)).rejects.toMatchObject({ code: 'closed' });
    gate.open();
    await closed;
    expect(await write).toBe('made');
    expect(published).toEqual([1]);
    await ledger.close();
  });

  it('holds exactly what the store holds, whatever two servers do at once and however appends fail', async () => {
    const step = fc.record({
      server: fc.constantFrom(0, 1),
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      act: fc.constantFrom('make', 'delete', 'fail', 'pause'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const inner = openMemoryStore();
        const gates = [gated(inner, true), gated(inner, true)];
        const events = new EventEmitter();
        const onStoreFault = (): void => void events.emit('changed');
        const ledgers = await Promise.all(gates.map(({ store }) => Ledger.open({ store, now, onStoreFault })));
        for (const ledger of ledgers) ledger.subscribe(onStoreFault);
        const acknowledged: Promise<unknown>[] = [];
        for (const { server, id, act } of steps) {
          const ledger = ledgers[server];
          if (act === 'fail') gates[server]?.failNext();
          else if (act === 'pause') await turn();
          else if (act === 'make')
            acknowledged.push(ledger?.decide(origin, make(id, `by ${server}`)).catch(() => 'fault') ?? Promise.resolve());
          else {
            const remove = (state: StateReader): { changes: readonly Change[]; value: () => string } => ({
              changes: state.get('network', id) === undefined ? [] : [{ op: 'delete', kind: 'network', id }],
              value: () => 'gone',
            });
            acknowledged.push(ledger?.decide(origin, remove).catch(() => 'fault') ?? Promise.resolve());
          }
        }
        await Promise.all(acknowledged);
        for (const gate of gates) gate.open();
        const truth = await rebuilt(inner);
        const head = await inner.head();
        for (const ledger of ledgers) {
          while (!ledger.isReady || ledger.revision < head) await once(events, 'changed');
          const seen = await ledger.read((state) => names(state));
          expect(seen).toEqual(names(truth));
          expect((ledger.state as State).derived()).toEqual(truth.derived());
          expect(RESOURCE_KINDS.map((kind) => ledger.state.count(kind))).toEqual(RESOURCE_KINDS.map((kind) => truth.count(kind)));
          await ledger.close();
        }
      }),
      { numRuns: 60 },
    );
  });
});
