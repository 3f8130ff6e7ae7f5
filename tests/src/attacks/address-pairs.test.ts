import { asIp, asMac, type Ip } from '@manx/ip';
import {
  arp,
  clientFor,
  ethernet,
  etherTypes,
  type Guest,
  icmp6,
  ip,
  NeutronError,
  neighbourAdvertisementBody,
} from '@manx/lab/attack-kit';
import { expect } from 'vitest';
import { tryAttacks } from './attacks.js';
import { type Ground, settle } from './ground.js';
import { beliefs, loot } from './theft.js';
import { withPairs } from './with-pairs.js';

const broadcast = asMac('ff:ff:ff:ff:ff:ff');

/** Gratuitous ARP, as the new holder of an address announces it. */
const announced4 = ({ mac }: Guest, address: Ip): readonly Uint8Array[] =>
  ([1, 2] as const).map((operation) =>
    ethernet(broadcast, asMac(mac), {
      type: etherTypes.arp,
      payload: arp({ operation, senderMac: asMac(mac), senderIp: address, targetMac: broadcast, targetIp: address }),
    }),
  );

/** Unsolicited neighbour advertisements. */
const announced6 = ({ mac, linkLocal }: Guest, address: Ip): readonly Uint8Array[] =>
  [address, linkLocal].map((source) => {
    const ends = { source, destination: asIp('ff02::1') };
    const payload = icmp6(ends, { type: 136, code: 0, body: neighbourAdvertisementBody(address, asMac(mac)) });
    return ethernet(asMac('33:33:00:00:00:01'), asMac(mac), {
      type: etherTypes.ip6,
      payload: ip({ ...ends, protocol: 58, hops: 255, payload }),
    });
  });

/** What holding these pairs, and announcing that it has the victim's addresses, brings the attacker. */
const tried = async (ground: Ground, pairs: readonly string[]): Promise<string[]> => {
  const { mallory, victim, friend } = ground;
  const found: string[] = [];
  const thefts = [victim, friend].flatMap(({ v4, v6 }) => [
    { address: v4, frames: announced4(mallory, v4) },
    { address: v6, frames: announced6(mallory, v6) },
  ]);
  const addresses = thefts.map(({ address }) => address);
  // Agents that were just started may still be at work.
  await settle(ground);
  const before = await beliefs(ground, addresses, { mayHave: true });
  await withPairs(ground, pairs, async () => {
    // The first announcement may be what moves an address: a second look sees it moved.
    for (const _ of [1, 2]) found.push(...(await loot(ground, thefts, { mayHave: true, before })));
  });
  return found;
};

tryAttacks([
  {
    title: 'S17, S9: an address pair of the whole subnet takes no address from who has it, announced or not',
    act: async (ground) => {
      expect(await tried(ground, ['fd00:9::/64', '10.0.9.0/24'])).toEqual([]);
    },
  },
  {
    title: "S17, S9: address pairs of the victim's own addresses take nothing from it, announced or not",
    act: async (ground) => {
      const { victim, friend } = ground;
      expect(await tried(ground, [victim.v6, friend.v6, friend.v4, victim.v4])).toEqual([]);
    },
  },
  {
    title: 'S17: half of the address space as an address pair takes nothing from anybody',
    act: async (ground) => {
      expect(await tried(ground, ['10.0.0.0/8', '10.0.9.128/25', '10.0.9.0/25'])).toEqual([]);
    },
  },
  {
    title: 'S17: an address pair of everything is refused, and the port stays as it was',
    act: async ({ mallory }) => {
      const client = clientFor('operator');
      for (const ip_address of ['0.0.0.0/0', '::/0']) {
        const asked = client.update('ports', 'port', { id: mallory.port_id, body: { allowed_address_pairs: [{ ip_address }] } });
        await expect(asked).rejects.toSatisfy((error) => error instanceof NeutronError && error.status === 400);
      }
      expect((await client.show('ports', mallory.port_id))['allowed_address_pairs']).toEqual([]);
    },
  },
  {
    title: 'S17: 10,000 address pairs are held without harm to others',
    act: async (ground) => {
      const { mallory, victim } = ground;
      const pairs = Array.from({ length: 10_000 }, (_, at) => `10.1.${at >> 8}.${at & 255}`);
      await withPairs(ground, pairs, async () => {
        expect(await loot(ground, [{ address: victim.v4, frames: announced4(mallory, victim.v4) }])).toEqual([]);
      });
    },
  },
]);
