import type { Endpoint, HostState, Policy } from '@manx/hoststate';
import { linkLocalFor } from '@manx/ip';
import { renderHost } from '@manx/render';
import { endpoint, pair, policy, rule, SETTINGS, stateless, stateOf, subnet } from '@manx/render/testing/states';
import type { TestNetns } from '@manx/render/testing/test-netns';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { countsSince, type HostCounters, parseCounters } from './host-counters.js';
import { capture, type GuestWorld, makeGuestWorld, sendFrames } from './testing/guest-world.js';
import { applyPlan } from './testing/host-in-netns.js';

/** Real packets: each that must not pass is dropped for a named reason, counted for its tap; and honest ones are not. */

const EGRESS = [rule('e4', { direction: 'egress' }), rule('e6', { direction: 'egress', family: 6 })];
const OPEN = policy('open', [...EGRESS, rule('i4', {}), rule('i6', { family: 6 })]);
const SUBNETS = [subnet('sub4', '10.65.0.0/24', '10.65.0.1'), subnet('sub6', '2001:db8:65::/64', '2001:db8:65::1')];
const A = endpoint('aaaaaa-1', 0xa, {
  ips: ['10.65.0.2', '2001:db8:65::2'],
  policies: ['open'],
  pairs: [pair('2001:db8:65::100/128', 0xa), pair('2001:db8:65:8::/64', 0xa)],
});
const B = endpoint('bbbbbb-1', 0xb, { ips: ['10.65.0.3', '2001:db8:65::3'], policies: ['open'] });
const HOST_MAC = 'fe:16:3e:00:00:0a';
const ROUTER = linkLocalFor(HOST_MAC as never);
const LINK_LOCAL = linkLocalFor(A.mac);

let world: GuestWorld;
let a: TestNetns;
let b: TestNetns;
const stateWith = (...objects: ReadonlyArray<Endpoint | Policy>): HostState => stateOf([...SUBNETS, OPEN, ...objects]);
const apply = (...objects: ReadonlyArray<Endpoint | Policy>): void =>
  void applyPlan(world.host, renderHost(stateWith(...objects), SETTINGS));

beforeAll(() => {
  world = makeGuestWorld('drop');
  [a, b] = [A, B].map((one) => world.plug(one)) as [TestNetns, TestNetns];
});
beforeEach(() => apply(A, B));
afterAll(() => world?.remove());

function counters(): HostCounters {
  const objects = (['inet', 'ip', 'ip6', 'arp', 'netdev'] as const).flatMap((family) => {
    const listed = world.host.run(['nft', '-j', 'list', 'table', family, 'manx']).stdout;
    return (JSON.parse(listed) as { nftables: Record<string, unknown>[] }).nftables;
  });
  return parseCounters(objects);
}

/** What sending these frames from A is dropped for, of A's and B's taps, and how often. */
function dropsOf(frames: readonly string[], from = a): Record<string, number> {
  const before = counters();
  sendFrames(from, frames);
  const taps = new Map<string, string>([
    [A.ifname, ''],
    [B.ifname, ' at B'],
  ]);
  const { drops } = countsSince(before, counters());
  return Object.fromEntries(drops.map(({ at, reason, packets }) => [`${reason}${taps.get(at) ?? ` at ${at}`}`, packets]));
}

const fromA = `Ether(src='${A.mac}',dst='${HOST_MAC}')`;
const toB = `IP(src='10.65.0.2',dst='10.65.0.3')`;
const toB6 = `IPv6(src='2001:db8:65::2',dst='2001:db8:65::3')`;
const nd = (
  message: string,
  more: { readonly src?: string; readonly dst?: string; readonly ext?: string; readonly hlim?: number } = {},
): string =>
  `Ether(src='${A.mac}',dst='33:33:00:00:00:01')/IPv6(src='${more.src ?? LINK_LOCAL}',dst='${more.dst ?? 'ff02::1'}',hlim=${more.hlim ?? 255})/${more.ext === undefined ? '' : `${more.ext}/`}${message}`;
const advert = (target: string, mac: string = A.mac): string =>
  `ICMPv6ND_NA(R=0,S=0,O=1,tgt='${target}')/ICMPv6NDOptDstLLAddr(lladdr='${mac}')`;
const RA = `ICMPv6ND_RA()/ICMPv6NDOptPrefixInfo(prefix='2001:db8:bad::',prefixlen=64)`;
const HOP_BY_HOP = 'IPv6ExtHdrHopByHop()';
const OPTIONS = 'IPv6ExtHdrDestOpt()';
const FRAGMENT = 'IPv6ExtHdrFragment()';
const ROUTING = `IPv6ExtHdrRouting(type=2,segleft=0,addresses=['2001:db8:65::9'])`;
const LONG_OPTIONS = `IPv6ExtHdrDestOpt(options=[PadN(optdata=b'x'*200),PadN(optdata=b'x'*200)])`;

describe('S17: neighbour discovery', () => {
  it('in the name of others, with another MAC, or hidden, is dropped as `nd`', () => {
    const forged = [
      nd(advert('2001:db8:65::3')),
      nd(advert('2001:db8:65::1')),
      nd(advert(ROUTER, B.mac)),
      nd(advert('2001:db8:65::2', B.mac)),
      nd(advert('2001:db8:65:9::1')),
      nd(advert('2001:db8:65::3'), { src: '2001:db8:65::2', dst: ROUTER }),
      nd(`ICMPv6ND_NA(tgt='2001:db8:65::2')/ICMPv6NDOptDstLLAddr(lladdr='${A.mac}')/ICMPv6NDOptDstLLAddr(lladdr='${B.mac}')`),
      nd(`ICMPv6ND_NA(tgt='2001:db8:65::2')/ICMPv6NDOptSrcLLAddr(lladdr='${A.mac}')`),
      nd(advert('2001:db8:65::2'), { hlim: 64 }),
      nd(`ICMPv6ND_NS(tgt='2001:db8:65::1')/ICMPv6NDOptSrcLLAddr(lladdr='${B.mac}')`),
      nd(`ICMPv6ND_RS()/ICMPv6NDOptSrcLLAddr(lladdr='${B.mac}')`),
      ...[HOP_BY_HOP, OPTIONS, FRAGMENT, ROUTING, `${HOP_BY_HOP}/${OPTIONS}`].map((ext) => nd(advert('2001:db8:65::2'), { ext })),
    ];
    expect(dropsOf(forged)).toEqual({ nd: forged.length });
  });

  it('in fragments is dropped, also where the header that tells it is not in the first', () => {
    const whole = (ext: string): string =>
      `IPv6(src='2001:db8:65::2',dst='${ROUTER}',hlim=255)/${ext}/${advert('2001:db8:65::3')}/Raw(b'x'*1400)`;
    const seen = dropsOf([`*[${fromA}/f for f in fragment6(${whole(FRAGMENT)},1280)]`]);
    expect(seen['nd']).toBe(1);
    // The kernel itself refuses a first fragment without all headers (RFC 7112); nothing changes.
    const before = world.host.run(['ip', '-6', 'neigh', 'show', 'nud', 'all']).stdout;
    sendFrames(a, [`*[${fromA}/f for f in fragment6(${whole(`${FRAGMENT}/${LONG_OPTIONS}`)},200)]`]);
    expect(world.host.run(['ip', '-6', 'neigh', 'show', 'nud', 'all']).stdout).toBe(before);
  });

  it('for itself passes: addresses, pairs, link-local ones, probes with and without a nonce, solicitations', () => {
    const honest = [
      ...['2001:db8:65::2', '2001:db8:65::100', '2001:db8:65:8::77', LINK_LOCAL].map((target) => nd(advert(target))),
      nd(advert('2001:db8:65::2'), { src: '2001:db8:65::2', dst: ROUTER }),
      nd(`ICMPv6ND_NA(tgt='2001:db8:65::2')`),
      nd(`ICMPv6ND_NS(tgt='2001:db8:65::2')`, { src: '::', dst: 'ff02::1:ff00:2' }),
      nd(`ICMPv6ND_NS(tgt='2001:db8:65::2')/Raw(bytes([14,1,1,2,3,4,5,6]))`, { src: '::', dst: 'ff02::1:ff00:2' }),
      nd(`ICMPv6ND_NS(tgt='${ROUTER}')/ICMPv6NDOptSrcLLAddr(lladdr='${A.mac}')`),
      nd('ICMPv6ND_RS()', { src: '::', dst: 'ff02::2' }),
      nd(`ICMPv6ND_RS()/ICMPv6NDOptSrcLLAddr(lladdr='${A.mac}')`, { dst: 'ff02::2' }),
      nd('ICMPv6MLReport2()', { dst: 'ff02::16', ext: 'IPv6ExtHdrHopByHop(options=[RouterAlert()])', hlim: 1 }),
      `Ether(src='${A.mac}',dst='ff:ff:ff:ff:ff:ff')/ARP(hwsrc='${A.mac}',psrc='10.65.0.2',pdst='10.65.0.1')`,
    ];
    expect(dropsOf(honest)).toEqual({});
  });

  it('S3: a probe for an address of its own, or of a pair, is answered by nobody, not even by the host', () => {
    const answered = (target: string): string =>
      a
        .run([
          '/usr/bin/python3',
          '-c',
          `from scapy.all import *
s=AsyncSniffer(iface='eth0',lfilter=lambda p: ICMPv6ND_NA in p); s.start(); time.sleep(0.2)
sendp(${nd(`ICMPv6ND_NS(tgt='${target}')`, { src: '::', dst: 'ff02::1' })},iface='eth0',verbose=0)
sendp(${nd(`ICMPv6ND_NS(tgt='${ROUTER}')/ICMPv6NDOptSrcLLAddr(lladdr='${A.mac}')`)},iface='eth0',verbose=0)
time.sleep(0.3); s.stop(); print(sorted({p[ICMPv6ND_NA].tgt for p in s.results if p.src=='${HOST_MAC}'}))`,
        ])
        .stdout.trim();
    for (const target of ['2001:db8:65::2', '2001:db8:65::100', '2001:db8:65:8::7']) expect(answered(target)).toBe(`['${ROUTER}']`);
  });
});

it('S17, S18: what is forged, or what only routers and servers say, is dropped for its own reason and arrives nowhere', async () => {
  const seen = await capture(b, { filter: 'not arp and not icmp6 and not (ip6 and ip6[6] == 0)' });
  const counted = dropsOf([
    `${fromA}/IP(src='10.65.0.9',dst='10.65.0.3')/UDP(dport=1)`,
    `${fromA}/IPv6(src='2001:db8:65::9',dst='2001:db8:65::3')/UDP(dport=1)`,
    `Ether(src='${B.mac}',dst='${HOST_MAC}')/${toB}/UDP(dport=1)`,
    ...['LSRR', 'SSRR', 'RR'].map(
      (option) =>
        `${fromA}/IP(src='10.65.0.2',dst='10.65.0.3',options=[IPOption_NOP(),IPOption_${option}(routers=['10.65.0.3'])])/UDP(dport=1)`,
    ),
    // Not well formed, and so none to nft: the kernel drops it itself, since taps do not take source routes.
    `${fromA}/IP(src='10.65.0.2',dst='10.65.0.3',options=[IPOption_LSRR()])/UDP(dport=1)`,
    `${fromA}/${toB6}/IPv6ExtHdrRouting(type=0,addresses=['2001:db8:aa::2'])/UDP(dport=1)`,
    `${fromA}/${toB6}/${HOP_BY_HOP}/IPv6ExtHdrRouting(type=0,addresses=['2001:db8:aa::2'])/UDP(dport=1)`,
    `${fromA}/${toB6}/${OPTIONS}/IPv6ExtHdrRouting(type=0,addresses=['2001:db8:aa::2'])/UDP(dport=1)`,
    `Ether(src='${A.mac}',dst='ff:ff:ff:ff:ff:ff')/ARP(hwsrc='${A.mac}',psrc='10.65.0.3',pdst='10.65.0.1')`,
    nd(RA),
    ...[HOP_BY_HOP, OPTIONS, FRAGMENT].map((ext) => nd(RA, { ext })),
    `${fromA}/${toB}/ICMP(type=5,code=1,gw='10.65.0.2')/IP()/UDP()`,
    nd(`ICMPv6ND_Redirect(tgt='2001:db8:65::2',dst='2001:db8:aa::2')`, { ext: OPTIONS }),
    `${fromA}/${toB}/UDP(sport=67,dport=68)/BOOTP(op=2)`,
    `${fromA}/${toB6}/UDP(sport=547,dport=546)`,
    `${fromA}/${toB6}/${HOP_BY_HOP}/UDP(sport=547,dport=546)`,
    `${fromA}/IP(src='10.65.0.2',dst='198.19.0.7')/TCP(dport=22)`,
    `${fromA}/IP(src='10.65.0.2',dst='10.65.0.1')/TCP(dport=22)`,
    `${fromA}/IP(src='10.65.0.2',dst='169.254.9.9')/UDP(dport=1)`,
    `${fromA}/Dot1Q(vlan=5)/${toB}/UDP(dport=1)`,
    `${fromA}/Dot1Q(vlan=0,prio=3)/${toB}/UDP(dport=1)`,
    `${fromA}/Dot1Q(vlan=0)/Dot1Q(vlan=7)/${toB}/UDP(dport=1)`,
    `Ether(src='${A.mac}',dst='01:80:c2:00:00:0e',type=0x88cc)/Raw(b'lldp')`,
    `Ether(src='${A.mac}',dst='01:80:c2:00:00:00',type=38)/Raw(b'BBB'+bytes(40))`,
    `${fromA[0] === 'E' ? fromA.replace(')', ',type=0x8847)') : fromA}/Raw(bytes(40))`,
    `${fromA}/${toB}/TCP(sport=9,dport=9,flags='A')`,
    `${fromA}/${toB}/TCP(sport=9,dport=9,flags='')`,
    `${fromA}/${toB}/UDP(sport=1,dport=4242)/'end'`,
  ]);
  expect(counted).toEqual({
    source: 3,
    'source-route': 6,
    arp: 1,
    ra: 4,
    redirect: 2,
    'dhcp-server': 3,
    protected: 1,
    'host-service': 1,
    'link-scope': 1,
    ethertype: 6,
    'egress-not-syn': 1,
    'egress-invalid': 1,
  });
  expect((await seen.until('.4242:')).filter((line) => !line.includes('.4242:'))).toEqual([]);
  seen.stop();
});

it('what the host multicasts to a tap comes back to it, and is counted as no drop of the port', () => {
  const before = counters();
  for (const group of [`ff02::1%${A.ifname}`, '224.0.0.1'])
    world.host.run(['ping', '-n', '-q', '-c', '3', '-i', '0.01', '-W', '1', '-I', A.ifname, group], { mayFail: true });
  const { drops } = countsSince(before, counters());
  expect(drops.filter(({ reason }) => reason === 'ethertype' || reason === 'source')).toEqual([]);
});

describe('S16: what security groups do not let pass', () => {
  it('is counted for the end whose groups they are', () => {
    apply({ ...A, policies: ['mute'] }, B, policy('mute', []));
    expect(dropsOf([`${fromA}/${toB}/UDP(dport=1)`])).toEqual({ 'egress-policy': 1 });
    apply(A, { ...B, policies: ['mute'] }, policy('mute', []));
    expect(dropsOf([`${fromA}/${toB}/UDP(dport=1)`, `${fromA}/${toB6}/UDP(dport=1)`])).toEqual({ 'ingress-policy at B': 2 });
  });

  it('is counted as over the limit where that is why', () => {
    apply({ ...A, qos: { dscp: null, limits: [{ direction: 'egress', unit: 'packets', rate: 1, burst: 5 }] } }, B);
    expect(dropsOf(Array.from({ length: 20 }, () => `${fromA}/${toB}/UDP(dport=1)`))['egress-rate']).toBeGreaterThan(10);
  });

  it.each([
    ['S20: an interface that nobody knows', () => apply(A), 'unknown-tap'],
    ['S19: a port that is down', () => apply(A, { ...B, isUp: false }), 'port-down'],
  ])('%s: counted under its own name, in and out', (_, applied, reason) => {
    applied();
    const counted = dropsOf([`Ether(src='${B.mac}',dst='fe:16:3e:00:00:0b')/IP(src='10.65.0.3',dst='10.65.0.2')/UDP(dport=1)`], b);
    expect(counted).toMatchObject({ [`${reason} at B`]: 1 });
    expect(Object.keys(counted).filter((key) => !key.includes(reason))).toEqual([]);
    const before = counters();
    world.host.run(['ping', '-n', '-q', '-c', '1', '-W', '1', '-I', B.ifname, '10.65.0.3'], { mayFail: true });
    expect(countsSince(before, counters()).drops.filter(({ at }) => at === B.ifname)).toEqual([
      expect.objectContaining({ reason: `to-${reason}`, at: B.ifname }),
    ]);
  });

  it('counts go on when groups and ports change, and are no difference to be repaired', () => {
    const before = counters();
    apply(A, B, policy('more', []));
    apply(A, { ...B, policies: ['more', 'open'] }, policy('more', [rule('m', { protocol: 6 })]));
    const after = counters();
    for (const drop of before.drops) expect(after.drops).toContainEqual(drop);
    expect(
      applyPlan(
        world.host,
        renderHost(stateWith(A, { ...B, policies: ['more', 'open'] }, policy('more', [rule('m', { protocol: 6 })])), SETTINGS),
      ),
    ).toEqual([]);
  });

  it('what rules let begin is counted by rule, each for itself though they share a lookup, and goes on when the group is changed', () => {
    const rules = [
      rule('r1', { protocol: 17, ports: { from: 1000, to: 1010 } }),
      rule('r2', { protocol: 17, ports: { from: 1005, to: 1020 } }),
      rule('r3', { protocol: 6, ports: { from: 80, to: 80 }, peer: { kind: 'cidr', cidr: '10.65.0.0/25' as never } }),
      rule('r4', { protocol: 6, ports: { from: 81, to: 81 }, peer: { kind: 'cidr', cidr: '192.0.2.0/24' as never } }),
      rule('r5', { protocol: 1, icmp: { type: 8, code: null } }),
    ];
    const counted = policy('counted', rules);
    apply(A, { ...B, policies: ['counted'] }, counted);
    const before = counters();
    sendFrames(
      a,
      [1000, 1007, 1011, 1012].map((port) => `${fromA}/${toB}/UDP(sport=${port},dport=${port})`),
    );
    sendFrames(a, [`${fromA}/${toB}/TCP(sport=5,dport=80)`, `${fromA}/${toB}/TCP(sport=5,dport=81)`, `${fromA}/${toB}/ICMP(id=77)`]);
    apply(A, { ...B, policies: ['counted'] }, policy('counted', [...rules, rule('r6', { protocol: 47 })]));
    const { rules: by, drops } = countsSince(before, counters());
    expect(Object.fromEntries([...by].filter(([id]) => id.startsWith('r')).map(([id, { packets }]) => [id, packets]))).toEqual({
      r1: 2,
      r2: 2,
      r3: 1,
      r5: 1,
    });
    expect(drops.map(({ at, reason, packets }) => [at, reason, packets])).toEqual([[B.ifname, 'ingress-policy', 1]]);
  });
});

describe('S16: fragments', () => {
  const udpOnly = (port: number): Policy =>
    policy('udp', [
      ...EGRESS,
      rule('i', { protocol: 17, ports: { from: port, to: port } }),
      rule('i6', { family: 6, protocol: 17, ports: { from: port, to: port } }),
    ]);
  const big = (port: number): string => `*fragment(${fromA}/${toB}/UDP(sport=7,dport=${port})/Raw(b'x'*3000),1200)`;
  const big6 = (port: number): string =>
    `*[${fromA}/f for f in fragment6(${toB6}/${FRAGMENT}/UDP(sport=7,dport=${port})/Raw(b'x'*3000),1280)]`;

  /** The frames that arrive at B before one that is let in does. */
  async function arrivals(frames: readonly string[], port: number): Promise<number> {
    const seen = await capture(b, { filter: '(ip and not icmp) or (ip6 and not icmp6 and ip6[6] != 0)' });
    sendFrames(a, [...frames, `${fromA}/${toB}/UDP(sport=1,dport=${port})/'end'`]);
    const lines = (await seen.until(`> 10.65.0.3.${port}: UDP, length 3`)).length - 1;
    seen.stop();
    return lines;
  }

  describe.each([
    ['stateful', (of: Policy) => of],
    ['stateless', stateless],
  ])('with %s groups', (_, kind) => {
    it('pass or do not by the port of the whole packet, which only the first has', async () => {
      apply({ ...A, policies: ['udp'] }, { ...B, policies: ['udp'] }, kind(udpOnly(1005)));
      expect(await arrivals([big(1005), big6(1005)], 1005)).toBe(6);
      expect(await arrivals([big(1006), big6(1006)], 1005)).toBe(0);
    });

    it('without the first one never pass, nor with a forged one among them', async () => {
      apply({ ...A, policies: ['udp'] }, { ...B, policies: ['udp'] }, kind(udpOnly(1005)));
      expect(
        await arrivals(
          [`*fragment(${fromA}/IP(src='10.65.0.2',dst='10.65.0.3',id=77)/UDP(sport=7,dport=1005)/Raw(b'x'*3000),1200)[1:]`],
          1005,
        ),
      ).toBe(0);
      const before = counters();
      sendFrames(b, [
        `Ether(src='${B.mac}',dst='fe:16:3e:00:00:0b')/IP(src='10.65.0.2',dst='10.65.0.3',id=77,flags=1)/UDP(sport=7,dport=1005,len=3008)/Raw(b'x'*1192)`,
      ]);
      expect(await arrivals([], 1005)).toBe(0);
      expect(countsSince(before, counters()).drops).toContainEqual(expect.objectContaining({ at: B.ifname, reason: 'source', packets: 1 }));
    });
  });

  it('IP protocol 0 is a protocol like others, and opens no other', async () => {
    apply(
      A,
      { ...B, policies: ['zero'] },
      policy('zero', [...EGRESS, rule('i', { protocol: 0 }), rule('j', { protocol: 17, ports: { from: 1005, to: 1005 } })]),
    );
    expect(await arrivals([`${fromA}/IP(src='10.65.0.2',dst='10.65.0.3',proto=0)/Raw(b'zero')`], 1005)).toBe(1);
    expect(
      await arrivals([`${fromA}/IP(src='10.65.0.2',dst='10.65.0.3',proto=47)/Raw(b'gre')`, `${fromA}/${toB}/TCP(dport=80)`], 1005),
    ).toBe(0);
  });
});
