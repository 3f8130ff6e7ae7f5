import { randomUUID } from 'node:crypto';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { type HostDelta, type HostState, isProblem, type Problem, type Revision } from '@manx/hoststate';
import { AgentRequests, type FeedAddress, problemOf } from './agent-request.js';
import { BackOff, type BackOffLimits } from './back-off.js';
import { LineSplitter } from './line-splitter.js';
import {
  HEARTBEAT_MS,
  MAX_LINE_BYTES,
  MISSED_HEARTBEATS,
  type ReleasedAddress,
  RUN_HEADER,
  type TraceOrder,
  type TraceReport,
} from './messages.js';
import { parseFeedMessage } from './parse-message.js';
import { postJson } from './post-json.js';
import { type Assembled, StateAssembler } from './state-assembler.js';
import { type AgentNews, type HeardClaim, StatusOutbox } from './status-outbox.js';
import { StatusPoster } from './status-poster.js';

/** A whole host state, and where in which server's run it stands: enough to resume from, now or after a restart of the agent. */
export type HeldState = { readonly run: string; readonly revision: Revision; readonly state: HostState };

/** How the connection is: `up` with the server's run once it answers, `down` with the reason and the wait until the next attempt. */
export type FeedLink =
  | { readonly kind: 'up'; readonly run: string }
  | { readonly kind: 'down'; readonly problem: Problem; readonly retryInMs: number };

export type FeedSessionOptions = FeedAddress & {
  /** What the host has from before, or null: then the first thing that comes is a snapshot. */
  readonly resumeFrom: HeldState | null;
  /** A whole state, in sync with the server; never a partial one. */
  readonly onState: (held: HeldState) => void;
  /** A change, and the state after it. */
  readonly onDelta: (held: HeldState, delta: HostDelta) => void;
  /** The state held already is still the right one: in sync again, without a snapshot. */
  readonly onResumed?: (held: HeldState) => void;
  /** Nothing up to this revision concerns the host: the state is as it was, and stands there now. */
  readonly onRevision?: (held: HeldState) => void;
  /** Up to where the host has heard of lost addresses, where that is more than it holds. */
  readonly heardOf?: Revision;
  /** Somebody in the cloud has lost these addresses: each loss is told once, and may be told before `onDelta` has got so far. */
  readonly onReleased?: (addresses: readonly ReleasedAddress[]) => void;
  readonly onLink?: (link: FeedLink) => void;
  /** The server has put these claims in order with those of other hosts: from this revision on the state says how. */
  readonly onClaimsTaken?: (claims: readonly HeardClaim[], revision: Revision) => void;
  /** Does a step of a trace, and says what came of it; absent: this agent traces nothing, and says so. Never rejects. */
  readonly onTrace?: (order: TraceOrder) => Promise<Omit<TraceReport, 'trace' | 'order'>>;
  /** What came of it could not be delivered, and is not sent again. */
  readonly onTraceProblem?: (problem: Problem) => void;
  /** A report that could not be delivered; it is sent again. */
  readonly onReportProblem?: (problem: Problem) => void;
  /** Names this run of the agent; random unless told. */
  readonly agentRun?: string;
  readonly heartbeatMs?: number;
  readonly backOff?: BackOffLimits;
  readonly random?: () => number;
};

/** An agent's side of the stream. */
export type FeedSession = {
  /** What the agent has found out after an apply; sent at once, coalesced with what is on its way, repeated until the server has it. */
  readonly report: (news: AgentNews) => void;
  /** Ends connections and timers; nothing is called back after it. Closing twice is fine. */
  readonly close: () => Promise<void>;
};

const DEFAULT_BACK_OFF: BackOffLimits = { minMs: 200, maxMs: 5_000 };

class AgentFeed {
  readonly #options: FeedSessionOptions;
  readonly #requests: AgentRequests;
  readonly #poster: StatusPoster;
  readonly #backOff: BackOff;
  readonly #silenceMs: number;
  #held: HeldState | null;
  /** The newest loss of an address that was told. */
  #heardOf: Revision;
  #request: ClientRequest | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(options: FeedSessionOptions) {
    const heartbeatMs = options.heartbeatMs ?? HEARTBEAT_MS;
    const limits = options.backOff ?? DEFAULT_BACK_OFF;
    const random = options.random ?? Math.random;
    this.#options = options;
    this.#held = options.resumeFrom;
    this.#heardOf = Math.max(options.resumeFrom?.revision ?? 0, options.heardOf ?? 0);
    this.#silenceMs = MISSED_HEARTBEATS * heartbeatMs;
    this.#requests = new AgentRequests(options);
    this.#backOff = new BackOff(limits, random);
    this.#poster = new StatusPoster({
      url: options.url,
      requests: this.#requests,
      outbox: new StatusOutbox(options.agentRun ?? randomUUID()),
      backOff: new BackOff(limits, random),
      // Sooner than a server closes idle connections (ours after a lease, others of Node after 5 s), so that one stays open.
      everyMs: 0.8 * heartbeatMs,
      timeoutMs: this.#silenceMs,
      onProblem: (problem) => options.onReportProblem?.(problem),
      onClaimsTaken: (claims, revision) => options.onClaimsTaken?.(claims, revision),
    });
    this.#connect();
  }

  report(news: AgentNews): void {
    if (!this.#isClosed) this.#poster.tell(news);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#poster.close();
    if (this.#timer !== null) clearTimeout(this.#timer);
    const request = this.#request;
    this.#request = null;
    if (request !== null) {
      const closed = new Promise((resolve) => request.once('close', resolve));
      request.destroy();
      await closed;
    }
    this.#requests.close();
  }

  #connect(): void {
    const held = this.#held;
    const query: Record<string, string> = held === null ? {} : { since: String(held.revision), run: held.run };
    const request = this.#requests.open('state', query);
    this.#request = request;
    this.#listenForSilence(request);
    request.on('error', (error) => this.#down(request, 'feed-unreachable', error.message || error.name));
    const cut = (): void => this.#down(request, 'feed-cut', 'the server ended the connection');
    request.on('close', cut);
    request.on('response', (response) => {
      // An error of the response is followed by the request's `close`, which says the same.
      response.on('error', () => undefined);
      const run = response.headers[RUN_HEADER];
      if (response.statusCode === 200 && typeof run === 'string') return this.#answered({ request, response, run });
      // What the answer says is a better reason than that the connection ends after it.
      request.off('close', cut);
      void problemOf(this.#options.url, response).then(({ code, detail }) => this.#down(request, code, detail));
    });
    request.end();
  }

  #listenForSilence(request: ClientRequest): void {
    this.#timer = setTimeout(() => {
      this.#down(request, 'feed-silent', `nothing was heard for ${this.#silenceMs} ms`);
    }, this.#silenceMs);
  }

  #answered({
    request,
    response,
    run,
  }: {
    readonly request: ClientRequest;
    readonly response: IncomingMessage;
    readonly run: string;
  }): void {
    if (this.#request !== request) return;
    this.#options.onLink?.({ kind: 'up', run });
    this.#poster.meet(run);
    const splitter = new LineSplitter(MAX_LINE_BYTES);
    const assembler = new StateAssembler(this.#held?.run === run ? this.#held : null);
    response.on('data', (chunk: Buffer) => {
      this.#timer?.refresh();
      const lines = splitter.push(chunk);
      if (isProblem(lines)) return this.#distrust(request, lines);
      for (const line of lines) {
        if (this.#request !== request) return;
        const message = parseFeedMessage(line);
        const assembled = isProblem(message) ? message : assembler.take(message);
        if (isProblem(assembled)) return this.#distrust(request, assembled);
        this.#take(run, assembled);
      }
    });
  }

  async #trace(order: TraceOrder): Promise<void> {
    const { onTrace, onTraceProblem } = this.#options;
    const done = (await onTrace?.(order)) ?? { problem: 'this agent traces nothing', account: null };
    if (this.#isClosed) return;
    const body = JSON.stringify({ trace: order.trace, order: order.type, ...done } satisfies TraceReport);
    // Once: the server that gave the order waits for a while, and no other knows of it.
    const answer = await postJson(this.#requests, { what: 'trace', body, url: this.#options.url, timeoutMs: this.#silenceMs });
    if (!('taken' in answer) && !this.#isClosed) onTraceProblem?.(answer);
  }

  #take(run: string, assembled: Assembled): void {
    if (assembled.kind === 'partial') return;
    if (assembled.kind === 'released') return this.#tellReleased(assembled.addresses);
    if (assembled.kind === 'order') return void this.#trace(assembled.order);
    const state = assembled.kind === 'revision' ? this.#held?.state : assembled.state;
    if (state === undefined) return;
    const held = { run, revision: assembled.revision, state };
    this.#held = held;
    // Not before: two agents of one name, each ending the other's session, would else take turns without pause.
    if (assembled.kind === 'revision') this.#backOff.reset();
    switch (assembled.kind) {
      case 'state':
        // A log that counts from elsewhere: what was heard of belongs to another.
        this.#heardOf = Math.min(this.#heardOf, held.revision);
        return this.#options.onState(held);
      case 'resumed':
        return this.#options.onResumed?.(held);
      case 'delta':
        return this.#options.onDelta(held, assembled.delta);
      case 'revision':
        return this.#options.onRevision?.(held);
    }
  }

  /** After a cut the server begins at the revision that is held, which may be behind what was heard of before. */
  #tellReleased(addresses: readonly ReleasedAddress[]): void {
    const fresh = addresses.filter(({ revision }) => revision > this.#heardOf);
    this.#heardOf = fresh.reduce((newest, { revision }) => Math.max(newest, revision), this.#heardOf);
    if (fresh.length > 0) this.#options.onReleased?.(fresh);
  }

  /** The server's words make no sense after what came before: begin anew, with a snapshot. The host keeps what it has. */
  #distrust(request: ClientRequest, { code, subject, detail }: Problem): void {
    this.#held = null;
    this.#down(request, 'feed-malformed', `${code}: ${subject}: ${detail}`);
  }

  /** The end of a connection, whoever notices first; the next attempt is set. */
  #down(request: ClientRequest, code: string, detail: string): void {
    if (this.#request !== request) return;
    this.#request = null;
    request.destroy();
    if (this.#timer !== null) clearTimeout(this.#timer);
    const retryInMs = this.#backOff.next();
    this.#timer = setTimeout(() => this.#connect(), retryInMs);
    this.#options.onLink?.({ kind: 'down', problem: { code, subject: this.#options.url, detail }, retryInMs });
  }
}

/**
 * Connects a host to its server and keeps it connected until closed: waits with back-off and jitter between attempts, resumes where it
 * can, checks everything that comes. Callbacks are called one at a time, in order. Throws a TypeError when the URL is none.
 */
export function openFeedSession(options: FeedSessionOptions): FeedSession {
  const feed = new AgentFeed(options);
  return { report: (news) => feed.report(news), close: () => feed.close() };
}
