import type { StatusReport } from '@manx/feed';
import { lifeSign, quietAgent } from '@manx/feed/testing/reports';
import { asHostName, type HostDelta, type HostName } from '@manx/hoststate';
import { asIp } from '@manx/ip';
import { put } from '@manx/model';
import { openMemoryStore, type Store } from '@manx/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentIdOf, createAgentRegister } from './agent-register.js';
import { openTestApi, type TestApi, testContext } from './api-fixture.js';
import { type HostWiring, wireHosts } from './host-wiring.js';
import { Ledger } from './ledger.js';

type Port = { readonly id: string; readonly status: string; readonly 'binding:host_id': string };

const h1 = asHostName('h1');
const h2 = asHostName('h2');

let store: Store;
let appends: number;
let api: TestApi;
let wiring: HostWiring;

beforeEach(async () => {
  appends = 0;
  const inner = openMemoryStore();
  store = {
    ...inner,
    append: (expected, commits) => {
      appends += 1;
      return inner.append(expected, commits);
    },
  };
  const ledger = await Ledger.open({ store, now: () => new Date() });
  // Hosts that have been heard of before: otherwise the first word of each is a commit more.
  const remember = createAgentRegister({ ledger, context: testContext });
  for (const host of [h1, h2]) await remember(host, null);
  wiring = wireHosts({ ledger, context: testContext });
  api = await openTestApi({ ledger });
});
afterEach(async () => {
  wiring.close();
  await api.close();
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const network = async (): Promise<string> => {
  const { json } = await api.call('POST /v2.0/networks', { body: { network: { name: 'n' } } });
  const { id } = json['network'] as unknown as { id: string };
  await api.call('POST /v2.0/subnets', { body: { subnet: { network_id: id, ip_version: 4, cidr: '10.1.0.0/16' } } });
  return id;
};
const ports = async (count: number, host: string): Promise<readonly Port[]> => {
  const id = await network();
  const body = { ports: Array.from({ length: count }, () => ({ network_id: id, 'binding:host_id': host })) };
  const { json } = await api.call('POST /v2.0/ports', { body });
  await turn();
  return json['ports'] as unknown as Port[];
};
const move = async (port: Port, host: string): Promise<void> => {
  await api.call(`PUT /v2.0/ports/${port.id}`, { body: { port: { 'binding:host_id': host } } });
  await turn();
};
const statusOf = (port: Port): string | undefined => api.ledger.state.get('port', port.id)?.status;
const report = (said: Readonly<Record<string, 'up' | 'down' | 'error'>>, revision = api.ledger.revision, isFull = false): StatusReport => ({
  ...lifeSign,
  revision,
  isFull,
  endpoints: Object.entries(said).map(([id, state]) => ({ id, state, revision, problem: null })),
});

/** Everything that an agent of the host is sent. */
const listen = (
  host: HostName,
): { readonly lines: () => { type: string; revision?: number; delta?: HostDelta; object?: { kind: string; id: string } }[] } => {
  let text = '';
  wiring.feed.attach(host, { write: (piece) => ((text += piece.toString()), true), end: () => undefined }, null);
  return {
    lines: () =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { type: string }),
  };
};

describe('the way to the hosts', () => {
  it('a bound port reaches its host, with its group and subnet, and no other host', async () => {
    const [first, second] = [listen(h1), listen(h2)];
    const [port] = await ports(1, 'h1');
    const delta = first.lines().find(({ type }) => type === 'delta')?.delta;
    expect(delta?.puts.map(({ kind }) => kind).sort()).toEqual(expect.arrayContaining(['endpoint', 'policy', 'subnet']));
    expect(delta?.puts.some(({ id }) => id === port?.id)).toBe(true);
    expect(second.lines().some(({ type }) => type === 'delta')).toBe(false);
  });

  it('a host that comes later gets the whole of its state at the revision published last', async () => {
    const [port] = await ports(1, 'h1');
    const late = listen(h1).lines();
    expect(late[0]).toEqual({ type: 'begin', revision: api.ledger.revision });
    expect(late.some(({ object }) => object?.kind === 'endpoint' && object.id === port?.id)).toBe(true);
    expect(late.at(-1)).toMatchObject({ type: 'in-sync', revision: api.ledger.revision });
  });

  it('a host that nothing changes for hears of the head with the next heartbeat', async () => {
    const ledger = await Ledger.open({ store: openMemoryStore(), now: () => new Date() });
    const other = wireHosts({ ledger, context: testContext, feed: { heartbeatMs: 5, leaseMs: 60_000 } });
    const at = await new Promise<number>((resolve, reject) => {
      const write = (piece: string | Buffer): boolean => {
        const { type, revision } = JSON.parse(piece.toString().trim().split('\n').at(-1) ?? '{}') as { type: string; revision: number };
        // The first commit is that the host has been heard of.
        if (type === 'heartbeat' && revision > 1) resolve(revision);
        return true;
      };
      other.feed.attach(h1, { write, end: () => undefined }, null);
      openTestApi({ ledger }).then((its) => its.call('POST /v2.0/networks', { body: { network: { name: 'n' } } }), reject);
    });
    expect(at).toBe(ledger.revision);
    other.close();
    await ledger.close();
  });

  it('drops are remembered of the own ports and of taps that are nobody’s, and nothing of them is committed', async () => {
    const [own] = await ports(1, 'h1');
    const [others] = await ports(1, 'h2');
    const drop = { at: 'tap1', reason: 'source' as const, packets: 3, bytes: 180, rate: 1, firstAgeMs: 0, lastAgeMs: 0 };
    const drops = [own?.id ?? '', others?.id ?? '', null].map((endpoint) => ({ ...drop, endpoint }));
    await wiring.feed.report(h1, report({}));
    const before = [appends, api.ledger.revision];
    for (const _ of [1, 2]) await wiring.feed.report(h1, { ...report({}), drops });
    expect([appends, api.ledger.revision]).toEqual(before);
    const told = wiring.drops.drops(Date.now()).map(({ host, endpoint, packets }) => [host, endpoint, packets]);
    expect(told.toSorted()).toEqual(
      [
        ['h1', null, 3],
        ['h1', own?.id, 3],
      ].toSorted(),
    );
    expect(wiring.drops.packetsByReason()).toEqual(new Map([['source', 6]]));
  });

  it('remembers a host from its first sign of life, once, and shows what it says of itself', async () => {
    const h3 = asHostName('h3');
    listen(h3);
    await wiring.feed.report(h3, { ...report({}, 0, true), agent: quietAgent });
    await turn();
    expect(api.ledger.state.by('agent.host', 'h3')).toMatchObject([{ id: agentIdOf('h3'), admin_state_up: true }]);
    expect(wiring.hosts()).toMatchObject([{ host: 'h3', isAlive: true, report: quietAgent }]);
    expect(api.ledger.state.by('agent.host', 'h3')).toMatchObject([{ physical_networks: [] }]);
    const said = { ...quietAgent, physicalNetworks: ['rack2', 'rack1', 'rack2'] };
    for (const _ of [1, 2]) await wiring.feed.report(h3, { ...report({}, 0, true), agent: said });
    expect(api.ledger.state.by('agent.host', 'h3')).toMatchObject([{ physical_networks: ['rack1', 'rack2'], revision_number: 3 }]);
    const before = api.ledger.revision;
    listen(h3);
    await wiring.feed.report(h3, report({}, 0, true));
    await turn();
    expect(api.ledger.revision).toBe(before);
  });

  it('S10: tells hosts that have an instance which hosts want a group, until those are not heard of', async () => {
    await ports(1, 'h1');
    const address = asIp('192.0.2.1');
    const register = createAgentRegister({ ledger: api.ledger, context: testContext });
    const groups = [{ group: asIp('239.1.1.1'), source: null }];
    const [one, two] = [listen(h1), listen(h2)];
    for (const _ of [1, 2]) await register('h9', { physicalNetworks: [], multicast: { address, groups } });
    expect(api.ledger.state.by('agent.host', 'h9')).toMatchObject([{ multicast: { address, groups } }]);
    await register.forget('h9');
    await turn();
    const set = { kind: 'set', id: 'multicast-239_1_1_1' };
    expect(one.lines().flatMap(({ delta }) => (delta === undefined ? [] : [[delta.puts, delta.deletes]]))).toEqual([
      [[{ ...set, members: [address] }], []],
      [[], [set]],
    ]);
    expect(two.lines().filter(({ delta }) => delta !== undefined)).toEqual([]);
  });

  it('S10: knows who listens to a group while the host of each is heard of, and believes a host of its own instances alone', async () => {
    const [mine, other] = (await ports(2, 'h1')) as [Port, Port];
    await move(other, 'h2');
    const group = asIp('239.1.1.1');
    const listener = (port: string, to = group) => ({ endpoint: port, group: to, mode: 'exclude' as const, sources: [] });
    const listeners = [listener(mine.id), listener(other.id), listener(mine.id, asIp('239.1.1.2'))];
    listen(h1);
    await wiring.feed.report(h1, { ...report({}, 0, true), agent: { ...quietAgent, listeners } });
    const nameless = { endpoint: (id: string) => id, policy: (id: string) => id, set: (id: string) => id };
    const view = { isInside: () => true, showsHosts: true, words: nameless, conditionOf: () => null, portsIn: () => 0 };
    expect(wiring.connectivity(view).listenersOf(group)).toEqual([
      { endpoint: mine.id, membership: { group, mode: 'exclude', sources: [] } },
    ]);
    expect(wiring.connectivity({ ...view, isVisible: () => false }).listenersOf(group)).toEqual([]);
    expect(wiring.connectivity(view).hasTunnel(h1)).toBe(false);
  });

  it('knows which hosts are alive', () => {
    expect(wiring.isHostAlive('h1')).toBe(false);
    listen(h1);
    expect(wiring.isHostAlive('h1')).toBe(true);
    expect(wiring.isHostAlive('not a host name')).toBe(false);
  });

  it('a server that starts compiles what the store holds', async () => {
    const [port] = await ports(1, 'h1');
    const ledger = await Ledger.open({ store, now: () => new Date() });
    const second = wireHosts({ ledger, context: testContext });
    let text = '';
    second.feed.attach(h1, { write: (piece) => ((text += piece.toString()), true), end: () => undefined }, null);
    expect(text).toContain(`"${port?.id}"`);
    second.close();
    await ledger.close();
  });
});

describe('the way back', () => {
  it('a hundred ports that become ready at once are one commit', async () => {
    const made = await ports(100, 'h1');
    const before = [api.ledger.revision, appends];
    await Promise.all(made.map(({ id }) => wiring.feed.report(h1, report({ [id]: 'up' }))));
    expect(made.map(statusOf)).toEqual(made.map(() => 'ACTIVE'));
    expect([api.ledger.revision, appends]).toEqual([(before[0] ?? 0) + 1, (before[1] ?? 0) + 1]);
  });

  it.each([
    ['up', 'ACTIVE'],
    ['down', 'DOWN'],
    ['error', 'ERROR'],
  ] as const)('what the host calls %s is %s', async (said, status) => {
    const [port] = await ports(1, 'h1');
    if (port === undefined) throw new Error('no port');
    await wiring.feed.report(h1, report({ [port.id]: 'up' }));
    await wiring.feed.report(h1, report({ [port.id]: said }));
    expect(statusOf(port)).toBe(status);
  });

  it('a host cannot speak for the port of another', async () => {
    const [port] = await ports(1, 'h1');
    if (port === undefined) throw new Error('no port');
    await wiring.feed.report(h2, report({ [port.id]: 'up' }));
    expect(statusOf(port)).toBe('BUILD');
  });

  it('a word from before the port came (back) to the host is about an earlier stay, and ignored', async () => {
    const [port] = await ports(1, 'h1');
    if (port === undefined) throw new Error('no port');
    const old = api.ledger.revision;
    await move(port, 'h2');
    await move(port, 'h1');
    await wiring.feed.report(h1, report({ [port.id]: 'up' }, old));
    expect(statusOf(port)).toBe('BUILD');
    await wiring.feed.report(h1, report({ [port.id]: 'up' }));
    expect(statusOf(port)).toBe('ACTIVE');
  });

  it('a port that left and came back within one batch is told of again, so that its host says again how it is', async () => {
    const made = await ports(3, 'h1');
    const heard = listen(h1);
    await wiring.feed.report(h1, report(Object.fromEntries(made.map(({ id }) => [id, 'up']))));
    const [port, other, gone] = made;
    if (port === undefined || other === undefined || gone === undefined) throw new Error('no ports');
    const bind = (id: string, host: string): Promise<void> =>
      api.ledger.decide({ requestId: 'r', userId: null, projectId: null }, (state) => {
        const before = state.get('port', id);
        if (before === undefined) throw new Error('no port');
        return { changes: [put('port', { ...before, 'binding:host_id': host, status: 'DOWN' })], value: () => undefined };
      });
    const before = heard.lines().length;
    await Promise.all([bind(port.id, 'h2'), bind(gone.id, 'h2'), bind(other.id, ''), bind(port.id, 'h1'), bind(other.id, 'h1')]);
    await turn();
    const news = heard.lines().slice(before);
    expect(news).toMatchObject([{ type: 'delta', revision: api.ledger.revision }]);
    const endpoints = news[0]?.delta?.puts.filter(({ kind }) => kind === 'endpoint').map(({ id }) => id);
    expect(endpoints).toEqual([port.id, other.id].sort());
    // Its names go with it.
    const gones = ['endpoint', 'names'].map((kind) => ({ kind, id: gone.id }));
    expect(news[0]?.delta?.deletes).toEqual(gones);
    await wiring.feed.report(h1, report({ [port.id]: 'up', [other.id]: 'up' }));
    expect(made.map(statusOf)).toEqual(['ACTIVE', 'ACTIVE', 'DOWN']);
  });

  it('what is not in a full report is not there; a port that came after the report was written stays as it is', async () => {
    const [gone, kept] = await ports(2, 'h1');
    if (gone === undefined || kept === undefined) throw new Error('no ports');
    await wiring.feed.report(h1, report({ [gone.id]: 'up', [kept.id]: 'up' }));
    await wiring.feed.report(h1, report({ [kept.id]: 'up' }, api.ledger.revision, true));
    expect([gone, kept].map(statusOf)).toEqual(['DOWN', 'ACTIVE']);
    const [unheard] = await ports(1, 'h1');
    if (unheard === undefined) throw new Error('no port');
    expect(statusOf(unheard)).toBe('BUILD');
    await wiring.feed.report(h1, report({ [kept.id]: 'up' }, api.ledger.revision, true));
    expect(statusOf(unheard)).toBe('DOWN');
    await wiring.feed.report(h1, report({}, 0, true));
    expect(statusOf(kept)).toBe('ACTIVE');
  });

  it('a word that changes nothing is no commit', async () => {
    const [port] = await ports(1, 'h1');
    if (port === undefined) throw new Error('no port');
    await wiring.feed.report(h1, report({ [port.id]: 'up' }));
    const before = api.ledger.revision;
    await wiring.feed.report(h1, report({ [port.id]: 'up' }));
    expect(api.ledger.revision).toBe(before);
  });

  it('a port that is bound where no agent is alive is a failed binding, whatever anybody says of it', async () => {
    const [port] = await ports(1, 'dead');
    if (port === undefined) throw new Error('no port');
    expect(port).toMatchObject({ 'binding:vif_type': 'binding_failed', status: 'DOWN' });
    await wiring.feed.report(asHostName('dead'), report({ [port.id]: 'up' }));
    expect(statusOf(port)).toBe('DOWN');
  });

  it('an agent whose report could not be stored is told so, and sends it again', async () => {
    const [port] = await ports(1, 'h1');
    if (port === undefined) throw new Error('no port');
    await api.ledger.close();
    await expect(wiring.feed.report(h1, report({ [port.id]: 'up' }))).rejects.toMatchObject({ code: 'closed' });
  });
});
