import { MAX_REPORTED_DROPS, type ReportedDrop } from '@manx/feed';
import type { DropReason } from '@manx/hoststate';

/** What one host has dropped for one reason, at one tap or floating IP, since this server first heard of it. Times are milliseconds since 1970. */
export type HostDrop = Pick<ReportedDrop, 'endpoint' | 'at' | 'reason' | 'packets' | 'bytes' | 'rate'> & {
  readonly host: string;
  readonly firstAt: number;
  readonly lastAt: number;
};

/** A host's word, and when it came. */
export type DropWord = {
  readonly host: string;
  /** The agent's run: its totals begin anew with it. */
  readonly run: string;
  readonly drops: readonly ReportedDrop[];
  readonly now: number;
};

type Told = { readonly drop: HostDrop; readonly run: string; readonly packets: number; readonly bytes: number };

/** What nobody has dropped for so long is no news. */
const FORGET_MS = 86_400_000;
/** A rate that was told so long ago says nothing of now: its host is silent. */
const RATE_HOLDS_MS = 30_000;

/**
 * What the hosts drop, as they tell it: soft state, of this run of the server, never committed. It holds at most so many entries a host as one
 * report takes, the latest; a word that comes twice counts once.
 */
export class DropBook {
  readonly #hosts = new Map<string, ReadonlyMap<string, Told>>();
  readonly #packets = new Map<DropReason, number>();

  take({ host, run, drops, now }: DropWord): void {
    const told = new Map(this.#hosts.get(host));
    for (const drop of drops) {
      const key = `${drop.endpoint ?? ''} ${drop.at} ${drop.reason}`;
      const known = told.get(key);
      const goesOn = known !== undefined && known.run === run && drop.packets >= known.packets && drop.bytes >= known.bytes;
      const packets = drop.packets - (goesOn ? known.packets : 0);
      const bytes = drop.bytes - (goesOn ? known.bytes : 0);
      const { endpoint, at, reason, rate } = drop;
      this.#packets.set(reason, (this.#packets.get(reason) ?? 0) + packets);
      told.set(key, {
        run,
        packets: drop.packets,
        bytes: drop.bytes,
        drop: {
          host,
          endpoint,
          at,
          reason,
          rate,
          packets: (known?.drop.packets ?? 0) + packets,
          bytes: (known?.drop.bytes ?? 0) + bytes,
          firstAt: Math.min(known?.drop.firstAt ?? now, now - drop.firstAgeMs),
          // That the rate fell to nothing is no drop: by then the last one has an age.
          lastAt: packets > 0 || known === undefined ? now - drop.lastAgeMs : known.drop.lastAt,
        },
      });
    }
    this.#hosts.set(host, new Map(latest(told, now)));
  }

  /** What is known now, by host, then the latest first. */
  drops(now: number): readonly HostDrop[] {
    const hosts = [...this.#hosts].sort(([a], [b]) => (a < b ? -1 : 1));
    return hosts.flatMap(([, told]) =>
      [...told.values()]
        .filter(({ drop }) => now - drop.lastAt < FORGET_MS)
        .map(({ drop }) => (now - drop.lastAt < RATE_HOLDS_MS ? drop : { ...drop, rate: 0 })),
    );
  }

  /** How many packets were told of by each reason; only ever more. */
  packetsByReason(): ReadonlyMap<DropReason, number> {
    return this.#packets;
  }
}

const latest = (told: ReadonlyMap<string, Told>, now: number): readonly (readonly [string, Told])[] =>
  [...told]
    .filter(([, { drop }]) => now - drop.lastAt < FORGET_MS)
    .sort(([a, one], [b, other]) => other.drop.lastAt - one.drop.lastAt || (a < b ? -1 : 1))
    .slice(0, MAX_REPORTED_DROPS);
