import { EVENTS_OF_A_PLACE, type HeardEvent, MAX_EVENT_LOGS, MAX_EVENT_PLACES, RecentSamples } from '@manx/feed';
import type { Endpoint, HostState, IfName } from '@manx/hoststate';
import { type PacketEvent, watchEvents } from '@manx/kernel';
import type { AgentLog } from './agent-log.js';
import { EventFile } from './event-file.js';
import { type EventRecord, eventRecords } from './event-records.js';
import { LogWatch } from './log-watch.js';
import { placeOwners } from './place-owners.js';

/** What is heard, and where it is written. */
export type EventWatchOptions = {
  readonly log: AgentLog;
  /** A line of JSON a record is appended here; null: records go to the agent's own log. */
  readonly path: string | null;
  /** What is heard is told together, so often at most. */
  readonly everyMs: number;
  readonly onChange: () => void;
  readonly nameOf: (ifindex: number) => IfName | null;
  readonly state: () => HostState | null;
  /** In words when something cannot be heard or written, null when it can be again. */
  readonly onProblem: (detail: string | null) => void;
};

/** Writes down what logs of Neutron's ask for, and keeps the latest of each log and port for the server. Where it cannot be heard, another program having the log group, it is tried again. */
export class EventWatch {
  readonly #options: EventWatchOptions;
  readonly #file: EventFile | null;
  readonly #watch: LogWatch;
  readonly #recent = new RecentSamples<HeardEvent>(MAX_EVENT_PLACES, EVENTS_OF_A_PLACE);
  #number = 0;
  #telling: NodeJS.Timeout | null = null;

  constructor(options: EventWatchOptions) {
    this.#options = options;
    this.#file = options.path === null ? null : new EventFile(options.path, options.onProblem);
    const { log, onProblem } = options;
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
    if (this.#telling !== null) clearTimeout(this.#telling);
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
    const { onChange, everyMs } = this.#options;
    this.#telling ??= setTimeout(() => {
      this.#telling = null;
      onChange();
    }, everyMs);
  }
}
