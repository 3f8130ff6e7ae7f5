import { asIp, asMac, type Mac } from '@manx/ip';
import { execIn } from '../namespace-exec.js';
import { startCapture } from '../wire/capture.js';
import { arp, dhcpOffer, ethernet, etherTypes, ip, udp } from '../wire/frames.js';
import { sendFrame } from '../wire/namespace-socket.js';
import type { Field, Guest } from './field.js';
import { patienceMs, ping } from './reach.js';
import { type Row, row } from './row.js';

const broadcastMac = asMac('ff:ff:ff:ff:ff:ff');
const ospfMac = asMac('01:00:5e:00:00:05');
const vrrpMac = asMac('01:00:5e:00:00:12');

/** Who answers when an instance asks for an address by ARP. */
const whoHas = async (guest: Guest, address: string): Promise<string | null> => {
  const { stdout } = await execIn(guest.netns, ['arping', '-c', '1', '-w', '2', '-I', 'eth0', address]);
  return /\[([0-9A-Fa-f:]{17})\]/.exec(stdout)?.[1]?.toLowerCase() ?? null;
};

const arpRows = async ({ near, mate, far }: Field): Promise<Row[]> => {
  const wanted: readonly (readonly [string, string])[] = [
    ['a neighbour on its host', mate.v4],
    ['a neighbour on another host', far.v4],
  ];
  return await Promise.all(
    wanted.map(async ([whom, address]) => {
      const answered = await whoHas(near, address);
      return row('S3', `ARP for ${whom} (${address})`, {
        saw: answered === null ? 'nobody answered' : `answered by ${answered}${answered === near.hostMac ? ", the host's MAC" : ''}`,
        ok: answered === near.hostMac,
      });
    }),
  );
};

/** Frames that would reach every neighbour if there were a common link. */
const linkFrames = (from: Guest, to: Guest): readonly { readonly what: string; readonly frame: Uint8Array; readonly trace: RegExp }[] => {
  const mac = asMac(from.mac);
  const frame = (destination: Mac, type: number, payload: Uint8Array) => ethernet(destination, mac, { type, payload });
  const packet = (destination: string, protocol: number, payload: Uint8Array) =>
    ip({ source: from.v4, destination: asIp(destination), protocol, hops: 1, payload });
  const request = arp({ operation: 1, senderMac: mac, senderIp: from.v4, targetMac: asMac('00:00:00:00:00:00'), targetIp: to.v4 });
  const offer = dhcpOffer({ client: asMac(to.mac), address: to.v4, server: from.v4 });
  const ends = { source: from.v4, destination: asIp('255.255.255.255'), sport: 67, dport: 68 };
  return [
    { what: 'ARP broadcast', frame: frame(broadcastMac, etherTypes.arp, request), trace: /Request who-has/ },
    {
      what: 'IP broadcast',
      frame: frame(broadcastMac, etherTypes.ip, packet('255.255.255.255', 253, new Uint8Array(8))),
      trace: /255\.255\.255\.255/,
    },
    { what: 'OSPF hello', frame: frame(ospfMac, etherTypes.ip, packet('224.0.0.5', 89, new Uint8Array(44))), trace: /224\.0\.0\.5/ },
    { what: 'VRRP advert', frame: frame(vrrpMac, etherTypes.ip, packet('224.0.0.18', 112, new Uint8Array(20))), trace: /224\.0\.0\.18/ },
    { what: 'DHCP offer', frame: frame(broadcastMac, etherTypes.ip, packet('255.255.255.255', 17, udp(ends, offer))), trace: /BOOTP|DHCP/ },
  ];
};

const linkRow = async (from: Guest, to: Guest): Promise<Row> => {
  const capture = await startCapture(to.netns, 'eth0', `ether host ${from.mac} or host ${from.v4} or ip broadcast or ip multicast`);
  try {
    const frames = linkFrames(from, to);
    for (const { frame } of frames) sendFrame(from.netns, 'eth0', frame);
    // An echo request sent after them arrives after them: once it is seen, what has not been seen will not be.
    const marked = (await ping(from.netns, to.v4)) !== null && (await capture.sees(/ICMP echo request/, patienceMs));
    const arrived = frames.filter(({ trace }) => capture.lines.some((line) => trace.test(line) && line.includes(from.v4)));
    const where = from.host === to.host ? 'one host' : 'two hosts';
    return row('S3', `${frames.map(({ what }) => what).join(', ')}; tcpdump at a neighbour, ${where}`, {
      saw: !marked
        ? 'the closing ping did not arrive'
        : arrived.length === 0
          ? 'only the closing ping'
          : arrived.map(({ what }) => what).join(', '),
      ok: marked && arrived.length === 0,
    });
  } finally {
    await capture.stop();
  }
};

/** S3: there is no common link: the host answers ARP itself, and nothing link-wide reaches a neighbour. */
export const checkNoLink = async (field: Field): Promise<Row[]> => {
  const { near, mate, far, hasTwoHosts } = field;
  return [...(await arpRows(field)), await linkRow(near, mate), ...(hasTwoHosts ? [await linkRow(near, far)] : [])];
};
