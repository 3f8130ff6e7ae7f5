/** An answer as a client sees it. */
export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  // A test names the shape that it expects.
  readonly body: unknown;
};

/** The error document's inside, or undefined. */
export const neutronError = (answer: Answer): { readonly type: string; readonly message: string; readonly detail: string } | undefined =>
  (answer.body as { readonly NeutronError?: { readonly type: string; readonly message: string; readonly detail: string } } | null)
    ?.NeutronError;

/** What is sent: JSON of `body`, or `text` as it is. */
type Call = { readonly body?: unknown; readonly text?: string; readonly headers?: Readonly<Record<string, string>> };

/** A client of one server: `call('POST', '/v2.0/networks', {body})`. Rejects when the server is gone. */
export type Client = {
  readonly call: (method: string, path: string, call?: Call) => Promise<Answer>;
  /** POSTs one resource and gives it back; throws when it is refused. */
  readonly make: (
    collection: string,
    values: Readonly<Record<string, unknown>>,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Made>;
};

/** A resource that was made. */
export type Made = { readonly id: string; readonly [attribute: string]: unknown };

/** The key of a collection's resources in bodies: `security-groups` -> `security_group`. */
const kindOf = (collection: string): string => collection.replaceAll('-', '_').slice(0, -1);

/** Makes a client for the API at the URL. */
export const clientOf = (url: string): Client => {
  const call: Client['call'] = async (method, path, { body, text, headers = {} } = {}) => {
    const payload = text ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(payload === undefined ? {} : { body: payload }),
    });
    const answer = await response.text();
    return { status: response.status, headers: response.headers, body: answer === '' ? null : (JSON.parse(answer) as unknown) };
  };
  const make: Client['make'] = async (collection, values, headers = {}) => {
    const kind = kindOf(collection);
    const answer = await call('POST', `/v2.0/${collection}`, { body: { [kind]: values }, headers });
    if (answer.status !== 201) throw new Error(`${collection}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return (answer.body as Readonly<Record<string, Made>>)[kind] as Made;
  };
  return { call, make };
};
