/** Where the Networking API is, and what its requests carry. */
export type ApiAccess = { readonly url: string; readonly headers: Readonly<Record<string, string>> };

/** What the `openstack` command is told by its environment, as far as this one needs it. */
export type Environment = { readonly [name: string]: string | undefined };

/** Why the API cannot be asked, in a sentence for the user. */
class ApiFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ApiFault';
  }
}

/** How long an answer is waited for. */
const LIMIT_MS = 60_000;

/**
 * Finds the API by the variables that the `openstack` command reads (keystoneauth's plugin loading): `OS_AUTH_TYPE=none` and `OS_ENDPOINT`, as
 * `./manx lab env` prints them; a token and `OS_ENDPOINT`; or Keystone (`OS_AUTH_URL`) with a password or an application credential, whose
 * catalogue then says where networking is. Throws ApiFault, which never holds a secret.
 */
export const findApi = async (env: Environment): Promise<ApiAccess> => {
  const { OS_AUTH_TYPE: type, OS_ENDPOINT: endpoint, OS_AUTH_URL: authUrl } = env;
  const token = env['OS_TOKEN'] ?? env['OS_AUTH_TOKEN'];
  if (endpoint !== undefined && (type === 'none' || (type === undefined && token === undefined)))
    return { url: trimmed(endpoint), headers: {} };
  if (endpoint !== undefined && token !== undefined) return { url: trimmed(endpoint), headers: { 'x-auth-token': token } };
  if (authUrl === undefined)
    throw new ApiFault(
      'It is not said where the API is: set OS_ENDPOINT (with OS_AUTH_TYPE=none: eval $(./manx lab env)), or OS_AUTH_URL and the rest of an openrc file.',
    );
  return await byKeystone(trimmed(authUrl), env);
};

const trimmed = (url: string): string => {
  if (!URL.canParse(url)) throw new ApiFault(`${JSON.stringify(url)} is not a URL.`);
  return url.replace(/\/+$/, '').replace(/\/v2\.0$/, '');
};

type Catalogued = {
  readonly token?: {
    readonly catalog?: readonly {
      readonly type?: string;
      readonly endpoints?: readonly { readonly interface?: string; readonly region?: string; readonly url?: string }[];
    }[];
  };
};

/** A token from Keystone's v3 API ("Authentication and token management"), and networking from its catalogue. */
const byKeystone = async (authUrl: string, env: Environment): Promise<ApiAccess> => {
  const url = `${authUrl.replace(/\/v3$/, '')}/v3/auth/tokens`;
  const response = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(authBody(env)),
  });
  const token = response.headers.get('x-subject-token');
  if (!response.ok || token === null) throw new ApiFault(`Keystone at ${authUrl} gives no token: it answers ${response.status}.`);
  const { token: facts } = (await response.json()) as Catalogued;
  const wanted = (env['OS_INTERFACE'] ?? 'public').replace(/URL$/, '');
  const region = env['OS_REGION_NAME'];
  const endpoints = (facts?.catalog ?? []).filter(({ type }) => type === 'network').flatMap(({ endpoints: own }) => own ?? []);
  const found = endpoints.find((one) => one.interface === wanted && (region === undefined || one.region === region));
  if (found?.url === undefined) throw new ApiFault(`Keystone's catalogue has no ${wanted} endpoint of the service "network".`);
  return { url: trimmed(found.url), headers: { 'x-auth-token': token } };
};

const authBody = (env: Environment): object => {
  const domainOf = (kind: 'USER' | 'PROJECT'): object => {
    const id = env[`OS_${kind}_DOMAIN_ID`];
    return id === undefined ? { name: env[`OS_${kind}_DOMAIN_NAME`] ?? 'Default' } : { id };
  };
  const [credential, secret] = [env['OS_APPLICATION_CREDENTIAL_ID'], env['OS_APPLICATION_CREDENTIAL_SECRET']];
  if (credential !== undefined && secret !== undefined)
    return { auth: { identity: { methods: ['application_credential'], application_credential: { id: credential, secret } } } };
  const [name, password] = [env['OS_USERNAME'], env['OS_PASSWORD']];
  if (name === undefined || password === undefined)
    throw new ApiFault('OS_AUTH_URL is set, but neither OS_USERNAME and OS_PASSWORD nor an application credential with its secret.');
  const identity = { methods: ['password'], password: { user: { name, password, domain: domainOf('USER') } } };
  const [project, projectName] = [env['OS_PROJECT_ID'], env['OS_PROJECT_NAME']];
  const scope =
    project !== undefined
      ? { project: { id: project } }
      : projectName !== undefined
        ? { project: { name: projectName, domain: domainOf('PROJECT') } }
        : null;
  return { auth: { identity, ...(scope === null ? {} : { scope }) } };
};

/** Posts a question to the API; answers its JSON. Throws ApiFault with the API's own words where it refuses. */
export const askApi = async ({ url, headers }: ApiAccess, path: string, body: object): Promise<unknown> => {
  const response = await request(`${url}/v2.0/${path}`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return await answerOf(url, response);
};

/** Asks the API by GET; answers its JSON. Throws as `askApi` does. */
export const getApi = async ({ url, headers }: ApiAccess, path: string): Promise<unknown> =>
  await answerOf(url, await request(`${url}/v2.0/${path}`, { headers }));

const answerOf = async (url: string, response: Response): Promise<unknown> => {
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  throw new ApiFault(wordsOf(text) ?? `The API at ${url} answers ${response.status}.`);
};

const wordsOf = (text: string): string | null => {
  try {
    return (JSON.parse(text) as { readonly NeutronError?: { readonly message?: string } }).NeutronError?.message ?? null;
  } catch {
    return null;
  }
};

const request = async (url: string, init: RequestInit): Promise<Response> => {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(LIMIT_MS) });
  } catch (cause) {
    const { code = 'no answer' } = ((cause as Error).cause ?? {}) as { readonly code?: string };
    throw new ApiFault(`Nobody answers at ${new URL(url).origin} (${code}).`);
  }
};
