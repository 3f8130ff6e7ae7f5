import type { IncomingHttpHeaders } from 'node:http';
import type { Problem } from '@manx/hoststate';
import { type AgentRequests, problemOf } from './agent-request.js';

/** What is posted where, and how long an answer may take. */
export type Posting = {
  readonly what: 'status' | 'trace';
  readonly body: string;
  /** The server's, for what is said of it. */
  readonly url: string;
  readonly timeoutMs: number;
  /** Whether an answer of 204 with these headers is one of ours; any is, unless told. */
  readonly isTaken?: (headers: IncomingHttpHeaders) => boolean;
  /** Given a way to break it off, before anything is sent. */
  readonly onOpen?: (abort: () => void) => void;
};

/** Posts something to the server, once: the headers with which it was taken, or why it was not. Never rejects. */
export function postJson(
  requests: AgentRequests,
  { what, body, url, timeoutMs, isTaken = () => true, onOpen }: Posting,
): Promise<{ readonly taken: IncomingHttpHeaders } | Problem> {
  const subject = `${url} ${what}`;
  return new Promise((resolve) => {
    const request = requests.open(what, {});
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    onOpen?.(() => request.destroy());
    request.on('error', (error) => resolve({ code: 'feed-unreachable', subject, detail: error.message || error.name }));
    const cut = (): void => resolve({ code: 'feed-cut', subject, detail: 'the connection ended before the answer' });
    request.on('close', () => clearTimeout(timer));
    request.on('close', cut);
    request.on('response', (response) => {
      response.on('error', () => undefined);
      request.off('close', cut);
      if (response.statusCode !== 204 || !isTaken(response.headers)) return void problemOf(subject, response).then(resolve);
      response.resume();
      resolve({ taken: response.headers });
    });
    request.end(body);
  });
}
