import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type AddressSet, type Endpoint, FLAT_SPACE, type HostState, type Policy } from '@manx/hoststate';
import { asIp, asMac } from '@manx/ip';
import { renderHost } from '@manx/render';
import { addressSet, endpoint, forward, pair, policy, rule, SETTINGS, stateless, stateOf, subnet } from '@manx/render/testing/states';
import type { TestNetns } from '@manx/render/testing/test-netns';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { planHost } from './plan-host.js';
import { capture, type GuestWorld, makeGuestWorld, pings, sendFrames } from './testing/guest-world.js';
import { applyPlan, readFacts } from './testing/host-in-netns.js';

/** Real packets, for what a port can be beside plain: unsecured, stateless, with pairs, floating IPs, limits and marks. */

const A = endpoint('aaaaaa-1', 0xa, { ips: ['10.65.0.2', '2001:db8:65::2'], policies: ['open'] });
const B = endpoint('bbbbbb-1', 0xb, { ips: ['10.65.0.3', '2001:db8:65::3'], policies: ['open'] });
const EGRESS = [rule('e4', { direction: 'egress' }), rule('e6', { direction: 'egress', family: 6 })];
const OPEN = policy('open', [...EGRESS, rule('i4', {}), rule('i6', { family: 6 })]);
const SUBNETS = [subnet('sub4', '10.65.0.0/24', '10.65.0.1'), subnet('sub6', '2001:db8:65::/64', '2001:db8:65::1')];
const HOST_MAC_A = 'fe:16:3e:00:00:0a';
const OUTSIDE = '192.0.2.2';
const FLOATING = '203.0.113.50';
const FORWARDED = '203.0.113.7';

type Objects = ReadonlyArray<Endpoint | Policy | AddressSet>;
const stateWith = (...objects: Objects): HostState =>
  stateOf([...SUBNETS, OPEN, addressSet(FLAT_SPACE, ['10.65.0.0/24', '203.0.113.0/24', '2001:db8:65::/64']), ...objects]);

let world: GuestWorld;
let a: TestNetns;
let b: TestNetns;
const apply = (...objects: Objects): void => void applyPlan(world.host, renderHost(stateWith(...objects), SETTINGS));

beforeAll(() => {
  world = makeGuestWorld('treat');
  [a, b] = [A, B].map((one) => world.plug(one)) as [TestNetns, TestNetns];
  for (const guest of [a, b]) {
    guest.run(['ip', 'address', 'add', '10.65.0.100/32', 'dev', 'lo']);
    guest.run(['ip', 'address', 'add', '2001:db8:65::100/128', 'dev', 'lo']);
  }
  a.run(['ip', 'address', 'add', '10.65.8.7/32', 'dev', 'lo']);
  a.run(['ip', 'address', 'add', '2001:db8:65:8::7/128', 'dev', 'lo']);
});
beforeEach(() => apply(A, B));
afterAll(() => world?.remove());

const fromA = `Ether(src='${A.mac}',dst='${HOST_MAC_A}')`;

/** Destination ports of the UDP datagrams from `from` that arrive before the last frame does, which is honest. */
async function portsAt(at: TestNetns, frames: readonly string[]): Promise<readonly string[]> {
  const seen = await capture(at, { filter: 'udp and not ip6 multicast' });
  try {
    sendFrames(a, [...frames, `${fromA}/IP(src='10.65.0.2',dst='10.65.0.3')/UDP(sport=1,dport=4242)`]);
    const lines = await seen.until('.4242:');
    return lines.flatMap((line) => /\.(\d{4}):/.exec(line)?.[1] ?? []).filter((port) => port !== '4242');
  } finally {
    seen.stop();
  }
}

/** How many datagrams came for ports where nobody listens. */
function refused(guest: TestNetns): number {
  const [names, values] = guest
    .run(['grep', '^Udp:', '/proc/net/snmp'])
    .stdout.trim()
    .split('\n')
    .map((line) => line.split(' '));
  return Number(values?.[names?.indexOf('NoPorts') ?? -1]);
}

/** What a namespace has counted of ICMP, as `Name value` lines. */
function icmpOf(netns: TestNetns): string {
  const rows = netns.run(['grep', '^Icmp:', '/proc/net/snmp']).stdout.trim().split('\n');
  const [names = [], values = []] = rows.map((row) => row.split(' '));
  return names.map((name, at) => `${name} ${values[at]}`).join('\n');
}

/** Sends datagrams of so many bytes, each from a port of its own. */
function shower(from: TestNetns, to: string, { count, bytes = 10, port = 7 }: { count: number; bytes?: number; port?: number }): void {
  const script = `import socket
for n in range(${count}):
  s=socket.socket(socket.AF_INET6 if ':' in '${to}' else socket.AF_INET,socket.SOCK_DGRAM); s.bind(('',20000+n)); s.sendto(b'x'*${bytes},('${to}',${port})); s.close()`;
  from.run(['/usr/bin/python3', '-c', script]);
}

const servers: ChildProcess[] = [];
afterAll(() => servers.forEach((server) => server.kill()));

/** Answers TCP on these ports with the address that it sees. */
async function serve(at: TestNetns, ports: readonly number[]): Promise<void> {
  const script = `import socket,select
ss=[]
for p in ${JSON.stringify(ports)}:
  s=socket.socket(); s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1); s.bind(('',p)); s.listen(); ss.append(s)
print('ready',flush=True)
while True:
  for s in select.select(ss,[],[])[0]:
    c,peer=s.accept(); c.sendall((peer[0]+' '+str(s.getsockname()[1])).encode()); c.close()`;
  const server = spawn('ip', ['netns', 'exec', at.name, '/usr/bin/python3', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  servers.push(server);
  await new Promise((resolve) => server.stdout.once('data', resolve));
}

/** Sends back what it is sent over TCP, to many at once. */
async function serveEcho(at: TestNetns, port: number): Promise<void> {
  const script = `import socket,threading
s=socket.socket(); s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1); s.bind(('',${port})); s.listen(); print('ready',flush=True)
def echo(c):
  while True:
    d=c.recv(99)
    if not d: return
    c.sendall(d)
while True: threading.Thread(target=echo,args=(s.accept()[0],),daemon=True).start()`;
  const server = spawn('ip', ['netns', 'exec', at.name, '/usr/bin/python3', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  servers.push(server);
  await new Promise((resolve) => server.stdout.once('data', resolve));
}

/** A TCP connection that stays: what it is answered, `nothing` for silence. */
async function talk(from: TestNetns, to: string, port: number): Promise<{ readonly say: (word: string) => Promise<string> }> {
  const script = `import socket,sys
s=socket.create_connection(('${to}',${port}),3); s.settimeout(1.5); print('ready',flush=True)
for line in sys.stdin:
  try: s.sendall(line.strip().encode()); print(s.recv(99).decode(),flush=True)
  except OSError: print('nothing',flush=True)`;
  const client = spawn('ip', ['netns', 'exec', from.name, '/usr/bin/python3', '-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  servers.push(client);
  const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
  const heard = async (): Promise<string> => String((await lines.next()).value);
  await heard();
  return {
    say: async (word) => {
      client.stdin.write(`${word}\n`);
      return await heard();
    },
  };
}

/** What a server says that is asked over TCP: whom it sees, and on which of its ports; nothing when it cannot be reached. */
function ask(from: TestNetns, to: string, port: number): string {
  const script = `import socket
s=socket.socket(); s.settimeout(0.7)
try: s.connect(('${to}',${port})); print(s.recv(99).decode())
except OSError: pass`;
  return from.run(['/usr/bin/python3', '-c', script]).stdout.trim();
}

/** Whether the host, which talks with the outside, takes what the first guest answers in the name of that. */
function answersInAnothersName(): boolean {
  const script = `import socket,subprocess
s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.bind(('192.0.2.1',5000)); s.settimeout(1); s.connect(('${OUTSIDE}',6000)); s.send(b'x')
subprocess.run(['ip','netns','exec','${a.name}','/usr/bin/python3','-c',"""from scapy.all import *\nsendp(Ether(src='${A.mac}',dst='${HOST_MAC_A}')/IP(src='${OUTSIDE}',dst='192.0.2.1')/UDP(sport=6000,dport=5000)/b'forged',iface='eth0',verbose=0)"""],check=True)
while True:
  try: print(s.recv(99)); break
  except ConnectionRefusedError: pass
  except OSError as e: print(type(e).__name__); break`;
  return world.host.run(['/usr/bin/python3', '-c', script]).stdout.includes('forged');
}

describe('S19: a port without port security', () => {
  const open = { ...A, isSecured: false, policies: [] };

  it('sends as anyone from any MAC, and gets all that is sent to it, without groups', async () => {
    apply(open, B);
    const to = "dst='10.65.0.3'";
    const frames = [
      `${fromA}/IP(src='10.65.0.9',${to})/UDP(dport=1001)`,
      `Ether(src='02:00:00:00:00:01',dst='${HOST_MAC_A}')/IP(src='10.65.0.2',${to})/UDP(dport=1002)`,
      `${fromA}/IPv6(src='2001:db8:77::9',dst='2001:db8:65::3')/UDP(dport=1003)`,
    ];
    expect(await portsAt(b, frames)).toEqual(['1001', '1002', '1003']);
    expect([pings(b, '10.65.0.2'), pings(world.outside, '2001:db8:65::2'), pings(a, OUTSIDE)]).toEqual([true, true, true]);
    apply(A, B);
    expect(await portsAt(b, frames)).toEqual([]);
  });

  it('S18: is no router or DHCP server to others, and reaches its host as itself only', async () => {
    apply(open, B);
    const to = "src='10.65.0.2',dst='10.65.0.3'";
    const frames = [
      `${fromA}/IP(${to})/UDP(sport=67,dport=68)/BOOTP(op=2)`,
      `${fromA}/IP(${to})/ICMP(type=5,code=1,gw='10.65.0.2')/IP()/UDP()`,
    ];
    const seen = await capture(b, { filter: 'udp or icmp' });
    sendFrames(a, [...frames, `${fromA}/IP(${to})/UDP(sport=1,dport=4242)`]);
    expect((await seen.until('.4242:')).length).toBe(1);
    seen.stop();
    expect(answersInAnothersName()).toBe(false);
    expect([pings(a, '10.65.0.1'), pings(a, '198.19.0.1')]).toEqual([true, false]);
  });

  it('gets no route but to its own addresses', () => {
    apply(open, B);
    const routes = world.host.run(['ip', '-j', 'route', 'show', 'proto', '80', 'dev', A.ifname]).stdout;
    expect((JSON.parse(routes) as { dst: string }[]).map(({ dst }) => dst)).toEqual(['10.65.0.2']);
  });
});

describe('S16: stateless groups', () => {
  const icmpIn = rule('i', { protocol: 1 });
  const bare = (...rules: Parameters<typeof policy>[1]): Policy => stateless(policy('bare', rules));
  const withBare = { ...A, policies: ['bare'] };
  const watch = (): void =>
    void world.host.run(['nft', '-f', '-'], {
      input:
        'table inet watch\ndelete table inet watch\ntable inet watch { chain f { type filter hook forward priority 9; ct state untracked meta l4proto icmp counter\nct state != untracked meta l4proto icmp counter\n}\n}\n',
    });
  /** Packets that were forwarded untracked, and tracked. */
  const watched = (): number[] =>
    [...world.host.run(['nft', 'list', 'table', 'inet', 'watch']).stdout.matchAll(/counter packets (\d+)/g)].map(([, count]) =>
      Number(count),
    );
  afterAll(() => void world.host.run(['nft', 'delete', 'table', 'inet', 'watch'], { mayFail: true }));

  it('need a rule in both directions, and leave no entry in connection tracking', () => {
    apply(withBare, B, bare(...EGRESS));
    expect([pings(a, OUTSIDE), pings(world.outside, '10.65.0.2')]).toEqual([false, false]);
    apply(withBare, B, bare(icmpIn));
    expect([pings(a, OUTSIDE), pings(world.outside, '10.65.0.2')]).toEqual([false, false]);
    apply(withBare, B, bare(...EGRESS, icmpIn));
    watch();
    expect([pings(a, OUTSIDE), pings(world.outside, '10.65.0.2')]).toEqual([true, true]);
    expect(watched()).toEqual([4, 0]);
  });

  it('take nothing from a stateful neighbour, whose answers pass without a rule', () => {
    const shy = policy('shy', EGRESS);
    apply(withBare, { ...B, policies: ['shy'] }, bare(...EGRESS, icmpIn), shy);
    expect([pings(b, '10.65.0.2'), pings(a, '10.65.0.3')]).toEqual([true, false]);
  });

  it('take nothing from a stateful neighbour within their prefix, or who shares an address with them', () => {
    const shy = policy('shy', EGRESS);
    const prefixed = { ...withBare, pairs: [pair('10.65.0.0/24', 2), pair('10.65.0.100/32', 2)] };
    apply(prefixed, { ...B, policies: ['shy'], pairs: [pair('10.65.0.100/32', 3)] }, bare(...EGRESS, icmpIn), shy);
    expect(pings(b, OUTSIDE)).toBe(true);
    const untracked = world.host.run(['nft', 'list', 'table', 'inet', 'manx']).stdout;
    for (const ip of ['10.65.0.3', '10.65.0.100'])
      expect(
        world.host.run(['nft', 'get', 'element', 'inet', 'manx', 'untracked-nets-v4', `{ ${ip} }`], { mayFail: true }).stdout,
        untracked,
      ).toBe('');
    expect(world.host.run(['nft', 'get', 'element', 'inet', 'manx', 'untracked-nets-v4', '{ 10.65.0.4 }']).stdout).toContain('10.65.0.4');
  });

  it('let the host be asked and answered', () => {
    apply(withBare, B, bare());
    expect([pings(a, '10.65.0.1'), pings(world.host, '10.65.0.2')]).toEqual([true, true]);
  });

  it('in place of stateful ones let a live connection go on where both directions have a rule; the other way round it ends, and new ones begin', async () => {
    await serveEcho(world.outside, 7070);
    const both = bare(...EGRESS, rule('t', { protocol: 6 }));
    apply(A, B);
    const remembered = await talk(a, OUTSIDE, 7070);
    expect(await remembered.say('one')).toBe('one');
    apply(withBare, B, both);
    expect(await remembered.say('two')).toBe('two');
    const unremembered = await talk(a, OUTSIDE, 7070);
    expect(await unremembered.say('one')).toBe('one');
    apply(A, B);
    expect(await unremembered.say('two')).toBe('nothing');
    const fresh = await talk(a, OUTSIDE, 7070);
    expect(await fresh.say('three')).toBe('three');
  });

  it('do with floating IPs', () => {
    apply({ ...withBare, floating: [{ ip: asIp(FLOATING), fixed: asIp('10.65.0.2') }] }, B, bare(...EGRESS, icmpIn));
    expect([pings(world.outside, FLOATING), pings(b, FLOATING), pings(a, OUTSIDE)]).toEqual([true, true, true]);
  });
});

describe('S16: remote address groups', () => {
  const guarded = { ...B, policies: ['p'] };
  const p = policy('p', [...EGRESS, rule('i', { protocol: 1, peer: { kind: 'set', set: 'office' } })]);
  it.each([
    ['of a prefix lets in whom it holds', ['192.0.2.0/29', '10.65.1.0/24'], true, false],
    ['of an address and prefixes lets in both', ['10.65.0.2', '192.0.2.0/30', '198.51.100.0/24'], true, true],
    ['that is empty lets in nobody', [], false, false],
  ])('%s', (_, members, outside, neighbour) => {
    apply(A, guarded, p, addressSet('office', members));
    expect([pings(world.outside, '10.65.0.3'), pings(a, '10.65.0.3')]).toEqual([outside, neighbour]);
  });

  it('that is not there lets in nobody', () => {
    apply(A, guarded, p);
    expect([pings(world.outside, '10.65.0.3'), pings(a, '10.65.0.3')]).toEqual([false, false]);
  });
});

describe('S8, S17: allowed address pairs', () => {
  const own = 0xa;
  const pingsFrom = (from: TestNetns, source: string, to: string): boolean =>
    from.run(['ping', '-c1', '-W0.5', '-I', source, to], { mayFail: true }).status === 0;

  it('an address and a prefix are sent from and received, in both families', () => {
    const cidrs = ['10.65.0.100/32', '10.65.8.0/24', '2001:db8:65::100/128', '2001:db8:65:8::/64'];
    expect(['10.65.0.100', '10.65.8.7', '2001:db8:65::100', '2001:db8:65:8::7'].map((ip) => pings(world.outside, ip))).toEqual([
      false,
      false,
      false,
      false,
    ]);
    apply({ ...A, pairs: cidrs.map((cidr) => pair(cidr, own)) }, B);
    for (const ip of ['10.65.0.100', '10.65.8.7', '2001:db8:65::100', '2001:db8:65:8::7']) {
      const isV6 = ip.includes(':');
      expect([ip, pings(world.outside, ip), pingsFrom(a, ip, isV6 ? '2001:db8:aa::2' : OUTSIDE)]).toEqual([ip, true, true]);
    }
    const plan = renderHost(stateWith({ ...A, pairs: cidrs.map((cidr) => pair(cidr, own)) }, B), SETTINGS);
    expect(planHost(plan, readFacts(world.host, plan), [])).toEqual([]);
  });

  it('what is not in the pair is not sent from, nor with another MAC', async () => {
    apply({ ...A, pairs: [pair('10.65.0.100/32', 0xaa), pair('10.65.8.0/24', own)] }, B);
    const to = "dst='10.65.0.3'";
    const frames = [
      `${fromA}/IP(src='10.65.0.100',${to})/UDP(dport=1001)`,
      `Ether(src='fa:16:3e:00:00:aa',dst='${HOST_MAC_A}')/IP(src='10.65.0.100',${to})/UDP(dport=1002)`,
      `Ether(src='fa:16:3e:00:00:aa',dst='${HOST_MAC_A}')/IP(src='10.65.0.2',${to})/UDP(dport=1003)`,
      `${fromA}/IP(src='10.65.8.200',${to})/UDP(dport=1004)`,
      `${fromA}/IP(src='10.65.9.1',${to})/UDP(dport=1005)`,
    ];
    expect(await portsAt(b, frames)).toEqual(['1002', '1004']);
    const seen = await capture(a, { filter: 'icmp' });
    pings(world.outside, '10.65.0.100');
    expect(await seen.until('> 10.65.0.100:')).toEqual([expect.stringContaining('> fa:16:3e:00:00:aa,')]);
    seen.stop();
  });

  it('an address that several hold is spread over them by flow, in both families; one that goes away gets none', () => {
    const held = [pair('10.65.0.100/32', own), pair('2001:db8:65::100/128', own)];
    const heldByB = held.map((one) => ({ ...one, mac: B.mac }));
    for (const ip of ['10.65.0.100', '2001:db8:65::100']) {
      const family = ip.includes(':') ? 'Udp6NoPorts' : null;
      const count = (guest: TestNetns): number =>
        family === null ? refused(guest) : Number(/Udp6NoPorts\s+(\d+)/.exec(guest.run(['cat', '/proc/net/snmp6']).stdout)?.[1]);
      apply({ ...A, pairs: held }, { ...B, pairs: heldByB });
      const [beforeA, beforeB] = [count(a), count(b)];
      shower(world.outside, ip, { count: 64 });
      const [gotA, gotB] = [count(a) - beforeA, count(b) - beforeB];
      expect([ip, gotA + gotB]).toEqual([ip, 64]);
      expect(Math.min(gotA, gotB)).toBeGreaterThan(8);
      apply(A, { ...B, pairs: heldByB });
      shower(world.outside, ip, { count: 64, port: 8 });
      expect([ip, count(a) - beforeA - gotA, count(b) - beforeB - gotB]).toEqual([ip, 0, 64]);
    }
  });

  it('S18: to its host an instance speaks as itself, and not from within a prefix that has the fabric in it; through it, it may', async () => {
    const fabric = { ...pair('192.0.2.0/24', own), isRouted: false };
    apply({ ...A, pairs: [fabric, pair('10.65.8.0/24', own), pair('10.65.0.100/32', own), pair('2001:db8:65:8::/64', own)] }, B);
    expect(answersInAnothersName()).toBe(false);
    const echoes = (): number => Number(/InEchos (\d+)/.exec(icmpOf(world.host))?.[1]);
    const isHeard = (source: string): boolean => {
      const before = echoes();
      sendFrames(a, [`${fromA}/IP(src='${source}',dst='192.0.2.1')/ICMP(type=8,id=7)`]);
      // What came before it has been dealt with when this one is answered.
      expect(pings(a, '10.65.0.1')).toBe(true);
      return echoes() - before === 2;
    };
    expect([isHeard('192.0.2.7'), isHeard('10.65.8.7'), isHeard('10.65.0.100')]).toEqual([false, false, true]);
    expect(await portsAt(b, [`${fromA}/IP(src='192.0.2.7',dst='10.65.0.3')/UDP(dport=1001)`])).toEqual(['1001']);
    // Who is asked for the way out by an address of the prefix answers: neighbour discovery is about the link.
    world.host.run(['ip', '-6', 'neighbour', 'flush', 'dev', A.ifname]);
    a.run(['ip', '-6', 'neighbour', 'flush', 'dev', 'eth0']);
    expect([pingsFrom(a, '2001:db8:65:8::7', '2001:db8:aa::2'), pings(a, '10.65.0.1')]).toEqual([true, true]);
  });

  it("never takes an address from whose own it is, nor one that is somebody else's to receive", () => {
    apply({ ...A, pairs: [pair('10.65.0.3/32', own), { ...pair('10.65.0.100/32', own), isRouted: false }] }, B);
    const routes = world.host.run(['ip', 'route', 'show', 'proto', '80', 'dev', A.ifname]).stdout;
    expect(routes).not.toMatch(/10\.65\.0\.(?:3|100) /);
    expect([pings(world.outside, '10.65.0.3'), pings(world.outside, '10.65.0.100')]).toEqual([true, false]);
  });

  it('S3: the host answers a holder who asks for the address, and not one who announces it', () => {
    apply({ ...A, pairs: [pair('10.65.0.100/32', own)] }, { ...B, pairs: [{ ...pair('10.65.0.100/32', own), mac: asMac(B.mac) }] });
    const answers = (source: string): string =>
      a
        .run([
          '/usr/bin/python3',
          '-c',
          `from scapy.all import *\nprint(len(srp(Ether(src='${A.mac}',dst='ff:ff:ff:ff:ff:ff')/ARP(hwsrc='${A.mac}',psrc='${source}',pdst='10.65.0.100'),iface='eth0',timeout=0.4,verbose=0)[0]))`,
        ])
        .stdout.trim();
    expect([answers('10.65.0.2'), answers('10.65.0.100')]).toEqual([expect.any(String), '0']);
  });
});

describe('S21, S22: a floating IP', () => {
  const floating = { ...A, floating: [{ ip: asIp(FLOATING), fixed: asIp('10.65.0.2') }] };
  beforeAll(async () => {
    await serve(a, [80, 8080, 1005, 1006]);
    await serve(b, [80]);
    await serve(world.outside, [80, 90]);
  });

  it('is reached from outside, from a neighbour and from the instance itself; each is seen as who it is', () => {
    apply(floating, B);
    expect(ask(world.outside, FLOATING, 80)).toBe(`${OUTSIDE} 80`);
    expect(ask(b, FLOATING, 80)).toBe('10.65.0.3 80');
    expect(ask(a, FLOATING, 80)).toBe(`${FLOATING} 80`);
    expect([pings(world.outside, FLOATING), pings(b, FLOATING), pings(a, FLOATING), pings(world.host, FLOATING)]).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  it('S6: is what the instance sends as beyond the flat space, and not within', () => {
    apply(floating, B);
    expect(ask(a, OUTSIDE, 80)).toBe(`${FLOATING} 80`);
    expect(ask(a, '10.65.0.3', 80)).toBe('10.65.0.2 80');
    expect(ask(b, OUTSIDE, 80)).toBe('10.65.0.3 80');
  });

  it('S16: groups see the fixed IP on the way in, and the floating IP that was asked for on the way out', () => {
    const web = policy('web', [
      ...EGRESS,
      rule('i', { protocol: 6, ports: { from: 80, to: 80 }, peer: { kind: 'cidr', cidr: '10.65.0.3/32' as never } }),
    ]);
    const towards = (cidr: string): Policy =>
      policy('towards', [rule('e', { direction: 'egress', peer: { kind: 'cidr', cidr: cidr as never } })]);
    apply({ ...floating, policies: ['web'] }, B, web);
    expect([ask(b, FLOATING, 80), ask(world.outside, FLOATING, 80), ask(b, FLOATING, 8080)]).toEqual(['10.65.0.3 80', '', '']);
    apply(floating, { ...B, policies: ['towards'] }, towards('10.65.0.0/24'));
    expect([ask(b, FLOATING, 80), ask(b, '10.65.0.2', 80)]).toEqual(['', '10.65.0.3 80']);
    apply(floating, { ...B, policies: ['towards'] }, towards(`${FLOATING}/32`));
    expect([ask(b, FLOATING, 80), ask(b, '10.65.0.2', 80)]).toEqual(['10.65.0.3 80', '']);
  });

  it('is gone with its binding, and moves with it', () => {
    apply(A, { ...B, floating: [{ ip: asIp(FLOATING), fixed: asIp('10.65.0.3') }] });
    expect([ask(world.outside, FLOATING, 80), ask(a, OUTSIDE, 80)]).toEqual([`${OUTSIDE} 80`, '10.65.0.2 80']);
    apply(A, B);
    expect([ask(world.outside, FLOATING, 80), pings(world.outside, FLOATING)]).toEqual(['', false]);
  });

  it('S23: some of its ports are forwarded: one, a range as it is, a range to one; and no other', () => {
    const fixed = asIp('10.65.0.2');
    const forwards = [
      { ...forward('f1', 81, 8080), fixed },
      { ...forward('f2', 1000, 1000), to: 1010, fixedTo: 1010, fixed },
      { ...forward('f3', 2000, 80), to: 2010, fixed },
      { ...forward('f4', 3000, 1000), to: 3010, fixedTo: 1010, fixed },
    ];
    apply({ ...A, forwards }, B);
    for (const from of [world.outside, b]) {
      const source = from === b ? '10.65.0.3' : OUTSIDE;
      expect([81, 1005, 2007, 3006].map((port) => ask(from, FORWARDED, port))).toEqual(
        [8080, 1005, 80, 1006].map((port) => `${source} ${port}`),
      );
      expect([80, 8080, 999, 1011].map((port) => ask(from, FORWARDED, port))).toEqual(['', '', '', '']);
    }
    expect(ask(a, FORWARDED, 81)).toBe(`${FORWARDED} 8080`);
    expect(pings(world.outside, FORWARDED)).toBe(false);
    expect(ask(a, OUTSIDE, 80)).toBe('10.65.0.2 80');
  });

  it('S23: a port is forwarded to an instance that is elsewhere, which answers by this host', () => {
    apply({ ...A, forwards: [{ ...forward('f1', 99, 90), fixed: asIp(OUTSIDE) }] }, B);
    expect(ask(b, FORWARDED, 99)).toBe(`${FORWARDED} 90`);
  });
});

describe('QoS', () => {
  const limited = (of: Endpoint, ...limits: Endpoint['qos']['limits']): Endpoint => ({ ...of, qos: { dscp: null, limits } });

  it('marks what the instance sends, whatever it was marked before', async () => {
    apply({ ...A, qos: { dscp: 26, limits: [] } }, B);
    const seen = await capture(b, { filter: 'udp and ip[1]&0xfc==0x68' });
    sendFrames(a, [`${fromA}/IP(src='10.65.0.2',dst='10.65.0.3',tos=0xb8)/UDP(sport=1,dport=4242)`]);
    expect((await seen.until('.4242:')).length).toBe(1);
    seen.stop();
  });

  it.each([
    ['packets sent', 'egress', 'packets', { rate: 20, burst: 10 }],
    ['packets received', 'ingress', 'packets', { rate: 20, burst: 10 }],
    ['bytes sent', 'egress', 'bytes', { rate: 20_000, burst: 16_384 }],
    ['bytes received', 'ingress', 'bytes', { rate: 20_000, burst: 16_384 }],
  ] as const)('limits %s, of an established flow too, and no other instance', (_, direction, unit, more) => {
    const bytes = unit === 'bytes' ? 1000 : 10;
    const limit = { direction, unit, ...more };
    apply(...(direction === 'egress' ? [limited(A, limit), B] : [A, limited(B, limit)]));
    const count = (from: TestNetns, to: TestNetns, ip: string): number => {
      const before = refused(to);
      shower(from, ip, { count: 200, bytes });
      return refused(to) - before;
    };
    const passed = count(a, b, '10.65.0.3');
    expect(passed).toBeGreaterThan(5);
    expect(passed).toBeLessThan(80);
    expect(count(world.outside, a, '10.65.0.2')).toBe(200);
  });
});

describe('connections', () => {
  const limited = { ...SETTINGS, maxConnections: 256 };
  const tracked = (): number => Number(world.host.run(['cat', '/proc/sys/net/netfilter/nf_conntrack_count']).stdout);
  const begin = (from: TestNetns, to: TestNetns, ip: string): number => {
    const before = refused(to);
    shower(from, ip, { count: 600 });
    return refused(to) - before;
  };

  it('of an instance that floods take no more than its share of the host, also when its port is programmed anew; others begin theirs', () => {
    world.host.run(['conntrack', '-F'], { mayFail: true });
    applyPlan(world.host, renderHost(stateWith(A, B), limited));
    const passed = begin(a, b, '10.65.0.3');
    expect(passed).toBeGreaterThan(180);
    expect(passed).toBeLessThanOrEqual(256);
    applyPlan(world.host, renderHost(stateWith({ ...A, qos: { dscp: 10, limits: [] } }, B), limited));
    const again = begin(a, b, '10.65.0.3');
    // Those that it has may go on; the flood comes from the same ports.
    expect(again).toBeLessThanOrEqual(256);
    expect(begin(a, b, '2001:db8:65::3')).toBeLessThanOrEqual(76);
    expect(tracked()).toBeLessThanOrEqual(300);
    // What was begun to B is full as well; from and to the outside there is room.
    expect(begin(b, world.outside, OUTSIDE)).toBeGreaterThan(180);
    expect(begin(world.outside, a, '10.65.0.2')).toBeGreaterThan(180);
  });

  it('are no difference to be repaired', () => {
    const plan = renderHost(stateWith(A, B), limited);
    applyPlan(world.host, plan);
    shower(a, '10.65.0.3', { count: 300 });
    expect(planHost(plan, readFacts(world.host, plan), [])).toEqual([]);
    apply(A, B);
  });
});
