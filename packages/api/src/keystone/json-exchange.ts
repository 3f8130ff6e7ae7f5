import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { RemoteFault } from './remote-fault.js';

/** One call of another service. */
export type JsonRequest = {
  readonly method: 'GET' | 'POST';
  /** `http:` or `https:`. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
};

/** Any answer, errors too; `body` is undefined when it is empty or no JSON. */
export type JsonAnswer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: unknown };

/** Calls of other services over kept connections. */
export type JsonExchange = {
  /** Rejects with a RemoteFault `unreachable`, `timed-out` or `bad-answer` (an answer beyond the limit). Redirects are answers as any. */
  readonly send: (request: JsonRequest) => Promise<JsonAnswer>;
  /** Closes the connections; what is under way rejects. */
  readonly close: () => void;
};

/** How calls are made: `ca` is PEM text of the authorities to trust in place of the system's. */
export type JsonExchangeOptions = { readonly ca?: string; readonly timeoutMs?: number };

/** Longer than any token with its catalogue. */
const ANSWER_BYTES_LIMIT = 4 * 1024 * 1024;
const TIMEOUT_MS = 10_000;
const CONNECTIONS_LIMIT = 16;

/** Makes an exchange; the caller closes it. */
export const createJsonExchange = ({ ca, timeoutMs = TIMEOUT_MS }: JsonExchangeOptions = {}): JsonExchange => {
  const kept = { keepAlive: true, maxSockets: CONNECTIONS_LIMIT };
  const agents = { http: new HttpAgent(kept), https: new HttpsAgent({ ...kept, ...(ca === undefined ? {} : { ca }) }) };
  return {
    send: (request) => sendOnce(request, { agents, ca, timeoutMs }),
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
};

type How = {
  readonly agents: { readonly http: HttpAgent; readonly https: HttpsAgent };
  readonly ca: string | undefined;
  readonly timeoutMs: number;
};

/** The first try may take a kept connection, the second does not. */
type Try = { readonly isSecond: boolean; wasKept: boolean };

const sendOnce = async (request: JsonRequest, how: How): Promise<JsonAnswer> => {
  const first: Try = { isSecond: false, wasKept: false };
  try {
    return await exchange(request, how, first);
  } catch (error) {
    // The other side may close a kept connection at the very moment that it is used again: that says nothing about the service.
    if (!(first.wasKept && error instanceof RemoteFault && error.errno === 'ECONNRESET')) throw error;
    return exchange(request, how, { isSecond: true, wasKept: false });
  }
};

const exchange = ({ method, url, headers = {}, body }: JsonRequest, { agents, ca, timeoutMs }: How, which: Try): Promise<JsonAnswer> =>
  new Promise((resolve, reject) => {
    const target = new URL(url);
    const subject = `${target.origin}${target.pathname}`;
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const options = {
      method,
      headers: {
        accept: 'application/json',
        'user-agent': 'manx-server',
        ...headers,
        ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
      },
    };
    const fail = (code: 'unreachable' | 'timed-out' | 'bad-answer', detail: string, errno?: string): void => {
      clearTimeout(timer);
      reject(new RemoteFault(code, { op: method, subject, detail, ...(errno === undefined ? {} : { errno }) }));
    };
    const take = (response: IncomingMessage): void => {
      readJson(response, (problem, answer) => {
        clearTimeout(timer);
        if (problem === null) resolve({ status: response.statusCode ?? 0, headers: response.headers, body: answer });
        else fail(problem.code, problem.detail);
      });
    };
    const sent: ClientRequest =
      target.protocol === 'https:'
        ? httpsRequest(target, { ...options, agent: which.isSecond ? false : agents.https, ca }, take)
        : httpRequest(target, { ...options, agent: which.isSecond ? false : agents.http }, take);
    const timer = setTimeout(() => {
      fail('timed-out', `did not answer within ${timeoutMs / 1000} s`);
      sent.destroy();
    }, timeoutMs);
    sent.on('error', (error: NodeJS.ErrnoException) => {
      which.wasKept = sent.reusedSocket;
      fail('unreachable', `cannot be reached (${error.code ?? error.message})`, error.code);
    });
    sent.end(payload);
  });

type Reading = { readonly code: 'unreachable' | 'bad-answer'; readonly detail: string };

const readJson = (response: IncomingMessage, done: (problem: Reading | null, body: unknown) => void): void => {
  const pieces: Buffer[] = [];
  let bytes = 0;
  response.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes <= ANSWER_BYTES_LIMIT) pieces.push(piece);
    else {
      done({ code: 'bad-answer', detail: `answered more than ${ANSWER_BYTES_LIMIT} bytes` }, undefined);
      response.destroy();
    }
  });
  response.on('end', () => done(null, parsed(Buffer.concat(pieces).toString('utf8'))));
  response.on('error', () => done({ code: 'unreachable', detail: 'stopped in the middle of an answer' }, undefined));
  response.on('aborted', () => done({ code: 'unreachable', detail: 'stopped in the middle of an answer' }, undefined));
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Who asked sees from `undefined` that there is nothing to be read; proxies answer errors in HTML.
    return undefined;
  }
};
