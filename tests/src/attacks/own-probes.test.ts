import { asIp, asMac, type Ip, multicastMac, solicitedNode } from '@manx/ip';
import { arp, ethernet, etherTypes, type Guest, icmp6, ip, ipBytes, neighbourSolicitationBody, openLinkOf } from '@manx/lab/attack-kit';
import { expect } from 'vitest';
import { tryAttacks } from './attacks.js';
import { type Ground, patienceMs } from './ground.js';
import { carries, readPacket } from './read-packet.js';
import { withPairs } from './with-pairs.js';

const broadcast = asMac('ff:ff:ff:ff:ff:ff');
const noMac = asMac('00:00:00:00:00:00');
const unspecified = asIp('::');

const ask = ({ mac }: Guest, senderIp: Ip, targetIp: Ip): Uint8Array =>
  ethernet(broadcast, asMac(mac), {
    type: etherTypes.arp,
    payload: arp({ operation: 1, senderMac: asMac(mac), senderIp, targetMac: noMac, targetIp }),
  });

/** A duplicate address probe (RFC 4862, 5.4.2). */
const probe6 = ({ mac }: Guest, target: Ip): Uint8Array => {
  const ends = { source: unspecified, destination: solicitedNode(target) };
  const payload = icmp6(ends, { type: 135, code: 0, body: neighbourSolicitationBody(target, null) });
  return ethernet(multicastMac(ends.destination), asMac(mac), {
    type: etherTypes.ip6,
    payload: ip({ ...ends, protocol: 58, hops: 255, payload }),
  });
};

/** An ARP answer that says who has an address, or a neighbour advertisement of it. */
const answers = (frame: Uint8Array, address: Ip): boolean => {
  const { etherType, protocol, payload } = readPacket(frame);
  if (etherType === etherTypes.arp) return payload[7] === 2 && payload.slice(14, 18).join('.') === address;
  return protocol === 58 && payload[0] === 136 && carries(payload.slice(8, 24), ipBytes(address));
};

/** Sends probes, and at last a question that is answered; which of the addresses somebody claimed to have. */
const claimed = async ({ mallory, witness }: Ground, addresses: readonly Ip[], probes: readonly Uint8Array[]): Promise<Ip[]> => {
  const link = openLinkOf(mallory.netns);
  try {
    for (const frame of probes) link.send(frame);
    link.send(ask(mallory, mallory.v4, witness.v4));
    expect(await link.hears((frame) => answers(frame, witness.v4), patienceMs)).toBe(true);
    return addresses.filter((address) => link.heard().some((frame) => answers(frame, address)));
  } finally {
    link.close();
  }
};

/** Every probe and announcement that a guest makes for an address it is about to use. */
const probesFor = (guest: Guest, address: Ip): readonly Uint8Array[] =>
  address.includes(':') ? [probe6(guest, address)] : [ask(guest, asIp('0.0.0.0'), address), ask(guest, address, address)];

tryAttacks([
  {
    title: 'S3: nobody answers an instance that probes for its own addresses (RFC 5227, DAD)',
    act: async (ground) => {
      const { mallory } = ground;
      const own = [mallory.v4, mallory.v6, mallory.linkLocal];
      expect(
        await claimed(
          ground,
          own,
          own.flatMap((address) => probesFor(mallory, address)),
        ),
      ).toEqual([]);
    },
  },
  {
    title: 'S3: nobody answers an instance that announces an address pair of its own',
    act: async (ground) => {
      const { mallory } = ground;
      const pair = asIp('10.0.9.250');
      await withPairs(ground, [pair], async () => {
        expect(await claimed(ground, [pair], [ask(mallory, pair, pair)])).toEqual([]);
      });
    },
  },
]);
