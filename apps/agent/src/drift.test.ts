import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestHost } from './testing/test-host.js';
import { EGRESS, endpoint, GATEWAY, PING, policy, portOf, SUBNET, stateOf } from './testing/test-states.js';

const STATE = stateOf(SUBNET, policy('open', EGRESS, PING), endpoint(1), endpoint(2));
const BGP = 'bgp: {asn: 65001, router_id: 198.18.0.9, peers: [{name: tor1, address: 127.0.0.9, asn: 64600}]}\n';
const TAP = portOf(1).tap;

/** What strangers do, and how a person sees that it is put right; `audit`: only found by reading everything again. */
const DRIFTS: readonly {
  readonly title: string;
  readonly found: 'event' | 'audit';
  readonly change: (host: TestHost) => void;
  readonly isRight: (host: TestHost) => boolean;
}[] = [
  ...(
    [
      ['event', `net.ipv4.conf.${TAP}.forwarding`, '0'],
      ['event', `net.ipv4.conf.${TAP}.proxy_arp`, '0'],
      ['event', `net.ipv4.conf.${TAP}.rp_filter`, '1'],
      ['event', `net.ipv6.conf.${TAP}.forwarding`, '0'],
      ['event', 'net.ipv4.ip_forward', '0'],
      ['event', 'net.ipv6.conf.all.forwarding', '0'],
      ['audit', `net.ipv4.conf.${TAP}.send_redirects`, '1'],
      ['audit', `net.ipv4.conf.${TAP}.accept_source_route`, '1'],
      ['audit', `net.ipv4.neigh.${TAP}.proxy_delay`, '80'],
      ['audit', `net.ipv6.conf.${TAP}.accept_ra`, '1'],
      ['audit', 'net.ipv4.fib_multipath_hash_policy', '0'],
    ] as const
  ).map(([found, name, wrong]) => {
    const value = (host: TestHost): string => host.exec('sysctl', '-n', name).trim();
    let right = '';
    return {
      title: `sysctl ${name}`,
      found,
      change: (host: TestHost) => {
        right = value(host);
        expect(right).not.toBe(wrong);
        host.exec('sysctl', '-q', '-w', `${name}=${wrong}`);
      },
      isRight: (host: TestHost) => value(host) === right,
    };
  }),
  {
    title: 'the MAC of a tap',
    found: 'event',
    change: (host) => void host.exec('ip', 'link', 'set', TAP, 'address', '02:00:00:00:00:99'),
    isRight: (host) => host.exec('ip', 'link', 'show', TAP).includes('fe:16:3e:00:00:01'),
  },
  {
    title: 'an address of a tap',
    found: 'event',
    change: (host) => void host.exec('ip', 'address', 'delete', `${GATEWAY}/32`, 'dev', TAP),
    isRight: (host) => host.exec('ip', 'address', 'show', TAP).includes(`${GATEWAY}/32`),
  },
  {
    title: 'a route that goes another way',
    found: 'event',
    change: (host) => void host.exec('ip', 'route', 'replace', portOf(1).ip, 'dev', portOf(2).tap, 'proto', '80', 'metric', '1024'),
    isRight: (host) => host.exec('ip', 'route', 'show', portOf(1).ip).includes(`dev ${TAP}`),
  },
  {
    title: 'a neighbour entry with another MAC',
    found: 'event',
    change: (host) => void host.exec('ip', 'neigh', 'replace', portOf(1).ip, 'lladdr', '02:00:00:00:00:99', 'nud', 'permanent', 'dev', TAP),
    isRight: (host) => host.exec('ip', 'neigh', 'show', portOf(1).ip, 'dev', TAP).includes(portOf(1).mac),
  },
  ...(['dnsmasq/dnsmasq.conf', 'dnsmasq/hosts', 'bird/bird.conf'] as const).flatMap((path) => {
    let name = '';
    let before = '';
    const note = (host: TestHost): string => {
      name = join(host.folder, 'run', path);
      before = readFileSync(name, 'utf8');
      return name;
    };
    const isRight = (): boolean => {
      try {
        return name !== '' && readFileSync(name, 'utf8') === before;
      } catch {
        return false;
      }
    };
    return [
      {
        title: `${path} written over`,
        found: 'event' as const,
        change: (host: TestHost) => writeFileSync(note(host), '# damaged\n'),
        isRight,
      },
      { title: `${path} removed`, found: 'event' as const, change: (host: TestHost) => rmSync(note(host)), isRight },
    ];
  }),
  {
    title: 'the folder of dnsmasq removed',
    found: 'event',
    // In one step: otherwise the agent is quicker than the removal.
    change: (host) => renameSync(join(host.folder, 'run/dnsmasq'), join(host.folder, 'away')),
    isRight: (host) => existsSync(join(host.folder, 'run/dnsmasq/hosts')),
  },
];

const guest = (n: number): { name: string; tap: string; mac: string; ip: string; gateway: string } => ({
  ...portOf(n),
  name: `ag-d${n}`,
  gateway: GATEWAY,
});

describe.each([
  ['event', BGP],
  ['audit', `audit_seconds: 1\n${BGP}`],
] as const)('S20: drift that an %s tells of is put right', (found, extra) => {
  const host = new TestHost(`ag-drift-${found}`, STATE, extra);
  afterAll(() => host.remove());

  beforeAll(async () => {
    for (const n of [1, 2]) host.plug(guest(n));
    await host.serve();
    host.start();
    for (const n of [1, 2]) await host.status(portOf(n).id, ({ state }) => state === 'up');
    await host.until('BIRD', () => (host.countOf('bird') === 1 ? true : null));
  });

  it.each(DRIFTS.filter((drift) => drift.found === found).map((drift) => [drift.title, drift] as const))('%s', async (title, drift) => {
    drift.change(host);
    await host.until(title, () => (drift.isRight(host) ? true : null));
    expect([host.countOf('dnsmasq'), host.countOf('bird')]).toEqual([1, 1]);
  });
});
