import { asIp, asMac, type Ip, type Mac } from '@manx/ip';
import {
  concat,
  dhcpDiscover,
  dhcpOfAddress,
  dhcpOffer,
  dhcpRelease,
  ethernet,
  etherTypes,
  execIn,
  type Guest,
  ip,
  openLinkOf,
  requestLease,
  udp,
} from '@manx/lab/attack-kit';
import { expect } from 'vitest';
import { tryAttacks } from './attacks.js';
import { ipFrame, type Shot, shot } from './forge.js';
import { arrivals, type Ground, settle } from './ground.js';
import { readPacket } from './read-packet.js';

const everybody = asIp('255.255.255.255');
/** Who has no address yet asks everybody. */
const anew = { source: asIp('0.0.0.0'), destination: everybody };
const broadcast = asMac('ff:ff:ff:ff:ff:ff');

const datagram = (
  ends: { readonly source: Ip; readonly destination: Ip; readonly sport: number; readonly dport: number },
  data: Uint8Array,
) => ({
  source: ends.source,
  destination: ends.destination,
  protocol: 17,
  payload: udp(ends, data),
});

/** What only a DHCP server says, to the receiver itself and to everybody, from each source. */
const offers = ({ mallory, gateway }: Ground, to: Guest): readonly Shot[] =>
  [mallory.v4, asIp(gateway)].flatMap((source) =>
    [to.v4, everybody].map((destination) =>
      shot(`a DHCP offer from ${source} to ${destination}`, (token) => {
        const offer = dhcpOffer({ client: asMac(to.mac), address: to.v4, server: source });
        return ipFrame(
          mallory,
          datagram({ source, destination, sport: 67, dport: 68 }, concat(offer, token)),
          destination === everybody ? { to: broadcast } : {},
        );
      }),
    ),
  );

/** DHCPv6 advertise (2) and reply (7). */
const offers6 = ({ mallory }: Ground, to: Guest): readonly Shot[] =>
  [mallory.v6, mallory.linkLocal, mallory.router].flatMap((source) =>
    [2, 7].map((type) =>
      shot(`DHCPv6 message ${type} from ${source}`, (token) =>
        ipFrame(mallory, datagram({ source, destination: to.v6, sport: 547, dport: 546 }, concat([type, 1, 2, 3], token))),
      ),
    ),
  );

type Asked = { readonly source: Ip; readonly destination: Ip; readonly data: Uint8Array; readonly from?: Mac };

/** A request of a DHCP client as it goes to its host: to everybody, or to the gateway. */
const asked = (guest: Guest, { source, destination, data, from = asMac(guest.mac) }: Asked): Uint8Array =>
  ethernet(destination === everybody ? broadcast : asMac(guest.hostMac), from, {
    type: etherTypes.ip,
    payload: ip(datagram({ source, destination, sport: 68, dport: 67 }, data)),
  });

const isFromServer = (frame: Uint8Array): boolean => {
  const { etherType, protocol, payload } = readPacket(frame);
  return etherType === etherTypes.ip && protocol === 17 && payload[1] === 67;
};

tryAttacks([
  {
    title: 'S18: an instance is nobody’s DHCP server, of either family',
    act: async (ground) => {
      const { witness, victim } = ground;
      const shots = [witness, victim].flatMap((to) => [...offers(ground, to), ...offers6(ground, to)]);
      expect(await arrivals(ground, shots)).toEqual([]);
    },
  },
  {
    title: "S17: a release of the victim's lease, forged by another, takes nothing from the victim",
    act: async (ground) => {
      const { mallory, victim, gateway } = ground;
      const release = dhcpRelease({ client: asMac(victim.mac), address: victim.v4, server: asIp(gateway) });
      const link = openLinkOf(mallory.netns);
      for (const source of [victim.v4, mallory.v4]) {
        for (const from of [victim.mac, mallory.mac].map((mac) => asMac(mac))) {
          for (const destination of [asIp(gateway), everybody]) link.send(asked(mallory, { source, destination, data: release, from }));
        }
      }
      link.close();
      await settle(ground);
      await requestLease(victim.name, victim.netns);
      const { stdout } = await execIn(victim.netns, ['ip', '-4', '-o', 'addr', 'show', 'dev', 'eth0']);
      expect(stdout).toContain(` ${victim.v4}/`);
      await settle(ground);
    },
  },
  {
    title: "S17: who asks for a lease with the victim's hardware address gets none",
    act: async (ground) => {
      const { mallory, victim } = ground;
      const link = openLinkOf(mallory.netns);
      try {
        for (const from of [victim.mac, mallory.mac].map((mac) => asMac(mac)))
          link.send(asked(mallory, { ...anew, data: dhcpDiscover(asMac(victim.mac)), from }));
        // Its own is asked for last, and is answered.
        link.send(asked(mallory, { ...anew, data: dhcpDiscover(asMac(mallory.mac)) }));
        const isOffer = (frame: Uint8Array, address: Ip) => {
          const { protocol, payload } = readPacket(frame);
          return protocol === 17 && payload[1] === 67 && payload.slice(24, 28).join('.') === address;
        };
        expect(await link.hears((frame) => isOffer(frame, mallory.v4), 5_000)).toBe(true);
        expect(link.heard().some((frame) => isOffer(frame, victim.v4))).toBe(false);
      } finally {
        link.close();
      }
    },
  },
  {
    title: 'S18: a host answers DHCP to the one who asks, and to no address that is named in the question, as the client’s or as a relay’s',
    act: async (ground) => {
      const { mallory, witness, victim, gateway } = ground;
      const client = asMac(mallory.mac);
      const links = [witness, victim].map(({ netns }) => openLinkOf(netns));
      const [link, own] = [openLinkOf(mallory.netns), { source: mallory.v4, destination: asIp(gateway) }];
      try {
        for (const named of [witness.v4, victim.v4]) {
          for (const data of [
            dhcpOfAddress({ client, type: 8, own: named }),
            dhcpOfAddress({ client, type: 1, gateway: named }),
            dhcpOfAddress({ client, type: 8, own: named, gateway: named }),
          ]) {
            for (const ends of [own, anew]) link.send(asked(mallory, { ...ends, data }));
          }
        }
        // Who asks about itself is answered.
        link.send(asked(mallory, { ...own, data: dhcpOfAddress({ client, type: 8, own: mallory.v4 }) }));
        expect(await link.hears(isFromServer, 5_000)).toBe(true);
        await settle(ground);
        expect(links.flatMap((one) => one.heard().filter(isFromServer))).toEqual([]);
      } finally {
        for (const one of [...links, link]) one.close();
      }
    },
  },
]);
