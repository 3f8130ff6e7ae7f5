import { randomUUID } from 'node:crypto';
import { type HostDelta, type HostName, isEmptyDelta, type Revision } from '@manx/hoststate';
import type { Ip } from '@manx/ip';
import type { RingLimits } from './delta-ring.js';
import { encodeDelta, encodeMark } from './encode-message.js';
import { type FeedSink, FeedStream } from './feed-stream.js';
import { HostFeed, type HostSnapshot } from './host-feed.js';
import { HostLease } from './host-lease.js';
import { HEARTBEAT_MS, MISSED_HEARTBEATS, RELEASED_PAUSE_MS, type StatusReport, type TraceOrder, type TraceReport } from './messages.js';
import { ReleasedAddresses } from './released-addresses.js';
import { TraceDesk } from './trace-desk.js';

/** Where host states come from. */
export type FeedSource = {
  /**
   * A host's whole state, empty for a host that nothing is bound to, at a revision no older than the last one published. Asked for at
   * the start of sessions and at every report, so it must be at hand, not worked out. The feed does not change it and reads it later.
   */
  readonly snapshot: (host: HostName) => HostSnapshot;
};

/** What the feed knows of a host's agent. */
export type HostView = {
  readonly host: HostName;
  readonly isAlive: boolean;
  readonly isConnected: boolean;
  /** ISO 8601, UTC; when a session of the host began or ended, or a report came. */
  readonly heardAt: string;
  /** How many revisions of the head the host has still to apply; 0 when it has applied all that concerns it. */
  readonly lag: number;
  /** The agent's last report without its endpoints, claims and drops; null before the first. */
  readonly report: Omit<StatusReport, 'endpoints' | 'claims' | 'drops' | 'samples' | 'events' | 'isFull'> | null;
};

/** A host's agent came, or was not heard of for the length of its lease. */
export type HostEvent = { readonly kind: 'up' | 'down'; readonly host: HostName };

export type FeedOptions = {
  readonly source: FeedSource;
  /**
   * Takes a report, its endpoints being the host's own (others are left out). The agent hears that it was taken when this has
   * resolved, and from which revision on its state says what came of it: that one, or the newest published. When it rejects, the agent
   * sends the report again, and the error goes to the HTTP side's log.
   */
  readonly onStatus: (host: HostName, report: StatusReport) => void | Promise<Revision | void>;
  /** Names this run of the server; a random one unless told. */
  readonly run?: string;
  readonly heartbeatMs?: number;
  /** How long a host counts as alive without being heard of; three heartbeats unless told. */
  readonly leaseMs?: number;
  /** How much of a host's recent past is kept for those who resume; 512 changes and 256 KiB unless told. */
  readonly ring?: RingLimits;
  /** How much of all hosts' past is kept together, shared out evenly; 32 MiB unless told. */
  readonly pastBytes?: number;
  /** How long it is kept for a host without a session; 10 minutes unless told. */
  readonly forgetMs?: number;
};

/** The server's side of the stream, whatever carries it. */
export type Feed = {
  readonly run: string;
  /** How long a host counts as alive without being heard of. */
  readonly leaseMs: number;
  /**
   * Changes of hosts, as of a revision above all before; hosts that nothing changes for are not named. `released`: the addresses that somebody
   * has lost, which every host is told, within `RELEASED_PAUSE_MS`. Never waits for a reader.
   */
  readonly publish: (revision: Revision, deltas: ReadonlyMap<HostName, HostDelta>, released?: readonly Ip[]) => void;
  /** By its lease, checked every heartbeat; false for a host never heard of. */
  readonly isAlive: (host: HostName) => boolean;
  /** Every host heard of in this run, by name. */
  readonly hosts: () => readonly HostView[];
  /** Calls back when a host comes or goes, starting with the next one. */
  readonly onHost: (listener: (event: HostEvent) => void) => { readonly stop: () => void };
  /** Begins a session of a host, in place of an earlier one; for the transport. */
  readonly attach: (host: HostName, sink: FeedSink, resume: { readonly run: string; readonly since: Revision } | null) => FeedSession;
  /** Takes a report that was validated and authenticated; for the transport. */
  readonly report: (host: HostName, report: StatusReport) => Promise<Revision>;
  /**
   * Has a host's agent do a step of a trace, and gives its answer: `away` where it is not connected, or hears of its state just now; `silent` where none came
   * within the time.
   */
  readonly trace: (host: HostName, order: TraceOrder, timeoutMs: number) => Promise<TraceReport | 'away' | 'silent'>;
  /** Takes such an answer, validated and authenticated; false: nobody waits for it. For the transport. */
  readonly takeTrace: (host: HostName, report: TraceReport) => boolean;
  /** Ends all sessions and timers. */
  readonly close: () => void;
};

/** A session, as its transport sees it. */
export type FeedSession = { readonly drained: () => void; readonly closed: () => void };

type Host = {
  readonly past: HostFeed;
  readonly lease: HostLease;
  stream: FeedStream | null;
  heardAt: string;
  report: HostView['report'];
};

class FeedCore {
  readonly run: string;
  readonly #options: Required<FeedOptions>;
  readonly #hosts = new Map<HostName, Host>();
  readonly #listeners = new Set<(event: HostEvent) => void>();
  readonly #timer: NodeJS.Timeout;
  readonly #released = new ReleasedAddresses();
  /** While it runs, what is lost waits for its end. */
  #pause: NodeJS.Timeout | null = null;
  readonly #traces = new TraceDesk();
  #published: Revision = 0;
  #tickedAt = performance.now();

  constructor(options: Required<FeedOptions>) {
    this.run = options.run;
    this.#options = options;
    this.#timer = setInterval(() => this.#tick(), options.heartbeatMs);
  }

  publish(revision: Revision, deltas: ReadonlyMap<HostName, HostDelta>, released: readonly Ip[]): void {
    if (revision <= this.#published) throw new Error(`bug: revision ${revision} is published after ${this.#published}`);
    this.#published = revision;
    this.#released.push(revision, released);
    const lines = new Map<HostDelta, Buffer>();
    for (const [name, delta] of deltas) {
      const host = this.#hosts.get(name);
      if (host?.past.isKept !== true || isEmptyDelta(delta)) continue;
      const line = lines.get(delta) ?? encodeDelta(revision, delta);
      lines.set(delta, line);
      host.past.push({ revision, line });
      host.stream?.pump();
    }
    if (released.length > 0 && this.#pause === null) this.#spread();
  }

  /** Tells every host of lost addresses, and again after a pause if more were lost meanwhile: a thousand hosts are not written to for each port that ends. */
  #spread(): void {
    const { newest } = this.#released;
    for (const { stream } of this.#hosts.values()) stream?.pump();
    this.#pause = setTimeout(() => {
      this.#pause = null;
      if (this.#released.newest > newest) this.#spread();
    }, RELEASED_PAUSE_MS);
  }

  isAlive(host: HostName): boolean {
    return this.#hosts.get(host)?.lease.isAlive ?? false;
  }

  hosts(): readonly HostView[] {
    return [...this.#hosts]
      .map(([host, { past, lease, stream, heardAt, report }]) => ({
        host,
        isAlive: lease.isAlive,
        isConnected: stream !== null,
        heardAt,
        lag: lagOf({ newest: past.newest, applied: report?.revision ?? 0, head: this.#published }),
        report,
      }))
      .sort((a, b) => (a.host < b.host ? -1 : 1));
  }

  onHost(listener: (event: HostEvent) => void): { readonly stop: () => void } {
    const entry = (event: HostEvent): void => listener(event);
    this.#listeners.add(entry);
    return { stop: () => void this.#listeners.delete(entry) };
  }

  attach(name: HostName, sink: FeedSink, resume: { readonly run: string; readonly since: Revision } | null): FeedSession {
    const host = this.#host(name);
    host.stream?.end();
    const isResumed = resume !== null && resume.run === this.run && host.past.canResume(resume.since, this.#published);
    const stream = new FeedStream({ host: host.past, released: this.#released }, sink, {
      since: isResumed ? resume.since : null,
      // Revisions are those of the log, whichever server counts them. Without any, the host judges all of its flows anew.
      heardOf: resume?.since ?? this.#published,
    });
    host.stream = stream;
    this.#hear(name, host);
    stream.start();
    const closed = (): void => {
      stream.end();
      if (host.stream !== stream) return;
      host.stream = null;
      this.#hear(name, host);
    };
    return { drained: () => stream.drained(), closed };
  }

  async report(name: HostName, report: StatusReport): Promise<Revision> {
    const host = this.#host(name);
    const { run, revision, agent } = report;
    host.report = { run, revision, agent };
    this.#hear(name, host);
    const isLifeOnly = [report.claims, report.drops, report.samples, report.events, agent].every((part) => part === null);
    if (report.endpoints.length === 0 && !report.isFull && isLifeOnly) return this.#published;
    const held = this.#options.source.snapshot(name).state.endpoints;
    const endpoints = report.endpoints.filter(({ id }) => held.has(id));
    const claims = report.claims?.filter(({ endpoint }) => held.has(endpoint)) ?? null;
    const isHeld = ({ endpoint }: { readonly endpoint: string | null }): boolean => endpoint === null || held.has(endpoint);
    const drops = report.drops?.filter(isHeld) ?? null;
    const samples = report.samples?.filter(isHeld) ?? null;
    const events = report.events?.filter(isHeld) ?? null;
    return (await this.#options.onStatus(name, { ...report, endpoints, claims, drops, samples, events })) ?? this.#published;
  }

  async trace(host: HostName, order: TraceOrder, timeoutMs: number): Promise<TraceReport | 'away' | 'silent'> {
    const isSaid = this.#hosts.get(host)?.stream?.say(encodeMark(order)) ?? false;
    return isSaid ? await this.#traces.expect(host, order, timeoutMs) : 'away';
  }

  takeTrace(host: HostName, report: TraceReport): boolean {
    return this.#traces.take(host, report);
  }

  close(): void {
    clearInterval(this.#timer);
    if (this.#pause !== null) clearTimeout(this.#pause);
    this.#traces.close();
    this.#listeners.clear();
    for (const host of this.#hosts.values()) host.stream?.end();
  }

  #host(name: HostName): Host {
    const known = this.#hosts.get(name);
    if (known !== undefined) return known;
    const past = new HostFeed(
      () => this.#snapshot(name),
      () => this.#ringLimits(),
    );
    const host: Host = { past, lease: new HostLease(this.#options.leaseMs), stream: null, heardAt: '', report: null };
    this.#hosts.set(name, host);
    return host;
  }

  #ringLimits(): RingLimits {
    const { ring, pastBytes } = this.#options;
    return { entries: ring.entries, bytes: Math.min(ring.bytes, pastBytes / this.#hosts.size) };
  }

  #snapshot(name: HostName): HostSnapshot {
    const snapshot = this.#options.source.snapshot(name);
    if (snapshot.revision >= this.#published) return snapshot;
    throw new Error(`bug: the state of ${name} is as of ${snapshot.revision}, published is ${this.#published}`);
  }

  #hear(name: HostName, host: Host): void {
    host.heardAt = new Date().toISOString();
    if (host.lease.hear(performance.now())) this.#tell({ kind: 'up', host: name });
  }

  #tick(): void {
    const now = performance.now();
    // When this process itself was held up, what hosts said meanwhile has not been read yet.
    const late = Math.max(0, now - this.#tickedAt - this.#options.heartbeatMs);
    const grace = late > this.#options.heartbeatMs ? late : 0;
    this.#tickedAt = now;
    for (const [name, host] of this.#hosts) {
      host.stream?.heartbeat(this.#published);
      if (host.lease.expire(now, grace)) {
        // Its connection is dead as well, whatever the socket says.
        host.stream?.end();
        host.stream = null;
        this.#tell({ kind: 'down', host: name });
      }
      if (host.stream === null && host.lease.silence(now) > this.#options.forgetMs) host.past.forget();
    }
  }

  #tell(event: HostEvent): void {
    const now = [...this.#listeners];
    for (const listener of now) listener(event);
  }
}

const lagOf = ({ newest, applied, head }: { readonly newest: Revision; readonly applied: Revision; readonly head: Revision }): number =>
  applied >= newest ? 0 : Math.max(newest, head) - applied;

/** The feed of one run of the server. Its timer keeps the process alive until `close`. */
export function createFeed(options: FeedOptions): Feed {
  const heartbeatMs = options.heartbeatMs ?? HEARTBEAT_MS;
  const defaults = {
    run: randomUUID(),
    heartbeatMs,
    leaseMs: MISSED_HEARTBEATS * heartbeatMs,
    ring: { entries: 512, bytes: 256 * 1024 },
    pastBytes: 32 * 1024 * 1024,
    forgetMs: 600_000,
  };
  const whole = { ...defaults, ...options };
  const core = new FeedCore(whole);
  return {
    run: core.run,
    leaseMs: whole.leaseMs,
    publish: (revision, deltas, released = []) => core.publish(revision, deltas, released),
    isAlive: (host) => core.isAlive(host),
    hosts: () => core.hosts(),
    onHost: (listener) => core.onHost(listener),
    attach: (host, sink, resume) => core.attach(host, sink, resume),
    report: (host, report) => core.report(host, report),
    trace: (host, order, timeoutMs) => core.trace(host, order, timeoutMs),
    takeTrace: (host, report) => core.takeTrace(host, report),
    close: () => core.close(),
  };
}
