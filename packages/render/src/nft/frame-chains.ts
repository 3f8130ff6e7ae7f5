import type { Endpoint } from '@manx/hoststate';
import type { NftChain } from '../host-plan.js';
import { arrivalRules } from './claim-chains.js';
import { drop, dropChains } from './drop-chains.js';

/** How the table `netdev manx` drops, and counts what it drops. */
export const FRAME_DROPS = dropChains(['ethertype']);

const LET_IN = ['ip', 'ip6', 'arp'];

/**
 * What every tap lets in at all: IPv4, ARP, IPv6. A VLAN tag makes another EtherType of a frame, priority tags (VLAN 0) included, and so
 * do 802.1X, LLDP, spanning tree (802.2 lengths), MPLS and the rest: they never reach what may listen on the host.
 * What has no link-layer header, and so no EtherType to compare, is no guest's but the host's own multicast (router advertisements), which
 * the kernel hands back by the tap that it went out on: it is dropped uncounted.
 */
export const FRAME_CHAINS: ReadonlyArray<readonly [string, NftChain]> = [
  ...FRAME_DROPS.chains,
  [
    'frames',
    {
      hook: null,
      // Compared one by one, the most frequent first: a set would cost every packet a lookup more.
      rules: [...LET_IN.map((type) => `ether type ${type} accept`), `ether type != { ${LET_IN.join(', ')} } ${drop('ethertype')}`, 'drop'],
    },
  ],
];

/** The chain that a tap's frames come to before all else; it is there as long as the tap is (see `presentTables` of reconcile). */
export function framesOf({ ifname, mac, phase }: Endpoint): NftChain {
  const hook = { type: 'filter', hook: `ingress device "${ifname}"`, priority: -500, policy: 'accept' } as const;
  return { hook, rules: [...(phase === 'incoming' ? arrivalRules(mac) : []), 'goto frames'] };
}
