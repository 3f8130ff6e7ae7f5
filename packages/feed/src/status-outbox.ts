import type { EndpointStatus, Revision } from '@manx/hoststate';
import {
  type AgentReport,
  EVENTS_OF_A_PLACE,
  MAX_EVENT_PLACES,
  MAX_INTERESTS,
  MAX_LISTENED_SOURCES,
  MAX_LISTENERS,
  MAX_REPORT_ITEMS,
  MAX_REPORT_TEXT,
  MAX_REPORTED_DROPS,
  MAX_SAMPLED_PLACES,
  type ReportedClaim,
  type ReportedDrop,
  type ReportedEvent,
  type ReportedListener,
  type ReportedSample,
  SAMPLES_OF_A_PLACE,
  type StatusReport,
} from './messages.js';

/** What an agent has found out, after an apply. */
export type AgentNews = {
  /** The host state that was applied. */
  readonly revision: Revision;
  /** Endpoints whose status may have changed; those that say what is known already cost nothing. */
  readonly endpoints: readonly EndpointStatus[];
  /** Ids of endpoints that the host state no longer has. */
  readonly gone: readonly string[];
  /** Every claim of the host's endpoints, by address; absent: nothing is said of claims. Times are milliseconds since 1970, null for what the server told. */
  readonly claims?: readonly HeardClaim[];
  /** All drops of this run that are still told of; one that is the same object as before has not changed. Absent: nothing is said of drops. */
  readonly drops?: readonly HeardDrop[];
  /** All samples of this run that are kept, by number. Absent: nothing is said of samples. */
  readonly samples?: readonly HeardSample[];
  /** All logged packets of this run that are kept, by number. Absent: nothing is said of them. */
  readonly events?: readonly HeardEvent[];
  readonly agent: AgentReport;
};

/** A drop with when it was first and last seen, in milliseconds since 1970. */
export type HeardDrop = Omit<ReportedDrop, 'firstAgeMs' | 'lastAgeMs'> & { readonly firstAt: number; readonly lastAt: number };

/** A sample with when it was seen, in milliseconds since 1970. */
export type HeardSample = Omit<ReportedSample, 'ageMs'> & { readonly seenAt: number };

/** A logged packet with when it was seen, in milliseconds since 1970. */
export type HeardEvent = Omit<ReportedEvent, 'ageMs'> & { readonly seenAt: number };

/** A claim, and when the host heard of it. */
export type HeardClaim = Pick<ReportedClaim, 'endpoint' | 'ip'> & { readonly at: number | null };

/** A report on its way, and the claims that are in it. */
export type Posting = {
  readonly report: StatusReport;
  readonly claims: readonly HeardClaim[] | null;
  readonly drops: readonly HeardDrop[];
};

const cut = (text: string, max: number): string => (text.length > max ? `${text.slice(0, max - 1)}…` : text || '-');

const fitted = (agent: AgentReport): AgentReport => ({
  version: cut(agent.version, 255),
  startedAt: agent.startedAt,
  physicalNetworks: agent.physicalNetworks,
  bgp: agent.bgp.slice(0, MAX_REPORT_ITEMS).map(({ name, state }) => ({ name: cut(name, 255), state: cut(state, 255) })),
  multicast: agent.multicast === null ? null : { ...agent.multicast, groups: agent.multicast.groups.slice(0, MAX_INTERESTS) },
  listeners: tellable(agent.listeners),
  problems: agent.problems.slice(0, MAX_REPORT_ITEMS).map(({ code, subject, detail, since }) => ({
    code: cut(code, 255),
    subject: cut(subject, 255),
    detail: cut(detail, MAX_REPORT_TEXT),
    since,
  })),
  drift: { ...agent.drift, last: agent.drift.last === null ? null : cut(agent.drift.last, MAX_REPORT_TEXT) },
});

const tellable = (listeners: readonly ReportedListener[]): readonly ReportedListener[] => {
  let room = MAX_LISTENED_SOURCES;
  return listeners.slice(0, MAX_LISTENERS).filter(({ sources }) => {
    room -= sources.length;
    return room >= 0;
  });
};

const isSame = (a: EndpointStatus | undefined, b: EndpointStatus): boolean =>
  a !== undefined && a.state === b.state && a.revision === b.revision && a.problem === b.problem;

const aged = ({ firstAt, lastAt, ...drop }: HeardDrop, now: number): ReportedDrop => ({
  ...drop,
  firstAgeMs: Math.max(0, now - firstAt),
  lastAgeMs: Math.max(0, now - lastAt),
});

type Numbered = { readonly number: number; readonly seenAt: number };

/** Those after a number, with how long ago they were seen instead of when; null: there are none. */
const agedAfter = <T extends Numbered>(
  all: readonly T[],
  { number: last, now }: { readonly number: number; readonly now: number },
): readonly (Omit<T, 'seenAt'> & { readonly ageMs: number })[] | null => {
  const fresh = all.filter(({ number }) => number > last).map(({ seenAt, ...one }) => ({ ...one, ageMs: Math.max(0, now - seenAt) }));
  return fresh.length === 0 ? null : fresh;
};

/**
 * What the server has still to hear from this host. Coalesced: of several statuses of an endpoint only the latest is sent, and it stays
 * here until a server has taken it. A server that has not heard the whole of it in its own run gets a full report.
 */
export class StatusOutbox {
  readonly #run: string;
  readonly #latest = new Map<string, EndpointStatus>();
  readonly #unheard = new Set<string>();
  #revision: Revision = 0;
  #agent: AgentReport | null = null;
  #isAgentUnheard = false;
  #claims: readonly HeardClaim[] | null = null;
  #areClaimsUnheard = false;
  #drops: readonly HeardDrop[] = [];
  #toldDrops: ReadonlySet<HeardDrop> = new Set();
  #samples: readonly HeardSample[] = [];
  /** The number of the last sample that was taken. */
  #toldSample = 0;
  #events: readonly HeardEvent[] = [];
  /** The number of the last logged packet that was taken. */
  #toldEvent = 0;
  /** The run of the server that has had a full report; null: none has. */
  #fullIn: string | null = null;
  #serverRun: string | null = null;

  /** `run` names this run of the agent. */
  constructor(run: string) {
    this.#run = run;
  }

  /** True when there is something that the server does not know. A host that has not applied anything yet has nothing to say. */
  get isDirty(): boolean {
    return (
      this.#agent !== null &&
      (this.#unheard.size > 0 ||
        this.#isAgentUnheard ||
        this.#areClaimsUnheard ||
        this.#hasUnheardDrops ||
        this.#hasUnheardSamples ||
        this.#hasUnheardEvents ||
        this.#needsFull)
    );
  }

  tell({ revision, endpoints, gone, claims, drops, samples, events, agent }: AgentNews): void {
    this.#revision = revision;
    this.#drops = drops?.slice(0, MAX_REPORTED_DROPS) ?? this.#drops;
    this.#samples = samples?.slice(-MAX_SAMPLED_PLACES * SAMPLES_OF_A_PLACE) ?? this.#samples;
    this.#events = events?.slice(-MAX_EVENT_PLACES * EVENTS_OF_A_PLACE) ?? this.#events;
    if (claims !== undefined && JSON.stringify(claims) !== JSON.stringify(this.#claims ?? [])) {
      this.#claims = claims.slice(0, MAX_REPORT_ITEMS);
      this.#areClaimsUnheard = true;
    }
    this.#claims ??= claims ?? null;
    const report = fitted(agent);
    if (JSON.stringify(report) !== JSON.stringify(this.#agent)) this.#isAgentUnheard = true;
    this.#agent = report;
    for (const id of gone) {
      this.#latest.delete(id);
      this.#unheard.delete(id);
    }
    for (const status of endpoints) {
      const whole = { ...status, problem: status.problem === null ? null : cut(status.problem, MAX_REPORT_TEXT) };
      if (isSame(this.#latest.get(status.id), whole)) continue;
      this.#latest.set(status.id, whole);
      this.#unheard.add(status.id);
    }
  }

  /** A server has named its run: another one than before has to hear everything. */
  meet(serverRun: string): void {
    this.#serverRun = serverRun;
  }

  /** The report to send now, milliseconds since 1970; without anything to say, a sign of life. */
  post(now: number): Posting {
    const isFull = this.#agent !== null && this.#needsFull;
    const all = [...this.#latest.values()];
    const endpoints = isFull ? all : all.filter((status) => this.#unheard.has(status.id));
    const told = isFull || this.#areClaimsUnheard ? this.#claims : null;
    const claims = told?.map(({ endpoint, ip, at }) => ({ endpoint, ip, ageMs: at === null ? null : Math.max(0, now - at) })) ?? null;
    const drops = isFull ? this.#drops : this.#drops.filter((drop) => !this.#toldDrops.has(drop));
    const said = drops.length === 0 ? null : drops.map((drop) => aged(drop, now));
    const samples = agedAfter(this.#samples, { number: isFull ? 0 : this.#toldSample, now });
    const events = agedAfter(this.#events, { number: isFull ? 0 : this.#toldEvent, now });
    return {
      report: { run: this.#run, revision: this.#revision, isFull, endpoints, claims, drops: said, samples, events, agent: this.#agent },
      claims: told,
      drops,
    };
  }

  /** A server, in a run of its own, has taken a report; what has changed since it was made is still to be sent. */
  taken({ report, claims, drops }: Posting, serverRun: string): void {
    this.meet(serverRun);
    if (report.isFull) this.#fullIn = serverRun;
    if (claims !== null && claims === this.#claims) this.#areClaimsUnheard = false;
    const told = new Set([...this.#toldDrops, ...drops]);
    this.#toldDrops = new Set(this.#drops.filter((drop) => told.has(drop)));
    this.#toldSample = Math.max(this.#toldSample, report.samples?.at(-1)?.number ?? 0);
    this.#toldEvent = Math.max(this.#toldEvent, report.events?.at(-1)?.number ?? 0);
    if (report.agent === this.#agent) this.#isAgentUnheard = false;
    for (const status of report.endpoints) if (this.#latest.get(status.id) === status) this.#unheard.delete(status.id);
  }

  get #hasUnheardDrops(): boolean {
    return this.#drops.some((drop) => !this.#toldDrops.has(drop));
  }

  get #hasUnheardSamples(): boolean {
    return (this.#samples.at(-1)?.number ?? 0) > this.#toldSample;
  }

  get #hasUnheardEvents(): boolean {
    return (this.#events.at(-1)?.number ?? 0) > this.#toldEvent;
  }

  get #needsFull(): boolean {
    return this.#fullIn === null || this.#fullIn !== this.#serverRun;
  }
}
