import type { Problem, Revision } from '@manx/hoststate';
import type { AgentRequests } from './agent-request.js';
import type { BackOff } from './back-off.js';
import { REVISION_HEADER, RUN_HEADER } from './messages.js';
import { postJson } from './post-json.js';
import type { AgentNews, HeardClaim, StatusOutbox } from './status-outbox.js';

export type StatusPosterOptions = {
  readonly url: string;
  readonly requests: AgentRequests;
  readonly outbox: StatusOutbox;
  readonly backOff: BackOff;
  /** A sign of life goes out this long after the last report. */
  readonly everyMs: number;
  /** After this long without an answer an attempt has failed. */
  readonly timeoutMs: number;
  readonly onProblem: (problem: Problem) => void;
  /** These claims have been put in order: from this revision on the host's state says how. */
  readonly onClaimsTaken: (claims: readonly HeardClaim[], revision: Revision) => void;
};

type PostAnswer =
  | { readonly kind: 'taken'; readonly serverRun: string; readonly revision: Revision | null }
  | { readonly kind: 'failed'; readonly problem: Problem };

/** Sends what the outbox holds, one report at a time, until the server has taken it; and a sign of life when there is nothing to say. */
export class StatusPoster {
  readonly #options: StatusPosterOptions;
  #timer: NodeJS.Timeout | null = null;
  #isSending = false;
  #abort: (() => void) | null = null;
  #isClosed = false;

  constructor(options: StatusPosterOptions) {
    this.#options = options;
    this.#wait(0);
  }

  tell(news: AgentNews): void {
    this.#options.outbox.tell(news);
    if (this.#options.outbox.isDirty) this.#wake();
  }

  /** The stream has reached a server: what could not be sent before can be now. */
  meet(serverRun: string): void {
    this.#options.outbox.meet(serverRun);
    this.#wake();
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#abort?.();
  }

  #wake(): void {
    if (!this.#isSending) this.#wait(0);
  }

  #wait(ms: number): void {
    if (this.#isClosed) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#send(), ms);
  }

  /** One attempt; never rejects, and always says when the next is. */
  async #send(): Promise<void> {
    const { outbox, backOff, everyMs, onProblem, onClaimsTaken } = this.#options;
    this.#timer = null;
    this.#isSending = true;
    const posting = outbox.post(Date.now());
    const answer = await this.#post(JSON.stringify(posting.report));
    this.#isSending = false;
    if (this.#isClosed) return;
    if (answer.kind === 'taken') {
      backOff.reset();
      outbox.taken(posting, answer.serverRun);
      if (posting.claims !== null && answer.revision !== null) onClaimsTaken(posting.claims, answer.revision);
      return this.#wait(outbox.isDirty ? 0 : everyMs);
    }
    onProblem(answer.problem);
    this.#wait(Math.min(backOff.next(), everyMs));
  }

  async #post(body: string): Promise<PostAnswer> {
    const { url, requests, timeoutMs } = this.#options;
    const answer = await postJson(requests, {
      what: 'status',
      body,
      url,
      timeoutMs,
      isTaken: (headers) => typeof headers[RUN_HEADER] === 'string',
      onOpen: (abort) => (this.#abort = abort),
    });
    if (!('taken' in answer)) return { kind: 'failed', problem: answer };
    const said = Number(answer.taken[REVISION_HEADER] ?? Number.NaN);
    return { kind: 'taken', serverRun: String(answer.taken[RUN_HEADER]), revision: Number.isSafeInteger(said) ? said : null };
  }
}
