import type { ReportedStatus } from '@manx/admission';
import type { EndpointStatus, Revision } from '@manx/hoststate';
import { type Actor, type PortStatus, SERVER_ACTOR, type StateReader } from '@manx/model';
import type { BindingFence } from './binding-fence.js';

/** What a host says of its endpoints, at one revision of its state. */
export type HostReport = {
  readonly host: string;
  readonly revision: Revision;
  /** True: what is not in `endpoints` is not there. */
  readonly isFull: boolean;
  readonly endpoints: readonly EndpointStatus[];
};

/** Who reports: the agents' words are commits of the server itself. */
export const AGENT_ACTOR: Actor = SERVER_ACTOR;

/** What one host says of its own ports: nobody else's are among them, and no port is with two hosts. */
export type HostStatuses = { readonly host: string; readonly statuses: readonly ReportedStatus[] };

/** What an intake is made from. */
export type StatusIntakeOptions = {
  readonly fence: BindingFence;
  /**
   * Commits what `choose` makes of the state at the head (it may be called several times); resolves when durable.
   */
  readonly commit: (choose: (state: StateReader) => readonly HostStatuses[]) => Promise<void>;
};

const PORT_STATUS: Readonly<Record<EndpointStatus['state'], PortStatus>> = {
  up: 'ACTIVE',
  arrived: 'ACTIVE',
  down: 'DOWN',
  error: 'ERROR',
};

/** By host: its latest word on each port, and its newest full report. */
type Said = ReadonlyMap<string, { readonly words: Map<string, Word>; full: HostReport | null }>;
type Round = { readonly said: Map<string, { readonly words: Map<string, Word>; full: HostReport | null }>; readonly done: Promise<void> };

type Word = { readonly revision: Revision; readonly status: PortStatus; readonly has_arrived: boolean };

/**
 * Turns what agents say into port statuses: a host's latest word on a port wins, all that is said while a commit is under way is the
 * next one. What is about a time before the port came to where it is does not count; that a host speaks for its own ports alone is
 * admission's rule. Holds at most one word a host and port.
 */
export class StatusIntake {
  readonly #options: StatusIntakeOptions;
  /** What the next commit will say; null when nobody has said anything. */
  #next: Round | null = null;
  #underWay: Promise<void> = Promise.resolve();

  constructor(options: StatusIntakeOptions) {
    this.#options = options;
  }

  /** Takes a report; resolves when the commit that it went into is durable, rejects when that failed: then it is to be sent again. */
  take(report: HostReport): Promise<void> {
    const round = (this.#next ??= this.#begin());
    const host = round.said.get(report.host) ?? { words: new Map<string, Word>(), full: null };
    round.said.set(report.host, host);
    if (report.isFull) {
      host.words.clear();
      host.full = report;
    }
    for (const { id, state, revision } of report.endpoints)
      host.words.set(id, { revision, status: PORT_STATUS[state], has_arrived: state === 'arrived' });
    return round.done;
  }

  #begin(): Round {
    const said: Round['said'] = new Map();
    const done = this.#commitAfter(this.#underWay, said);
    this.#underWay = settled(done);
    return { said, done };
  }

  async #commitAfter(earlier: Promise<void>, said: Said): Promise<void> {
    await earlier;
    // One turn of the event loop lets the reports of other hosts join.
    await new Promise((resolve) => setImmediate(resolve));
    this.#next = null;
    await this.#options.commit((state) => this.#choose(state, said));
  }

  #choose(state: StateReader, said: Said): readonly HostStatuses[] {
    return [...said].map(([host, { words, full }]) => {
      const statuses = [...words]
        .filter(([id, word]) => this.#counts({ id, host }, word))
        .map(([id, { status, has_arrived }]): ReportedStatus => ({ id, status, has_arrived }));
      const known = full === null ? [] : [...state.by('port.host', host), ...state.by('port.visited_host', host)];
      for (const port of known) {
        const isSaid = port['binding:host_id'] !== host || (port.status !== 'DOWN' && port.status !== 'N/A');
        const isGone = !words.has(port.id) && isSaid;
        if (isGone && full !== null && this.#counts({ id: port.id, host }, full)) statuses.push({ id: port.id, status: 'DOWN' });
      }
      return { host, statuses };
    });
  }

  /** Whether it was said since the port came to where it is. */
  #counts({ id, host }: { readonly id: string; readonly host: string }, { revision }: { readonly revision: Revision }): boolean {
    return revision >= this.#options.fence.boundSince(id, host);
  }
}

/** Resolves when the round has ended either way: whose report was in a round that failed is told by `take`. */
const settled = async (round: Promise<void>): Promise<void> => {
  await Promise.allSettled([round]);
};
