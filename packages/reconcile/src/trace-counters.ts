import { DROP_REASONS, isDropReason, type TraceCounter } from '@manx/hoststate';
import type { Ip } from '@manx/ip';
import { DROP_METER_PREFIX, RULE_COUNTER_PREFIX } from '@manx/render';
import type { HostCounters } from './host-counters.js';

/** A rule that a packet met, and where the packet was: what was last told of it, null where nothing was. */
export type CountedRule = {
  readonly table: string;
  /** As nft prints it, in full; null where it could not be read. */
  readonly rule: string | null;
  readonly iif: string | null;
  readonly oif: string | null;
  readonly source: Ip | null;
  readonly destination: Ip | null;
};

/** Two readings of a host's counters. */
type Readings = { readonly before: HostCounters; readonly after: HostCounters };

/**
 * The counters of ours of which a rule counts a packet in one, in two readings: that of a security group rule, of several where the rule is a map, and that of a
 * drop for its tap or floating IP. Those that have grown first. None for a rule that counts in none, for one of somebody else, and where it cannot be told which counter it is.
 */
export function traceCounters(counted: CountedRule, readings: Readings): readonly TraceCounter[] {
  const { table, rule } = counted;
  if (table !== 'manx' || rule === null) return [];
  const counters = rule.includes('counter name ') ? ofGroupRules(rule, readings) : ofDrop(counted, rule, readings);
  return counters.toSorted((a, b) => Number(hasGrown(b)) - Number(hasGrown(a)));
}

const hasGrown = ({ before, after }: TraceCounter): boolean => after > before;

/** One that is gone by now, with its rule, says nothing. */
function ofGroupRules(rule: string, { before, after }: Readings): readonly TraceCounter[] {
  const ids = new Set([...rule.matchAll(NAMED)].flatMap(([, id]) => id ?? []));
  return [...ids].flatMap((id) => {
    const now = after.rules.get(id)?.packets;
    return now === undefined ? [] : [{ name: `${RULE_COUNTER_PREFIX}${id}`, before: before.rules.get(id)?.packets ?? 0, after: now }];
  });
}

const NAMED = new RegExp(`"${RULE_COUNTER_PREFIX}([^"]+)"`, 'g');

/** A tap of which nothing was ever dropped has no number yet. */
function ofDrop(counted: CountedRule, rule: string, { before, after }: Readings): readonly TraceCounter[] {
  const [, reason = '', key = ''] = METERED.exec(rule) ?? [];
  if (!isDropReason(reason)) return [];
  const at = placeOf(counted, key);
  if (at === null) return [];
  const packetsIn = ({ drops }: HostCounters): number | null =>
    drops.find((drop) => drop.reason === reason && drop.at === at)?.packets ?? null;
  const [was, is] = [packetsIn(before), packetsIn(after)];
  // Translation without memory may have changed the address since it was told: then nothing is known of this one.
  if (DROP_REASONS[reason].isByFloatingIp && was === null && is === null) return [];
  return [{ name: `${DROP_METER_PREFIX}${reason} ${at}`, before: was ?? 0, after: is ?? 0 }];
}

const METERED = new RegExp(`^update @${DROP_METER_PREFIX}(\\S+) \\{ (iifname|oifname|ip saddr|ip daddr) counter\\b`);

function placeOf({ iif, oif, source, destination }: CountedRule, key: string): string | null {
  const places: Readonly<Record<string, string | null>> = { iifname: iif, oifname: oif, 'ip saddr': source, 'ip daddr': destination };
  return places[key] ?? null;
}
