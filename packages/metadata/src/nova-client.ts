import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream';
import { guestHeaders } from './nova-request.js';

/** Connections to Nova at a time, of either kind; more requests wait for one. */
const MAX_SOCKETS = 128;
const TIMEOUT_MS = 20_000;
/** The most that a guest may send: Nova takes an encrypted password, and nothing else. */
const MAX_BODY_BYTES = 64 * 1024;

/** What changes nothing may be asked twice, unless some of it is gone with the first. */
const isRepeatable = ({ method, headers }: NovaRequest): boolean =>
  /^(?:GET|HEAD)$/.test(method) && headers['content-length'] === undefined;

type NovaRequest = { readonly method: string; readonly path: string; readonly headers: OutgoingHttpHeaders };
type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse };

/** Nova's metadata service, asked over connections that stay open. */
export class NovaClient {
  readonly #base: URL;
  /** Connections that stay open, and those for one question each: what cannot be asked again must not meet one that is closing. */
  readonly #kept: HttpAgent;
  readonly #fresh: HttpAgent;
  readonly #onProblem: () => void;
  #problem: string | null = null;

  /** `onProblem` is told when `problem` may have changed. Throws a TypeError when the URL is none. */
  constructor(url: string, onProblem: () => void) {
    this.#base = new URL(url);
    const [kept, fresh] = [true, false].map((keepAlive) => ({ keepAlive, maxSockets: MAX_SOCKETS }));
    const Agent = this.#base.protocol === 'https:' ? HttpsAgent : HttpAgent;
    this.#kept = new Agent(kept);
    this.#fresh = new Agent(fresh);
    this.#onProblem = onProblem;
  }

  /** Why Nova's service does not answer; null while it does, or before it was asked. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Asks in an instance's name and hands the answer on as it comes. A guest that goes away ends the request to Nova too. */
  forward(asked: NovaRequest, exchange: Exchange): void {
    const { request, response } = exchange;
    const retry = (): void => {
      const again = this.#ask(asked, response, null);
      again.end();
      endWith(response, again);
    };
    const upstream = this.#ask(asked, response, isRepeatable(asked) ? retry : null);
    endWith(response, upstream);
    this.#send(request, { upstream, response });
  }

  /** Sends the head; `retry` is for a connection that Nova closed in the moment in which it was used again (Node's `request.reusedSocket`). */
  #ask({ method, path, headers }: NovaRequest, response: ServerResponse, retry: (() => void) | null): ReturnType<typeof httpRequest> {
    const make = this.#base.protocol === 'https:' ? httpsRequest : httpRequest;
    const { hostname, port } = this.#base;
    // An IPv6 address stands in brackets in a URL, and without them in a socket's options.
    const upstream = make({
      method,
      path,
      headers,
      agent: retry === null ? this.#fresh : this.#kept,
      hostname: hostname.replace(/^\[|\]$/g, ''),
      port,
      timeout: TIMEOUT_MS,
    });
    upstream.on('timeout', () => upstream.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    upstream.on('response', (answer) => {
      this.#learn(null);
      response.writeHead(answer.statusCode ?? 502, guestHeaders(answer.headers));
      pipeline(answer, response, () => undefined);
    });
    upstream.on('error', (error: NodeJS.ErrnoException) => {
      if (response.destroyed) return;
      const isLost = upstream.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      if (isLost && retry !== null && !response.headersSent) return retry();
      this.#learn(`Nova's metadata service ${this.#base.origin} does not answer: ${error.message || error.name}`);
      if (response.headersSent) return void response.destroy();
      response.writeHead(502, { 'Content-Type': 'text/plain; charset=utf-8' }).end('metadata: the metadata service does not answer\n');
    });
    return upstream;
  }

  close(): void {
    this.#kept.destroy();
    this.#fresh.destroy();
  }

  #send(
    request: IncomingMessage,
    { upstream, response }: { readonly upstream: ReturnType<typeof httpRequest>; readonly response: ServerResponse },
  ): void {
    let bytes = 0;
    request.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes <= MAX_BODY_BYTES || response.headersSent) return;
      response.writeHead(413, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' }).end('metadata: too long\n');
      upstream.destroy();
    });
    // Not a pipeline: an upstream that fails must leave the guest's connection for the answer that says so.
    request.pipe(upstream);
  }

  #learn(problem: string | null): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#onProblem();
  }
}

/** A guest that goes away before its answer is whole ends the question. */
const endWith = (response: ServerResponse, upstream: ReturnType<typeof httpRequest>): void => {
  response.on('close', () => {
    if (!response.writableFinished) upstream.destroy();
  });
};
