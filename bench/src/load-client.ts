import { Agent, request } from 'node:http';
import { LabError } from '@manx/lab/bench-kit';

/** The one HTTP client of the benchmarks: the same code, the same requests, whoever serves. */
export type LoadClient = {
  /** One POST of a JSON body; resolves to the answer's text. LabError `refused` unless it is 201. */
  readonly post: (path: string, body: object) => Promise<string>;
  readonly close: () => void;
};

/** A client with as many connections as requests under way, all kept open. */
export const openLoadClient = (base: string): LoadClient => {
  const agent = new Agent({ keepAlive: true, noDelay: true });
  const { hostname, port } = new URL(base);
  const post = async (path: string, body: object): Promise<string> =>
    await new Promise((resolve, reject) => {
      const text = JSON.stringify(body);
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
      const sent = request({ agent, hostname, port, path, method: 'POST', headers }, (response) => {
        let answer = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          answer += chunk;
        });
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode === 201) resolve(answer);
          else reject(new LabError('refused', `POST ${base}${path}: ${response.statusCode} ${answer}`));
        });
      });
      sent.on('error', reject);
      sent.end(text);
    });
  return { post, close: () => agent.destroy() };
};

/** Sends `count` requests, `clients` at a time; resolves to each one's milliseconds and the whole's requests per second. */
export const sendLoad = async (
  { clients, count }: { readonly clients: number; readonly count: number },
  send: () => Promise<unknown>,
): Promise<{ readonly millis: readonly number[]; readonly perSecond: number }> => {
  const millis: number[] = [];
  let started = 0;
  const client = async (): Promise<void> => {
    while (started < count) {
      started += 1;
      const from = performance.now();
      await send();
      millis.push(performance.now() - from);
    }
  };
  const from = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  return { millis, perSecond: (count * 1000) / (performance.now() - from) };
};
