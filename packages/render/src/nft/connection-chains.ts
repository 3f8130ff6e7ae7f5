import type { NftChain, NftMeter } from '../host-plan.js';
import { drop } from './drop-chains.js';

/** The most connections that the setting may allow a port: beyond it each new one would cost the kernel too long a walk. */
export const MAX_CONNECTIONS = 262_144;

/** More elements than any host needs: as many as there are taps, times the lists of each. */
const SIZE = 4_194_304;

/**
 * The kernel looks through all of a list for each new connection (`nf_conncount`, net/netfilter/nf_conncount.c), so a tap has many short ones, to which connections
 * are dealt by their id, a keyed hash that no guest can know. Such a list has 128 of them at least, unless there is no more than one.
 */
const MIN_LENGTH = 128;
const MAX_LISTS = 256;

/** What the tables hold to limit the connections of each port. */
export type ConnectionLimits = {
  readonly chains: ReadonlyArray<readonly [string, NftChain]>;
  readonly meters: ReadonlyArray<readonly [string, NftMeter]>;
};

/**
 * No more than `most` connections that an instance has begun, and as many to it, are tracked at a time; what is beyond is dropped. From about four fifths on some of its lists
 * are full, and some are refused. Asked last, of what all else accepts: what is dropped anyway has no part in it. A list that cannot be made lets nothing through. The
 * sets carry the number in their names: another number counts anew.
 */
export function connectionLimits(most: number): ConnectionLimits {
  const lists = Math.min(MAX_LISTS, 2 ** Math.floor(Math.log2(Math.max(1, most / MIN_LENGTH))));
  const length = Math.max(1, Math.floor(most / lists));
  const hook = (name: string): NftChain['hook'] => ({ type: 'filter', hook: name, priority: 1, policy: 'accept' });
  const part = (direction: 'egress' | 'ingress'): ConnectionPart => {
    const tap = direction === 'egress' ? 'iifname' : 'oifname';
    const set = `connections-${direction}-${most}`;
    const rules = [`add @${set} { ${tap} . ct id & ${lists - 1} ct count ${length} } return`, drop(`${direction}-connections`)];
    return {
      chain: [`connections-${direction}`, { hook: null, rules }],
      meter: [set, { type: 'ifname . integer', typeof: `${tap} . ct id`, size: SIZE, timeoutS: null }],
    };
  };
  const [egress, ingress] = [part('egress'), part('ingress')];
  const known = 'ct state != new accept';
  const begun = 'iifname "tap*" jump connections-egress';
  return {
    chains: [
      egress.chain,
      ingress.chain,
      ['connections', { hook: hook('forward'), rules: [known, begun, 'oifname "tap*" jump connections-ingress'] }],
      ['connections-to-host', { hook: hook('input'), rules: [known, begun] }],
    ],
    meters: [egress.meter, ingress.meter],
  };
}

type ConnectionPart = { readonly chain: readonly [string, NftChain]; readonly meter: readonly [string, NftMeter] };
