import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostObject } from '@manx/hoststate';
import { asIp, type Ip } from '@manx/ip';
import { HostObserver, type HostPorts, inNetns, openConntrack, openLibnftables, openRtnetlink, type ProgramPort } from '@manx/kernel';
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
  kill: () => undefined,
  stop: async () => undefined,
  release: () => undefined,
});

let ports: HostPorts;
let loop: HostLoop;
const found: Found[] = [];
const said: string[] = [];
let onFound = (): void => undefined;
const told = (isIt: (found: Found) => boolean): Promise<Found> =>
  new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`${JSON.stringify(found.at(-1)?.endpoints)} ${said.slice(-5).join(' ')}`)), 10_000).unref();
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
    nftables: openLibnftables(),
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
      const plan = renderHost(state, { endpointToHost: 'drop', protectedPrefixes: [] });
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
    const withoutDrops = exec('nft', 'list', 'ruleset').replaceAll(/\tset drop-[^}]*(?:\{[^}]*\}[^}]*)?\}/g, '');
    expect(withoutDrops).not.toContain(`"${portOf(2).tap}"`);
  });

  it('once it is mended it is programmed at once', async () => {
    want(2, SUBNET, policy('open', EGRESS, PING), endpoint(1), endpoint(2));
    await told((it) => stateOfPort(it, 2) === 'up');
    expect(exec('ip', 'route', 'show', 'proto', '80')).toContain(portOf(2).ip);
  });

  it('an endpoint that goes takes its route, its neighbour entry and its place in the tables along', async () => {
    want(3, SUBNET, policy('open', EGRESS, PING), endpoint(1));
    await told((it) => it.revision === 3);
    expect(exec('ip', 'route', 'show', 'proto', '80')).not.toContain(portOf(2).ip);
    expect(exec('ip', 'neigh', 'show', 'nud', 'permanent')).not.toContain(portOf(2).ip);
    // But for what was dropped while it was there, which is still told.
    const withoutDrops = exec('nft', 'list', 'ruleset').replaceAll(/\tset drop-[^}]*(?:\{[^}]*\}[^}]*)?\}/g, '');
    expect(withoutDrops).not.toContain(`"${portOf(2).tap}"`);
  });
});
