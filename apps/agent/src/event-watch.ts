import { EVENTS_OF_A_PLACE, type HeardEvent, MAX_EVENT_LOGS, MAX_EVENT_PLACES, RecentSamples } from '@manx/feed';
import type { Endpoint } from '@manx/hoststate';
import { type PacketEvent, watchEvents } from '@manx/kernel';
import { EventFile } from './event-file.js';
import { type EventRecord, eventRecords } from './event-records.js';
import { LogWatch } from './log-watch.js';
import { placeOwners } from './place-owners.js';
import type { SampleWatchOptions } from './sample-watch.js';
import { Together } from './together.js';

/** What is heard, and where it is written. `onProblem` is told of what cannot be written, too. */
export type EventWatchOptions = SampleWatchOptions & {
  /** A line of JSON a record is appended here; null: records go to the agent's own log. */
  readonly path: string | null;
};

/** Writes down what logs of Neutron's ask for, and keeps the latest of each log and port for the server. Where it cannot be heard, another program having the log group, it is tried again. */
export class EventWatch {
  readonly #options: EventWatchOptions;
  readonly #file: EventFile | null;
  readonly #watch: LogWatch;
  readonly #recent = new RecentSamples<HeardEvent>(MAX_EVENT_PLACES, EVENTS_OF_A_PLACE);
  #number = 0;
  readonly #telling: Together;

  constructor(options: EventWatchOptions) {
    this.#options = options;
    this.#file = options.path === null ? null : new EventFile(options.path, options.onProblem);
    const { log, onProblem, everyMs, onChange } = options;
    this.#telling = new Together(everyMs, onChange);
    this.#watch = new LogWatch({
      log,
      open: () =>
        watchEvents({
          onPacket: (event) => this.#hear(event),
          onLost: () => log.warn({}, 'packets that were to be logged were lost: there were too many'),
        }),
      without: 'packets are not logged, whatever logs ask for',
      onProblem,
    });
  }

  /** Those that are kept, by number. */
  get events(): readonly HeardEvent[] {
    return this.#recent.all.toSorted((a, b) => a.number - b.number);
  }

  async close(): Promise<void> {
    this.#telling.close();
    this.#watch.close();
    await this.#file?.close();
  }

  #hear(event: PacketEvent): void {
    const { nameOf, state, log } = this.#options;
    const index = event.direction === 'egress' ? event.inIndex : event.outIndex;
    const ifname = index === null ? null : nameOf(index);
    const now = state();
    const endpoint = ifname === null ? undefined : now?.endpoints.get(placeOwners(now).get(ifname) ?? '');
    if (now === null || endpoint === undefined) return;
    for (const record of eventRecords(event, endpoint, now)) {
      this.#keep(event, endpoint, record);
      if (this.#file === null) log.info(record, 'packet');
      else this.#file.write(JSON.stringify({ time: new Date().toISOString(), ...record }));
    }
  }

  /** One flood pushes out nothing of another log's, nor another port's, nor what is accepted what is dropped. */
  #keep({ direction, reason, packet }: PacketEvent, { id }: Endpoint, record: EventRecord): void {
    const logs = record.log_resource_ids.slice(0, MAX_EVENT_LOGS);
    this.#number += 1;
    this.#recent.add(`${logs[0]} ${id} ${record.action}`, {
      number: this.#number,
      endpoint: id,
      direction,
      reason,
      logs,
      policy: record.security_group_id,
      rule: record.security_group_rule_id,
      packet,
      seenAt: Date.now(),
    });
    this.#telling.soon();
  }
}
