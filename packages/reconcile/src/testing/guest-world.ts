import { type ChildProcess, spawn } from 'node:child_process';
import { type Endpoint, hostSideMac } from '@manx/hoststate';
import { familyOf, type Ip, linkLocalFor } from '@manx/ip';
import { makeTestNetns, type TestNetns } from '@manx/render/testing/test-netns';

/** A host, an outside beyond its uplink, and instances behind taps: all namespaces. */
export type GuestWorld = {
  readonly host: TestNetns;
  readonly outside: TestNetns;
  /** Plugs in an instance: a tap on the host, and a namespace with the endpoint's MAC, addresses and default routes. */
  plug(endpoint: Endpoint): TestNetns;
  remove(): void;
};

/** Makes the world `manx-t-NAME-*-PID`; its host has the uplink addresses 192.0.2.1 and 2001:db8:aa::1 and a default route outside. */
export function makeGuestWorld(name: string): GuestWorld {
  const host = makeTestNetns(`${name}-host`);
  const outside = makeTestNetns(`${name}-out`);
  const made = [outside];
  host.run(['ip', 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', outside.name]);
  const both: ReadonlyArray<readonly [TestNetns, string, string]> = [
    [host, 'up0', '1'],
    [outside, 'eth0', '2'],
  ];
  for (const [netns, dev, last] of both) {
    netns.run(['sh', '-c', `echo 0 > /proc/sys/net/ipv6/conf/${dev}/accept_dad`]);
    ip(netns, `address add 192.0.2.${last}/30 dev ${dev}`);
    ip(netns, `address add 2001:db8:aa::${last}/64 dev ${dev} nodad`);
    ip(netns, `link set ${dev} up`);
    ip(netns, `route add default via 192.0.2.${last === '1' ? '2' : '1'}`);
    ip(netns, `-6 route add default via 2001:db8:aa::${last === '1' ? '2' : '1'}`);
  }
  const plug = (endpoint: Endpoint): TestNetns => {
    const guest = makeTestNetns(`${name}-${endpoint.id.slice(0, 6)}`);
    made.push(guest);
    plugIn(host, guest, endpoint);
    return guest;
  };
  return { host, outside, plug, remove: () => [...made, host].forEach((netns) => netns.remove()) };
}

function plugIn(host: TestNetns, guest: TestNetns, { ifname, mac, addresses }: Endpoint): void {
  const router = hostSideMac(mac);
  host.run(['ip', 'link', 'add', ifname, 'address', router, 'type', 'veth', 'peer', 'name', 'eth0', 'address', mac, 'netns', guest.name]);
  guest.run(['sh', '-c', 'echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad; echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_ra']);
  ip(guest, 'link set eth0 up');
  ip(host, `link set ${ifname} up`);
  for (const { ip: own } of addresses)
    ip(guest, `address add ${own}/${familyOf(own) === 4 ? 24 : 128} dev eth0${familyOf(own) === 4 ? '' : ' nodad'}`);
  if (addresses.some(({ ip: own }) => familyOf(own) === 4)) ip(guest, 'route add default via 10.65.0.1 dev eth0 onlink');
  ip(guest, `-6 route add default via ${linkLocalFor(router)} dev eth0`);
}

function ip(netns: TestNetns, command: string): void {
  netns.run(['ip', ...command.split(' ')]);
}

/** Sends frames that no honest stack would: each is a scapy expression, layer 2 included. */
export function sendFrames(netns: TestNetns, frames: readonly string[]): void {
  const script = `from scapy.all import *\nfor f in [${frames.join(', ')}]: sendp(f, iface='eth0', verbose=0)`;
  netns.run(['/usr/bin/python3', '-c', script]);
}

/** Whether an address answers to ping, tried once, within half a second. */
export function pings(netns: TestNetns, to: Ip | string): boolean {
  return netns.run(['ping', '-c1', '-W0.5', to], { mayFail: true }).status === 0;
}

/** Packets seen on an interface, as tcpdump prints them. */
export type Capture = {
  /** Waits until a line has the text; answers all lines so far. Rejects when tcpdump ends before; the test's own time limit is the only other. */
  until(text: string): Promise<readonly string[]>;
  stop(): void;
};

/** Begins to capture; when it resolves, nothing more is missed. */
export async function capture(netns: TestNetns, { dev = 'eth0', filter = '' }: { dev?: string; filter?: string } = {}): Promise<Capture> {
  const child = spawn('ip', [
    'netns',
    'exec',
    netns.name,
    'tcpdump',
    '-l',
    '-n',
    '-e',
    '--immediate-mode',
    '-Q',
    'in',
    '-i',
    dev,
    ...filter.split(' ').filter(Boolean),
  ]);
  const lines: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => lines.push(...text.split('\n').filter(Boolean)));
  await seen(child, child.stderr, (text) => text.includes('listening on'));
  const until = async (text: string): Promise<readonly string[]> => {
    if (!lines.some((line) => line.includes(text))) await seen(child, child.stdout, () => lines.some((line) => line.includes(text)));
    return lines;
  };
  return { until, stop: () => void child.kill() };
}

/** Resolves when the stream said what is waited for; rejects when the process ends before. */
function seen(child: ChildProcess, stream: NodeJS.ReadableStream, isIt: (text: string) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => reject(new Error('tcpdump ended'));
    child.once('exit', end);
    stream.on('data', (chunk: Buffer | string) => {
      if (!isIt(String(chunk))) return;
      child.removeListener('exit', end);
      resolve();
    });
  });
}
