import { type HeardSample, MAX_SAMPLED_PLACES, RecentSamples } from '@manx/feed';
import { DROP_REASONS, type HostState, type IfName } from '@manx/hoststate';
import { type DroppedPacket, watchSamples } from '@manx/kernel';
import type { AgentLog } from './agent-log.js';
import { LogWatch } from './log-watch.js';
import { placeOwners } from './place-owners.js';
import { Together } from './together.js';

/** What is heard, and by whom it is told. */
export type SampleWatchOptions = {
  readonly log: AgentLog;
  /** Samples are told together, so often at most. */
  readonly everyMs: number;
  readonly nameOf: (ifindex: number) => IfName | null;
  readonly state: () => HostState | null;
  readonly onChange: () => void;
  /** Told when hearing begins or ends to be possible. */
  readonly onProblem: (detail: string | null) => void;
};

/**
 * Hears what rules show of what they drop, and keeps the latest of each tap and reason. Where that cannot be, another program having the log group,
 * everything else goes on, drops being counted as ever, and it is tried again.
 */
export class SampleWatch {
  readonly #options: SampleWatchOptions;
  readonly #recent = new RecentSamples<HeardSample>(MAX_SAMPLED_PLACES);
  #number = 0;
  readonly #watch: LogWatch;
  readonly #telling: Together;

  constructor(options: SampleWatchOptions) {
    this.#options = options;
    const { log, onProblem, everyMs, onChange } = options;
    this.#telling = new Together(everyMs, onChange);
    this.#watch = new LogWatch({
      log,
      open: () =>
        watchSamples({
          onPacket: (dropped) => this.#hear(dropped),
          // Rules let few through: whoever makes so many makes more.
          onLost: () => log.debug({}, 'samples of drops were lost: there were too many'),
        }),
      without: 'what is dropped is counted, but no packets of it are shown',
      onProblem,
    });
  }

  /** Those that are kept, by number. */
  get samples(): readonly HeardSample[] {
    return this.#recent.all.toSorted((a, b) => a.number - b.number);
  }

  close(): void {
    this.#telling.close();
    this.#watch.close();
  }

  #hear(dropped: DroppedPacket): void {
    const at = this.#placeOf(dropped);
    if (at === null) return;
    const { state } = this.#options;
    const { reason, mac, packet } = dropped;
    this.#number += 1;
    const endpoint = placeOwners(state()).get(at) ?? null;
    const sample = { number: this.#number, endpoint, at, reason, mac, packet, seenAt: Date.now() };
    this.#recent.add(`${endpoint ?? ''} ${at} ${reason}`, sample);
    this.#telling.soon();
  }

  /** The tap that counts it, or the floating IP, as the counters have it; null for an interface that is gone. */
  #placeOf({ reason, inIndex, outIndex, packet }: DroppedPacket): string | null {
    const { direction, isByFloatingIp } = DROP_REASONS[reason];
    const isEgress = direction === 'egress';
    if (isByFloatingIp === true) return packet.kind === 'ip' ? (isEgress ? packet.source : packet.destination) : null;
    const index = isEgress ? inIndex : outIndex;
    return index === null ? null : this.#options.nameOf(index);
  }
}
