import dgram from 'node:dgram';
import { once } from 'node:events';
import { asIp } from '@manx/ip';
import { AF_INET, instanceNamespace, listen, openBound, SOCK_DGRAM, waitUntil } from '@manx/lab/bench-kit';
import { type BenchCloud, bootGuests, hosts } from './bench-cloud.js';
import type { Cleanup } from './cleanup.js';
import { type Effort, type Figure, type Progress, rowAlone } from './figure.js';
import { monotonicMs } from './prober.js';
import { median, percentile } from './statistics.js';

const group = asIp('239.80.0.1');
/** The port that the bench cloud's common group is open at. */
const port = 5_201;
/** Each second of the fan-out: half of what a host takes from one port. */
const packetsPerSecond = 5_000;
const burstMs = 2;
const silenceMs = 100;

const open = async (guest: string): Promise<dgram.Socket> => {
  const socket = dgram.createSocket('udp4');
  const listening = once(socket, 'listening');
  socket.bind({ fd: openBound(instanceNamespace(guest), { domain: AF_INET, type: SOCK_DGRAM, protocol: 0 }, port) });
  await listening;
  return socket;
};

const closed = async (socket: dgram.Socket): Promise<void> => await new Promise((resolve) => socket.close(() => resolve()));

/** What has come to one instance: how long each packet took, and when the last came. */
type Ear = { readonly name: string; readonly millis: number[]; lastAt: number };

const openEar = async (name: string, cleanup: Cleanup): Promise<Ear> => {
  const socket = await open(name);
  cleanup.add(async () => await closed(socket));
  const ear: Ear = { name, millis: [], lastAt: 0 };
  socket.on('message', (packet) => {
    ear.lastAt = monotonicMs();
    ear.millis.push(ear.lastAt - packet.readDoubleLE(0));
  });
  return ear;
};

/** Sends the time, so many packets at once, again and again, until stopped; how many were sent. */
const startSending = (socket: dgram.Socket, atOnce: number): (() => number) => {
  let sent = 0;
  const timer = setInterval(() => {
    for (let n = 0; n < atOnce; n += 1) {
      const packet = Buffer.alloc(64);
      packet.writeDoubleLE(monotonicMs(), 0);
      socket.send(packet, port, group);
      sent += 1;
    }
  }, burstMs);
  return () => {
    clearInterval(timer);
    return sent;
  };
};

const nap = async (ms: number): Promise<void> => await new Promise((resolve) => setTimeout(resolve, ms));

/** Multicast from one instance to one on each of three hosts: how long a packet takes, how many get there, and how soon who joins hears. */
export const measureMulticast = async (
  effort: Effort,
  { cloud, cleanup, progress }: { readonly cloud: BenchCloud; readonly cleanup: Cleanup; readonly progress: Progress },
): Promise<Figure> => {
  progress('multicast: four instances on three hosts');
  await bootGuests(cloud, { 'mc-send': hosts[0], 'mc-1': hosts[0], 'mc-2': hosts[1], 'mc-3': hosts[2] });
  const sender = await open('mc-send');
  cleanup.add(async () => await closed(sender));
  sender.setMulticastTTL(8);
  const ears = await Promise.all(['mc-1', 'mc-2', 'mc-3'].map(async (name) => await openEar(name, cleanup)));
  const join = ({ name }: Ear): (() => void) => {
    const listener = listen(instanceNamespace(name), group, null);
    return () => listener.close();
  };
  const leaves = ears.map(join);
  const stopFirst = startSending(sender, 1);
  await waitUntil('multicast at all three hosts', () => Promise.resolve(ears.every(({ lastAt }) => lastAt > 0)));
  progress('multicast: one packet at a time');
  for (const ear of ears) ear.millis.length = 0;
  await nap(effort.pathSeconds * 1000);
  stopFirst();
  await nap(silenceMs);
  const [near = [], ...far] = ears.map(({ millis }) => [...millis]);
  progress(`multicast: ${packetsPerSecond} packets a second`);
  for (const ear of ears) ear.millis.length = 0;
  const stop = startSending(sender, (packetsPerSecond * burstMs) / 1000);
  await nap(effort.pathSeconds * 1000);
  const sent = stop();
  await nap(silenceMs);
  const shares = ears.map(({ millis }) => (100 * millis.length) / sent);
  for (const leave of leaves) leave();
  progress('multicast: joins');
  const stopLast = startSending(sender, 1);
  const joins: number[] = [];
  const [, , last] = ears;
  if (last === undefined) throw new Error('three listeners were asked for');
  for (let round = 0; round < effort.changes; round += 1) {
    const joinedAt = monotonicMs();
    const leave = join(last);
    await waitUntil('the first packet', () => Promise.resolve(last.lastAt > joinedAt));
    joins.push(last.lastAt - joinedAt);
    leave();
    // Until its host gets nothing more, a join would be no news.
    await nap(10 * silenceMs);
  }
  stopLast();
  const us = (samples: readonly number[]): string => `${(median(samples) * 1000).toFixed(0)} µs`;
  const ms = (samples: readonly number[]): string =>
    `${median(samples).toFixed(0)} ms (99 of 100: ${percentile(samples, 0.99).toFixed(0)} ms)`;
  return {
    title: 'Multicast',
    rows: [
      rowAlone('fan-out to 3 hosts: a packet, to the sender’s host', us(near)),
      rowAlone('fan-out to 3 hosts: a packet, to the two others', us(far.flat())),
      rowAlone(
        `fan-out to 3 hosts, ${packetsPerSecond.toLocaleString('en')} packets a second: received at each`,
        shares.map((share) => `${share.toFixed(1)} %`).join(', '),
        '100 %',
        shares.every((share) => share > 99.9),
      ),
      rowAlone('join to first packet from another host', ms(joins), '<= 1 s', median(joins) <= 1000),
    ],
    notes: [
      'One sender, one listener on each of three hosts, stateful groups at both ends; sent and received in one process, whose own time is in the figures. A join is heard by IGMP, told to the server, committed, and told to the sender’s host.',
    ],
  };
};
