import type { JsonAnswer, JsonExchange } from './json-exchange.js';
import { RemoteFault } from './remote-fault.js';
import { readTokenFacts, type TokenFacts } from './token-facts.js';

/** Which of a service's endpoints is used. */
export type EndpointInterface = 'public' | 'internal' | 'admin';

/** Where Keystone is, and as whom this server speaks to it. */
export type KeystoneAccount = {
  /** With or without `/v3`. */
  readonly authUrl: string;
  readonly username: string;
  readonly password: string;
  readonly projectName: string;
  readonly userDomainName: string;
  readonly projectDomainName: string;
};

/** Which endpoint of the catalogue is wanted; a null region: any. */
export type EndpointWish = { readonly type: string; readonly interface: EndpointInterface; readonly region: string | null };

/** Keystone as this server needs it. Every call rejects with a RemoteFault when Keystone is away or does not take our user. */
export type KeystoneClient = {
  /** The URL of its API, `.../v3`. */
  readonly url: string;
  /** What Keystone says of the token; null when it knows none such, it has been revoked, or it has expired (and `allowExpired` is not set). */
  readonly validate: (token: string, options: { readonly allowExpired: boolean }) => Promise<TokenFacts | null>;
  /** A token of this server's own user that will work for a while. Asked for at most once at a time, and renewed before it ends. */
  readonly ownToken: () => Promise<string>;
  /** Forgets our token and the catalogue when this is the token: it was refused somewhere, or the catalogue led nowhere. */
  readonly forget: (token: string) => void;
  /** The URL of a service's endpoint, without a slash at its end. Rejects with `no-endpoint` when the catalogue has none. */
  readonly endpointOf: (wish: EndpointWish) => Promise<string>;
  /** Resolves when Keystone answers and takes our user. */
  readonly probe: () => Promise<void>;
};

/** What a client is made from. */
export type KeystoneClientOptions = {
  readonly account: KeystoneAccount;
  readonly exchange: Pick<JsonExchange, 'send'>;
  /** Milliseconds of a clock that does not jump. */
  readonly now: () => number;
  /** Told after each exchange with Keystone: null when it did what it was asked for. */
  readonly onOutcome?: (fault: RemoteFault | null) => void;
};

type OwnToken = { readonly token: string; readonly renewAtMs: number; readonly catalog: unknown };

/** How long before its end our token is renewed, at most: a fifth of its life if that is less. */
const RENEW_EARLY_MS = 120_000;

/** The Identity API's URL, whichever way the operator wrote it. */
const identityUrl = (authUrl: string): string => {
  const url = authUrl.replace(/\/+$/, '');
  return url.endsWith('/v3') ? url : `${url}/v3`;
};

/** Makes a client; it asks nothing before it is used. */
export const createKeystoneClient = ({ account, exchange, now, onOutcome }: KeystoneClientOptions): KeystoneClient => {
  const url = identityUrl(account.authUrl);
  const tokensUrl = `${url}/auth/tokens`;
  let own: OwnToken | null = null;
  let asking: Promise<OwnToken> | null = null;

  const told = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      const value = await call();
      onOutcome?.(null);
      return value;
    } catch (error) {
      if (error instanceof RemoteFault) onOutcome?.(error);
      throw error;
    }
  };
  const authenticate = async (): Promise<OwnToken> => {
    const answer = await exchange.send({ method: 'POST', url: tokensUrl, body: authBody(account) });
    own = readOwnToken(answer, account, { url: tokensUrl, nowMs: now() });
    return own;
  };
  const fresh = async (): Promise<OwnToken> => {
    if (own !== null && own.renewAtMs > now()) return own;
    asking ??= told(authenticate).finally(() => {
      asking = null;
    });
    return asking;
  };
  const forget = (token: string): void => {
    if (own?.token === token) own = null;
  };
  const ask = async (token: string, allowExpired: boolean): Promise<JsonAnswer> => {
    const query = allowExpired ? '?nocatalog&allow_expired=1' : '?nocatalog';
    const send = (mine: string): Promise<JsonAnswer> =>
      exchange.send({
        method: 'GET',
        url: `${tokensUrl}${query}`,
        headers: { 'x-auth-token': mine, 'x-subject-token': token, 'openstack-identity-access-rules': '1.0' },
      });
    const first = (await fresh()).token;
    const answer = await send(first);
    if (answer.status !== 401) return answer;
    forget(first);
    return send((await fresh()).token);
  };
  return {
    url,
    validate: (token, { allowExpired }) => told(async () => readValidation(await ask(token, allowExpired), tokensUrl)),
    ownToken: async () => (await fresh()).token,
    forget,
    endpointOf: async (wish) => findEndpoint((await fresh()).catalog, wish),
    probe: () =>
      told(async () => {
        await fresh();
        const { status } = await exchange.send({ method: 'GET', url });
        if (status !== 200) throw oddAnswer('look at Keystone', url, status);
      }),
  };
};

const authBody = (account: KeystoneAccount): unknown => ({
  auth: {
    identity: {
      methods: ['password'],
      password: { user: { name: account.username, domain: { name: account.userDomainName }, password: account.password } },
    },
    scope: { project: { name: account.projectName, domain: { name: account.projectDomainName } } },
  },
});

const readOwnToken = (
  { status, headers, body }: JsonAnswer,
  account: KeystoneAccount,
  { url, nowMs }: { readonly url: string; readonly nowMs: number },
): OwnToken => {
  const op = 'authenticate';
  if (status === 401) {
    const who = `${account.username} (domain ${account.userDomainName}) for the project ${account.projectName} (domain ${account.projectDomainName})`;
    throw new RemoteFault('credentials-refused', { op, subject: url, detail: `does not take this server's own user ${who}` });
  }
  const token = headers['x-subject-token'];
  const facts = readTokenFacts(body);
  if (status !== 201 || typeof token !== 'string' || facts === null) throw oddAnswer(op, url, status);
  // By Keystone's clock alone, so that ours may differ.
  const lifeMs = facts.expiresAtMs - facts.issuedAtMs;
  const { catalog } = (body as { readonly token: { readonly catalog?: unknown } }).token;
  return { token, renewAtMs: nowMs + lifeMs - Math.min(RENEW_EARLY_MS, lifeMs / 5), catalog };
};

/** 404 is Keystone's word for it; the others come from what stands before it when the text is too odd or too long for a header. */
const NOT_A_TOKEN: ReadonlySet<number> = new Set([400, 404, 413, 414, 431]);

const readValidation = ({ status, body }: JsonAnswer, url: string): TokenFacts | null => {
  const op = 'validate token';
  if (NOT_A_TOKEN.has(status)) return null;
  if (status === 401)
    throw new RemoteFault('credentials-refused', { op, subject: url, detail: "refuses this server's own token, even a new one" });
  if (status === 403) {
    throw new RemoteFault('not-allowed', {
      op,
      subject: url,
      detail: "does not let this server's own user check tokens: give it the role `service` or `admin`",
    });
  }
  const facts = status === 200 ? readTokenFacts(body) : null;
  if (facts === null) throw oddAnswer(op, url, status);
  return facts;
};

const oddAnswer = (op: string, subject: string, status: number): RemoteFault =>
  new RemoteFault(status >= 500 || status === 429 ? 'failing' : 'bad-answer', {
    op,
    subject,
    detail: `answered ${status}, which is of no use`,
  });

type Endpoint = { readonly interface?: unknown; readonly region_id?: unknown; readonly region?: unknown; readonly url?: unknown };

const findEndpoint = (catalog: unknown, wish: EndpointWish): string => {
  const services = (Array.isArray(catalog) ? catalog : []) as readonly {
    readonly type?: unknown;
    readonly endpoints?: readonly Endpoint[];
  }[];
  const found = services
    .filter((service) => service.type === wish.type)
    .flatMap((service) => service.endpoints ?? [])
    .find(
      (endpoint) =>
        endpoint.interface === wish.interface &&
        (wish.region === null || endpoint.region_id === wish.region || endpoint.region === wish.region) &&
        typeof endpoint.url === 'string',
    );
  if (found !== undefined) return String(found.url).replace(/\/+$/, '');
  const where = wish.region === null ? '' : ` in the region ${wish.region}`;
  throw new RemoteFault('no-endpoint', {
    op: 'look up an endpoint',
    subject: wish.type,
    detail: `has no ${wish.interface} endpoint${where} in Keystone's catalogue`,
  });
};
