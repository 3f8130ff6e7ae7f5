import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type HostName, isProblem, type Problem, parseHostName } from '@manx/hoststate';
import type { Feed } from './feed.js';
import { MAX_REPORT_BYTES, REVISION_HEADER, RUN_HEADER } from './messages.js';
import { parseStatusReport } from './parse-status.js';
import { parseTraceReport } from './parse-trace.js';
import { readBody } from './read-body.js';
import { verifyAgentToken } from './token.js';

/** Where the feed's HTTP side says what an operator may want to know; pino's loggers fit. */
export type FeedLogger = {
  readonly info: (facts: Readonly<Record<string, unknown>>, message: string) => void;
  readonly warn: (facts: Readonly<Record<string, unknown>>, message: string) => void;
};

export type FeedServerOptions = {
  readonly feed: Feed;
  /** Agents' tokens are made of it; see `agentToken`. */
  readonly secret: string | Uint8Array;
  readonly logger: FeedLogger;
};

type Exchange = { readonly req: IncomingMessage; readonly res: ServerResponse; readonly query: URLSearchParams; readonly host: HostName };

const PATH = /^\/feed\/v1\/hosts\/([^/]+)\/(state|status|trace)$/;
const METHODS = { state: 'GET', status: 'POST', trace: 'POST' } as const;

function refuse(res: ServerResponse, status: number, problem: Problem): void {
  if (res.headersSent || res.destroyed) return;
  // What is left of the request is not read, so the connection cannot be used again.
  if (status === 413) res.setHeader('connection', 'close');
  if (status === 401) res.setHeader('www-authenticate', 'Bearer');
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(problem));
}

/** Tells whose token it is that opens nothing here: tokens do not name their host, but those seen before are known by digest. */
class KnownTokens {
  readonly #hosts = new Map<string, HostName>();

  add(token: string, host: HostName): void {
    this.#hosts.set(this.#digest(token), host);
  }

  hostOf(token: string): HostName | null {
    return this.#hosts.get(this.#digest(token)) ?? null;
  }

  #digest(token: string): string {
    return createHash('sha256').update(token).digest('base64');
  }
}

class FeedServer {
  readonly #feed: Feed;
  readonly #secret: string | Uint8Array;
  readonly #logger: FeedLogger;
  readonly #known = new KnownTokens();

  constructor({ feed, secret, logger }: FeedServerOptions) {
    this.#feed = feed;
    this.#secret = secret;
    this.#logger = logger;
  }

  handle(req: IncomingMessage, res: ServerResponse): void {
    res.setHeader(RUN_HEADER, this.#feed.run);
    const [path = '', query = ''] = (req.url ?? '').split('?', 2);
    const [, name, what] = PATH.exec(path) ?? [];
    const host = parseHostName(name ?? '');
    if (host === null || (what !== 'state' && what !== 'status' && what !== 'trace')) {
      return refuse(res, 404, { code: 'not-found', subject: 'request', detail: 'there is nothing at this path' });
    }
    if (req.method !== METHODS[what]) {
      res.setHeader('allow', METHODS[what]);
      return refuse(res, 405, { code: 'method-not-allowed', subject: 'request', detail: `only ${METHODS[what]} is possible here` });
    }
    if (!this.#admit(req, res, host)) return;
    const exchange = { req, res, query: new URLSearchParams(query), host };
    if (what === 'state') this.#stream(exchange);
    else if (what === 'status') void this.#takeReport(exchange);
    else void this.#takeTrace(exchange);
  }

  #admit(req: IncomingMessage, res: ServerResponse, host: HostName): boolean {
    const token = /^Bearer ([A-Za-z0-9_-]{1,128})$/.exec(req.headers.authorization ?? '')?.[1] ?? '';
    if (verifyAgentToken(this.#secret, host, token)) {
      this.#known.add(token, host);
      return true;
    }
    const owner = this.#known.hostOf(token);
    this.#logger.warn({ host, remote: req.socket.remoteAddress, owner }, 'feed: an agent was refused');
    if (owner === null) refuse(res, 401, { code: 'token-refused', subject: host, detail: 'the token is not one of this server' });
    else refuse(res, 403, { code: 'token-of-another-host', subject: host, detail: `the token is that of host ${owner}` });
    return false;
  }

  #stream({ req, res, query, host }: Exchange): void {
    const since = query.get('since');
    const run = query.get('run');
    if (since !== null && !(/^\d{1,15}$/.test(since) && run !== null)) {
      return refuse(res, 400, { code: 'malformed', subject: 'since', detail: 'expected a revision, and the run that it belongs to' });
    }
    const remote = req.socket.remoteAddress;
    req.socket.setNoDelay(true);
    req.socket.setKeepAlive(true, 15_000);
    res.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    res.flushHeaders();
    const sink = { write: (piece: string | Buffer) => res.write(piece), end: () => void res.destroy() };
    const session = this.#feed.attach(host, sink, since === null || run === null ? null : { run, since: Number(since) });
    this.#logger.info({ host, remote, since }, 'feed: session began');
    res.on('drain', session.drained);
    res.on('close', () => {
      session.closed();
      this.#logger.info({ host, remote }, 'feed: session ended');
    });
  }

  async #takeReport({ req, res, host }: Exchange): Promise<void> {
    try {
      const report = await this.#read({ req, res, host }, parseStatusReport);
      if (report === null) return;
      const revision = await this.#feed.report(host, report);
      res.writeHead(204, { [REVISION_HEADER]: String(revision) }).end();
    } catch (error) {
      this.#logger.warn({ host, err: error }, 'feed: a report could not be taken');
      refuse(res, 503, { code: 'not-taken', subject: 'report', detail: 'the server could not take it; send it again' });
    }
  }

  async #takeTrace({ req, res, host }: Exchange): Promise<void> {
    const report = await this.#read({ req, res, host }, parseTraceReport);
    if (report === null) return;
    if (this.#feed.takeTrace(host, report)) return void res.writeHead(204).end();
    refuse(res, 404, { code: 'not-found', subject: 'trace', detail: 'nobody waits for this answer' });
  }

  /** A report as it was posted; null where it was refused, or did not come whole. */
  async #read<T extends object>({ req, res, host }: Omit<Exchange, 'query'>, parse: (text: string) => T | Problem): Promise<T | null> {
    const body = await readBody(req, MAX_REPORT_BYTES);
    if (body.kind === 'cut') return null;
    if (body.kind === 'too-long') {
      refuse(res, 413, { code: 'too-long', subject: 'report', detail: `longer than ${MAX_REPORT_BYTES} bytes` });
      return null;
    }
    const report = parse(body.text);
    if (!isProblem(report)) return report;
    this.#logger.warn({ host, ...report }, 'feed: a report was refused');
    refuse(res, 400, report);
    return null;
  }
}

/**
 * The feed over HTTP, as a request listener for a server that serves nothing else (`http.createServer(listener)`, or an https one with
 * certificates). A bad request is answered 400, 404, 405 or 413, a token that is nobody's 401, another host's 403.
 */
export function createFeedServer(options: FeedServerOptions): (req: IncomingMessage, res: ServerResponse) => void {
  const server = new FeedServer(options);
  return (req, res) => server.handle(req, res);
}
