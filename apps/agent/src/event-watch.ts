import type { HostState, IfName } from '@manx/hoststate';
import { type PacketEvent, watchEvents } from '@manx/kernel';
import type { AgentLog } from './agent-log.js';
import { EventFile } from './event-file.js';
import { eventRecords } from './event-records.js';
import { LogWatch } from './log-watch.js';
import { placeOwners } from './place-owners.js';

/** What is heard, and where it is written. */
export type EventWatchOptions = {
  readonly log: AgentLog;
  /** A line of JSON a record is appended here; null: records go to the agent's own log. */
  readonly path: string | null;
  readonly nameOf: (ifindex: number) => IfName | null;
  readonly state: () => HostState | null;
  /** In words when something cannot be heard or written, null when it can be again. */
  readonly onProblem: (detail: string | null) => void;
};

/** Writes down what logs of Neutron's ask for. Where it cannot be heard, another program having the log group, it is tried again. */
export class EventWatch {
  readonly #options: EventWatchOptions;
  readonly #file: EventFile | null;
  readonly #watch: LogWatch;

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

  async close(): Promise<void> {
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
      if (this.#file === null) log.info(record, 'packet');
      else this.#file.write(JSON.stringify({ time: new Date().toISOString(), ...record }));
    }
  }
}
