import type { Endpoint } from '@manx/hoststate';
import type { NftChain, NftMap, NftSet } from '../host-plan.js';

/** What the table `ip manx` has while an instance is here that has come by live migration, and is asked for by a floating IP or a forward. */
export type ResumedNft = {
  readonly sets: ReadonlyArray<readonly [string, NftSet]>;
  readonly maps: ReadonlyArray<readonly [string, NftMap]>;
  readonly chains: ReadonlyArray<readonly [string, NftChain]>;
};

const NONE: ResumedNft = { sets: [], maps: [], chains: [] };

/** After both kinds of source NAT (priorities 100 and 101), before anything is remembered of the flow. */
const AFTER_NAT = 110;

/**
 * A segment of a connection that began elsewhere does not tell as whom its instance is known to an instance on another host: by its own address, or by its
 * floating IP, which that one asked for. So it is sent as both, and forgotten; the other end takes the one that it knows, its host drops the
 * other. What it answers tells, and begins the flow here. Copies (`dup`) are not tracked, and a segment that resets is none of these.
 */
export function resumedChains(endpoints: readonly Endpoint[]): ResumedNft {
  const some = endpoints.filter(({ picksUp, floating, forwards }) => picksUp && floating.length + forwards.length > 0);
  if (some.length === 0) return NONE;
  const own = some.flatMap(({ addresses }) => addresses.map(({ ip }) => ip));
  const fixed = new Set(some.flatMap(({ floating, forwards }) => [...floating, ...forwards].map((one) => one.fixed)));
  // As in `floating-out`: one that has several sends as the first.
  const known = new Map(some.flatMap(({ floating }) => floating.toReversed().map((one) => [one.fixed, one.ip] as const)));
  return {
    sets: [['resumed', { type: 'ipv4_addr', flags: [], elements: new Set(own.filter((ip) => fixed.has(ip))) }]],
    maps: [['resumed-as', { type: 'ipv4_addr', value: 'ipv4_addr', flags: [], elements: known }]],
    chains: [
      [
        'postrouting',
        {
          hook: { type: 'filter', hook: 'postrouting', priority: AFTER_NAT, policy: 'accept' },
          rules: [
            'oifname "tap*" accept',
            'ct state != new accept',
            'tcp flags & (syn | rst | ack) != ack accept',
            'ct status snat accept',
            'meta l4proto 6 ip saddr @resumed goto resumed',
          ],
        },
      ],
      ['resumed', { hook: null, rules: ['dup to ip daddr', 'ip saddr set ip saddr map @resumed-as dup to ip daddr', 'drop'] }],
    ],
  };
}
