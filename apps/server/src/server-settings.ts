import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parseIp } from '@manx/ip';
import { DEFAULT_DNS_DOMAIN, dnsDomain } from '@manx/model';
import { placeOf, readSettings, SettingsFault, type SettingsProblem, type TextFormats } from '@manx/settings';
import { type Static, Type } from 'typebox';

const exact = { additionalProperties: false } as const;

const formats: TextFormats = {
  'ip-address': { check: (text) => parseIp(text) !== null, says: 'an IP address such as 127.0.0.1 or ::1' },
  'dns-domain': { check: isDnsDomain, says: 'a domain such as cloud.example.org, or nothing' },
  'http-url': { check: isHttpUrl, says: 'an http or https URL without a name, password, query or fragment in it' },
};

/** With or without a dot at the end, as in Neutron; empty: names are bare. */
function isDnsDomain(text: string): boolean {
  return 'value' in dnsDomain.read(text === '' || text.endsWith('.') ? text : `${text}.`);
}

/** A name and password in a URL would go wherever the URL goes. */
function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && username === '' && password === '' && search === '' && hash === '';
}

const port = Type.Integer({ minimum: 0, maximum: 65535, description: '0: any free port' });
const socket = Type.Object({ address: Type.String({ format: 'ip-address' }), port }, exact);
const inherited = Type.Object(
  { fd: Type.Integer({ minimum: 3, description: 'a listening socket that the parent process opened' }) },
  exact,
);

const endpointInterface = Type.Union(['public', 'internal', 'admin'].map((name) => Type.Literal(name)));
const keystone = Type.Object(
  {
    kind: Type.Literal('keystone'),
    auth_url: Type.String({ format: 'http-url' }),
    username: Type.String({ minLength: 1 }),
    password: Type.Optional(Type.String({ minLength: 1 })),
    password_file: Type.Optional(Type.String({ minLength: 1, description: 'in place of password' })),
    project_name: Type.String({ minLength: 1 }),
    user_domain_name: Type.String({ minLength: 1 }),
    project_domain_name: Type.String({ minLength: 1 }),
    token_cache_seconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 3600, description: '300 unless told' })),
    www_authenticate_uri: Type.Optional(Type.String({ format: 'http-url', description: 'auth_url unless told' })),
    region_name: Type.Optional(Type.String({ minLength: 1 })),
    interface: Type.Optional(endpointInterface),
    cafile: Type.Optional(Type.String({ minLength: 1 })),
  },
  exact,
);
const nova = Type.Object(
  {
    notify: Type.Optional(Type.Boolean({ description: 'true with auth: keystone unless told' })),
    endpoint: Type.Optional(Type.String({ format: 'http-url', description: 'in place of the catalogue’s' })),
    region_name: Type.Optional(Type.String({ minLength: 1 })),
    interface: Type.Optional(endpointInterface),
  },
  exact,
);

const limit = Type.Optional(Type.Integer({ minimum: -1, maximum: 0x7f_ff_ff_ff, description: '-1: no limit' }));
const quotas = Type.Object(
  {
    floatingip: limit,
    network: limit,
    port: limit,
    rbac_policy: limit,
    router: limit,
    security_group: limit,
    security_group_rule: limit,
    subnet: limit,
    subnetpool: limit,
  },
  exact,
);

/** The schema of `server.yaml`. */
const SERVER_SETTINGS = Type.Object(
  {
    listen: Type.Object(
      {
        api: Type.Union([socket, inherited]),
        feed: Type.Union([socket, inherited]),
        metrics: Type.Optional(Type.Union([socket, inherited])),
      },
      exact,
    ),
    auth: Type.Union([Type.Object({ kind: Type.Literal('none') }, exact), keystone]),
    store: Type.Union([
      Type.Object({ kind: Type.Literal('sqlite'), path: Type.String({ minLength: 1 }) }, exact),
      Type.Object({ kind: Type.Literal('memory') }, exact),
    ]),
    agents: Type.Object({ secret_file: Type.String({ minLength: 1, description: 'what the agents’ tokens are made from' }) }, exact),
    address_space: Type.Object(
      { overlapping_subnets: Type.Union([Type.Literal('refuse'), Type.Literal('allow')], { default: 'refuse' }) },
      { ...exact, default: {} },
    ),
    nova: Type.Optional(nova),
    policy: Type.Optional(
      Type.Object(
        { file: Type.String({ minLength: 1, description: 'rules in place of the default policy’s, as oslo.policy writes them' }) },
        exact,
      ),
    ),
    quotas: Type.Optional(quotas),
    max_allowed_address_pair: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 65_536, description: 'the most address pairs of a port; 10, as in Neutron, unless told' }),
    ),
    dns_domain: Type.String({ format: 'dns-domain', default: DEFAULT_DNS_DOMAIN, description: 'of names whose port and network say none' }),
    mtu: Type.Integer({ minimum: 1280, maximum: 65535, default: 1500 }),
    log: Type.Object(
      {
        level: Type.Union(
          ['debug', 'info', 'warn', 'error', 'silent'].map((level) => Type.Literal(level)),
          { default: 'info' },
        ),
      },
      { ...exact, default: {} },
    ),
  },
  exact,
);

/** What an operator writes into `server.yaml`, defaults filled in, paths absolute. */
export type ServerSettings = Static<typeof SERVER_SETTINGS>;

/** The settings of `auth: {kind: keystone}`. */
export type KeystoneSettings = Extract<ServerSettings['auth'], { kind: 'keystone' }>;

/** Where a listener listens: an address and port of our own, or a listening socket inherited from the parent process. */
export type Listen = ServerSettings['listen']['api'];

/** Reads `server.yaml`. Relative paths in it are relative to its folder. Throws SettingsFault with file, line and column. */
export const readServerSettings = async (path: string): Promise<ServerSettings> => {
  const settings = await readSettings(path, SERVER_SETTINGS, formats);
  const folder = dirname(resolve(path));
  const { auth, store, agents, policy } = settings;
  const mistakes = [...keystoneMistakes(settings)];
  if (mistakes.length > 0) {
    const text = await readFile(path, 'utf8');
    const problems = mistakes.map(
      ({ at, detail }): SettingsProblem => ({ code: 'bad-value', file: path, ...placeOf(text, at), subject: at.join('.'), detail }),
    );
    throw new SettingsFault(path, problems);
  }
  return {
    ...settings,
    dns_domain: settings.dns_domain.toLowerCase().replace(/\.?$/, settings.dns_domain === '' ? '' : '.'),
    auth: auth.kind === 'keystone' ? withPaths(auth, folder) : auth,
    store: store.kind === 'sqlite' ? { ...store, path: resolve(folder, store.path) } : store,
    agents: { secret_file: resolve(folder, agents.secret_file) },
    ...(policy === undefined ? {} : { policy: { file: resolve(folder, policy.file) } }),
  };
};

/** Paths in it made absolute. */
const withPaths = (auth: KeystoneSettings, folder: string): KeystoneSettings => ({
  ...auth,
  ...(auth.password_file === undefined ? {} : { password_file: resolve(folder, auth.password_file) }),
  ...(auth.cafile === undefined ? {} : { cafile: resolve(folder, auth.cafile) }),
});

/** What the schema cannot say: which keys go together. */
function* keystoneMistakes({ auth, nova: events }: ServerSettings): Generator<{ readonly at: readonly string[]; readonly detail: string }> {
  if (auth.kind === 'none') {
    if (events?.notify === true)
      yield { at: ['nova', 'notify'], detail: 'needs auth: {kind: keystone}: without it there is no token for Nova' };
    return;
  }
  if (auth.password === undefined && auth.password_file === undefined)
    yield { at: ['auth'], detail: 'password or password_file is missing' };
  if (auth.password !== undefined && auth.password_file !== undefined) {
    yield { at: ['auth', 'password_file'], detail: 'there is a password as well: only one of the two can be meant' };
  }
}
