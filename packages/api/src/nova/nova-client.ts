import { randomUUID } from 'node:crypto';
import type { JsonExchange } from '../keystone/json-exchange.js';
import type { EndpointInterface, KeystoneClient } from '../keystone/keystone-client.js';
import { RemoteFault } from '../keystone/remote-fault.js';
import type { NovaEvent } from './nova-event.js';

/** Nova's own word on each event of a batch, in its order: 200; 404 for an instance that it does not know, 422 for one that has no host yet, 400. */
export type EventCodes = readonly number[];

/** Tells Nova. */
export type NovaClient = {
  /** Posts one batch. Rejects with a RemoteFault: `bad-answer` when Nova will not take this batch ever, any other when it may later. */
  readonly post: (events: readonly NovaEvent[]) => Promise<EventCodes>;
};

/** What a client is made from: an endpoint of the operator's, or which one of the catalogue. */
export type NovaClientOptions = {
  readonly keystone: Pick<KeystoneClient, 'ownToken' | 'endpointOf' | 'forget'>;
  readonly exchange: Pick<JsonExchange, 'send'>;
  readonly endpoint: string | null;
  readonly interface: EndpointInterface;
  readonly region: string | null;
};

const PATH = '/os-server-external-events';
const VERSIONED = /\/v2(\.\d+)?(\/|$)/;

/** Makes a client of `POST /os-server-external-events` (Compute API 2.1). */
export const createNovaClient = (options: NovaClientOptions): NovaClient => {
  const { keystone, exchange, region } = options;
  const urlOf = async (): Promise<string> => {
    const found = options.endpoint ?? (await keystone.endpointOf({ type: 'compute', interface: options.interface, region }));
    const base = found.replace(/\/+$/, '');
    return `${VERSIONED.test(base) ? base : `${base}/v2.1`}${PATH}`;
  };
  return {
    post: async (events) => {
      const token = await keystone.ownToken();
      try {
        const url = await urlOf();
        const headers = { 'x-auth-token': token, 'x-openstack-request-id': `req-${randomUUID()}` };
        const { status, body } = await exchange.send({ method: 'POST', url, headers, body: { events } });
        return codesOf(events, { url, status, body });
      } catch (error) {
        // The token may have been revoked, and the catalogue that came with it may name a place that Nova has left.
        if (error instanceof RemoteFault && error.code !== 'bad-answer') keystone.forget(token);
        throw error;
      }
    },
  };
};

const codesOf = (events: readonly NovaEvent[], { url, status, body }: { url: string; status: number; body: unknown }): EventCodes => {
  // Every instance is unknown: what Nova says with 404 in old releases, with 207 and a code an event since.
  if (status === 404) return events.map(() => 404);
  if (status === 200 || status === 207) return readCodes(events, body);
  const op = 'tell Nova';
  if (status === 401) throw new RemoteFault('credentials-refused', { op, subject: url, detail: "does not take this server's own token" });
  if (status === 403) {
    const detail = "does not let this server's own user tell of events: give it the role `service` or `admin`";
    throw new RemoteFault('not-allowed', { op, subject: url, detail });
  }
  const isPassing = status >= 500 || status === 429 || status === 408;
  throw new RemoteFault(isPassing ? 'failing' : 'bad-answer', { op, subject: url, detail: `answered ${status}` });
};

/** Nova answers with the events as they were sent, each with its code; where it says nothing of one, it has taken it. */
const readCodes = (events: readonly NovaEvent[], body: unknown): EventCodes => {
  const answers = (body as { readonly events?: unknown } | null | undefined)?.events;
  const list: readonly unknown[] = Array.isArray(answers) ? answers : [];
  return events.map((_event, at) => {
    const code = (list[at] as { readonly code?: unknown } | null | undefined)?.code;
    return typeof code === 'number' ? code : 200;
  });
};
