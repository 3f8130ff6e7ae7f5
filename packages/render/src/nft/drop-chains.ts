import { DROP_REASONS, type DropReason } from '@manx/hoststate';
import type { NftChain, NftMeter } from '../host-plan.js';
import { dropName } from './names.js';

/** A tap for each element, more than any host has; a day after the last drop it is forgotten. */
const BY_TAP: NftMeter = { type: 'ifname', size: 65_535, timeoutS: 86_400 };
const BY_FLOATING_IP: NftMeter = { ...BY_TAP, type: 'ipv4_addr' };

/** A table's part of the drops: a chain a reason, and the set in which it counts them by tap. */
export type DropChains = {
  readonly chains: ReadonlyArray<readonly [string, NftChain]>;
  readonly meters: ReadonlyArray<readonly [string, NftMeter]>;
};

/**
 * The chains that drop, by reason: `goto drop-source` and the like is the only way in which a packet of an instance is dropped, so every drop
 * has a name, and is counted for its tap: one lookup, however many taps. Counting and dropping are two rules, since a rule ends
 * where it cannot count (the set is full).
 */
export function dropChains(reasons: readonly DropReason[]): DropChains {
  return {
    chains: reasons.map((reason) => [dropName(reason), { hook: null, rules: [countRule(reason), 'drop'] }]),
    meters: reasons.map((reason) => [dropName(reason), DROP_REASONS[reason].isByFloatingIp ? BY_FLOATING_IP : BY_TAP]),
  };
}

/** The statement that ends in a named drop. */
export const drop = (reason: DropReason): string => `goto ${dropName(reason)}`;

function countRule(reason: DropReason): string {
  const { direction, isByFloatingIp } = DROP_REASONS[reason];
  const [egress, ingress] = isByFloatingIp ? ['ip saddr', 'ip daddr'] : ['iifname', 'oifname'];
  return `update @${dropName(reason)} { ${direction === 'egress' ? egress : ingress} counter }`;
}
