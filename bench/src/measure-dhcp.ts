import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { asIp, asMac } from '@manx/ip';
import {
  dhcpDiscover,
  endProcesses,
  ethernet,
  etherTypes,
  execOut,
  hostNamespace,
  instanceNamespace,
  ip,
  type Link,
  openLinkOf,
  runProgram,
  udp,
} from '@manx/lab/bench-kit';
import { startBackgroundProgram } from './background-program.js';
import { addCrowd, type BenchCloud, crowdGuest, crowdWire, hosts } from './bench-cloud.js';
import type { Cleanup } from './cleanup.js';
import { type Effort, type Figure, type Progress, rowAlone } from './figure.js';
import { monotonicMs } from './prober.js';
import { median } from './statistics.js';
import { makeTempFolder } from './temp-folder.js';

/** A client of DHCP: its hardware address, and the wire that it asks on. Those of the peer share one. */
type Client = { readonly mac: string; readonly link: Link };

/** Questions that are under way at a time: as many as a boot storm's, and fewer than the server's socket holds. */
const atOnce = 64;
/** A program that ends within ten seconds of its start is taken for one that fails, and started again with growing pauses: kills are further apart. */
const stableMs = 11_000;
/** How long an answer may take before the question is asked again, as clients do (RFC 2131, section 4.1). */
const patienceMs = 4_000;
const anew = { source: asIp('0.0.0.0'), destination: asIp('255.255.255.255'), sport: 68, dport: 67 };

const discoverOf = (mac: string): Uint8Array =>
  ethernet(asMac('ff:ff:ff:ff:ff:ff'), asMac(mac), {
    type: etherTypes.ip,
    payload: ip({ ...anew, protocol: 17, payload: udp(anew, dhcpDiscover(asMac(mac))) }),
  });

/** Whose offer a frame is: the hardware address in it (RFC 2131, section 2); null for any other frame. */
const offeredTo = (frame: Uint8Array): string | null => {
  const payload = 14 + ((frame[14] ?? 0) & 15) * 4 + 8;
  const isDhcp = frame[12] === 8 && frame[13] === 0 && frame[23] === 17 && frame[payload] === 2;
  return isDhcp
    ? Buffer.from(frame.subarray(payload + 28, payload + 34))
        .toString('hex')
        .replace(/(..)(?!$)/g, '$1:')
    : null;
};

/** Has every client offered its address once; the milliseconds that takes. Throws when one gets none. */
const offerAll = async (clients: readonly Client[]): Promise<number> => {
  const links = new Set(clients.map(({ link }) => link));
  for (const link of links) link.forget();
  const waiting = new Map<string, { readonly client: Client; askedAt: number; tries: number }>();
  const from = monotonicMs();
  let next = 0;
  while (next < clients.length || waiting.size > 0) {
    for (; waiting.size < atOnce && next < clients.length; next += 1) {
      const client = clients[next] as Client;
      client.link.send(discoverOf(client.mac));
      waiting.set(client.mac, { client, askedAt: monotonicMs(), tries: 1 });
    }
    for (const link of new Set([...waiting.values()].map(({ client }) => client.link)))
      for (const frame of link.take()) waiting.delete(offeredTo(frame) ?? '');
    for (const asked of waiting.values()) {
      if (monotonicMs() - asked.askedAt < patienceMs) continue;
      if (asked.tries === 10) throw new Error(`${asked.client.mac} was offered nothing`);
      asked.client.link.send(discoverOf(asked.client.mac));
      asked.askedAt = monotonicMs();
      asked.tries += 1;
    }
    // The server has the processor in between.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return monotonicMs() - from;
};

/** One dnsmasq as Neutron's DHCP agent runs it: one wire, one subnet, every host in a file of hosts. */
const openPeer = async (count: number, cleanup: Cleanup): Promise<readonly Client[]> => {
  const [server, client] = ['manx-bench-dhcp', 'manx-bench-dhcp-c'];
  const remove = async (): Promise<void> => {
    await endProcesses([server, client]);
    for (const name of [server, client]) await runProgram(['ip', 'netns', 'del', name], { ignore: /No such file/ });
  };
  const folder = await makeTempFolder('dhcp', cleanup);
  for (const name of [server, client]) await runProgram(['ip', 'netns', 'add', name]);
  cleanup.add(remove);
  const lines = [
    `link add wire type veth peer name wire netns ${client}`,
    'link set lo up',
    'addr add 10.81.0.1/16 dev wire',
    'link set wire up',
  ];
  await runProgram(['ip', '-n', server, '-batch', '-'], { stdin: `${lines.join('\n')}\n` });
  await runProgram(['ip', '-n', client, 'link', 'set', 'wire', 'up']);
  const macs = Array.from(
    { length: count },
    (_, at) => `fa:16:3e:00:${(at >> 8).toString(16).padStart(2, '0')}:${(at & 255).toString(16).padStart(2, '0')}`,
  );
  const file = join(folder, 'hosts');
  await writeFile(file, macs.map((mac, at) => `${mac},host-${at},10.81.${1 + (at >> 8)}.${at & 255}\n`).join(''));
  const log = join(folder, 'log');
  const quiet = ['--keep-in-foreground', '--no-resolv', '--no-hosts', '--pid-file', '--conf-file=/dev/null', '--user=root', '--port=0'];
  const own = [
    '--interface=wire',
    '--bind-interfaces',
    '--leasefile-ro',
    '--quiet-dhcp',
    '--dhcp-authoritative',
    '--no-ping',
    '--log-facility=-',
  ];
  const ranges = [`--dhcp-hostsfile=${file}`, '--dhcp-range=10.81.0.0,static,255.255.0.0,86400s', `--dhcp-lease-max=${count}`];
  const argv = ['ip', 'netns', 'exec', server, 'dnsmasq', ...quiet, ...own, ...ranges];
  await startBackgroundProgram({ argv, log, isReady: async () => (await execOut(['cat', log])).includes(`read ${file}`) }, cleanup);
  const link = openLinkOf(client, 'wire');
  cleanup.add(async () => await Promise.resolve(link.close()));
  return macs.map((mac) => ({ mac, link }));
};

/** The process of a host's dnsmasq. */
const dnsmasqOn = async (host: string): Promise<number> => {
  const pids = (await execOut(['ip', 'netns', 'pids', hostNamespace(host)])).split('\n').filter(Boolean);
  for (const pid of pids) if ((await execOut(['ps', '-o', 'comm=', '-p', pid])).trim() === 'dnsmasq') return Number(pid);
  throw new Error(`${host} has no dnsmasq`);
};

/** Kills a host's dnsmasq and asks until an offer comes; the milliseconds that takes. */
const offerAfterKill = async (host: string, { mac, link }: Client): Promise<number> => {
  const pid = await dnsmasqOn(host);
  link.forget();
  const from = monotonicMs();
  process.kill(pid, 'SIGKILL');
  // What the kernel had taken for the process that is gone is not answered: each question is a new one.
  for (;;) {
    link.send(discoverOf(mac));
    const until = monotonicMs() + 100;
    while (monotonicMs() < until) {
      if (link.take().some((frame) => offeredTo(frame) === mac)) return monotonicMs() - from;
      await pause(1);
    }
  }
};

/** DHCP on one host: how many offers a second, and how soon there is one again when dnsmasq was killed. */
export const measureDhcp = async (
  effort: Effort,
  { cloud, cleanup, progress }: { readonly cloud: BenchCloud; readonly cleanup: Cleanup; readonly progress: Progress },
): Promise<Figure> => {
  const [host] = hosts;
  const count = effort.leases;
  progress(`dhcp: ${count} ports on ${host}`);
  await addCrowd(cloud, { count, on: [host] });
  const ports = await cloud.client.list('ports', { 'binding:host_id': host });
  const clients = ports.map((port) => {
    const link = openLinkOf(instanceNamespace(crowdGuest), crowdWire(port.id));
    cleanup.add(async () => await Promise.resolve(link.close()));
    return { mac: String(port['mac_address']), link };
  });
  const peer = await openPeer(clients.length, cleanup);
  const rates: { readonly ours: number[]; readonly peer: number[] } = { ours: [], peer: [] };
  for (let round = 0; round < effort.leaseRounds; round += 1) {
    progress(`dhcp: offers, round ${round + 1}`);
    rates.ours.push((1000 * clients.length) / (await offerAll(clients)));
    rates.peer.push((1000 * peer.length) / (await offerAll(peer)));
  }
  progress('dhcp: dnsmasq killed');
  const gaps: number[] = [];
  for (let at = 0; at < Math.min(5, effort.drifts); at += 1) {
    await pause(stableMs);
    gaps.push(await offerAfterKill(host, clients[at % clients.length] as Client));
  }
  const [ours, theirs] = [median(rates.ours), median(rates.peer)];
  return {
    title: 'DHCP',
    rows: [
      {
        what: `offers, ${clients.length.toLocaleString('en')} instances of one host, ${atOnce} at a time`,
        ours: `${ours.toFixed(0)}/s`,
        peer: `${theirs.toFixed(0)}/s`,
        ratio: `${((100 * ours) / theirs).toFixed(0)} %`,
        goal: '',
      },
      rowAlone(
        `\`kill -9\` of dnsmasq with ${clients.length.toLocaleString('en')} ports: until the first offer`,
        `${median(gaps).toFixed(0)} ms (at most ${Math.max(...gaps).toFixed(0)} ms)`,
        'under 1 s',
        Math.max(...gaps) < 1000,
      ),
    ],
    notes: [
      `Discovers written to the wires of ${clients.length} taps, each of a hardware address of its own, through the host's rules; the offer counts when it is back on the wire. Asked again after ${patienceMs} ms. Medians of ${effort.leaseRounds} rounds, by turns with the peer; ${gaps.length} kills, a question every 100 ms.`,
      'Peer: the same dnsmasq as Neutron’s DHCP agent has it, one process for one network: one wire, one range, as many hosts in its file, no rules.',
    ],
  };
};
