import { type FeedAddress, type FeedLink, type FeedSession, type HeldState, openFeedSession, StatusNews } from '@manx/feed';
import type { Endpoint, EndpointStatus, HostName } from '@manx/hoststate';
import { isRefused } from './is-refused.js';

/** How a simulated host behaves. */
export type SimHostOptions = FeedAddress & {
  /** How long its kernel takes for a change; changes that come meanwhile are done in the same turn. */
  readonly reportDelayMs: number;
  /** The share of ports that its kernel refuses, 0 to 1; always the same ones. */
  readonly failRate: number;
  /** Told when anything in `counts` may have changed. */
  readonly onChange: () => void;
  /** Told of every whole state that the host has got, at once. */
  readonly onState?: ((host: HostName, held: HeldState) => void) | undefined;
};

/** How a host is: as it has said, or will have said as soon as the server takes it. */
export type SimHostCounts = {
  readonly isConnected: boolean;
  readonly ports: number;
  readonly up: number;
  readonly failed: number;
  /** Why it is not connected; null when it is, and before it has tried. */
  readonly problem: string | null;
};

const REFUSAL = 'simulated: the kernel refuses this endpoint';

/**
 * One host of many: an agent's own session and statuses in front of a kernel that is always ready, has every tap, and takes everything but
 * what `failRate` says. What a real agent would render, observe and plan is left out.
 */
export class SimHost {
  readonly #options: SimHostOptions;
  readonly #session: FeedSession;
  readonly #news = new StatusNews();
  readonly #startedAt = new Date().toISOString();
  #held: HeldState | null = null;
  #turn: { readonly cancel: () => void } | null = null;
  #counts: SimHostCounts = { isConnected: false, ports: 0, up: 0, failed: 0, problem: null };

  constructor(options: SimHostOptions) {
    this.#options = options;
    const take = (held: HeldState): void => {
      this.#want(held);
    };
    this.#session = openFeedSession({
      ...options,
      resumeFrom: null,
      onState: take,
      onDelta: take,
      onResumed: take,
      onLink: (link) => this.#linked(link),
    });
  }

  get counts(): SimHostCounts {
    return this.#counts;
  }

  async close(): Promise<void> {
    this.#turn?.cancel();
    await this.#session.close();
  }

  #linked(link: FeedLink): void {
    const isConnected = link.kind === 'up';
    this.#change({ isConnected, problem: isConnected ? null : link.problem.detail });
  }

  #want(held: HeldState): void {
    this.#held = held;
    this.#options.onState?.(this.#options.host, held);
    this.#turn ??= soon(this.#options.reportDelayMs, () => {
      this.#turn = null;
      this.#apply();
    });
  }

  /** Says of every endpoint what the kernel made of it. */
  #apply(): void {
    const held = this.#held;
    if (held === null) return;
    const { revision, state } = held;
    const endpoints = [...state.endpoints.values()].map((endpoint) => this.#statusOf(endpoint, revision));
    const failed = endpoints.filter((status) => status.state === 'error');
    const problems = failed.slice(0, 10).map(({ id }) => ({ code: 'simulated', subject: id, detail: REFUSAL, since: this.#startedAt }));
    const agent = {
      version: 'simulated',
      startedAt: this.#startedAt,
      physicalNetworks: [],
      bgp: [],
      problems,
      multicast: null,
      listeners: [],
      drift: { repairs: 0, lastAt: null, last: null },
    };
    this.#session.report({ revision, ...this.#news.of({ endpoints, state }), agent });
    const up = endpoints.filter((status) => status.state === 'up').length;
    this.#change({ ports: endpoints.length, up, failed: failed.length });
  }

  #statusOf({ id, isUp }: Endpoint, revision: number): EndpointStatus {
    if (!isUp) return { id, state: 'down', revision, problem: null };
    if (isRefused(id, this.#options.failRate)) return { id, state: 'error', revision, problem: REFUSAL };
    return { id, state: 'up', revision, problem: null };
  }

  #change(counts: Partial<SimHostCounts>): void {
    this.#counts = { ...this.#counts, ...counts };
    this.#options.onChange();
  }
}

/** Runs once, after so many milliseconds; of 0, when what arrived together has been read. */
const soon = (ms: number, run: () => void): { readonly cancel: () => void } => {
  if (ms === 0) {
    const turn = setImmediate(run);
    return { cancel: () => clearImmediate(turn) };
  }
  const timer = setTimeout(run, ms);
  return { cancel: () => clearTimeout(timer) };
};
