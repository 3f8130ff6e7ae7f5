import { asIp } from '@manx/ip';
import { expect } from 'vitest';
import { tryAttacks } from './attacks.js';
import { nobody, type Shot, udpShot } from './forge.js';
import { arrivals, type Ground } from './ground.js';

const sources = ({ mallory, victim, friend, witness, gateway }: Ground): readonly Shot[] => {
  const lie = (what: string, source: string, macs?: { from: string }): Shot =>
    udpShot(what, mallory, {
      source: asIp(source),
      destination: source.includes(':') ? witness.v6 : witness.v4,
      ...(macs === undefined ? {} : { macs }),
    });
  return [
    lie("a friend's IPv4 source", friend.v4),
    lie("a friend's IPv6 source", friend.v6),
    lie("a friend's IPv4 source and MAC", friend.v4, { from: friend.mac }),
    lie("a friend's IPv6 source and MAC", friend.v6, { from: friend.mac }),
    lie("the victim's IPv4 source", victim.v4),
    lie("the victim's IPv6 source", victim.v6),
    lie("the receiver's own IPv4 source", witness.v4),
    lie("the receiver's own IPv6 source", witness.v6),
    lie('an IPv4 source of nobody', nobody.v4),
    lie('an IPv6 source of nobody', nobody.v6),
    lie("the gateway's IPv4 source", gateway),
    lie("the gateway's IPv6 source", mallory.gateway6),
    lie('the loopback as IPv4 source', '127.0.0.1'),
    lie('the loopback as IPv6 source', '::1'),
    lie('a multicast IPv4 source', '224.0.0.1'),
    lie('a multicast IPv6 source', 'ff02::1'),
    lie('broadcast as source', '255.255.255.255'),
    lie('no IPv4 source', '0.0.0.0'),
    lie('no IPv6 source', '::'),
    lie('a link-local IPv4 source', '169.254.1.1'),
    lie('its own link-local IPv6 source', mallory.linkLocal),
    lie("the router's link-local source", mallory.router),
    lie("a host's fabric address", '198.18.255.11'),
    lie('another MAC with its own IPv4 source', mallory.v4, { from: nobody.mac }),
    lie('another MAC with its own IPv6 source', mallory.v6, { from: nobody.mac }),
    lie("its host's MAC with its own IPv4 source", mallory.v4, { from: mallory.hostMac }),
    lie("a friend's MAC with its own IPv4 source", mallory.v4, { from: friend.mac }),
    lie('a multicast MAC with its own IPv4 source', mallory.v4, { from: '01:00:5e:00:00:01' }),
  ];
};

/** What a friend may send to the victim, from the attacker: its group would let it in. */
const asFriend = ({ mallory, victim, friend }: Ground): readonly Shot[] =>
  [mallory.mac, friend.mac].flatMap((from) => [
    udpShot(`a friend's IPv4 source, MAC ${from}`, mallory, { source: friend.v4, destination: victim.v4, macs: { from } }),
    udpShot(`a friend's IPv6 source, MAC ${from}`, mallory, { source: friend.v6, destination: victim.v6, macs: { from } }),
  ]);

tryAttacks([
  {
    title: "S17: a packet with another's source address or MAC, or one that is nobody's, reaches nobody",
    act: async (ground) => {
      expect(await arrivals(ground, sources(ground))).toEqual([]);
    },
  },
  {
    title: "S17: a friend's source address opens no door to the victim",
    act: async (ground) => {
      expect(await arrivals(ground, asFriend(ground))).toEqual([]);
    },
  },
]);
