import { asIp, asMac, type Ip, multicastMac } from '@manx/ip';
import { hostNamespace } from '../layout.js';
import { execIn } from '../namespace-exec.js';
import { type Capture, startCapture } from '../wire/capture.js';
import {
  arp,
  dhcpOffer,
  ethernet,
  etherTypes,
  icmp6,
  ip,
  neighbourAdvertisementBody,
  routerAdvertisementBody,
  udp,
} from '../wire/frames.js';
import { sendFrame } from '../wire/namespace-socket.js';
import type { Field, Guest } from './field.js';
import { patienceMs, ping, tcpTo } from './reach.js';
import { type Row, row } from './row.js';

const stolenMac = asMac('fa:16:3e:66:66:66');
const allNodes = asIp('ff02::1');
const marker = /ICMP echo request/;

/** A forged packet: what is false about it, the frame, and how tcpdump would show it had it passed. */
type Forgery = { readonly what: string; readonly frame: Uint8Array; readonly trace: RegExp };

const spoofedPackets = (from: Guest, to: Guest, victim: Guest): readonly Forgery[] => {
  const toHost = asMac(from.hostMac);
  const datagram = (source: Ip, destination: Ip, dport: number) =>
    ip({ source, destination, protocol: 17, payload: udp({ source, destination, sport: 4_000, dport }, new Uint8Array(8)) });
  return [
    {
      what: "a neighbour's IPv4 source",
      frame: ethernet(toHost, asMac(from.mac), { type: etherTypes.ip, payload: datagram(victim.v4, to.v4, 4_001) }),
      trace: /\.4001:/,
    },
    {
      what: "a neighbour's IPv6 source",
      frame: ethernet(toHost, asMac(from.mac), { type: etherTypes.ip6, payload: datagram(victim.v6, to.v6, 4_002) }),
      trace: /\.4002:/,
    },
    {
      what: 'an IPv4 source of nobody',
      frame: ethernet(toHost, asMac(from.mac), { type: etherTypes.ip, payload: datagram(asIp('192.0.2.66'), to.v4, 4_003) }),
      trace: /\.4003:/,
    },
    {
      what: 'another MAC with its own IPv4 source',
      frame: ethernet(toHost, stolenMac, { type: etherTypes.ip, payload: datagram(from.v4, to.v4, 4_004) }),
      trace: /\.4004:/,
    },
    {
      what: 'another MAC with its own IPv6 source',
      frame: ethernet(toHost, stolenMac, { type: etherTypes.ip6, payload: datagram(from.v6, to.v6, 4_005) }),
      trace: /\.4005:/,
    },
  ];
};

/** Sends forgeries and then an honest ping; a forgery that passed would have been seen before the ping. */
const arrivedOf = async (
  from: Guest,
  to: Guest,
  forgeries: readonly Forgery[],
): Promise<{ readonly marked: boolean; readonly arrived: readonly Forgery[] }> => {
  const capture: Capture = await startCapture(to.netns, 'eth0', 'ip or ip6');
  try {
    for (const { frame } of forgeries) sendFrame(from.netns, 'eth0', frame);
    const marked = (await ping(from.netns, to.v4)) !== null && (await capture.sees(marker, patienceMs));
    return { marked, arrived: forgeries.filter(({ trace }) => capture.lines.some((line) => trace.test(line))) };
  } finally {
    await capture.stop();
  }
};

const sourceRow = async (from: Guest, to: Guest, victim: Guest): Promise<Row> => {
  const forgeries = spoofedPackets(from, to, victim);
  const { marked, arrived } = await arrivedOf(from, to, forgeries);
  return row(
    'S17',
    `forged sources to ${from.host === to.host ? 'one host' : 'another host'}: ${forgeries.map(({ what }) => what).join(', ')}`,
    {
      saw: !marked
        ? 'the closing ping did not arrive'
        : arrived.length === 0
          ? 'only the honest ping'
          : `passed: ${arrived.map(({ what }) => what).join(', ')}`,
      ok: marked && arrived.length === 0,
    },
  );
};

/** What a host believes about an address: its neighbour entries and its route. */
const beliefAbout = async (host: string, address: string): Promise<string> => {
  const family = address.includes(':') ? '-6' : '-4';
  const [neighbours, route] = await Promise.all([
    execIn(hostNamespace(host), ['ip', family, 'neigh', 'show', 'to', address]),
    execIn(hostNamespace(host), ['ip', family, 'route', 'get', address]),
  ]);
  const mac = /lladdr (\S+)/.exec(neighbours.stdout)?.[1] ?? 'none';
  const device = /dev (\S+)/.exec(route.stdout)?.[1] ?? 'none';
  return `${device} ${mac}`;
};

const theftRow = async (
  thief: Guest,
  victim: Guest,
  theft: { readonly what: string; readonly frames: readonly Uint8Array[]; readonly address: Ip },
): Promise<Row> => {
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

const stolenArp = (thief: Guest, victim: Guest): readonly Uint8Array[] =>
  ([1, 2] as const).map((operation) =>
    ethernet(asMac('ff:ff:ff:ff:ff:ff'), asMac(thief.mac), {
      type: etherTypes.arp,
      payload: arp({
        operation,
        senderMac: asMac(thief.mac),
        senderIp: victim.v4,
        targetMac: asMac('00:00:00:00:00:00'),
        targetIp: victim.v4,
      }),
    }),
  );

const stolenNd = (thief: Guest, victim: Guest): readonly Uint8Array[] =>
  [thief.v6, victim.v6].map((source) => {
    const message = icmp6(
      { source, destination: allNodes },
      { type: 136, code: 0, body: neighbourAdvertisementBody(victim.v6, asMac(thief.mac)) },
    );
    const payload = ip({ source, destination: allNodes, protocol: 58, hops: 255, payload: message });
    return ethernet(multicastMac(allNodes), asMac(thief.mac), { type: etherTypes.ip6, payload });
  });

const impostorRow = async (from: Guest, to: Guest): Promise<Row> => {
  const linkLocal = asIp('fe80::666');
  const router = icmp6(
    { source: linkLocal, destination: allNodes },
    { type: 134, code: 0, body: routerAdvertisementBody(asMac(from.mac)) },
  );
  const offer = dhcpOffer({ client: asMac(to.mac), address: to.v4, server: from.v4 });
  const answer = (destination: Ip) =>
    ip({ source: from.v4, destination, protocol: 17, payload: udp({ source: from.v4, destination, sport: 67, dport: 68 }, offer) });
  const toHost = asMac(from.hostMac);
  const forgeries: readonly Forgery[] = [
    {
      what: 'a DHCP offer to the neighbour itself',
      frame: ethernet(toHost, asMac(from.mac), { type: etherTypes.ip, payload: answer(to.v4) }),
      trace: /BOOTP|DHCP/,
    },
    {
      what: 'a router advertisement to all',
      frame: ethernet(multicastMac(allNodes), asMac(from.mac), {
        type: etherTypes.ip6,
        payload: ip({ source: linkLocal, destination: allNodes, protocol: 58, hops: 255, payload: router }),
      }),
      trace: /router advertisement.*fe80::666|fe80::666.*router advertisement/,
    },
  ];
  const { marked, arrived } = await arrivedOf(from, to, forgeries);
  return row('S17', `posing as DHCP server and as router: ${forgeries.map(({ what }) => what).join(', ')}`, {
    saw: !marked
      ? 'the closing ping did not arrive'
      : arrived.length === 0
        ? 'only the honest ping'
        : `passed: ${arrived.map(({ what }) => what).join(', ')}`,
    ok: marked && arrived.length === 0,
  });
};

/** S17: an instance sends as itself or not at all. */
export const checkForgery = async ({ near, mate, far, hasTwoHosts }: Field): Promise<Row[]> => [
  await sourceRow(near, mate, far),
  ...(hasTwoHosts ? [await sourceRow(near, far, mate)] : []),
  await theftRow(near, mate, { what: "ARP claims a neighbour's IPv4 address", frames: stolenArp(near, mate), address: mate.v4 }),
  await theftRow(near, mate, {
    what: "neighbour advertisements claim a neighbour's IPv6 address",
    frames: stolenNd(near, mate),
    address: mate.v6,
  }),
  await impostorRow(near, mate),
];
