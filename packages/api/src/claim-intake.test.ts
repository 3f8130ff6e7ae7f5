import type { StatusReport } from '@manx/feed';
import { asHostName, type Endpoint, type HostName } from '@manx/hoststate';
import { asIp } from '@manx/ip';
import { openMemoryStore, type Store } from '@manx/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAgentRegister } from './agent-register.js';
import { openTestApi, type TestApi, testContext } from './api-fixture.js';
import { type HostWiring, wireHosts } from './host-wiring.js';
import { Ledger } from './ledger.js';

// Outside of the pool: the ports' own addresses are drawn from it at random.
const VIP = asIp('10.1.9.100');
const h1 = asHostName('h1');
const h2 = asHostName('h2');

let store: Store;
let ledger: Ledger;
let api: TestApi;
let wiring: HostWiring;
let a: string;
let b: string;
let wake = (): void => undefined;

/** How an endpoint is told of the address on its host now. */
const told = (host: HostName, id: string): { claims: readonly string[]; isYielded: boolean | undefined } => {
  let text = '';
  wiring.feed.attach(host, { write: (piece) => ((text += piece.toString()), true), end: () => undefined }, null);
  const objects = text
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { object?: Endpoint }).object);
  const endpoint = objects.find((object) => object?.kind === 'endpoint' && object.id === id);
  return { claims: endpoint?.claims ?? [], isYielded: endpoint?.pairs[0]?.isYielded };
};
const report = (claims: StatusReport['claims'], revision = ledger.revision): StatusReport => ({
  run: 'r1',
  revision,
  isFull: false,
  endpoints: [],
  claims,
  drops: null,
  samples: null,
  events: null,
  agent: null,
});
const claim = (endpoint: string, ageMs: number) => [{ endpoint, ip: VIP, ageMs }];
const shown = async (id: string): Promise<unknown> => {
  const { json } = await api.call(`GET /v2.0/ports/${id}`, {});
  return (json['port'] as unknown as { claimed_addresses: readonly { ip_address: string }[] }).claimed_addresses.map(
    ({ ip_address }) => ip_address,
  );
};
const claimsOf = (id: string): readonly string[] =>
  (ledger.state.get('port', id)?.claimed_addresses ?? []).map(({ ip_address }) => ip_address);
/** Resolves once it is so, looked at after each commit. */
const until = (isSo: () => boolean): Promise<void> =>
  new Promise((resolve) => {
    wake = () => {
      if (isSo()) resolve();
    };
    wake();
  });

const open = async (leaseMs?: number): Promise<void> => {
  ledger = await Ledger.open({ store, now: () => new Date() });
  const remember = createAgentRegister({ ledger, context: testContext });
  for (const host of [h1, h2]) await remember(host, null);
  wiring = wireHosts({ ledger, context: testContext, feed: leaseMs === undefined ? {} : { leaseMs, heartbeatMs: leaseMs / 4 } });
  ledger.subscribe(() => wake());
};

beforeEach(async () => {
  store = openMemoryStore();
  await open();
  api = await openTestApi({ ledger });
  const { json } = await api.call('POST /v2.0/networks', { body: { network: { name: 'n' } } });
  const { id: network_id } = json['network'] as unknown as { id: string };
  await api.call('POST /v2.0/subnets', {
    body: { subnet: { network_id, ip_version: 4, cidr: '10.1.0.0/16', allocation_pools: [{ start: '10.1.0.2', end: '10.1.0.254' }] } },
  });
  const made = async (host: string): Promise<string> => {
    const port = { network_id, 'binding:host_id': host, allowed_address_pairs: [{ ip_address: VIP }] };
    const answer = await api.call('POST /v2.0/ports', { body: { port } });
    return (answer.json['port'] as unknown as { id: string }).id;
  };
  [a, b] = [await made('h1'), await made('h2')];
  // The states of the hosts follow the answers.
  await new Promise((resolve) => setImmediate(resolve));
});
afterEach(async () => {
  wake = () => undefined;
  wiring.close();
  await api.close();
});

describe('S9: a claim that a host reports', () => {
  it('is a commit, that every host is told of and the port shows; the answer names the revision from which on states say it', async () => {
    const before = ledger.revision;
    const revision = await wiring.feed.report(h1, report(claim(a, 5)));
    expect(revision).toBe(before + 1);
    await until(() => told(h2, b).isYielded === true);
    expect(told(h1, a)).toEqual({ claims: [VIP], isYielded: false });
    expect(await shown(a)).toEqual([VIP]);
  });

  it('loses to a later one that came first', async () => {
    await wiring.feed.report(h2, report(claim(b, 10)));
    await wiring.feed.report(h1, report(claim(a, 60_000)));
    expect([claimsOf(a), claimsOf(b)]).toEqual([[], [VIP]]);
  });

  it('is no commit when it is told again', async () => {
    await wiring.feed.report(h1, report(claim(a, 5)));
    const before = ledger.revision;
    await wiring.feed.report(h1, report(claim(a, 500)));
    expect(ledger.revision).toBe(before);
  });

  it('ends when the host says it no more; what was said before the port came there does not count', async () => {
    const old = ledger.revision;
    await wiring.feed.report(h1, report(claim(a, 5)));
    await api.call(`PUT /v2.0/ports/${a}`, { body: { port: { 'binding:host_id': 'h2' } } });
    await until(() => told(h2, a).claims.length === 1);
    await wiring.feed.report(h2, report([], old));
    expect(claimsOf(a)).toEqual([VIP]);
    await wiring.feed.report(h2, report([]));
    expect(claimsOf(a)).toEqual([]);
  });

  it('of another host’s port is nothing', async () => {
    await wiring.feed.report(h2, report(claim(a, 5)));
    expect(claimsOf(a)).toEqual([]);
  });
});

describe('S9: the claims of a host that is dead', () => {
  it('end with its lease: others have the address again', async () => {
    wiring.close();
    await open(40);
    await wiring.feed.report(h1, report(claim(a, 5)));
    expect(claimsOf(a)).toEqual([VIP]);
    await until(() => claimsOf(a).length === 0);
    await until(() => told(h2, b).isYielded === false);
  });

  it('end as well where this run of the server has never heard of it; those of a host that lives outlive the server', async () => {
    await wiring.feed.report(h1, report(claim(a, 5)));
    wiring.close();
    await open();
    expect(told(h1, a).claims).toEqual([VIP]);
    wiring.close();
    await open(40);
    await until(() => claimsOf(a).length === 0);
  });
});
