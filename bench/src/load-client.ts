import { LabError } from '@manx/lab/bench-kit';
import { type HttpAnswer, HttpConnection } from './http-connection.js';

/** The one HTTP client of the benchmarks: the same code, the same requests, whoever serves. */
export type LoadClient = {
  /** One request with a JSON body, or none; resolves to the whole answer's text. LabError `refused` unless it is answered 2xx. */
  readonly send: (method: string, path: string, body?: object) => Promise<string>;
  /** One GET; resolves to the number of bytes of the answer, all of them read and none looked at. */
  readonly read: (path: string) => Promise<number>;
  readonly close: () => void;
};

/** An answer that takes longer counts as none. */
const TIMEOUT_MS = 180_000;
/** A server may close a connection that has been idle for 5 s (Node's): one that might be closed any moment is not used again. */
const IDLE_MS = 2_000;

/** A client with as many connections as requests under way, all kept open and used again. */
export const openLoadClient = (base: string): LoadClient => {
  const url = new URL(base);
  const idle: { readonly connection: HttpConnection; readonly since: number }[] = [];
  const all = new Set<HttpConnection>();
  const take = (): HttpConnection => {
    for (let kept = idle.pop(); kept !== undefined; kept = idle.pop()) {
      if (kept.connection.isOpen && performance.now() - kept.since < IDLE_MS) return kept.connection;
      kept.connection.close();
      all.delete(kept.connection);
    }
    const made = new HttpConnection(url, TIMEOUT_MS);
    all.add(made);
    return made;
  };
  const ask = async (method: string, path: string, body?: object): Promise<HttpAnswer> => {
    const connection = take();
    const fail = (words: string): LabError => new LabError('refused', `${method} ${base}${path}: ${words}`);
    const answer = await connection.send(method, path, body === undefined ? null : JSON.stringify(body)).catch((error: Error) => {
      throw fail(error.message);
    });
    idle.push({ connection, since: performance.now() });
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw fail(`${answer.status} ${answer.text().slice(0, 500)}`);
  };
  return {
    send: async (method, path, body) => (await ask(method, path, body)).text(),
    read: async (path) => (await ask('GET', path)).length,
    close: () => {
      for (const connection of all) connection.close();
    },
  };
};

/** Does `count` things, `clients` at a time, each told which one it is (from 0); resolves to each one's milliseconds and the whole's number per second. */
export const sendLoad = async (
  { clients, count }: { readonly clients: number; readonly count: number },
  send: (which: number) => Promise<unknown>,
): Promise<{ readonly millis: readonly number[]; readonly perSecond: number }> => {
  const millis: number[] = [];
  let started = 0;
  const client = async (): Promise<void> => {
    while (started < count) {
      const which = started;
      started += 1;
      const from = performance.now();
      await send(which);
      millis.push(performance.now() - from);
    }
  };
  const from = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  return { millis, perSecond: (count * 1000) / (performance.now() - from) };
};
