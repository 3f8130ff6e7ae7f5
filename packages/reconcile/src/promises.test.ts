import type { Endpoint, HostState, Policy } from '@manx/hoststate';
import { asCidr, asIp, linkLocalFor } from '@manx/ip';
import { renderHost } from '@manx/render';
import { addressSet, endpoint, policy, rule, SETTINGS, stateOf, subnet } from '@manx/render/testing/states';
import type { TestNetns } from '@manx/render/testing/test-netns';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { planHost } from './plan-host.js';
import { type Capture, capture, type GuestWorld, makeGuestWorld, pings, sendFrames } from './testing/guest-world.js';
import { applyPlan, readFacts } from './testing/host-in-netns.js';

/** Real packets through a real kernel that was given the steps of `planHost`. */

const A = endpoint('aaaaaa-1', 0xa, { ips: ['10.65.0.2', '2001:db8:65::2'], policies: ['open'] });
const B = endpoint('bbbbbb-1', 0xb, { ips: ['10.65.0.3', '2001:db8:65::3'], policies: ['open'] });
/** Plugged in, but no port that the state knows. */
const X = endpoint('xxxxxx-1', 0xc, { ips: ['10.65.0.4', '2001:db8:65::4'] });
const EGRESS = [rule('e4', { direction: 'egress' }), rule('e6', { direction: 'egress', family: 6 })];
const OPEN = policy('open', [...EGRESS, rule('i4', {}), rule('i6', { family: 6 })]);
const SUBNETS = [subnet('sub4', '10.65.0.0/24', '10.65.0.1'), subnet('sub6', '2001:db8:65::/64', '2001:db8:65::1')];
const HOST_MAC_A = 'fe:16:3e:00:00:0a';

const stateWith = (...objects: ReadonlyArray<Endpoint | Policy>): HostState =>
  stateOf([...SUBNETS, addressSet('grp', ['10.65.0.2']), OPEN, ...objects]);
const open = stateWith(A, B);

let world: GuestWorld;
let a: TestNetns;
let b: TestNetns;
let x: TestNetns;
const apply = (state: HostState): void => void applyPlan(world.host, renderHost(state, SETTINGS));

beforeAll(() => {
  world = makeGuestWorld('rec');
  [a, b, x] = [A, B, X].map((one) => world.plug(one)) as [TestNetns, TestNetns, TestNetns];
  for (const [netns, dev] of [
    [world.outside, 'eth0'],
    [world.host, 'up0'],
  ] as const) {
    netns.run(['ip', 'address', 'add', `198.19.0.${dev === 'up0' ? 1 : 5}/24`, 'dev', dev]);
  }
});
beforeEach(() => apply(open));
afterAll(() => world?.remove());

/** Sends frames from `from`, then one that is allowed; answers what arrived before that, without it. */
async function arrivals(from: TestNetns, at: { netns: TestNetns; dev?: string }, frames: readonly string[]): Promise<readonly string[]> {
  const seen: Capture = await capture(at.netns, {
    ...(at.dev === undefined ? {} : { dev: at.dev }),
    filter: QUIET,
  });
  try {
    sendFrames(from, frames);
    sendFrames(a, [`${fromA}/IP(src='10.65.0.2',dst='10.65.0.3')/UDP(sport=1,dport=4242)/'end'`]);
    return (await seen.until('.4242:')).filter((line) => !line.includes('.4242:'));
  } finally {
    seen.stop();
  }
}
/** Not what host and guest say to each other anyway: ARP, neighbour discovery, and MLD, which hides behind a hop-by-hop header. */
const QUIET = 'not arp and not icmp6 and not (ip6 and ip6[6] == 0)';
const fromA = `Ether(src='${A.mac}',dst='${HOST_MAC_A}')`;

/** Whether TCP to the address and port connects, in half a second. */
function connects(from: TestNetns, to: string, port: number): boolean {
  return from.run(['nc', '-z', '-w1', to, String(port)], { mayFail: true }).status === 0;
}

describe('reaching each other', () => {
  it('is done in one apply: a second one has nothing left to do', () => {
    const plan = renderHost(open, SETTINGS);
    expect(planHost(plan, readFacts(world.host, plan), [])).toEqual([]);
  });

  it('S1, S2: two instances on a host ping each other in both families, one hop apart', () => {
    expect(a.run(['ping', '-c1', '-W1', '10.65.0.3']).stdout).toContain('ttl=63');
    expect(a.run(['ping', '-c1', '-W1', '2001:db8:65::3']).stdout).toContain('ttl=63');
    expect(a.run(['traceroute', '-n', '-q1', '-w1', '10.65.0.3']).stdout).toMatch(/1 {2}10\.65\.0\.1 .*\n 2 {2}10\.65\.0\.3 /);
    expect(a.run(['traceroute', '-6', '-n', '-q1', '-w1', '2001:db8:65::3']).stdout).toMatch(
      /1 {2}2001:db8:65::1 .*\n 2 {2}2001:db8:65::3 /,
    );
  });

  it('S7: an instance reaches the outside and is reached from there, in both families', () => {
    expect([
      pings(a, '192.0.2.2'),
      pings(a, '2001:db8:aa::2'),
      pings(world.outside, '10.65.0.2'),
      pings(world.outside, '2001:db8:65::2'),
    ]).toEqual([true, true, true, true]);
  });

  it.each(['10.65.0.3', '10.65.0.200', '203.0.113.9'])("S3: an ARP request for %s is answered with the host's MAC", (target) => {
    expect(a.run(['arping', '-c1', '-w1', '-I', 'eth0', target]).stdout.toLowerCase()).toContain(HOST_MAC_A);
  });

  it('S3, RFC 5227: nobody answers a probe or an announcement for an address of the instance itself', () => {
    expect(a.run(['arping', '-D', '-c1', '-w1', '-I', 'eth0', '10.65.0.2']).stdout).toContain('Received 0 response');
    // Without its route the address lies beyond the default route, where the host would answer by proxy.
    world.host.run(['ip', 'route', 'del', '10.65.0.2/32']);
    expect(a.run(['arping', '-c1', '-w1', '-I', 'eth0', '10.65.0.2'], { mayFail: true }).stdout).toContain('Received 0 response');
  });

  it('S3: broadcast, multicast and an OSPF hello of one instance arrive at no other', async () => {
    const seen = await arrivals(a, { netns: b }, [
      `Ether(src='${A.mac}',dst='ff:ff:ff:ff:ff:ff')/IP(src='10.65.0.2',dst='255.255.255.255')/UDP(dport=9)`,
      `Ether(src='${A.mac}',dst='ff:ff:ff:ff:ff:ff')/IP(src='10.65.0.2',dst='10.65.0.255')/UDP(dport=9)`,
      `Ether(src='${A.mac}',dst='01:00:5e:00:00:05')/IP(src='10.65.0.2',dst='224.0.0.5',proto=89,ttl=1)`,
      `Ether(src='${A.mac}',dst='01:00:5e:01:02:03')/IP(src='10.65.0.2',dst='239.1.2.3',ttl=9)/UDP(dport=9)`,
      `${fromA}/IP(src='10.65.0.2',dst='239.1.2.3',ttl=9)/UDP(dport=9)`,
      `Ether(src='${A.mac}',dst='${B.mac}')/IP(src='10.65.0.2',dst='10.65.0.3')/UDP(dport=9)`,
    ]);
    expect(seen).toEqual([]);
  });
});

it('S3: a link-local destination stays on the link', async () => {
  const frames = ['169.254.9.9', '203.0.113.9'].map((to) => `${fromA}/IP(src='10.65.0.2',dst='${to}')/UDP(dport=1234)`);
  const seen = await capture(world.outside, { filter: 'udp port 1234' });
  sendFrames(a, frames);
  const lines = await seen.until('203.0.113.9.1234:');
  seen.stop();
  expect(lines.length).toBe(1);
});

describe('S16: security groups', () => {
  const from = (peer: Policy['rules'][number]['peer']): Policy => policy('p', [...EGRESS, rule('i', { protocol: 1, peer })]);
  const guarded = (rules: Policy): HostState => stateWith(A, { ...B, policies: ['p'] }, rules);

  it('without any group nothing begins, in either direction', () => {
    apply(stateWith(A, { ...B, policies: [] }));
    expect([pings(a, '10.65.0.3'), pings(b, '10.65.0.2'), pings(b, '192.0.2.2')]).toEqual([false, false, false]);
  });

  it.each([
    ['anyone', { kind: 'any' } as const, true],
    ['a prefix that holds the sender', { kind: 'cidr', cidr: asCidr('10.65.0.0/30') } as const, true],
    ['a prefix beside the sender', { kind: 'cidr', cidr: asCidr('10.65.1.0/24') } as const, false],
    ['a remote group of the sender', { kind: 'set', set: 'grp' } as const, true],
    ['a remote group that is not there', { kind: 'set', set: 'nobody' } as const, false],
  ])('ICMP from %s', (_, peer, isAllowed) => {
    apply(guarded(from(peer)));
    expect(pings(a, '10.65.0.3')).toBe(isAllowed);
    expect(pings(world.outside, '10.65.0.3')).toBe(peer.kind === 'any');
    expect(pings(b, '10.65.0.2'), 'answers to what the instance began').toBe(true);
  });

  it('an egress policy holds for a neighbour on the same host too', () => {
    apply(stateWith({ ...A, policies: ['mute'] }, B, policy('mute', [rule('i', {})])));
    expect([pings(a, '10.65.0.3'), pings(b, '10.65.0.2')]).toEqual([false, true]);
  });

  it('a TCP segment in the middle of no known flow begins none', async () => {
    const tcp = (flags: string): string =>
      `${fromA}/IP(src='10.65.0.2',dst='10.65.0.3')/TCP(sport=7777,dport=${flags === 'S' ? 81 : 82},flags='${flags}')`;
    const seen = await arrivals(a, { netns: b }, [tcp('A'), tcp('SA'), tcp('PA'), tcp('F'), tcp('R'), tcp('S')]);
    expect(seen.map((line) => /10\.65\.0\.3\.(\d+): Flags (\S+),/.exec(line)?.slice(1))).toEqual([['81', '[S]']]);
  });
});

describe('S17: an instance sends as itself only', () => {
  it('a forged source address or MAC goes nowhere; the true ones arrive', async () => {
    const to = "dst='10.65.0.3'";
    const seen = await arrivals(a, { netns: b }, [
      `${fromA}/IP(src='10.65.0.9',${to})/UDP(dport=1001)`,
      `${fromA}/IP(src='10.65.0.3',${to})/UDP(dport=1002)`,
      `${fromA}/IP(src='10.65.0.1',${to})/UDP(dport=1003)`,
      `${fromA}/IP(src='0.0.0.0',${to})/UDP(dport=1004)`,
      `Ether(src='${B.mac}',dst='${HOST_MAC_A}')/IP(src='10.65.0.2',${to})/UDP(dport=1005)`,
      `${fromA}/IPv6(src='2001:db8:65::9',dst='2001:db8:65::3')/UDP(dport=1006)`,
      `${fromA}/IPv6(src='fe80::1',dst='2001:db8:65::3')/UDP(dport=1007)`,
      `${fromA}/IPv6(src='2001:db8:65::2',dst='2001:db8:65::3')/UDP(dport=1008)`,
      `${fromA}/IP(src='10.65.0.2',${to})/UDP(dport=1009)`,
    ]);
    expect(seen.map((line) => /\.(\d{4}):/.exec(line)?.[1])).toEqual(['1008', '1009']);
  });

  it('a forged ARP reply, announcement or neighbour advertisement changes nothing on the host', () => {
    // Without the state of learnt ones, which changes by itself.
    const neighbours = (): readonly string[] =>
      world.host
        .run(['ip', 'neigh', 'show', 'nud', 'all'])
        .stdout.split('\n')
        .filter((line) => !line.includes('up0'))
        .map((line) => line.replace(/ (?:REACHABLE|STALE|DELAY|PROBE) *$/, ''));
    const before = neighbours();
    sendFrames(a, [
      `Ether(src='${A.mac}',dst='${HOST_MAC_A}')/ARP(op=2,hwsrc='${A.mac}',psrc='10.65.0.3',hwdst='${HOST_MAC_A}',pdst='10.65.0.1')`,
      `Ether(src='${A.mac}',dst='ff:ff:ff:ff:ff:ff')/ARP(op=1,hwsrc='${B.mac}',psrc='10.65.0.2',pdst='10.65.0.2')`,
      `Ether(src='${A.mac}',dst='ff:ff:ff:ff:ff:ff')/ARP(op=1,hwsrc='${A.mac}',psrc='10.65.0.3',pdst='10.65.0.1')`,
      `${fromA}/IPv6(src='2001:db8:65::3',dst='${linkLocalFor(HOST_MAC_A as never)}',hlim=255)/ICMPv6ND_NA(tgt='2001:db8:65::3')/ICMPv6NDOptDstLLAddr(lladdr='${A.mac}')`,
      `${fromA}/IPv6(src='2001:db8:65::2',dst='${linkLocalFor(HOST_MAC_A as never)}',hlim=255)/ICMPv6ND_NA(tgt='2001:db8:65::2',O=1)/ICMPv6NDOptDstLLAddr(lladdr='${B.mac}')`,
    ]);
    expect(neighbours()).toEqual(before);
    expect(pings(world.outside, '10.65.0.3')).toBe(true);
  });

  it('an ARP request in the name of another is not answered', () => {
    const script = `from scapy.all import *\nr=lambda p: print(len(srp(Ether(src='${A.mac}',dst='ff:ff:ff:ff:ff:ff')/p,iface='eth0',timeout=0.4,verbose=0)[0]))\nr(ARP(hwsrc='${A.mac}',psrc='10.65.0.3',pdst='10.65.0.1'))\nr(ARP(hwsrc='${A.mac}',psrc='10.65.0.2',pdst='10.65.0.1'))`;
    expect(a.run(['/usr/bin/python3', '-c', script]).stdout.trim().split('\n')).toEqual(['0', '1']);
  });
});

describe('S18: the host and its networks are out of reach', () => {
  const LISTEN = `import socket,sys
for p in (179, 2222):
  s=socket.socket(socket.AF_INET6); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('::',p)); s.listen()
  globals()['s%d'%p]=s
`;

  it('no TCP service of the host answers an instance, at any of its addresses, and ICMP does', () => {
    const router = linkLocalFor(HOST_MAC_A as never);
    const probes = `${['10.65.0.1', '192.0.2.1', '198.19.0.1', '2001:db8:aa::1', `${router}%eth0`].map((ip) => `nc -z -w1 ${ip} 2222 && echo open ${ip}`).join('; ')}; true`;
    const name = world.host.name;
    // The listener lives as long as the one script that asks it.
    const ask = (who: string): string =>
      `import subprocess\n${LISTEN}\nprint(subprocess.run(['ip','netns','exec','${who}','sh','-c',"${probes}"],capture_output=True,text=True).stdout)`;
    const listening = (who: string): string => world.host.run(['/usr/bin/python3', '-c', ask(who)]).stdout.trim();
    expect(listening(a.name)).toBe('');
    expect(listening(world.outside.name), `${name} does listen`).toContain('open 192.0.2.1');
    expect([pings(a, '10.65.0.1'), pings(a, `${router}%eth0`)]).toEqual([true, true]);
  });

  it('the management network is shut, on the host and through it', () => {
    expect([pings(a, '198.19.0.1'), pings(a, '198.19.0.5'), connects(a, '198.19.0.5', 22)]).toEqual([false, false, false]);
    expect(pings(a, '192.0.2.2')).toBe(true);
  });

  it('DHCP answers, router advertisements and redirects of an instance go nowhere', async () => {
    const seen = await arrivals(a, { netns: b }, [
      `${fromA}/IP(src='10.65.0.2',dst='10.65.0.3')/UDP(sport=67,dport=68)/BOOTP(op=2)`,
      `${fromA}/IPv6(src='2001:db8:65::2',dst='2001:db8:65::3')/UDP(sport=547,dport=546)`,
      `${fromA}/IP(src='10.65.0.2',dst='10.65.0.3')/ICMP(type=5,code=1,gw='10.65.0.2')/IP(src='10.65.0.3',dst='192.0.2.2')/UDP()`,
    ]);
    expect(seen).toEqual([]);
    const routes = world.host.run(['ip', '-6', 'route']).stdout;
    sendFrames(a, [
      `Ether(src='${A.mac}',dst='33:33:00:00:00:01')/IPv6(src='fe80::1',dst='ff02::1',hlim=255)/ICMPv6ND_RA()/ICMPv6NDOptPrefixInfo(prefix='2001:db8:bad::',prefixlen=64)`,
    ]);
    expect(world.host.run(['ip', '-6', 'route']).stdout).toBe(routes);
  });
});

describe('S20: an interface nobody knows', () => {
  /** Whether a DHCP discover from this instance reaches a socket of the host. */
  function discovers(guest: TestNetns, { ifname, mac }: Endpoint): boolean {
    const frame = `Ether(src='${mac}',dst='ff:ff:ff:ff:ff:ff')/IP(src='0.0.0.0',dst='255.255.255.255')/UDP(sport=68,dport=67)/BOOTP(chaddr=b'${'x'.repeat(6)}')/DHCP(options=[('message-type','discover'),'end'])`;
    const script = `import socket,subprocess
s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.setsockopt(socket.SOL_SOCKET,socket.SO_BINDTODEVICE,b'${ifname}'); s.bind(('',67)); s.settimeout(0.5)
subprocess.run(['ip','netns','exec','${guest.name}','/usr/bin/python3','-c',"""from scapy.all import *\nsendp(${frame},iface='eth0',verbose=0)"""],check=True)
try: print(len(s.recv(2000)))
except TimeoutError: print(0)`;
    return Number(world.host.run(['/usr/bin/python3', '-c', script]).stdout) > 0;
  }

  it('gets no ARP answer, no DHCP, no ping, and nothing through', () => {
    expect(x.run(['arping', '-c1', '-w1', '-I', 'eth0', '10.65.0.1'], { mayFail: true }).stdout).toContain('Received 0 response');
    x.run(['ip', 'neigh', 'replace', '10.65.0.1', 'lladdr', 'fe:16:3e:00:00:0c', 'dev', 'eth0', 'nud', 'permanent']);
    expect([
      pings(x, '10.65.0.1'),
      pings(x, '10.65.0.3'),
      pings(x, '192.0.2.2'),
      pings(x, `${linkLocalFor('fe:16:3e:00:00:0c' as never)}%eth0`),
    ]).toEqual([false, false, false, false]);
    expect(discovers(x, X)).toBe(false);
    expect(discovers(a, A), 'a known one does').toBe(true);
  });

  it('receives not one frame, ARP and neighbour discovery included, even with a route to it', () => {
    const received = (): number => Number(x.run(['cat', '/sys/class/net/eth0/statistics/rx_packets']).stdout);
    const before = received();
    for (const [family, to] of [
      ['-4', '10.65.0.4'],
      ['-6', '2001:db8:65::4'],
    ] as const) {
      world.host.run(['ip', family, 'route', 'replace', to, 'dev', X.ifname]);
      expect([pings(a, to), pings(world.outside, to), pings(world.host, to)]).toEqual([false, false, false]);
      world.host.run(['ip', family, 'neigh', 'replace', to, 'lladdr', X.mac, 'dev', X.ifname, 'nud', 'permanent']);
      expect([pings(a, to), pings(world.outside, to), pings(world.host, to)]).toEqual([false, false, false]);
      world.host.run(['ip', family, 'route', 'del', to]);
    }
    expect(received() - before).toBe(0);
  });

  it('S19: is what a port becomes that is set down, and it comes back', () => {
    apply(stateWith(A, { ...B, isUp: false }));
    expect([pings(a, '10.65.0.3'), pings(b, '10.65.0.1'), pings(b, '192.0.2.2')]).toEqual([false, false, false]);
    apply(open);
    expect(pings(a, '10.65.0.3')).toBe(true);
  });
});

it('a guest that holds the gateway address keeps it: the host does not take it', () => {
  apply(stateWith(A, { ...B, addresses: [{ ip: asIp('10.65.0.1'), subnet: 'sub4' }] }));
  expect(world.host.run(['ip', '-4', 'address', 'show', 'dev', A.ifname]).stdout).not.toContain('10.65.0.1');
  expect(world.host.run(['ip', 'route', 'show', 'proto', '80']).stdout).toContain('10.65.0.2 dev');
});
