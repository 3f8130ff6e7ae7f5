import { execOut, LabError, spawnIn } from '@manx/lab/bench-kit';
import { stopProgram } from './background-program.js';
import type { Path } from './bare-hosts.js';
import type { Cleanup } from './cleanup.js';
import { median } from './statistics.js';

/** What goes through a path: TCP in Gb/s, UDP in received packets per second, ping in microseconds (median round trip). */
export type Throughput = { readonly tcpGbps: number; readonly udpPps: number; readonly pingUs: number };

/** Payload that makes a 64-byte Ethernet frame, its check sequence included: 64 - 14 - 20 - 8 - 4. */
const udpPayload = 18;

/** Listens for iperf3 at the far end of a path; the clean-up ends it. */
export const startReceiver = async ({ to }: Path, cleanup: Cleanup): Promise<void> => {
  const child = spawnIn(to, ['iperf3', '-s', '--forceflush']);
  cleanup.add(async () => await stopProgram(child));
  await new Promise<void>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes('listening')) resolve();
    });
    child.stderr?.resume();
    child.once('exit', () => reject(new LabError('iperf3', `iperf3 -s in ${to} ended at once.`)));
  });
};

type IperfEnd = {
  readonly sum_received?: { readonly bits_per_second: number };
  readonly sum?: { readonly packets: number; readonly lost_packets: number; readonly seconds: number };
};

const iperf = async ({ from, address }: Path, args: readonly string[]): Promise<IperfEnd> => {
  const out = await execOut(['ip', 'netns', 'exec', from, 'iperf3', '-c', address, '-J', ...args]);
  return (JSON.parse(out) as { readonly end: IperfEnd }).end;
};

/**
 * What arrives of one TCP stream, or of so much UDP in full packets, in Mb/s of payload; the first second, in which a burst passes, is not counted.
 */
export const measureRate = async (path: Path, seconds: number, udpMbps: number | null): Promise<number> => {
  const udp = udpMbps === null ? [] : ['-u', '-l', '1400', '-b', `${Math.round(udpMbps)}M`];
  const { sum_received: received, sum } = await iperf(path, ['-O', '1', '-t', String(seconds), ...udp]);
  if (udpMbps === null || sum === undefined) return (received?.bits_per_second ?? 0) / 1e6;
  return ((sum.packets - sum.lost_packets) * 1400 * 8) / sum.seconds / 1e6;
};

/** Sends one TCP stream, then small UDP packets as fast as it goes, then pings, for `seconds` each. */
export const measureTraffic = async (path: Path, seconds: number): Promise<Throughput> => {
  const tcp = await iperf(path, ['-t', String(seconds)]);
  const udp = await iperf(path, ['-u', '-b', '0', '-l', String(udpPayload), '-t', String(seconds)]);
  const pings = await execOut(['ip', 'netns', 'exec', path.from, 'ping', '-n', '-i', '0.002', '-c', String(seconds * 400), path.address]);
  const times = [...pings.matchAll(/time=([\d.]+) ms/g)].map(([, ms]) => Number(ms) * 1000);
  const { packets = 0, lost_packets = 0, seconds: lasted = 1 } = udp.sum ?? {};
  return { tcpGbps: (tcp.sum_received?.bits_per_second ?? 0) / 1e9, udpPps: (packets - lost_packets) / lasted, pingUs: median(times) };
};
