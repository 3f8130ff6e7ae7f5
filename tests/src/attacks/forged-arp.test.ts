import { asIp, asMac, type Ip } from '@manx/ip';
import { arp, ethernet, etherTypes, type Guest } from '@manx/lab/attack-kit';
import { expect } from 'vitest';
import { tryAttacks } from './attacks.js';
import { loot } from './theft.js';

const broadcast = asMac('ff:ff:ff:ff:ff:ff');
const noMac = asMac('00:00:00:00:00:00');

type Claim = {
  readonly operation: 1 | 2;
  readonly senderIp: Ip;
  readonly targetIp: Ip;
  readonly senderMac?: string;
  readonly ethernetMac?: string;
  readonly to?: string;
};

const claim = ({ mac }: Guest, { operation, senderIp, targetIp, senderMac = mac, ethernetMac = mac, to = broadcast }: Claim): Uint8Array =>
  ethernet(asMac(to), asMac(ethernetMac), {
    type: etherTypes.arp,
    payload: arp({ operation, senderMac: asMac(senderMac), senderIp, targetMac: operation === 1 ? noMac : broadcast, targetIp }),
  });

/** Gratuitous requests and answers, questions in its name to the gateway, and answers to others: with the thief's MACs, the owner's, and both mixed. */
const claimsOf = (thief: Guest, owner: { readonly ip: Ip; readonly mac: string }, others: readonly Ip[]): readonly Uint8Array[] => {
  const macs = [{}, { senderMac: owner.mac }, { ethernetMac: owner.mac }, { senderMac: owner.mac, ethernetMac: owner.mac }];
  return ([1, 2] as const).flatMap((operation) =>
    macs.flatMap((lie) =>
      [owner.ip, ...others].flatMap((targetIp) =>
        [broadcast, thief.hostMac].map((to) => claim(thief, { operation, senderIp: owner.ip, targetIp, to, ...lie })),
      ),
    ),
  );
};

tryAttacks([
  {
    title: "S17: ARP that claims the victim's address changes nothing for anybody",
    act: async (ground) => {
      const { mallory, victim, friend, gateway } = ground;
      const frames = claimsOf(mallory, { ip: victim.v4, mac: victim.mac }, [asIp(gateway), friend.v4]);
      expect(await loot(ground, [{ address: victim.v4, frames }])).toEqual([]);
    },
  },
  {
    title: 'S17: ARP that claims the gateway changes nothing for anybody',
    act: async (ground) => {
      const { mallory, victim, gateway } = ground;
      const frames = claimsOf(mallory, { ip: asIp(gateway), mac: mallory.hostMac }, [victim.v4, mallory.v4]);
      expect(await loot(ground, [{ address: asIp(gateway), frames }])).toEqual([]);
    },
  },
  {
    title: "S17: ARP that claims a host's own address in the fabric changes nothing for anybody",
    act: async (ground) => {
      const { mallory, victim, gateway } = ground;
      const own = ['198.18.255.11', '198.18.0.2', '198.19.0.1'].map(asIp);
      const thefts = own.map((ip) => ({
        address: ip,
        frames: claimsOf(mallory, { ip, mac: mallory.hostMac }, [asIp(gateway), victim.v4]),
      }));
      expect(await loot(ground, thefts)).toEqual([]);
    },
  },
]);
