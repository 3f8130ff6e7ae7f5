import { randomBytes } from 'node:crypto';
import { asIp, asMac } from '@manx/ip';
import { clientFor, concat, type Guest, type Link, NeutronError, openLinkOf } from '@manx/lab/attack-kit';
import { expect } from 'vitest';
import { tryAttacks } from './attacks.js';
import {
  addressesIn,
  addressesOf,
  clientId,
  fromServer,
  message6,
  messageTypes,
  option,
  optionIn,
  relayed,
  serverId,
  toServer,
} from './dhcp6-messages.js';
import { type Ground, settle } from './ground.js';
import { guestForAWhile } from './guest-for-a-while.js';
import { projects } from './range.js';

const operator = clientFor('operator');
const { solicit, request, confirm, renew, rebind, release, decline, informationRequest } = messageTypes;

type Pair = { readonly thief: Guest; readonly owner: Guest };

/** A network whose addresses DHCPv6 gives, with an instance of the attacker's on it and one of its victim's. */
const onStateful = async (ground: Ground, act: (pair: Pair) => Promise<void>): Promise<void> => {
  const network = await operator.create('networks', 'network', { name: 'stateful', project_id: projects.wendy, shared: true });
  const ends: (() => Promise<unknown>)[] = [async () => await operator.remove('networks', network.id)];
  const own = { network_id: network.id, project_id: projects.wendy };
  try {
    const mode = 'dhcpv6-stateful';
    const subnets = [
      { ip_version: 4, cidr: '10.0.6.0/24' },
      { ip_version: 6, cidr: 'fd00:6::/64', ipv6_ra_mode: mode, ipv6_address_mode: mode },
    ];
    for (const subnet of subnets) await operator.create('subnets', 'subnet', { ...own, ...subnet });
    const boot = async (name: string, project: string, where: { readonly host: string; readonly group: string }): Promise<Guest> => {
      const { guest, end } = await guestForAWhile({ network: network.id }, { name, project, host: where.host, groups: [where.group] });
      ends.unshift(end);
      return guest;
    };
    const thief = await boot('thief', projects.mallory, { host: ground.mallory.host, group: ground.groups.open });
    const owner = await boot('owner', projects.alice, { host: ground.victim.host, group: ground.groups.guarded });
    await act({ thief, owner });
  } finally {
    for (const end of ends) await end();
  }
};

/** The host's agent replaces a server that has given the address to another, with growing pauses. A limit for what hangs. */
const replacedMs = 60_000;

/** Asks again and again, as clients do, until it is answered as wished: a guest that has asked too often waits for its next turn. */
const isToldOf = async (link: Link, question: Uint8Array, isIt: (frame: Uint8Array) => boolean): Promise<boolean> => {
  const end = performance.now() + replacedMs;
  do {
    link.send(question);
    if (await link.hears(isIt, 200)) return true;
  } while (performance.now() < end);
  return false;
};

/** Whether a guest is offered its own address. */
const isOffered = async (guest: Guest): Promise<boolean> => {
  const link = openLinkOf(guest.netns);
  try {
    const question = toServer(guest, message6(solicit, clientId(asMac(guest.mac)), addressesOf()));
    return await isToldOf(link, question, (frame) => addressesIn(frame).includes(guest.v6));
  } finally {
    link.close();
  }
};

/** Questions about the owner's address: by its DUID and the thief's, from its link-local address, through a relay that the thief makes itself. */
const inItsName = ({ thief, owner }: Pair): readonly Uint8Array[] => {
  const about = addressesOf(owner.v6);
  const at = asIp('fd00:6::1');
  return [owner.mac, thief.mac].flatMap((mac) =>
    [solicit, request, confirm, renew, rebind].flatMap((type) => {
      const server = [request, renew].some((one) => one === type) ? [serverId] : [];
      const inner = message6(type, clientId(asMac(mac)), ...server, about);
      const once = relayed(at, owner.linkLocal, { mac: asMac(owner.mac), inner });
      return [
        toServer(thief, inner),
        toServer(thief, inner, { source: owner.linkLocal }),
        toServer(thief, once),
        toServer(thief, relayed(at, owner.v6, { mac: asMac(owner.mac), inner: once })),
      ];
    }),
  );
};

/** What gives the owner's address back, or says that it is taken. */
const givingBack = ({ thief, owner }: Pair): readonly Uint8Array[] =>
  [release, decline].flatMap((type) => {
    const inner = message6(type, clientId(asMac(owner.mac)), serverId, addressesOf(owner.v6));
    const through = relayed(asIp('fd00:6::1'), owner.linkLocal, { mac: asMac(owner.mac), inner });
    return [toServer(thief, inner), toServer(thief, inner, { source: owner.linkLocal }), toServer(thief, through)];
  });

/** Messages that end too soon, say that they are longer than they are, lie in each other, or are noise. */
const garbage = ({ thief }: Pair): readonly Uint8Array[] => {
  const who = clientId(asMac(thief.mac));
  const nested = Array.from({ length: 12 }).reduce<Uint8Array>(
    (inner) => relayed(thief.linkLocal, thief.linkLocal, { mac: asMac(thief.mac), inner }),
    message6(solicit, who),
  );
  const long = concat([0, 3, 0xff, 0xff], new Uint8Array(40));
  const texts = [
    [],
    [solicit],
    [solicit, 1, 2],
    [messageTypes.relayForward],
    concat([messageTypes.relayForward, 255], new Uint8Array(31)),
    concat([messageTypes.relayForward, 0], new Uint8Array(32), [0, 9, 0xff, 0xff, 1]),
    concat([messageTypes.relayForward, 0], new Uint8Array(32), option(79, [0]), option(9, [])),
    nested,
    message6(solicit, who, long),
    message6(solicit, option(1, []), addressesOf()),
    message6(solicit, option(1, new Uint8Array(900))),
    message6(request, who, serverId, option(3, [1, 2, 3])),
    message6(request, who, serverId, option(3, concat(new Uint8Array(12), [0, 5, 0, 0]))),
    message6(informationRequest, who, option(6, [23]), option(6, new Uint8Array(901))),
    // A name that points into itself, one that never ends, a vendor's and a user's class without a length.
    message6(solicit, who, option(39, [1, 0xc0, 0x00])),
    message6(solicit, who, option(39, concat([0], new Uint8Array(200).fill(63)))),
    message6(solicit, who, option(15, [0xff]), option(16, [0, 0, 0, 1, 0xff, 0xff])),
    ...Array.from({ length: 10 }, (_, type) => concat([type], randomBytes(200))),
  ];
  return texts.map((data) => toServer(thief, Uint8Array.from(data)));
};

/** Text that would begin an option, a tag or a line of its own in a file of the DHCP server. */
const breakouts = ['a\nb', 'a\r\noption:3,6.6.6.6', 'a,b', 'a"b', "a'b", 'a\\b', 'a#b', 'a`id`', 'a\u0000b', '\u{1f41f}', ' ', ''];

tryAttacks([
  {
    title:
      'S17, S26: DHCPv6 in the name of another, by its DUID, its link-local address or a relay that there is none, or in no form at all, takes nothing from it',
    act: async (ground) =>
      await onStateful(ground, async (pair) => {
        const { thief, owner } = pair;
        const link = openLinkOf(thief.netns);
        try {
          // Taken for a lease each, and the owner's until the server is replaced: as many as clients send, and no more.
          const taking = toServer(thief, message6(rebind, clientId(asMac(thief.mac)), addressesOf(owner.v6)));
          for (let n = 0; n < 20; n += 1) link.send(taking);
          for (const frame of [...inItsName(pair), ...givingBack(pair)]) link.send(frame);
          expect(await isOffered(thief)).toBe(true);
          expect(await isOffered(owner)).toBe(true);
          const taken = link
            .heard()
            .flatMap(addressesIn)
            .filter((ip) => ip === owner.v6);
          expect(taken.length).toBeLessThanOrEqual(3);
          // Nor do messages that are none keep anybody from its address, their sender included.
          for (const frame of garbage(pair)) link.send(frame);
          for (const guest of [thief, owner]) expect(await isOffered(guest)).toBe(true);
          await settle(ground);
        } finally {
          link.close();
        }
      }),
  },
  {
    title: 'S26: a DHCPv6 option of a port is a value and nothing else, and no other port is told it',
    act: async (ground) =>
      await onStateful(ground, async ({ thief, owner }) => {
        const give = async (opt_value: string): Promise<unknown> =>
          await clientFor(projects.mallory).update('ports', 'port', {
            id: thief.port_id,
            body: { extra_dhcp_opts: [{ opt_name: 'bootfile-url', opt_value, ip_version: 6 }] },
          });
        for (const text of breakouts) {
          const refused = await give(text).catch((error: unknown) => error);
          expect(refused instanceof NeutronError && refused.status, JSON.stringify(text)).toBe(400);
        }
        const word = 'http://[::1]/a;b|c&d=$(id)%0a?tag:x=option6:23=<>!*~';
        await give(word);
        const links = [thief, owner].map(({ netns }) => openLinkOf(netns));
        const [atThief, atOwner] = links as [Link, Link];
        try {
          const question = (guest: Guest) => toServer(guest, message6(informationRequest, clientId(asMac(guest.mac)), option(6, [0, 59])));
          const isTold = (frame: Uint8Array) => Buffer.from(optionIn(frame, 59) ?? []).toString() === word;
          const isGiven = await isToldOf(atThief, question(thief), isTold);
          const answers = atThief.heard().filter((frame) => fromServer(frame) !== null);
          expect(
            isGiven,
            `${answers.length} answers: ${answers
              .slice(-3)
              .map((frame) => Buffer.from(frame).toString('hex'))
              .join(' ')}`,
          ).toBe(true);
          expect(await isToldOf(atOwner, question(owner), (frame) => fromServer(frame) !== null)).toBe(true);
          expect(atOwner.heard().some((frame) => optionIn(frame, 59) !== null)).toBe(false);
        } finally {
          for (const link of links) link.close();
        }
        await settle(ground);
      }),
  },
]);
