import { asIp, asMac, type Ip, type Mac, multicastMac } from '@manx/ip';
import {
  arp,
  dhcpOffer,
  ethernet,
  etherTypes,
  icmp,
  icmp6,
  ip,
  neighbourAdvertisementBody,
  neighbourSolicitationBody,
  redirectBody,
  routerAdvertisementBody,
  udp,
} from '../wire/frames.js';
import { sendFrame } from '../wire/namespace-socket.js';
import { arrivedOf, placeOf, type Unwanted } from './arrivals.js';
import { beliefAbout } from './belief-about.js';
import type { Field, Guest } from './field.js';
import { ping, tcpTo } from './reach.js';
import { type Row, row } from './row.js';

const stolenMac = asMac('fa:16:3e:66:66:66');
const allNodes = asIp('ff02::1');
const nobody = { v4: asIp('192.0.2.66'), v6: asIp('2001:db8:666::66') } as const;
const linkLocal = asIp('fe80::666');

const named = (list: readonly Unwanted[]): string => list.map(({ what }) => what).join(', ');

const ipFrame = (destination: Mac, source: Mac, packet: Parameters<typeof ip>[0]): Uint8Array =>
  ethernet(destination, source, { type: packet.source.includes(':') ? etherTypes.ip6 : etherTypes.ip, payload: ip(packet) });

const spoofedPackets = (from: Guest, to: Guest, victim: Guest): readonly Unwanted[] => {
  const [host, own] = [asMac(from.hostMac), asMac(from.mac)];
  const lies = [
    { what: "a neighbour's IPv4 source", mac: own, source: victim.v4, destination: to.v4 },
    { what: "a neighbour's IPv6 source", mac: own, source: victim.v6, destination: to.v6 },
    { what: 'an IPv4 source of nobody', mac: own, source: nobody.v4, destination: to.v4 },
    { what: 'an IPv6 source of nobody', mac: own, source: nobody.v6, destination: to.v6 },
    { what: 'another MAC with its own IPv4 source', mac: stolenMac, source: from.v4, destination: to.v4 },
    { what: 'another MAC with its own IPv6 source', mac: stolenMac, source: from.v6, destination: to.v6 },
    { what: "a neighbour's MAC and IPv4 source", mac: asMac(victim.mac), source: victim.v4, destination: to.v4 },
  ];
  return lies.map(({ what, mac, source, destination }, at) => {
    const dport = 4_001 + at;
    const payload = udp({ source, destination, sport: 4_000, dport }, new Uint8Array(8));
    return { what, frame: ipFrame(host, mac, { source, destination, protocol: 17, payload }), trace: new RegExp(`\\.${dport}:`) };
  });
};

const sourceRow = async (from: Guest, to: Guest, victim: Guest): Promise<Row> => {
  const forgeries = spoofedPackets(from, to, victim);
  return row('S17', `forged sources, to ${placeOf(from, [to])}: ${named(forgeries)}`, await arrivedOf(from, [to], forgeries));
};

type Theft = { readonly what: string; readonly frames: readonly Uint8Array[]; readonly address: Ip };

const theftRow = async (thief: Guest, victim: Guest, theft: Theft): Promise<Row> => {
  const before = await beliefAbout(victim.host, theft.address);
  for (const frame of theft.frames) sendFrame(thief.netns, 'eth0', frame);
  // An honest echo afterwards, over the same interface: what the host made of the forgery, it has made by then.
  await ping(thief.netns, victim.v4);
  const after = await beliefAbout(victim.host, theft.address);
  const reached = await tcpTo(thief.netns, theft.address);
  return row('S17', theft.what, {
    saw: after === before ? `the host still has ${after}; the owner ${reached.kind}` : `the host now has ${after}, before ${before}`,
    ok: after === before && reached.kind === 'answered',
  });
};

/** Gratuitous request and answer, and a question to the gateway: from any of them a host would learn. */
const stolenArp = (thief: Guest, victim: Guest, gateway: Ip): readonly Uint8Array[] => {
  const claim = (operation: 1 | 2, targetIp: Ip, mac: Mac = asMac(thief.mac)) =>
    ethernet(asMac('ff:ff:ff:ff:ff:ff'), asMac(thief.mac), {
      type: etherTypes.arp,
      payload: arp({ operation, senderMac: mac, senderIp: victim.v4, targetMac: asMac('00:00:00:00:00:00'), targetIp }),
    });
  return [claim(1, victim.v4), claim(2, victim.v4), claim(1, gateway), claim(2, gateway), claim(1, gateway, asMac(victim.mac))];
};

const stolenNd = (thief: Guest, victim: Guest, router: Ip): readonly Uint8Array[] => {
  const mac = asMac(thief.mac);
  const send = (destination: Mac, ends: { readonly source: Ip; readonly destination: Ip }, message: Parameters<typeof icmp6>[1]) =>
    ipFrame(destination, mac, { ...ends, protocol: 58, hops: 255, payload: icmp6(ends, message) });
  const advertisement = { type: 136, code: 0, body: neighbourAdvertisementBody(victim.v6, mac) };
  const solicitation = { type: 135, code: 0, body: neighbourSolicitationBody(router, mac) };
  return [
    ...[thief.v6, victim.v6].map((source) => send(multicastMac(allNodes), { source, destination: allNodes }, advertisement)),
    // A host learns who asks.
    send(asMac(thief.hostMac), { source: victim.v6, destination: router }, solicitation),
  ];
};

/** A datagram that the neighbour itself sent. An ICMP error that quotes it belongs to its flow, and is not dropped for belonging to none. */
const honestPacket = (from: Guest, to: Guest): Uint8Array => {
  const ends = { source: to.v4, destination: from.v4, sport: 4_100, dport: 4_101 };
  return ip({ ...ends, protocol: 17, payload: udp(ends, new Uint8Array(8)) });
};

/** What only servers and routers say, to everybody and to the neighbour itself, so that it would be forwarded. */
const impostures = (from: Guest, to: Guest): readonly Unwanted[] => {
  const [host, own] = [asMac(from.hostMac), asMac(from.mac)];
  const toHost = (packet: Parameters<typeof ip>[0]) => ipFrame(host, own, packet);
  const offer = dhcpOffer({ client: asMac(to.mac), address: to.v4, server: from.v4 });
  const [ends4, ends6] = [
    { source: from.v4, destination: to.v4 },
    { source: from.v6, destination: to.v6 },
  ];
  const router = { type: 134, code: 0, body: routerAdvertisementBody(own) };
  const toAll = { source: linkLocal, destination: allNodes };
  const quoted = honestPacket(from, to);
  const body4 = new Uint8Array([...from.v4.split('.').map(Number), ...quoted]);
  return [
    {
      what: 'DHCP offer',
      frame: toHost({ ...ends4, protocol: 17, payload: udp({ ...ends4, sport: 67, dport: 68 }, offer) }),
      trace: /BOOTP|DHCP/,
    },
    {
      what: 'DHCPv6 advertisement',
      frame: toHost({ ...ends6, protocol: 17, payload: udp({ ...ends6, sport: 547, dport: 546 }, new Uint8Array([2, 1, 2, 3])) }),
      trace: /\.547 > .*\.546|dhcp6/,
    },
    {
      what: 'router advertisement to all',
      frame: ipFrame(multicastMac(allNodes), own, { ...toAll, protocol: 58, hops: 255, payload: icmp6(toAll, router) }),
      trace: /fe80::666/,
    },
    {
      what: 'router advertisement',
      frame: toHost({ ...ends6, protocol: 58, hops: 255, payload: icmp6(ends6, router) }),
      trace: /router advertisement/,
    },
    {
      what: 'redirect',
      frame: toHost({ ...ends4, protocol: 1, payload: icmp({ type: 5, code: 1, body: body4 }) }),
      trace: /ICMP redirect/,
    },
    {
      what: 'IPv6 redirect',
      frame: toHost({
        ...ends6,
        protocol: 58,
        hops: 255,
        payload: icmp6(ends6, { type: 137, code: 0, body: redirectBody(from.v6, nobody.v6) }),
      }),
      trace: /ICMP6, redirect/,
    },
  ];
};

const impostorRow = async (from: Guest, to: Guest): Promise<Row> => {
  const forgeries = impostures(from, to);
  const own = new RegExp(`${from.mac}|${from.v4}|${from.v6}|fe80::666`);
  // The host's own advertisements are honest.
  const seen = forgeries.map(({ trace, ...rest }) => ({ ...rest, trace: new RegExp(`(?=.*(?:${own.source}))(?=.*(?:${trace.source}))`) }));
  sendFrame(to.netns, 'eth0', ethernet(asMac(to.hostMac), asMac(to.mac), { type: etherTypes.ip, payload: honestPacket(from, to) }));
  return row('S17', `posing as server and router, to ${placeOf(from, [to])}: ${named(forgeries)}`, await arrivedOf(from, [to], seen));
};

/** S17: an instance sends as itself or not at all. */
export const checkForgery = async ({ near, mate, far, gateway, hasTwoHosts }: Field): Promise<Row[]> => [
  await sourceRow(near, mate, far),
  ...(hasTwoHosts ? [await sourceRow(near, far, mate)] : []),
  await theftRow(near, mate, {
    what: "ARP claims a neighbour's IPv4 address",
    frames: stolenArp(near, mate, asIp(gateway)),
    address: mate.v4,
  }),
  await theftRow(near, mate, {
    what: "neighbour discovery claims a neighbour's IPv6 address",
    frames: stolenNd(near, mate, near.router),
    address: mate.v6,
  }),
  await impostorRow(near, mate),
  ...(hasTwoHosts ? [await impostorRow(near, far)] : []),
];
