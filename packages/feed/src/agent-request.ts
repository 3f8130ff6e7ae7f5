import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { HostName, Problem } from '@manx/hoststate';
import { readBody } from './read-body.js';

/** Whom an agent speaks to, and as whom. */
export type FeedAddress = {
  /** `http://198.19.0.1:9697`; with `https:` the server's certificate is verified against what Node trusts. */
  readonly url: string;
  readonly host: HostName;
  readonly token: string;
};

/** A way to the server's resources for one host; connections for what is posted are kept and used again. */
export class AgentRequests {
  readonly #address: FeedAddress;
  readonly #base: URL;
  readonly #agent: HttpAgent;

  /** Throws a TypeError when the URL is not one of http or https. */
  constructor(address: FeedAddress) {
    this.#address = address;
    this.#base = new URL(address.url);
    if (this.#base.protocol !== 'http:' && this.#base.protocol !== 'https:') throw new TypeError(`not an http(s) URL: ${address.url}`);
    const options = { keepAlive: true, maxSockets: 4 };
    this.#agent = this.#base.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
  }

  /** Begins a request; the caller sends its body, listens, and ends it. */
  open(resource: 'state' | 'status' | 'trace', query: Readonly<Record<string, string>>): ClientRequest {
    const url = new URL(`/feed/v1/hosts/${this.#address.host}/${resource}`, this.#base);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const options: RequestOptions = {
      method: resource === 'state' ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${this.#address.token}`, ...(resource !== 'state' && { 'content-type': 'application/json' }) },
      agent: this.#agent,
    };
    const request = this.#base.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
    request.setNoDelay(true);
    return request;
  }

  /** Closes kept connections. */
  close(): void {
    this.#agent.destroy();
  }
}

/** What an answer that is not the one hoped for says, as a problem; reads its body to the end. */
export async function problemOf(url: string, response: IncomingMessage): Promise<Problem> {
  const status = response.statusCode ?? 0;
  const body = await readBody(response, 4096);
  const text = body.kind === 'whole' ? body.text.slice(0, 300) : '';
  const code = status === 401 || status === 403 ? 'feed-refused' : 'feed-answered';
  return { code, subject: url, detail: `the server answered ${status}${text === '' ? '' : `: ${text}`}` };
}
