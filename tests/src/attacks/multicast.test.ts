import { asIp, asMac, type Ip, multicastMac } from '@manx/ip';
import { concat, ethernet, etherTypes, type Guest, ip, ipBytes, type Listener, listen, openLinkOf, waitUntil } from '@manx/lab/attack-kit';
import { expect } from 'vitest';
import { tryAttacks } from './attacks.js';
import { ipFrame, newToken, nobody, type Shot, shot, udpPacket } from './forge.js';
import { arrivals, type Ground } from './ground.js';
import { carries } from './read-packet.js';

const groups = { 4: asIp('239.66.6.6'), 6: asIp('ff15::666:6') } as const;
const families = [4, 6] as const;
/** Groups that nobody listens to. */
const deserts = { 4: asIp('239.66.6.7'), 6: asIp('ff15::666:7') } as const;
const floodPackets = 20_000;
const igmpV3Report = 0x22;
const igmpLeave = 0x17;

const own = (guest: Guest, family: 4 | 6): Ip => (family === 4 ? guest.v4 : guest.v6);

const toGroup = (
  what: string,
  guest: Guest,
  { source, group, macs }: { source: Ip; group: Ip; macs?: { from?: string; to?: string } },
): Shot =>
  shot(what, (token) =>
    ipFrame(guest, { ...udpPacket({ source, destination: group }, token), hops: 16 }, { to: multicastMac(group), ...macs }),
  );

/** Witness and victim listen to both groups while it acts; a friend of the victim is heard by it before anything else happens. */
const whileListening = async (ground: Ground, act: () => Promise<void>): Promise<void> => {
  const listeners: Listener[] = [ground.witness, ground.victim].flatMap(({ netns }) =>
    families.map((family) => listen(netns, groups[family], null)),
  );
  try {
    await heardByAll(ground);
    await act();
    await heardByAll(ground);
  } finally {
    for (const listener of listeners) listener.close();
  }
};

/** Honest multicast: the attacker's reaches the witness, and the friend's the victim, in both families. */
const heardByAll = async ({ mallory, witness, friend, victim }: Ground): Promise<void> => {
  for (const [from, to] of [
    [mallory, witness],
    [friend, victim],
  ] as const) {
    const [sender, receiver] = [openLinkOf(from.netns), openLinkOf(to.netns)];
    try {
      for (const family of families) {
        await waitUntil(`${to.name} to hear ${from.name} by ${groups[family]}`, async () => {
          const honest = toGroup('honest', from, { source: own(from, family), group: groups[family] });
          sender.send(honest.frame);
          return await receiver.hears((frame) => carries(frame, honest.token), 50);
        });
      }
    } finally {
      sender.close();
      receiver.close();
    }
  }
};

const checksum = (bytes: Uint8Array): number => {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
};

/** An IGMP message as a guest puts it on its wire, from a source of its choice. */
const igmp = (guest: Guest, source: Ip, message: Uint8Array): Uint8Array => {
  const sum = checksum(message);
  message.set([sum >> 8, sum & 0xff], 2);
  const destination = asIp('224.0.0.22');
  const payload = ip({ source, destination, protocol: 2, hops: 1, payload: message });
  return ethernet(multicastMac(destination), asMac(guest.mac), { type: etherTypes.ip, payload });
};

const report = (wanted: readonly Ip[]): Uint8Array =>
  concat(
    [igmpV3Report, 0, 0, 0, 0, 0, wanted.length >> 8, wanted.length & 0xff],
    ...wanted.map((group) => concat([4, 0, 0, 0], ipBytes(group))),
  );

tryAttacks([
  {
    title: 'S10, S17: nobody sends to a group as somebody else, whatever the frame says',
    act: async (ground) => {
      const { mallory, victim, friend, gateway } = ground;
      await whileListening(ground, async () => {
        const shots = families.flatMap((family): Shot[] => {
          const group = groups[family];
          const none = family === 4 ? nobody.v4 : nobody.v6;
          const sources = [own(victim, family), own(friend, family), none, family === 4 ? asIp(gateway) : asIp('fe80::1'), group];
          return [
            ...sources.flatMap((source) => [
              toGroup(`to ${group} as ${source}`, mallory, { source, group }),
              toGroup(`to ${group} as ${source}, to the host's MAC`, mallory, { source, group, macs: { to: mallory.hostMac } }),
              toGroup(`to ${group} as ${source} with a friend's MAC`, mallory, { source, group, macs: { from: friend.mac } }),
            ]),
            toGroup(`to ${group} as itself with a friend's MAC`, mallory, {
              source: own(mallory, family),
              group,
              macs: { from: friend.mac },
            }),
          ];
        });
        expect(await arrivals(ground, shots)).toEqual([]);
      });
    },
  },
  {
    title: 'S10, S16: who listens gets of a group what its security groups let in, and of no other sender anything',
    act: async (ground) => {
      const { mallory, victim } = ground;
      await whileListening(ground, async () => {
        const shots = families.map((family) =>
          toGroup(`to ${groups[family]}`, mallory, { source: own(mallory, family), group: groups[family] }),
        );
        expect(await arrivals(ground, shots, [victim])).toEqual([]);
      });
    },
  },
  {
    title: 'S10, S17: a report in another’s name, or of a thousand groups, takes nothing from those who listen',
    act: async (ground) => {
      const { mallory, witness, victim } = ground;
      await whileListening(ground, async () => {
        const link = openLinkOf(mallory.netns);
        try {
          for (const { v4 } of [witness, victim]) link.send(igmp(mallory, v4, concat([igmpLeave, 0, 0, 0], ipBytes(groups[4]))));
          const many = Array.from({ length: 1_000 }, (_, n) => asIp(`239.77.${n >> 8}.${n & 255}`));
          for (let at = 0; at < many.length; at += 50) link.send(igmp(mallory, mallory.v4, report(many.slice(at, at + 50))));
          // Cut short, and of more records than there are.
          link.send(igmp(mallory, mallory.v4, concat([igmpV3Report, 0, 0, 0, 0, 0, 0xff, 0xff])));
          link.send(igmp(mallory, mallory.v4, newToken().slice(0, 4)));
        } finally {
          link.close();
        }
      });
    },
  },
  {
    title: 'S10, S20: a flood to groups, listened to or not, holds up nobody else’s multicast',
    act: async (ground) => {
      const { mallory } = ground;
      await whileListening(ground, async () => {
        const link = openLinkOf(mallory.netns);
        try {
          const frames = families.flatMap((family) =>
            [groups[family], deserts[family]].map((group) => toGroup('flood', mallory, { source: own(mallory, family), group }).frame),
          );
          for (let sent = 0; sent < floodPackets; sent += frames.length) for (const frame of frames) link.send(frame);
        } finally {
          link.close();
        }
        // What it may send again is a matter of a second.
      });
    },
  },
]);
