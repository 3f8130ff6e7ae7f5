import type { Problem } from '@manx/hoststate';
import { type AgentRequests, problemOf } from './agent-request.js';
import type { TraceReport } from './messages.js';

/** Answers an order, once: the server that gave it waits for a while, and no other knows of it. Null when it was taken. Never rejects. */
export function postTraceReport(
  requests: AgentRequests,
  report: TraceReport,
  { url, timeoutMs }: { readonly url: string; readonly timeoutMs: number },
): Promise<Problem | null> {
  const subject = `${url} trace`;
  return new Promise((resolve) => {
    const request = requests.open('trace', {});
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    request.on('error', (error) => resolve({ code: 'feed-unreachable', subject, detail: error.message || error.name }));
    const cut = (): void => resolve({ code: 'feed-cut', subject, detail: 'the connection ended before the answer' });
    request.on('close', () => clearTimeout(timer));
    request.on('close', cut);
    request.on('response', (response) => {
      response.on('error', () => undefined);
      request.off('close', cut);
      if (response.statusCode !== 204) return void problemOf(subject, response).then(resolve);
      response.resume();
      resolve(null);
    });
    request.end(JSON.stringify(report));
  });
}
