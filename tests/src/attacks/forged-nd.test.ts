import { asIp, asMac, type Ip, multicastMac, solicitedNode } from '@manx/ip';
import {
  concat,
  ethernet,
  etherTypes,
  execIn,
  extensionHeaders,
  fragmentHeader,
  type Guest,
  hostNamespace,
  icmp6,
  ip,
  neighbourAdvertisementBody,
  neighbourSolicitationBody,
  paddedHeader,
  redirectBody,
  routerAdvertisementBody,
  unknownOption,
} from '@manx/lab/attack-kit';
import { expect } from 'vitest';
import { tryAttacks } from './attacks.js';
import { nobody, type Shot, shot } from './forge.js';
import { arrivals, type Ground } from './ground.js';
import { loot } from './theft.js';

const allNodes = asIp('ff02::1');

type Message = { readonly type: number; readonly body: Uint8Array };
type Ends = { readonly source: Ip; readonly destination: Ip };

/** Ways to hide an ICMPv6 message from whoever looks only at the first header: none, each of the headers, two at once, and in two fragments. */
const wrappings = (ends: Ends, { type, body }: Message): readonly { readonly protocol: number; readonly payload: Uint8Array }[] => {
  const message = icmp6(ends, { type, code: 0, body });
  const { hopByHop, destination, fragment } = extensionHeaders;
  const atomic = { id: 0x666, offset: 0, hasMore: false };
  return [
    { protocol: 58, payload: message },
    { protocol: hopByHop, payload: concat(paddedHeader(58), message) },
    { protocol: destination, payload: concat(paddedHeader(58), message) },
    { protocol: hopByHop, payload: concat(paddedHeader(destination), paddedHeader(58), message) },
    { protocol: fragment, payload: concat(fragmentHeader(58, atomic), message) },
    { protocol: fragment, payload: concat(fragmentHeader(destination, atomic), paddedHeader(58), message) },
    { protocol: fragment, payload: concat(fragmentHeader(58, { ...atomic, id: 0x667, hasMore: true }), message.slice(0, 24)) },
    { protocol: fragment, payload: concat(fragmentHeader(58, { ...atomic, id: 0x667, offset: 24 }), message.slice(24)) },
  ];
};

const macOf = (guest: Guest, destination: Ip) => (destination.startsWith('ff') ? multicastMac(destination) : asMac(guest.hostMac));

const frames = (guest: Guest, ends: Ends, message: Message): readonly Uint8Array[] =>
  wrappings(ends, message).map((packet) =>
    ethernet(macOf(guest, ends.destination), asMac(guest.mac), { type: etherTypes.ip6, payload: ip({ ...ends, ...packet, hops: 255 }) }),
  );

/** Claims of an address: advertisements and questions, from every source, to every destination that a host or an instance would listen to. */
const claimsOf = ({ mallory, victim }: Ground, target: Ip): readonly Uint8Array[] => {
  const sources = [mallory.v6, mallory.linkLocal, target, asIp('fe80::666')];
  const destinations = [allNodes, mallory.router, mallory.gateway6, victim.v6, solicitedNode(target)];
  const mac = asMac(mallory.mac);
  return sources.flatMap((source) =>
    destinations.flatMap((destination) => [
      ...frames(mallory, { source, destination }, { type: 136, body: neighbourAdvertisementBody(target, mac) }),
      // Who is asked for its own address learns who asks.
      ...[target, mallory.router, mallory.gateway6].flatMap((asked) =>
        frames(mallory, { source, destination }, { type: 135, body: neighbourSolicitationBody(asked, mac) }),
      ),
    ]),
  );
};

/** What a host has learnt from router advertisements and redirects: routes, and whether it has a default that it had not. */
const learnt = async (host: string): Promise<string> => {
  const shown = await Promise.all(
    [
      ['ip', '-6', 'route', 'show', 'proto', 'ra'],
      ['ip', '-6', 'route', 'show', 'proto', 'redirect'],
      ['ip', '-6', 'route', 'show', 'cache'],
      ['ip', '-6', 'route', 'show', 'default'],
      ['ip', '-4', 'route', 'show', 'cache'],
      ['ip', '-6', 'addr', 'show', 'dynamic'],
    ].map(async (argv) => (await execIn(hostNamespace(host), argv)).stdout.replaceAll(/(valid_lft|preferred_lft|expires|age) \S+/g, '')),
  );
  return shown.join('\n');
};

/** An advertisement with a prefix (RFC 4861, 4.6.2) besides, from which a host would form an address. */
const advertisement = (guest: Guest, token: Uint8Array): Uint8Array =>
  concat(
    routerAdvertisementBody(asMac(guest.mac)),
    [3, 4, 64, 0xc0, 0, 0, 0x0e, 0x10, 0, 0, 0x0e, 0x10, 0, 0, 0, 0],
    [0xfd, 0x66, ...new Uint8Array(14)],
    unknownOption(token),
  );

const posing = ({ mallory, victim, witness }: Ground, type: 134 | 137): readonly Shot[] => {
  const destinations = [allNodes, asIp('ff02::2'), mallory.router, mallory.gateway6, victim.v6, witness.v6];
  const sources = [mallory.linkLocal, mallory.v6, mallory.router];
  return destinations.flatMap((destination) =>
    sources.flatMap((source) => {
      const body = (token: Uint8Array) =>
        type === 134 ? advertisement(mallory, token) : concat(redirectBody(mallory.linkLocal, witness.v6), unknownOption(token));
      return Array.from({ length: 8 }, (_, at) =>
        shot(
          `${type} from ${source} to ${destination}, wrapped ${at}`,
          (token) => frames(mallory, { source, destination }, { type, body: body(token) })[at] as Uint8Array,
        ),
      );
    }),
  );
};

const unbelieved = (type: 134 | 137) => async (ground: Ground) => {
  const before = await Promise.all(ground.hosts.map(learnt));
  expect(await arrivals(ground, posing(ground, type), [ground.witness, ground.victim, ground.friend])).toEqual([]);
  expect(await Promise.all(ground.hosts.map(learnt))).toEqual(before);
};

tryAttacks([
  {
    title:
      "S17: neighbour discovery that claims the victim's address (override, another target, behind extension headers, in fragments) changes nothing",
    act: async (ground) => {
      const { victim } = ground;
      expect(await loot(ground, [{ address: victim.v6, frames: claimsOf(ground, victim.v6) }])).toEqual([]);
    },
  },
  {
    title: "S17: neighbour discovery that claims the router's addresses changes nothing",
    act: async (ground) => {
      const { mallory, victim } = ground;
      const claims = (address: Ip) => ({ address, frames: claimsOf(ground, address) });
      expect(await loot(ground, [claims(mallory.gateway6)])).toEqual([]);
      // On its own link it may call itself what it likes: that leads nowhere else.
      expect(await loot(ground, [victim.router, victim.linkLocal].map(claims), { mayHave: true })).toEqual([]);
    },
  },
  { title: 'S17: router advertisements, to the host and to neighbours, are believed by nobody', act: unbelieved(134) },
  { title: 'S17: IPv6 redirects, to the host and to neighbours, are believed by nobody', act: unbelieved(137) },
  {
    title: 'S17: a neighbour solicitation for an address of nobody makes no entry at any host',
    act: async (ground) => {
      expect(await loot(ground, [{ address: nobody.v6, frames: claimsOf(ground, nobody.v6) }])).toEqual([]);
    },
  },
]);
