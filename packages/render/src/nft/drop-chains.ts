import { DROP_REASONS, type DropReason } from '@manx/hoststate';
import type { NftChain, NftMeter } from '../host-plan.js';
import { dropName, sampleName } from './names.js';

/** A tap for each element, more than any host has; a day after the last drop it is forgotten. */
const BY_TAP: NftMeter = { type: 'ifname', size: 65_535, timeoutS: 86_400 };
const BY_FLOATING_IP: NftMeter = { ...BY_TAP, type: 'ipv4_addr' };

/**
 * Where drops are shown to whoever listens (NFLOG). Where nobody listens the kernel makes no copy.
 */
export const SAMPLE_GROUP = 81;

/** So much of a packet is shown as all headers take that are looked at: IPv6 with a few extension headers, and those of TCP. */
export const SAMPLE_BYTES = 128;

/** Of each tap and reason, so that the flood of one drowns no other: five at once, and then one in five seconds. */
const SAMPLE_LIMIT = 'limit rate 12/minute burst 5 packets';

/** A tap that was quiet for as long as its limit takes to fill up begins anew. */
const SAMPLE_S = 30;

/** A table's part of the drops: a chain a reason, and the set in which it counts them by tap. */
export type DropChains = {
  readonly chains: ReadonlyArray<readonly [string, NftChain]>;
  readonly meters: ReadonlyArray<readonly [string, NftMeter]>;
};

/**
 * The chains that drop, by reason: `goto drop-source` and the like is the only way in which a packet of an instance is dropped, so every drop
 * has a name, and is counted for its tap: one lookup, however many taps. Some are shown as samples, the reason as their prefix. Counting, showing and
 * dropping are three rules, since a rule ends where it cannot count (the set is full) or the limit is reached.
 */
export function dropChains(reasons: readonly DropReason[]): DropChains {
  return {
    chains: reasons.map((reason) => [dropName(reason), { hook: null, rules: [countRule(reason), sampleRule(reason), 'drop'] }]),
    meters: reasons.flatMap((reason) => {
      const counted = DROP_REASONS[reason].isByFloatingIp ? BY_FLOATING_IP : BY_TAP;
      return [
        [dropName(reason), counted],
        [sampleName(reason), { ...counted, timeoutS: SAMPLE_S }],
      ] as const;
    }),
  };
}

/** The statement that ends in a named drop. */
export function drop(reason: DropReason): string {
  return `goto ${dropName(reason)}`;
}

/** What ends chains of what instances send, after all that a port may: a tap of nobody's, or of a port that is down. */
export const FROM_NOBODY: readonly string[] = [`iifname @down ${drop('port-down')}`, drop('unknown-tap')];

/** The same of what instances are sent. */
export const TO_NOBODY: readonly string[] = [`oifname @down ${drop('to-port-down')}`, drop('to-unknown-tap')];

function countRule(reason: DropReason): string {
  return `update @${dropName(reason)} { ${placeOf(reason)} counter }`;
}

function sampleRule(reason: DropReason): string {
  const limited = `update @${sampleName(reason)} { ${placeOf(reason)} ${SAMPLE_LIMIT} }`;
  return `${limited} log prefix "${reason}" group ${SAMPLE_GROUP} snaplen ${SAMPLE_BYTES}`;
}

/** The field that says at whose tap, or floating IP, it is. */
function placeOf(reason: DropReason): string {
  const { direction, isByFloatingIp } = DROP_REASONS[reason];
  const [egress, ingress] = isByFloatingIp ? ['ip saddr', 'ip daddr'] : ['iifname', 'oifname'];
  return direction === 'egress' ? egress : ingress;
}
