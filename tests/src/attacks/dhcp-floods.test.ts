import { asIp, asMac, multicastMac } from '@manx/ip';
import {
  arp,
  concat,
  dhcpDiscover,
  ethernet,
  etherTypes,
  execIn,
  hostNamespace,
  ip,
  neighbourSolicitationBody,
  openLinkOf,
  requestLease,
  udp,
} from '@manx/lab/attack-kit';
import { expect } from 'vitest';
import { tryAttacks } from './attacks.js';
import { clientId, fromServer, message6, messageTypes, toServer } from './dhcp6-messages.js';
import { fire } from './fire.js';
import { icmpPacket, ipFrame } from './forge.js';
import { type Ground, settle } from './ground.js';
import { readPacket } from './read-packet.js';
import { withPairs } from './with-pairs.js';

/** What agent.yaml says where it says nothing: messages of a port in the long run, and at once. */
const [perSecond, burst] = [10, 50];
/** More than dnsmasq answers in passing: each round has one of each kind. */
const rounds = 3_000;

/** What only a host's DHCP server answers: a discover, an information-request, a router solicitation. */
const questions = ({ mallory }: Ground): readonly Uint8Array[] => {
  const nobody = { source: asIp('0.0.0.0'), destination: asIp('255.255.255.255'), sport: 68, dport: 67 };
  const discover = ip({ ...nobody, protocol: 17, payload: udp(nobody, dhcpDiscover(asMac(mallory.mac))) });
  const routers = asIp('ff02::2');
  const solicitation = icmpPacket({ source: mallory.linkLocal, destination: routers }, { type: 133, body: new Uint8Array(4), hops: 255 });
  return [
    ethernet(asMac('ff:ff:ff:ff:ff:ff'), asMac(mallory.mac), { type: etherTypes.ip, payload: discover }),
    toServer(mallory, message6(messageTypes.informationRequest, clientId(asMac(mallory.mac)))),
    ipFrame(mallory, solicitation, { to: multicastMac(routers) }),
  ];
};

const isAnswer = (frame: Uint8Array): boolean => {
  const { protocol, payload } = readPacket(frame);
  return (protocol === 17 && payload[1] === 67) || (protocol === 58 && payload[0] === 134) || fromServer(frame) !== null;
};

/** How many neighbours the host remembers by a tap, but for those that it was told to. */
const neighboursBy = async (host: string, tap: string, family: 4 | 6): Promise<number> => {
  const { stdout } = await execIn(hostNamespace(host), ['ip', `-${family}`, 'neigh', 'show', 'dev', tap]);
  return stdout.split('\n').filter((line) => line !== '' && !line.includes('PERMANENT')).length;
};

/** The host takes 64 new ones at once and in a minute, and keeps each for a minute. There are some: it is the limit that kept out the rest. */
const expectFew = (remembered: number): void => {
  expect(remembered).toBeGreaterThan(30);
  expect(remembered).toBeLessThanOrEqual(140);
};

/** Link-local addresses that a guest may make up (RFC 7217). */
const madeUp = (count: number) =>
  Array.from({ length: count }, (_, n) => asIp(`fe80::4d61:6e78:${((n >> 16) + 1).toString(16)}:${((n & 65_535) + 1).toString(16)}`));

tryAttacks([
  {
    title: 'S26: an instance asks its DHCP server without end; its neighbour gets its lease, and the server hears no more than it should',
    act: async (ground) => {
      const { mallory, victim } = ground;
      const link = openLinkOf(mallory.netns);
      const began = performance.now();
      const flood = fire(mallory.netns, questions(ground));
      try {
        for (let n = 0; n < rounds; n += 1) for (const frame of questions(ground)) link.send(frame);
        await requestLease(victim.name, victim.netns);
      } finally {
        expect(flood.stop()).toBeGreaterThan(0);
      }
      await settle(ground);
      const most = burst + ((performance.now() - began) / 1000) * perSecond;
      const answers = link.heard().filter(isAnswer).length;
      link.close();
      // Some were answered: it is the limit that stopped the rest. An advertisement may come unasked.
      expect(answers).toBeGreaterThan(0);
      expect(answers).toBeLessThanOrEqual(most + 2);
    },
  },
  {
    title:
      'S18, S20: an instance speaks to its host from thousands of addresses that it makes up; the host remembers few, and knows all others',
    act: async (ground) => {
      const { mallory } = ground;
      const link = openLinkOf(mallory.netns);
      const { router } = mallory;
      for (const [n, source] of madeUp(3_000).entries()) {
        const message =
          n % 2 === 0
            ? { type: 128, body: concat([0x4d, 0x61, 0, 1]) }
            : { type: 135, body: neighbourSolicitationBody(router, asMac(mallory.mac)) };
        link.send(ipFrame(mallory, icmpPacket({ source, destination: router }, { ...message, hops: 255 })));
      }
      link.close();
      await settle(ground);
      expectFew(await neighboursBy(mallory.host, mallory.tap, 6));
    },
  },
  {
    title: 'S17, S18: nor does it remember all of a prefix that the instance may speak from, by ARP',
    act: async (ground) => {
      const { mallory, gateway } = ground;
      await withPairs(ground, ['10.77.0.0/16'], async () => {
        const link = openLinkOf(mallory.netns);
        for (let n = 0; n < 3_000; n += 1) {
          const ends = { senderIp: asIp(`10.77.${n >> 8}.${n & 255}`), targetIp: asIp(gateway) };
          const payload = arp({ operation: 1, senderMac: asMac(mallory.mac), targetMac: asMac(mallory.hostMac), ...ends });
          link.send(ethernet(asMac(mallory.hostMac), asMac(mallory.mac), { type: etherTypes.arp, payload }));
        }
        link.close();
        await settle(ground);
        expectFew(await neighboursBy(mallory.host, mallory.tap, 4));
      });
    },
  },
]);
