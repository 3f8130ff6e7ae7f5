import { asMac, type Ip } from '@manx/ip';
import { execIn } from '../namespace-exec.js';
import { startCapture } from '../wire/capture.js';
import { ethernet, etherTypes, ip } from '../wire/frames.js';
import { sendFrame } from '../wire/namespace-socket.js';
import type { Field, Guest } from './field.js';
import { patienceMs, ping, tcpTo, udpTo } from './reach.js';
import { type Row, row } from './row.js';

/** ESP's protocol number (IANA): one without ports, that no end of the lab speaks, so that only the network is tested. */
const esp = 50;

/** More than one packet's worth of data: it travels as fragments, there and back. */
const fragmentedBytes = 3_000;

/** Sends one IP packet of a protocol by hand, and says whether it arrived. */
const carriesProtocol = async (from: Guest, to: Guest, ends: { readonly source: Ip; readonly destination: Ip }): Promise<boolean> => {
  const capture = await startCapture(to.netns, 'eth0', `ip proto ${esp} or ip6 proto ${esp}`);
  try {
    const packet = ip({ ...ends, protocol: esp, payload: new Uint8Array(16) });
    const type = ends.source.includes(':') ? etherTypes.ip6 : etherTypes.ip;
    sendFrame(from.netns, 'eth0', ethernet(asMac(from.hostMac), asMac(from.mac), { type, payload: packet }));
    return await capture.sees(new RegExp(`${ends.source}.*${ends.destination}`), patienceMs);
  } finally {
    await capture.stop();
  }
};

/** An echo request that fills a packet of 1500 bytes, and may not be fragmented. */
const carriesFullSize = async (from: Guest, address: string): Promise<boolean> => {
  const data = 1_500 - (address.includes(':') ? 48 : 28);
  return (await execIn(from.netns, ['ping', '-n', '-c', '1', '-W', '2', '-M', 'do', '-s', String(data), address])).code === 0;
};

const oneWay = async (from: Guest, to: Guest, family: 4 | 6): Promise<Row> => {
  const where = from.host === to.host ? 'one host' : 'two hosts';
  const [source, destination] = family === 4 ? [from.v4, to.v4] : [from.v6, to.v6];
  const [echo, tcp, udp, fragments, full, other] = await Promise.all([
    ping(from.netns, destination),
    tcpTo(from.netns, destination),
    udpTo(from.netns, destination),
    udpTo(from.netns, destination, { bytes: fragmentedBytes }),
    carriesFullSize(from, destination),
    carriesProtocol(from, to, { source, destination }),
  ]);
  const outcomes = {
    ICMP: echo !== null,
    TCP: tcp.kind === 'answered',
    UDP: udp.kind === 'answered',
    'UDP in fragments': fragments.kind === 'answered',
    'a full packet': full,
    ESP: other,
  };
  const silent = Object.entries(outcomes).filter(([, came]) => !came);
  return row('S1', `${where}, IPv${family}: ICMP, TCP, UDP, UDP of ${fragmentedBytes} bytes, a packet of 1500 bytes, ESP`, {
    saw: silent.length === 0 ? 'all arrived' : `no ${silent.map(([name]) => name).join(', ')}`,
    ok: silent.length === 0,
  });
};

/** S1: any unicast protocol between instances of one network, on one host and on two, both families. */
export const checkUnicast = async ({ near, mate, far, hasTwoHosts }: Field): Promise<Row[]> =>
  await Promise.all([mate, ...(hasTwoHosts ? [far] : [])].flatMap((to) => [oneWay(near, to, 4), oneWay(near, to, 6)]));
