import { type HeardDrop, MAX_REPORTED_DROPS } from '@manx/feed';
import type { HostState } from '@manx/hoststate';
import { countsSince, type DropCount, type HostCounters } from '@manx/reconcile';
import { placeOwners } from './place-owners.js';

/** Of what was not dropped for so long nothing is told any more, as the kernel forgets it. */
const FORGET_MS = 86_400_000;

/** One reading of the counters. */
export type DropReading = {
  readonly counters: HostCounters;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Since the reading before, by a clock that nobody sets. */
  readonly elapsedMs: number;
  /** Who is at which tap and floating IP now; null: nobody is known yet. */
  readonly state: HostState | null;
};

/**
 * Adds up what a host drops from its first reading on, by port, place and reason. Holds at most what a report takes, the latest; what has not
 * changed stays the same object. A guest can only make its own few numbers grow.
 */
export class DropTally {
  #before: HostCounters | null = null;
  #heard: ReadonlyMap<string, HeardDrop> = new Map();

  /** The latest first. */
  get drops(): readonly HeardDrop[] {
    return [...this.#heard.values()];
  }

  /** Takes a reading; whether anything is to be told. What was counted before the first one is of another time. */
  take({ counters, now, elapsedMs, state }: DropReading): boolean {
    const before = this.#before;
    this.#before = counters;
    if (before === null) return false;
    const grown = countsSince(before, counters).drops;
    const moving = [...this.#heard].filter(([, { rate }]) => rate > 0);
    if (grown.length === 0 && moving.length === 0) return false;
    const owners = placeOwners(state);
    const heard = new Map(this.#heard);
    for (const [key, drop] of moving) heard.set(key, { ...drop, rate: 0 });
    for (const count of grown) {
      const at = printable(count.at);
      const endpoint = owners.get(count.at) ?? null;
      const key = `${endpoint ?? ''} ${at} ${count.reason}`;
      heard.set(key, grownBy(heard.get(key), { ...count, at }, { endpoint, now, elapsedMs }));
    }
    const kept = [...heard].filter(([, { lastAt }]) => now - lastAt < FORGET_MS).sort(([, a], [, b]) => b.lastAt - a.lastAt);
    this.#heard = new Map(kept.slice(0, MAX_REPORTED_DROPS));
    return true;
  }
}

const grownBy = (
  known: HeardDrop | undefined,
  { at, reason, packets, bytes }: DropCount,
  { endpoint, now, elapsedMs }: { readonly endpoint: string | null; readonly now: number; readonly elapsedMs: number },
): HeardDrop => ({
  endpoint,
  at,
  reason,
  packets: (known?.packets ?? 0) + packets,
  bytes: (known?.bytes ?? 0) + bytes,
  rate: Math.round((packets * 100_000) / Math.max(1, elapsedMs)) / 100,
  firstAt: known?.firstAt ?? now,
  lastAt: now,
});

/** An interface may be called anything; a report and a terminal take what can be printed. */
const printable = (name: string): string => name.replaceAll(/[^\x21-\x7E]/g, '?').slice(0, 45) || '?';
