import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressSet, HostObject, PolicyRule } from '@manx/hoststate';
import { asIp, type Ip } from '@manx/ip';
import {
  HostObserver,
  type HostPorts,
  inNetns,
  type Nftables,
  openConntrack,
  openLibnftables,
  openRtnetlink,
  type ProgramPort,
} from '@manx/kernel';
import { renderHost } from '@manx/render';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Found, HostLoop } from './host-loop.js';
import { run } from './testing/test-host.js';
import { EGRESS, endpoint, PING, policy, portOf, SUBNET, stateOf } from './testing/test-states.js';

const NETNS = 'manx-t-ag-loop';
const folder = mkdtempSync(join(tmpdir(), 'manx-t-loop-'));
const exec = (...command: readonly [string, ...string[]]): string => run('ip', 'netns', 'exec', NETNS, ...command);
const idle = (name: string): ProgramPort => ({
  folder: join(folder, name),
  ensure: async () => undefined,
  change: async () => undefined,
  ailment: async () => null,
  failure: () => null,
  kill: () => undefined,
  stop: async () => undefined,
  release: () => undefined,
});

/** What a transaction waits for before it goes to the kernel, and who is told that one waits. */
let gate: Promise<void> = Promise.resolve();
let onApply = (): void => undefined;
/** What goes along with each transaction that names this tap. */
let along: { readonly tap: string; readonly text: string } | null = null;
const withAlong = (text: string): string => (along !== null && text.includes(along.tap) ? `${along.text}\n${text}` : text);
const behindGate = (real: Nftables): Nftables => ({
  ...real,
  check: (text) => real.check(withAlong(text)),
  apply: async (text) => {
    onApply();
    await gate;
    await real.apply(withAlong(text));
  },
});

let ports: HostPorts;
let loop: HostLoop;
const found: Found[] = [];
const said: string[] = [];
let onFound = (): void => undefined;
const told = (isIt: (found: Found) => boolean): Promise<Found> =>
  new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`${JSON.stringify(found.at(-1)?.endpoints)} ${said.slice(-5).join(' ')}`)), 60_000).unref();
    onFound = () => {
      const last = found.at(-1);
      if (last !== undefined && isIt(last)) resolve(last);
    };
    onFound();
  });

beforeAll(() => {
  run('ip', 'netns', 'add', NETNS);
  for (const n of [1, 2]) {
    exec('ip', 'link', 'add', portOf(n).tap, 'type', 'veth', 'peer', 'name', `guest${n}`);
    exec('ip', 'link', 'set', portOf(n).tap, 'up');
  }
  ports = inNetns(`/run/netns/${NETNS}`, () => ({
    rtnetlink: openRtnetlink(),
    nftables: behindGate(openLibnftables()),
    conntrack: openConntrack(),
    programs: { dnsmasq: idle('dnsmasq'), bird: idle('bird') },
  }));
  const quiet = (): undefined => undefined;
  loop = new HostLoop({
    ports,
    observer: new HostObserver(ports),
    settle: ({ state }) => state,
    // Sysctls are those of the process's own namespace: not of the one under test.
    render: (state) => {
      const plan = renderHost(state, {
        endpointToHost: 'drop',
        protectedPrefixes: [],
        dhcpLimit: { perSecond: 10, burst: 50 },
        logLimit: { perSecond: 100, burst: 25 },
      });
      const links = new Map([...plan.links].map(([name, link]) => [name, { ...link, sysctls: new Map<string, string>() }]));
      return { ...plan, links, sysctls: new Map() };
    },
    hostSnat: null,
    log: { debug: quiet, info: quiet, warn: quiet, error: (...all: readonly unknown[]) => void said.push(JSON.stringify(all)) },
    onHostSysctl: quiet,
    onFound: (news) => {
      found.push(news);
      onFound();
    },
  });
});

afterAll(async () => {
  await loop.close();
  await ports.nftables.close();
  ports.rtnetlink.close();
  ports.conntrack.close();
  run('ip', 'netns', 'delete', NETNS);
  rmSync(folder, { recursive: true });
});

const want = (revision: number, ...objects: readonly HostObject[]): void => loop.want({ run: 'r', revision, state: stateOf(...objects) });
const stateOfPort = (news: Found, n: number): string | undefined => news.endpoints.find(({ id }) => id === portOf(n).id)?.state;

describe('the loop on a real kernel', () => {
  it('one endpoint that the kernel refuses is shut and reported, and holds up no other', async () => {
    // The feed would never let this pass: no such address exists, which nft says only when it reads the text.
    const poison = { kind: 'set', id: 'poison', members: ['10.0.0.999' as Ip, asIp('10.0.0.1')] } as const;
    const poisoned = policy('poisoned', { ...PING, id: 'rule-poison', peer: { kind: 'set', set: 'poison' } });
    want(1, SUBNET, poison, poisoned, policy('open', EGRESS, PING), endpoint(1), endpoint(2, ['poisoned']));
    const news = await told((it) => stateOfPort(it, 1) === 'up');
    expect(stateOfPort(news, 2)).toBe('error');
    // The kernel's (here nft's) own words, not a guess of ours.
    expect(news.endpoints.find(({ id }) => id === portOf(2).id)?.problem).toMatch(/^line \d+: /);
    expect(exec('ip', 'route', 'show', 'proto', '80')).toContain(portOf(1).ip);
    expect(exec('ip', 'route', 'show', 'proto', '80')).not.toContain(portOf(2).ip);
    // But for what was dropped while it was there, which is still told.
    const withoutDrops = exec('nft', 'list', 'ruleset').replaceAll(/\tset (?:drop|sample)-[^}]*(?:\{[^}]*\}[^}]*)?\}/g, '');
    expect(withoutDrops).not.toContain(`"${portOf(2).tap}"`);
  });

  it('once it is mended it is programmed at once', async () => {
    want(2, SUBNET, policy('open', EGRESS, PING), endpoint(1), endpoint(2));
    await told((it) => stateOfPort(it, 2) === 'up');
    expect(exec('ip', 'route', 'show', 'proto', '80')).toContain(portOf(2).ip);
  });

  it('S20: one for which the kernel has no room is shut, said with what to do, and holds up no other; with room it comes up by itself', async () => {
    want(2, SUBNET, policy('open', EGRESS, PING), endpoint(1));
    await told((it) => it.endpoints.length === 1);
    // A full set is what a test can do to a kernel.
    exec('nft', 'table inet room { set full { type ipv4_addr; size 1; elements = { 192.0.2.1 }\n }\n }');
    along = { tap: portOf(2).tap, text: 'add element inet room full { 192.0.2.2 }' };
    want(2, SUBNET, policy('open', EGRESS, PING), endpoint(1), endpoint(2));
    const news = await told((it) => stateOfPort(it, 2) === 'error');
    expect(stateOfPort(news, 1)).toBe('up');
    expect(news.problems).toMatchObject([
      { code: 'no_room', subject: portOf(2).id, detail: expect.stringMatching(/Too many open files.*; no room: .*look for others/) },
    ]);
    expect(news.endpoints.find(({ id }) => id === portOf(2).id)?.problem).toMatch(/no room/);
    expect(exec('ip', 'route', 'show', 'proto', '80')).not.toContain(portOf(2).ip);
    exec('nft', 'flush set inet room full');
    const later = await told((it) => stateOfPort(it, 2) === 'up');
    expect(later.problems).toEqual([]);
    along = null;
    exec('nft', 'delete table inet room');
  });

  it('an endpoint that goes takes its route, its neighbour entry and its place in the tables along', async () => {
    want(3, SUBNET, policy('open', EGRESS, PING), endpoint(1));
    await told((it) => it.revision === 3);
    expect(exec('ip', 'route', 'show', 'proto', '80')).not.toContain(portOf(2).ip);
    expect(exec('ip', 'neigh', 'show', 'nud', 'permanent')).not.toContain(portOf(2).ip);
    // But for what was dropped while it was there, which is still told.
    const withoutDrops = exec('nft', 'list', 'ruleset').replaceAll(/\tset (?:drop|sample)-[^}]*(?:\{[^}]*\}[^}]*)?\}/g, '');
    expect(withoutDrops).not.toContain(`"${portOf(2).tap}"`);
  });

  const address = (n: number): Ip => asIp(`10.${100 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`);
  const setOf = (id: string, from: number, count: number): AddressSet => ({
    kind: 'set',
    id,
    members: Array.from({ length: count }, (_, index) => address(from + index)),
  });
  const fromSet = (set: string): PolicyRule => ({ ...PING, id: `rule-${set}`, peer: { kind: 'set', set } });
  const holds = (set: string, ip: Ip): boolean => {
    try {
      return exec('nft', 'get', 'element', 'inet', 'manx', set, `{ ${ip} }`).includes(ip);
    } catch {
      return false;
    }
  };

  it('S20: a set of 10,002 members is exactly its members, also after a change of most of them', async () => {
    const crowd = policy('crowd', EGRESS, fromSet('big'));
    want(4, SUBNET, crowd, setOf('big', 0, 10_002), endpoint(1, ['crowd']));
    await told((it) => it.revision === 4 && stateOfPort(it, 1) === 'up');
    const name = /set (\S*big\S*v4) /.exec(exec('nft', 'list', 'sets', 'inet'))?.[1] ?? '';
    expect([0, 5000, 10_001, 10_002].map((n) => holds(name, address(n)))).toEqual([true, true, true, false]);
    want(5, SUBNET, crowd, setOf('big', 7000, 10_002), endpoint(1, ['crowd']));
    await told((it) => it.revision === 5 && stateOfPort(it, 1) === 'up');
    expect([0, 6999, 7000, 17_001, 17_002].map((n) => holds(name, address(n)))).toEqual([false, false, true, true, false]);
    expect(exec('nft', 'list', 'set', 'inet', 'manx', name).match(/10\.100\.\d+\.\d+/g)).toHaveLength(10_002);
  });

  it('S20: 2,000 sets that come and go, faster than they can be written, are at last those of the last state', async () => {
    const ids = Array.from({ length: 2000 }, (_, index) => `flap${index}x`);
    const many = (from: number): readonly HostObject[] => [
      policy('many', EGRESS, ...ids.map(fromSet)),
      ...ids.map((id, index) => setOf(id, from + index, 3)),
      endpoint(1, ['many']),
    ];
    const setsNow = (): number => exec('nft', 'list', 'sets', 'inet').match(/set \S*flap\d+x\S*v4 /g)?.length ?? 0;
    for (let flap = 0; flap < 5; flap += 1) {
      want(6 + 2 * flap, SUBNET, ...many(flap));
      await new Promise((resolve) => setImmediate(resolve));
      want(7 + 2 * flap, SUBNET, policy('open', EGRESS, PING), endpoint(1));
    }
    await told((it) => it.revision === 15 && stateOfPort(it, 1) === 'up');
    expect(setsNow()).toBe(0);
    want(16, SUBNET, ...many(9));
    await told((it) => it.revision === 16 && stateOfPort(it, 1) === 'up');
    expect(setsNow()).toBe(2000);
    want(17, SUBNET, policy('open', EGRESS, PING), endpoint(1));
    await told((it) => it.revision === 17 && stateOfPort(it, 1) === 'up');
    expect(setsNow()).toBe(0);
  });

  it('S20: while nftables does not answer nothing is opened, however many turns are asked for; all is done once it does', async () => {
    let open = (): void => undefined;
    gate = new Promise((resolve) => (open = resolve));
    const isAsked = new Promise<void>((resolve) => (onApply = resolve));
    want(18, SUBNET, policy('open', EGRESS, PING), endpoint(1), endpoint(2));
    await isAsked;
    for (let times = 0; times < 3; times += 1) loop.kick();
    const reachable = (): string => exec('ip', 'route', 'show', 'proto', '80') + exec('ip', 'neigh', 'show', 'nud', 'permanent');
    expect(reachable()).not.toContain(portOf(2).ip);
    expect(reachable()).toContain(portOf(1).ip);
    expect(loop.work).toEqual({ turnMs: expect.any(Number) as number, isDue: true });
    expect(found.at(-1)?.revision).toBe(17);
    open();
    await told((it) => it.revision === 18 && stateOfPort(it, 2) === 'up');
    expect(reachable()).toContain(portOf(2).ip);
  });
});
