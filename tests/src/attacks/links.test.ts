import { asIp, asMac, type Ip, multicastMac } from '@manx/ip';
import { concat, ethernet, etherTypes, ip } from '@manx/lab/attack-kit';
import { expect } from 'vitest';
import { tryAttacks } from './attacks.js';
import { endsOf, icmpPacket, ipFrame, type Shot, shot, udpPacket } from './forge.js';
import { arrivals, type Ground } from './ground.js';

const broadcast = asMac('ff:ff:ff:ff:ff:ff');

/** An honest packet in frames that are not plain Ethernet II, and in ones of no IP at all. */
const wrapped = ({ mallory, witness, victim, friend }: Ground): readonly Shot[] => {
  const honest = (token: Uint8Array) => ip(udpPacket(endsOf(mallory, witness, 4), token));
  const forged = (token: Uint8Array) => ip(udpPacket({ source: friend.v4, destination: witness.v4 }, token));
  const tag = (type: number, vlan: number, payload: Uint8Array) => concat([vlan >> 8, vlan & 255, type >> 8, type & 255], payload);
  const types: readonly (readonly [string, number, (token: Uint8Array) => Uint8Array])[] = [
    ['VLAN 1', 0x8100, (token) => tag(etherTypes.ip, 1, honest(token))],
    // An honest packet may have a priority tag (IEEE 802.1Q, VLAN 0).
    ['a forged source behind a priority tag', 0x8100, (token) => tag(etherTypes.ip, 0, forged(token))],
    ['a provider tag', 0x88a8, (token) => tag(etherTypes.ip, 7, honest(token))],
    ['two tags', 0x88a8, (token) => tag(0x8100, 7, tag(etherTypes.ip, 1, honest(token)))],
    ['a tagged ARP', 0x8100, (token) => tag(etherTypes.arp, 1, token)],
    ['MPLS', 0x8847, (token) => concat([0, 0, 0x11, 0x40], honest(token))],
    ['PPPoE', 0x8864, (token) => concat([0x11, 0, 0, 1, 0, 60, 0, 0x21], honest(token))],
    ['LLDP', 0x88cc, (token) => token],
    ['EAPOL', 0x888e, (token) => token],
    ['a local experiment', 0x88b5, (token) => token],
    ['802.3 with LLC', 46, (token) => concat([0x42, 0x42, 3], token)],
    ['IPX', 0x8137, (token) => token],
    ['an IPv4 packet called IPv6', etherTypes.ip6, honest],
    ['an IPv4 packet called ARP', etherTypes.arp, honest],
  ];
  return types.flatMap(([what, type, payload]) =>
    [asMac(mallory.hostMac), broadcast, asMac('01:80:c2:00:00:00'), asMac(witness.mac), asMac(victim.mac)].map((to) =>
      shot(`${what} to ${to}`, (token) => ethernet(to, asMac(mallory.mac), { type, payload: payload(token) })),
    ),
  );
};

/** What is for a whole link, and unicast packets in frames for everybody or for the receiver itself. */
const linkWide = ({ mallory, witness, victim }: Ground): readonly Shot[] => {
  const many: readonly Ip[] = ['255.255.255.255', '10.0.9.255', '224.0.0.1', '224.0.0.5', '224.0.0.18', '224.0.0.251', '239.1.2.3'].map(
    asIp,
  );
  const many6: readonly Ip[] = ['ff02::1', 'ff02::2', 'ff02::5', 'ff02::fb', 'ff05::2', 'ff0e::1'].map(asIp);
  const multi = (destination: Ip) =>
    destination.startsWith('22') || destination.startsWith('239') || destination.includes(':') ? multicastMac(destination) : broadcast;
  return [
    ...many.flatMap((destination) =>
      [multi(destination), mallory.hostMac].map((to) =>
        shot(`${destination} in a frame for ${to}`, (token) =>
          ipFrame(mallory, udpPacket({ source: mallory.v4, destination }, token), { to }),
        ),
      ),
    ),
    ...many6.flatMap((destination) =>
      [mallory.v6, mallory.linkLocal].map((source) =>
        shot(`${destination} from ${source}`, (token) =>
          ipFrame(mallory, icmpPacket({ source, destination }, { type: 128, body: token, hops: 1 }), { to: multi(destination) }),
        ),
      ),
    ),
    ...[witness.mac, victim.mac].map((to) =>
      shot(`a packet in a frame for ${to}`, (token) => ipFrame(mallory, udpPacket(endsOf(mallory, witness, 4), token), { to })),
    ),
  ];
};

tryAttacks([
  {
    title: 'S3: frames that are no plain IP or ARP (tags, MPLS, PPPoE, LLDP and others) reach nobody',
    act: async (ground) => {
      expect(await arrivals(ground, wrapped(ground), [ground.victim, ground.witness, ground.friend])).toEqual([]);
    },
  },
  {
    title: 'S3: what is for everybody on a link, or for another instance’s MAC, reaches nobody',
    act: async (ground) => {
      expect(await arrivals(ground, linkWide(ground), [ground.victim, ground.witness, ground.friend])).toEqual([]);
    },
  },
]);
