import { asIp, asMac, familyOf, type Ip, isMulticast, type Mac, multicastMac, solicitedNode } from '@manx/ip';
import { startCapture } from '../wire/capture.js';
import { arp, dhcpOffer, ethernet, etherTypes, icmp6, ip, neighbourSolicitationBody, udp } from '../wire/frames.js';
import { sendFrame } from '../wire/namespace-socket.js';
import { arrivedOf, placeOf, type Unwanted } from './arrivals.js';
import type { Field, Guest } from './field.js';
import { patienceMs } from './reach.js';
import { type Row, row } from './row.js';

const broadcastMac = asMac('ff:ff:ff:ff:ff:ff');
const noMac = asMac('00:00:00:00:00:00');
const allNodes = asIp('ff02::1');
const allMldRouters = asIp('ff02::16');
const mdns = asIp('ff02::fb');
/** A link-local address that only these frames have (an instance may make up its own), so that tcpdump shows which they are. */
const linkLocal = asIp('fe80::5afe:1');
/** An EtherType for experiments (IEEE 802, local experimental 1): no IP at all. */
const experimentalType = 0x88b5;

const ask = (guest: Guest, sender: Ip, target: Ip): Uint8Array =>
  ethernet(broadcastMac, asMac(guest.mac), {
    type: etherTypes.arp,
    payload: arp({ operation: 1, senderMac: asMac(guest.mac), senderIp: sender, targetMac: noMac, targetIp: target }),
  });

const multicast6 = (
  guest: Guest,
  destination: Ip,
  inner: { readonly source: Ip; readonly protocol: number; readonly payload: Uint8Array },
) => ethernet(multicastMac(destination), asMac(guest.mac), { type: etherTypes.ip6, payload: ip({ ...inner, destination, hops: 255 }) });

const solicit = (guest: Guest, source: Ip, target: Ip): Uint8Array => {
  const destination = solicitedNode(target);
  const body = neighbourSolicitationBody(target, source === '::' ? null : asMac(guest.mac));
  return multicast6(guest, destination, { source, protocol: 58, payload: icmp6({ source, destination }, { type: 135, code: 0, body }) });
};

/** Every answer to these requests: the MAC that it came from, and the address that it was about. */
const answersTo = async (guest: Guest, requests: readonly Uint8Array[], last: RegExp) => {
  const capture = await startCapture(guest.netns, 'eth0', 'arp or icmp6 or icmp');
  try {
    for (const frame of requests) sendFrame(guest.netns, 'eth0', frame);
    await capture.sees(last, patienceMs);
    return capture.lines.flatMap((line) => {
      // The time, the source MAC and the rest; the guest's own answers to the host are not meant.
      const [, mac = ''] = line.split(' ');
      const target = /Reply (\S+) is-at/.exec(line)?.[1] ?? /neighbor advertisement.* tgt is (\S+),/.exec(line)?.[1];
      return target === undefined || mac === guest.mac ? [] : [{ mac, target }];
    });
  } finally {
    await capture.stop();
  }
};

const addressRows = async ({ near, mate, far, gateway }: Field): Promise<Row[]> => {
  // The last request is for the host itself: a host that answers in turn has answered all of them by then.
  const requests = [
    solicit(near, near.v6, mate.v6),
    solicit(near, near.v6, far.v6),
    solicit(near, asIp('::'), near.v6),
    solicit(near, near.v6, near.router),
    ask(near, asIp('0.0.0.0'), near.v4),
    ask(near, near.v4, near.v4),
    ask(near, near.v4, mate.v4),
    ask(near, near.v4, far.v4),
    ask(near, near.v4, asIp(gateway)),
  ];
  const answers = await answersTo(near, requests, new RegExp(`Reply ${gateway} is-at`));
  const by = (...targets: readonly string[]) => answers.filter(({ target }) => targets.includes(target)).map(({ mac }) => mac);
  const inWords = (macs: readonly string[]) =>
    macs.map((mac) => `answered by ${mac}${mac === near.hostMac ? ", the host's MAC" : ''}`).join(', ') || 'nobody answered';
  const isHosts = (macs: readonly string[]) => macs.every((mac) => mac === near.hostMac);
  const arpRow = (whom: string, address: Ip) =>
    row('S3', `ARP for ${whom} (${address})`, { saw: inWords(by(address)), ok: by(address).length === 1 && isHosts(by(address)) });
  const [solicited, own] = [by(mate.v6, far.v6), by(near.v4, near.v6)];
  const isHeard = by(near.router).length > 0;
  return [
    arpRow('a neighbour on its host', mate.v4),
    arpRow('a neighbour on another host', far.v4),
    row('S3', 'neighbour solicitations for the same two, IPv6: nobody but the host may answer', {
      saw: isHeard ? inWords(solicited) : 'not even the host answered for itself',
      ok: isHeard && isHosts(solicited),
    }),
    row('S3', 'its own addresses, probed for duplicates and announced (RFC 5227, RFC 4862)', { saw: inWords(own), ok: own.length === 0 }),
  ];
};

/** Frames that would reach every neighbour if there were a common link. */
const linkFrames = (from: Guest, to: Guest): readonly Unwanted[] => {
  const mac = asMac(from.mac);
  const frame = (destination: Mac, type: number, payload: Uint8Array) => ethernet(destination, mac, { type, payload });
  const packet = (destination: Ip, protocol: number, payload: Uint8Array) =>
    frame(
      familyOf(destination) === 4 && !isMulticast(destination) ? broadcastMac : multicastMac(destination),
      etherTypes.ip,
      ip({ source: from.v4, destination, protocol, hops: 1, payload }),
    );
  const everybody = asIp('255.255.255.255');
  const offer = dhcpOffer({ client: asMac(to.mac), address: to.v4, server: from.v4 });
  const datagram = (source: Ip, destination: Ip, port: { readonly sport: number; readonly dport: number }, data: Uint8Array) =>
    udp({ source, destination, ...port }, data);
  const report = icmp6({ source: linkLocal, destination: allMldRouters }, { type: 143, code: 0, body: new Uint8Array(4) });
  const echo = icmp6({ source: linkLocal, destination: allNodes }, { type: 128, code: 0, body: new Uint8Array(4) });
  const name = datagram(linkLocal, mdns, { sport: 5_353, dport: 5_353 }, new Uint8Array(12));
  return [
    { what: 'ARP broadcast', frame: ask(from, from.v4, to.v4), trace: new RegExp(`who-has .*tell ${from.v4}`) },
    { what: 'IP broadcast', frame: packet(everybody, 253, new Uint8Array(8)), trace: new RegExp(`${from.v4} > 255\\.255\\.255\\.255`) },
    { what: 'OSPF hello', frame: packet(asIp('224.0.0.5'), 89, new Uint8Array(44)), trace: /224\.0\.0\.5/ },
    { what: 'VRRP advert', frame: packet(asIp('224.0.0.18'), 112, new Uint8Array(20)), trace: /224\.0\.0\.18/ },
    {
      what: 'DHCP offer',
      frame: packet(everybody, 17, datagram(from.v4, everybody, { sport: 67, dport: 68 }, offer)),
      trace: /BOOTP|DHCP/,
    },
    { what: 'neighbour solicitation', frame: solicit(from, linkLocal, to.v6), trace: /fe80::5afe:1.*neighbor solicitation/ },
    {
      what: 'MLD report',
      frame: multicast6(from, allMldRouters, { source: linkLocal, protocol: 58, payload: report }),
      trace: /fe80::5afe:1 > ff02::16/,
    },
    {
      what: 'IPv6 echo to all nodes',
      frame: multicast6(from, allNodes, { source: linkLocal, protocol: 58, payload: echo }),
      trace: /fe80::5afe:1 > ff02::1:/,
    },
    { what: 'mDNS', frame: multicast6(from, mdns, { source: linkLocal, protocol: 17, payload: name }), trace: /ff02::fb/ },
    { what: 'a frame that is no IP', frame: frame(broadcastMac, experimentalType, new Uint8Array(46)), trace: /0x88b5/ },
  ];
};

const linkRow = async (from: Guest, watchers: readonly Guest[], to: Guest): Promise<Row> => {
  const frames = linkFrames(from, to);
  return row(
    'S3',
    `${frames.map(({ what }) => what).join(', ')}; tcpdump at ${watchers.length} on ${placeOf(from, watchers)}`,
    await arrivedOf(from, watchers, frames),
  );
};

/** S3: there is no common link: the host answers ARP itself, and nothing link-wide reaches anybody, on the same network or another. */
export const checkNoLink = async (field: Field): Promise<Row[]> => {
  const { near, mate, tenant, far, stranger, hasTwoHosts } = field;
  return [
    ...(await addressRows(field)),
    await linkRow(near, hasTwoHosts ? [mate, tenant] : [mate, tenant, far, stranger], mate),
    ...(hasTwoHosts ? [await linkRow(near, [far, stranger], far)] : []),
  ];
};
