import { type DropReason, isDropReason } from '@manx/hoststate';
import { DROP_METER_PREFIX, RULE_COUNTER_PREFIX } from '@manx/render';

/** Packets and their bytes, from the network header on; 0 bytes where the kernel counts packets only. */
export type Count = { readonly packets: number; readonly bytes: number };

/** What a host has dropped for a reason, and `at` which tap; or at which floating IP, for a reason that is by floating IP. */
export type DropCount = Count & { readonly at: string; readonly reason: DropReason };

/**
 * What a host's rules have counted. Numbers grow, but for those that begin anew: when the tables are made anew, or for a tap of which
 * nothing was dropped for a day. Only differences (`countsSince`) mean something over time.
 */
export type HostCounters = {
  /** Sorted by `at`, then reason; those that never were are not there. */
  readonly drops: readonly DropCount[];
  /**
   * By security group rule id. What begins a flow is counted, and every packet where nothing is remembered (stateless groups); a packet that
   * several rules of a group allow is counted for one of them.
   */
  readonly rules: ReadonlyMap<string, Count>;
};

type Json = Readonly<Record<string, unknown>>;

/** Reads counters and sets of drops out of listings (libnftables-json(5)) of our tables; all else in them is passed over. */
export function parseCounters(objects: readonly Json[]): HostCounters {
  const drops = new Map<string, DropCount>();
  const rules = new Map<string, Count>();
  for (const object of objects) {
    const { set, counter } = object as { readonly set?: Json; readonly counter?: Json };
    if (set !== undefined) for (const drop of dropsOf(set)) drops.set(keyOf(drop), plus(drop, drops.get(keyOf(drop))));
    const rule = counter === undefined ? null : afterPrefix(counter['name'], RULE_COUNTER_PREFIX);
    if (counter !== undefined && rule !== null) rules.set(rule, countOf(counter));
  }
  return { drops: [...drops.values()].sort(byPlaceAndReason), rules };
}

/** The counters with drops that were counted elsewhere. */
export function withDrops(counters: HostCounters, more: readonly DropCount[]): HostCounters {
  const drops = new Map(counters.drops.map((drop) => [keyOf(drop), drop]));
  for (const drop of more) drops.set(keyOf(drop), plus(drop, drops.get(keyOf(drop))));
  return { ...counters, drops: [...drops.values()].sort(byPlaceAndReason) };
}

/** What was counted from one reading to the next, without what did not grow. A number that is lower than before began anew. */
export function countsSince(before: HostCounters, after: HostCounters): HostCounters {
  const known = new Map(before.drops.map((drop) => [keyOf(drop), drop]));
  const drops = after.drops.map((drop) => ({ ...drop, ...minus(drop, known.get(keyOf(drop))) }));
  const rules = [...after.rules].map(([rule, count]) => [rule, minus(count, before.rules.get(rule))] as const);
  return { drops: drops.filter(({ packets }) => packets > 0), rules: new Map(rules.filter(([, { packets }]) => packets > 0)) };
}

function dropsOf({ name, elem }: Json): readonly DropCount[] {
  const reason = afterPrefix(name, DROP_METER_PREFIX);
  if (reason === null || !isDropReason(reason) || !Array.isArray(elem)) return [];
  return (elem as readonly { readonly elem?: { readonly val?: unknown; readonly counter?: Json } }[]).flatMap(({ elem: one }) =>
    typeof one?.val === 'string' && one.counter !== undefined ? [{ at: one.val, reason, ...countOf(one.counter) }] : [],
  );
}

function afterPrefix(name: unknown, prefix: string): string | null {
  return typeof name === 'string' && name.startsWith(prefix) ? name.slice(prefix.length) : null;
}

function countOf({ packets, bytes }: Json): Count {
  return { packets: Number(packets), bytes: Number(bytes) };
}

function plus(drop: DropCount, other: Count | undefined): DropCount {
  return { ...drop, packets: drop.packets + (other?.packets ?? 0), bytes: drop.bytes + (other?.bytes ?? 0) };
}

function minus(count: Count, before: Count | undefined): Count {
  if (before === undefined || count.packets < before.packets) return { packets: count.packets, bytes: count.bytes };
  return { packets: count.packets - before.packets, bytes: count.bytes - before.bytes };
}

function keyOf({ at, reason }: DropCount): string {
  return `${at} ${reason}`;
}

function byPlaceAndReason(a: DropCount, b: DropCount): number {
  return keyOf(a) < keyOf(b) ? -1 : 1;
}
