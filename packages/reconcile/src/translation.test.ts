import { type AddressSet, type Endpoint, FLAT_SPACE, type HostState, type Policy } from '@manx/hoststate';
import { asIp } from '@manx/ip';
import { type RenderSettings, renderHost } from '@manx/render';
import { addressSet, endpoint, forward, policy, rule, SNAT_SETTINGS, stateless, stateOf, subnet } from '@manx/render/testing/states';
import type { TestNetns } from '@manx/render/testing/test-netns';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { planHost } from './plan-host.js';
import { type GuestWorld, makeGuestWorld, pings } from './testing/guest-world.js';
import { applyPlan, readFacts } from './testing/host-in-netns.js';
import { type Asker, ask, serveAsker, traced } from './testing/tcp-asker.js';

/** Real packets through source NAT (S24), limits of floating IPs, and what is translated in part: fragments, ICMP errors. */

const A = endpoint('aaaaaa-2', 0xa, { ips: ['10.65.0.2', '2001:db8:65::2'], policies: ['open'] });
const B = endpoint('bbbbbb-2', 0xb, { ips: ['10.66.0.3', '2001:db8:65::3'], policies: ['open'] });
const EGRESS = [rule('e4', { direction: 'egress' }), rule('e6', { direction: 'egress', family: 6 })];
const OPEN = policy('open', [...EGRESS, rule('i4', {}), rule('i6', { family: 6 })]);
const NATTED = { ...subnet('sub4', '10.65.0.0/24', '10.65.0.1'), hasSnat: true };
const SUBNETS = [subnet('sub5', '10.66.0.0/24', '10.66.0.1'), subnet('sub6', '2001:db8:65::/64', '2001:db8:65::1')];
const FLAT = addressSet(FLAT_SPACE, ['10.65.0.0/24', '10.66.0.0/24', '203.0.113.0/24', '2001:db8:65::/64']);
const SNAT = String(SNAT_SETTINGS.hostSnat);
const OUTSIDE = '192.0.2.2';
const OUTSIDE6 = '2001:db8:aa::2';
const FLOATING = '203.0.113.50';
const FAR = '10.66.0.99';

type Objects = ReadonlyArray<Endpoint | Policy | AddressSet>;

let world: GuestWorld;
let a: TestNetns;
let b: TestNetns;
const askers: Asker[] = [];

const stateWith = (objects: Objects, natted = NATTED): HostState => stateOf([natted, ...SUBNETS, OPEN, FLAT, ...objects]);
const apply = (state: HostState, settings: RenderSettings = SNAT_SETTINGS): void => void applyPlan(world.host, renderHost(state, settings));

beforeAll(async () => {
  world = makeGuestWorld('nat');
  [a, b] = [A, B].map((one) => world.plug(one)) as [TestNetns, TestNetns];
  // An instance on another host, beyond the fabric.
  world.outside.run(['ip', 'address', 'add', `${FAR}/32`, 'dev', 'lo']);
  for (const at of [world.outside, a, b]) askers.push(await serveAsker(at, 80));
});
beforeEach(() => apply(stateWith([A, B])));
afterAll(() => {
  for (const asker of askers) asker.stop();
  world?.remove();
});

describe('S24: source NAT of a router, at the host of the instance', () => {
  it("sends what goes out as the host's own address, and brings the answers back", () => {
    expect([ask(a, OUTSIDE), pings(a, OUTSIDE)]).toEqual([SNAT, true]);
    expect(ask(world.outside, '10.65.0.2')).toBe(OUTSIDE);
    expect(
      planHost(renderHost(stateWith([A, B]), SNAT_SETTINGS), readFacts(world.host, renderHost(stateWith([A, B]), SNAT_SETTINGS)), []),
    ).toEqual([]);
  });

  it('S6: to the flat space never, on this host or beyond it; nor what another subnet sends, nor IPv6', () => {
    expect([ask(a, '10.66.0.3'), ask(a, FAR)]).toEqual(['10.65.0.2', '10.65.0.2']);
    expect([ask(b, OUTSIDE), ask(a, OUTSIDE6)]).toEqual(['10.66.0.3', '2001:db8:65::2']);
  });

  it('is off without a router that has it, and without an address of the host for it', () => {
    apply(stateWith([A, B], { ...NATTED, hasSnat: false }));
    expect(ask(a, OUTSIDE)).toBe('10.65.0.2');
    const { hostSnat: _, ...off } = SNAT_SETTINGS;
    apply(stateWith([A, B]), off);
    expect(ask(a, OUTSIDE)).toBe('10.65.0.2');
    expect(world.host.run(['ip', 'route', 'show', 'proto', '80']).stdout).not.toContain(SNAT);
  });

  it('gives way to a floating IP (S22)', () => {
    apply(stateWith([{ ...A, floating: [{ ip: asIp(FLOATING), fixed: asIp('10.65.0.2') }] }, B]));
    expect(ask(a, OUTSIDE)).toBe(FLOATING);
  });

  it('S18: nobody answers at the address, and what is no answer goes nowhere, not round in the fabric', () => {
    expect([ask(world.outside, SNAT), pings(world.outside, SNAT)]).toEqual(['', false]);
    expect(world.host.run(['ip', 'route', 'get', SNAT], { mayFail: true }).status).not.toBe(0);
  });

  it('S16: egress rules hold, and ingress rules are not asked for answers', () => {
    const shy = policy('shy', [rule('e', { direction: 'egress', protocol: 6 })]);
    apply(stateWith([{ ...A, policies: ['shy'] }, B, shy]));
    expect([ask(a, OUTSIDE), pings(a, OUTSIDE)]).toEqual([SNAT, false]);
    expect(ask(world.outside, '10.65.0.2')).toBe('');
  });

  it('S16: does with stateless groups, for what goes out and what comes in', () => {
    const bare = stateless(policy('bare', [...EGRESS, rule('i', {})]));
    apply(stateWith([{ ...A, policies: ['bare'] }, B, bare]));
    expect([ask(a, OUTSIDE), ask(world.outside, '10.65.0.2'), ask(a, '10.66.0.3')]).toEqual([SNAT, OUTSIDE, '10.65.0.2']);
  });

  it('S2: a path probe through it sees its hops', () => {
    expect(traced(a, OUTSIDE)).toEqual(['10.65.0.1', OUTSIDE]);
  });

  it('an endpoint that has the address keeps it, and the operator is told', () => {
    const plan = renderHost(stateWith([{ ...A, floating: [{ ip: asIp(SNAT), fixed: asIp('10.65.0.2') }] }, B]), SNAT_SETTINGS);
    expect(plan.problems).toMatchObject([{ code: 'address_taken', subject: 'host_snat' }]);
    expect(plan.routes.get(`${SNAT}/32 1024`)?.hops).toMatchObject([{ dev: A.ifname }]);
  });
});

describe('S21: translated packets that are not the first of a flow', () => {
  const floating = { ...A, floating: [{ ip: asIp(FLOATING), fixed: asIp('10.65.0.2') }] };

  it('fragments of UDP are, both ways', () => {
    apply(stateWith([floating, B]));
    for (const from of [world.outside, b, a]) {
      expect(from.run(['ping', '-c1', '-W0.5', '-s', '3000', FLOATING], { mayFail: true }).status).toBe(0);
    }
    expect(echoed(world.outside, FLOATING, 3000)).toBe(3000);
    expect(echoed(b, FLOATING, 3000)).toBe(3000);
  });

  it('an ICMP error about a flow speaks of the floating IP to who knows only that, and of the fixed IP to the instance', () => {
    apply(stateWith([floating, B]));
    // Nobody listens: the instance says so, as the floating IP.
    expect(refusedBy(world.outside, FLOATING)).toBe('refused');
    expect(refusedBy(b, FLOATING)).toBe('refused');
    // A hop on the way says that the time is exceeded: the instance's own sees it by its own socket.
    expect(traced(a, OUTSIDE).at(-1)).toBe(OUTSIDE);
    expect(traced(world.outside, FLOATING).at(-1)).toBe(FLOATING);
  });

  it('S23: a forward to a neighbour of stateless groups is answered, in the name that was asked for', () => {
    const bare = stateless(policy('bare', [...EGRESS, rule('i', {})]));
    const forwards = [{ ...forward('f1', 99, 80), ip: asIp(FLOATING), fixed: asIp('10.66.0.3') }];
    apply(stateWith([{ ...A, forwards }, { ...B, policies: ['bare'] }, bare]));
    expect([ask(world.outside, FLOATING, 99), ask(world.outside, '10.66.0.3')]).toEqual([OUTSIDE, OUTSIDE]);
  });

  it('S23: a forward to an instance on another host is answered through this one, in UDP and with an ICMP error too', () => {
    const forwards = [
      { ...forward('f1', 99, 80), ip: asIp(FLOATING), fixed: asIp(FAR) },
      { ...forward('f2', 98, 7), ip: asIp(FLOATING), fixed: asIp(FAR), protocol: 17 as const },
    ];
    apply(stateWith([{ ...A, forwards }, B]));
    // Who is asked sees the floating IP: only so do the answers come back by the host that knows the flow.
    expect(ask(b, FLOATING, 99)).toBe(FLOATING);
    expect(ask(a, FLOATING, 99)).toBe(FLOATING);
    expect(refusedBy(b, FLOATING, 98)).toBe('refused');
  });
});

describe('QoS of floating IPs', () => {
  const limit = (direction: 'ingress' | 'egress'): Endpoint['floatingLimits'] => [
    { ip: asIp(FLOATING), limits: [{ direction, unit: 'bytes', rate: 20_000, burst: 131_072 }] },
  ];
  const floating = { ...A, floating: [{ ip: asIp(FLOATING), fixed: asIp('10.65.0.2') }] };
  /** How many of 200 datagrams of 1000 bytes arrive: at the floating IP, or from the instance that sends as it. */
  const passed = (from: TestNetns, to: TestNetns, ip: string): number => {
    const before = noPorts(to);
    burst(from, ip);
    return noPorts(to) - before;
  };

  it('limits what comes for one from outside and from a neighbour, and not what comes for the fixed IP', () => {
    apply(stateWith([{ ...floating, floatingLimits: limit('ingress') }, B]));
    for (const from of [world.outside, b]) {
      expect(passed(from, a, FLOATING)).toBeLessThan(170);
      expect(passed(from, a, '10.65.0.2')).toBe(200);
    }
    expect(passed(a, world.outside, OUTSIDE)).toBe(200);
  });

  it('limits what leaves as one, and not what keeps its fixed IP', () => {
    apply(stateWith([{ ...floating, floatingLimits: limit('egress') }, B]));
    const out = passed(a, world.outside, OUTSIDE);
    expect([out > 5, out < 170]).toEqual([true, true]);
    expect([passed(a, b, '10.66.0.3'), passed(world.outside, a, FLOATING)]).toEqual([200, 200]);
    apply(stateWith([floating, B]));
    expect(passed(a, world.outside, OUTSIDE)).toBe(200);
  });

  it('limits forwards as well', () => {
    const forwards = [{ ...forward('f1', 7, 7), ip: asIp(FLOATING), fixed: asIp('10.65.0.2'), protocol: 17 as const }];
    apply(stateWith([{ ...A, forwards, floatingLimits: limit('ingress') }, B]));
    expect(passed(world.outside, a, FLOATING)).toBeLessThan(170);
  });
});

function python(from: TestNetns, script: string): string {
  return from.run(['/usr/bin/python3', '-c', script]).stdout.trim();
}

/** How many datagrams came for ports where nobody listens. */
function noPorts(guest: TestNetns): number {
  return Number(python(guest, "n,v=[l.split() for l in open('/proc/net/snmp') if l.startswith('Udp:')]; print(v[n.index('NoPorts')])"));
}

/** 200 datagrams of 1000 bytes to port 7, each from a port of its own, and no faster than a socket takes them. */
function burst(from: TestNetns, to: string): void {
  python(
    from,
    `import socket
for n in range(200):
  s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.bind(('',20000+n)); s.sendto(b'x'*1000,('${to}',7)); s.close()`,
  );
}

/** How long the answer to a datagram of so many bytes is; 0 for none. */
function echoed(from: TestNetns, to: string, bytes: number): number {
  return Number(
    python(
      from,
      `import socket
s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.settimeout(0.7)
s.sendto(b'x'*${bytes},('${to}',80))
try: print(len(s.recv(65535)))
except OSError: print(0)`,
    ),
  );
}

/** What a connected UDP socket is told about port 7 (or another), where nobody listens. */
function refusedBy(from: TestNetns, to: string, port = 7): string {
  return python(
    from,
    `import socket
s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.settimeout(0.7); s.connect(('${to}',${port})); s.send(b'x')
try: s.recv(9)
except ConnectionRefusedError: print('refused')
except OSError: print('silent')`,
  );
}
