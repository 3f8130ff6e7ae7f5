import type { ResourceKind } from '@manx/model';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { EventCounts } from '../nova/event-queue.js';

/** An answered request, as it is counted. */
export type CountedRequest = {
  readonly method: string;
  /** The route's template, `/v2.0/networks/:id`; null where no route took the request. Never the path that came: labels stay few. */
  readonly route: string | null;
  readonly status: number;
  readonly ms: number;
};

/** What came of an append to the store. */
export type CountedAppend = { readonly commits: number; readonly seconds: number; readonly isTaken: boolean };

/** What an agent's report had in it: all of its host's ports, some of them, or nothing but a sign of life. */
export type ReportContent = 'full' | 'changes' | 'alive';

/** How the hosts are, together. */
export type HostTotals = {
  readonly sessions: number;
  readonly alive: number;
  /** The most revisions that a host which is alive has still to apply. */
  readonly maxLag: number;
};

/** Figures that are looked up when somebody asks for the metrics. They must be at hand. */
export type Gauges = {
  /** The newest durable revision. */
  readonly revision: () => number;
  readonly resources: () => Iterable<readonly [ResourceKind, number]>;
  readonly hosts: () => HostTotals;
  /** Resources that cannot be compiled. */
  readonly problems: () => number;
  readonly nova: () => EventCounts;
  /** Packets that hosts told to have dropped, by reason. */
  readonly drops: () => Iterable<readonly [string, number]>;
};

/** What a server counts about itself, in Prometheus' terms. Counting costs a microsecond or two and never fails. */
export type Metrics = {
  readonly onRequest: (request: CountedRequest) => void;
  readonly onAppend: (append: CountedAppend) => void;
  readonly onStoreFault: (code: string) => void;
  readonly onReport: (content: ReportContent) => void;
  /** For the authenticator: whether a token's owner was known already. */
  readonly onAuthLookup: (result: 'hit' | 'miss') => void;
  /** Says where figures are to be looked up; may be called several times, the last word on each counts. Figures of nobody are not shown. */
  readonly read: (gauges: Partial<Gauges>) => void;
  /** Everything, in the text format 0.0.4. */
  readonly text: () => Promise<string>;
  readonly contentType: string;
};

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const REQUEST_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30];
const APPEND_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1, 10];
const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
/** How often the event loop's delay is sampled, in milliseconds: each sample wakes an idle server. */
const LOOP_PRECISION_MS = 50;

/** Makes the metrics of one server; those of the process (CPU, memory, event loop, garbage collection) are among them. */
export const createMetrics = (): Metrics => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_PRECISION_MS });
  const counted = counters(registry);
  const sources: { -readonly [K in keyof Gauges]?: Gauges[K] } = {};
  addGauges(registry, sources);
  return {
    onRequest: ({ method, route, status, ms }) => {
      const labels = { method: METHODS.has(method) ? method : 'other', route: route ?? 'none' };
      counted.requests.inc({ ...labels, status });
      counted.requestSeconds.observe(labels, ms / 1000);
    },
    onAppend: ({ commits, seconds, isTaken }) => {
      counted.appendSeconds.observe(seconds);
      if (!isTaken) return counted.conflicts.inc();
      counted.commits.inc(commits);
      counted.batch.observe(commits);
    },
    onStoreFault: (code) => counted.storeFaults.inc({ code }),
    onReport: (content) => counted.reports.inc({ content }),
    onAuthLookup: (result) => counted.authLookups.inc({ result }),
    read: (gauges) => void Object.assign(sources, gauges),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
};

const counters = (registry: Registry) => {
  const registers = [registry];
  const reports = new Counter({
    name: 'manx_status_reports_total',
    help: 'Reports of agents, by content',
    labelNames: ['content'],
    registers,
  });
  const authLookups = new Counter({ name: 'manx_auth_cache_lookups_total', help: 'Tokens looked up', labelNames: ['result'], registers });
  const requestLabels = ['method', 'route'] as const;
  return {
    requests: new Counter({
      name: 'manx_http_requests_total',
      help: 'Answered requests',
      labelNames: [...requestLabels, 'status'],
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'manx_http_request_duration_seconds',
      help: 'From the request line to the end of the answer',
      labelNames: requestLabels,
      buckets: REQUEST_SECONDS,
      registers,
    }),
    commits: new Counter({ name: 'manx_commits_total', help: 'Commits that this server made durable', registers }),
    conflicts: new Counter({ name: 'manx_store_conflicts_total', help: 'Appends that another server overtook', registers }),
    batch: new Histogram({ name: 'manx_commit_batch_size', help: 'Commits an append', buckets: BATCH_SIZES, registers }),
    appendSeconds: new Histogram({
      name: 'manx_store_append_seconds',
      help: 'Until an append is durable',
      buckets: APPEND_SECONDS,
      registers,
    }),
    storeFaults: new Counter({ name: 'manx_store_faults_total', help: 'Appends that the store failed', labelNames: ['code'], registers }),
    reports,
    authLookups,
  };
};

/** What each figure that is looked up is called, and how it is shown. */
const addGauges = (registry: Registry, sources: Partial<Gauges>): void => {
  const add = (name: string, help: string, look: () => number | undefined): void => {
    const gauge = new Gauge({
      name,
      help,
      registers: [registry],
      collect: () => {
        const value = look();
        if (value === undefined) gauge.remove();
        else gauge.set(value);
      },
    });
  };
  let hosts: HostTotals | undefined;
  add('manx_head_revision', 'The newest durable revision', () => sources.revision?.());
  // Looked up once a time, here, for the two that follow.
  add('manx_hosts_alive', 'Hosts whose agent has been heard of within its lease', () => {
    hosts = sources.hosts?.();
    return hosts?.alive;
  });
  add('manx_feed_sessions', 'Agents that are connected', () => hosts?.sessions);
  add('manx_feed_lag_revisions', 'The most revisions that a host which is alive has still to apply', () => hosts?.maxLag);
  add('manx_compile_problems', 'Resources that cannot be compiled: closed for their own endpoints', () => sources.problems?.());
  add('manx_nova_events_queued', 'Events that wait to be sent to Nova', () => sources.nova?.().waiting);
  const events = new Counter({
    name: 'manx_nova_events_total',
    help: 'Events for Nova: sent, refused by it for good, dropped because too many waited',
    labelNames: ['result'],
    registers: [registry],
    collect: () => {
      const counts = sources.nova?.();
      if (counts === undefined) return;
      events.reset();
      for (const result of ['sent', 'refused', 'dropped'] as const) events.inc({ result }, counts[result]);
    },
  });
  const drops = new Counter({
    name: 'manx_dropped_packets_total',
    help: 'Packets that hosts dropped, by reason',
    labelNames: ['reason'],
    registers: [registry],
    collect: () => {
      drops.reset();
      for (const [reason, packets] of sources.drops?.() ?? []) drops.inc({ reason }, packets);
    },
  });
  const resources = new Gauge({
    name: 'manx_resources',
    help: 'Resources, by kind',
    labelNames: ['kind'],
    registers: [registry],
    collect: () => {
      for (const [kind, count] of sources.resources?.() ?? []) resources.set({ kind }, count);
    },
  });
};
