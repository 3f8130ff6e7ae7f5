import { LabError } from './lab-error.js';
import { labPaths } from './lab-paths.js';

/** The lab's own little client of the Networking API: JSON over fetch, errors as Neutron says them. */

/** A refusal by the API. */
export class NeutronError extends Error {
  readonly status: number;
  /** Neutron's name for it: `IpAddressInUse`, `NetworkNotFound`. */
  readonly type: string;
  constructor(status: number, type: string, message: string) {
    super(message);
    this.name = 'NeutronError';
    this.status = status;
    this.type = type;
  }
}

export type NeutronResource = { readonly id: string; readonly [attribute: string]: unknown };

export type NeutronClient = {
  /** `create('networks', 'network', {...})`. */
  readonly create: (collection: string, singular: string, body: object) => Promise<NeutronResource>;
  readonly list: (collection: string, query?: Readonly<Record<string, string>>) => Promise<readonly NeutronResource[]>;
  readonly show: (collection: string, id: string) => Promise<NeutronResource>;
  readonly update: (
    collection: string,
    singular: string,
    change: { readonly id: string; readonly body: object },
  ) => Promise<NeutronResource>;
  readonly remove: (collection: string, id: string) => Promise<void>;
  /** What a resource can do beyond that, by PUT: `act('address-groups', id, { action: 'add_addresses', body })`. */
  readonly act: (collection: string, id: string, asked: { readonly action: string; readonly body: object }) => Promise<void>;
};

type ErrorBody = { readonly NeutronError?: { readonly type?: string; readonly message?: string } };

const apiAway = (base: string, cause: unknown): LabError => {
  const { code = 'no answer' } = ((cause as Error).cause ?? {}) as { readonly code?: string };
  return new LabError(
    'api-away',
    `The API at ${base} does not answer (${code}): the server does not run. Its log: ${labPaths.log('server')}.`,
  );
};

/** The one value of a one-key answer such as `{"network": {...}}`. */
const unwrap = (answer: unknown): unknown => Object.values(answer as Record<string, unknown>)[0];

/** A client of the API at `base`, such as `http://127.0.0.1:9696`; every call rejects with a NeutronError when refused, LabError `api-away` when nobody answers. */
export const openNeutronClient = (base: string, headers: Readonly<Record<string, string>> = {}): NeutronClient => {
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${base}/v2.0/${path}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw apiAway(base, cause);
    });
    const text = await response.text();
    if (response.ok) return text === '' ? null : JSON.parse(text);
    const refused = text.startsWith('{') ? (JSON.parse(text) as ErrorBody).NeutronError : undefined;
    throw new NeutronError(
      response.status,
      refused?.type ?? 'HTTPError',
      refused?.message ?? `${method} ${path}: ${response.status} ${text}`,
    );
  };
  return {
    create: async (collection, singular, body) => unwrap(await call('POST', collection, { [singular]: body })) as NeutronResource,
    list: async (collection, query = {}) =>
      unwrap(await call('GET', `${collection}?${new URLSearchParams(query).toString()}`)) as NeutronResource[],
    show: async (collection, id) => unwrap(await call('GET', `${collection}/${encodeURIComponent(id)}`)) as NeutronResource,
    update: async (collection, singular, { id, body }) =>
      unwrap(await call('PUT', `${collection}/${encodeURIComponent(id)}`, { [singular]: body })) as NeutronResource,
    remove: async (collection, id) => {
      await call('DELETE', `${collection}/${encodeURIComponent(id)}`);
    },
    act: async (collection, id, { action, body }) => {
      await call('PUT', `${collection}/${encodeURIComponent(id)}/${action}`, body);
    },
  };
};
