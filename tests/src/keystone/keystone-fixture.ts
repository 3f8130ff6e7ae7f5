import { randomBytes } from 'node:crypto';
import { type KeystoneProcess, type KeystoneProcessOptions, startKeystoneProcess } from './keystone-process.js';

/** The roles that every deployment has; `admin` implies `manager`, that `member`, that `reader`. */
export const ROLES = ['admin', 'manager', 'member', 'reader', 'service'] as const;
/** One of them. */
export type RoleName = (typeof ROLES)[number];

/** A project of the domain `Default`. */
export type KeystoneProject = { readonly id: string; readonly name: string };
/** A user of the domain `Default`. */
export type KeystoneUser = { readonly id: string; readonly name: string; readonly password: string };
/** What a token is for. */
export type TokenScope = { readonly project: string } | { readonly domain: string } | { readonly system: 'all' } | { readonly none: true };

/** A Keystone for one test run, with what tests make in it. Ids where the type says id; names are unique by themselves. */
export type KeystoneFixture = {
  /** `http://127.0.0.1:PORT/v3`. */
  readonly url: string;
  readonly process: KeystoneProcess;
  /** The administrator, with the role `admin` in `adminProject`, in the domain `default` and in the system. */
  readonly admin: KeystoneUser;
  readonly adminProject: KeystoneProject;
  /** This server's own user, with the role `service` alone, in the project `service`. */
  readonly server: KeystoneUser;
  readonly serviceProject: KeystoneProject;
  /** A call of the Identity API as the administrator: `call('GET', '/users')`. Throws when it is refused. */
  readonly call: (method: string, path: string, body?: unknown) => Promise<Readonly<Record<string, never>>>;
  readonly makeProject: (name: string) => Promise<KeystoneProject>;
  readonly makeUser: (name: string) => Promise<KeystoneUser>;
  /** Gives a role by id in a scope. */
  readonly assign: (user: { readonly id: string }, role: RoleName, scope: TokenScope) => Promise<void>;
  readonly unassign: (user: { readonly id: string }, role: RoleName, scope: TokenScope) => Promise<void>;
  /** A user with one role in a project, and a token for that. */
  readonly member: (project: KeystoneProject, role: RoleName) => Promise<{ readonly user: KeystoneUser; readonly token: string }>;
  readonly token: (user: KeystoneUser, scope: TokenScope) => Promise<string>;
  readonly revoke: (token: string) => Promise<void>;
  /** Sets the three endpoints of a service in the region `RegionOne`, in place of those that there were. */
  readonly setEndpoint: (type: string, url: string) => Promise<void>;
  /** What `openstack` and Tempest read: nothing else of OpenStack's need be in the environment. */
  readonly openrc: (user: KeystoneUser, scope: TokenScope) => Readonly<Record<string, string>>;
  /** The `auth` line of `server.yaml`; `extra` is more keys, such as `token_cache_seconds: 1`. */
  readonly authLine: (extra?: string) => string;
  readonly end: () => Promise<void>;
};

/** Starts Debian's Keystone and makes the roles, the implications and the server's own user. The test ends it. */
export const startKeystone = async (options: KeystoneProcessOptions = {}): Promise<KeystoneFixture> => {
  const keystone = await startKeystoneProcess(options);
  try {
    return await furnish(keystone);
  } catch (error) {
    await keystone.end();
    throw error;
  }
};

type Json = Readonly<Record<string, never>>;

type Sent = { readonly token?: string; readonly subject?: string; readonly body?: unknown };

const send = async (url: string, method: string, { token, subject, body }: Sent): Promise<Response> => {
  const response = await fetch(url, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { 'x-auth-token': token }),
      ...(subject === undefined ? {} : { 'x-subject-token': subject }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`keystone: ${method} ${url}: ${response.status} ${await response.text()}`);
  return response;
};

const scopeBody = (scope: TokenScope): unknown => {
  if ('project' in scope) return { project: { id: scope.project } };
  if ('domain' in scope) return { domain: { id: scope.domain } };
  return 'system' in scope ? { system: { all: true } } : 'unscoped';
};

const makeToken = async (url: string, { id, password }: { id: string; password: string }, scope: unknown): Promise<string> => {
  const identity = { methods: ['password'], password: { user: { id, password } } };
  const response = await send(`${url}/auth/tokens`, 'POST', { body: { auth: { identity, scope } } });
  await response.arrayBuffer();
  return response.headers.get('x-subject-token') ?? '';
};

/** The first token is had by names; with it the ids are. */
const administrator = async (url: string, password: string): Promise<{ token: string; admin: KeystoneUser; project: KeystoneProject }> => {
  const user = { name: 'admin', domain: { id: 'default' }, password };
  const scope = { project: { name: 'admin', domain: { id: 'default' } } };
  const body = { auth: { identity: { methods: ['password'], password: { user } }, scope } };
  const response = await send(`${url}/auth/tokens`, 'POST', { body });
  const { token } = (await response.json()) as { token: { user: { id: string }; project: KeystoneProject } };
  return {
    token: response.headers.get('x-subject-token') ?? '',
    admin: { id: token.user.id, name: 'admin', password },
    project: { id: token.project.id, name: 'admin' },
  };
};

const furnish = async (keystone: KeystoneProcess): Promise<KeystoneFixture> => {
  const { url } = keystone;
  const root = await administrator(url, keystone.adminPassword);
  let adminToken = { token: root.token, at: Date.now() };
  const call: KeystoneFixture['call'] = async (method, path, body) => {
    // Tokens of some tests live for seconds.
    if (Date.now() - adminToken.at > 2_000) {
      adminToken = { token: await makeToken(url, root.admin, { project: { id: root.project.id } }), at: Date.now() };
    }
    const text = await (await send(`${url}${path}`, method, { token: adminToken.token, body })).text();
    return (text === '' ? {} : JSON.parse(text)) as Json;
  };
  const roles = await makeRoles(call);
  const grant = (user: { readonly id: string }, role: RoleName, scope: TokenScope): string => {
    const where = 'project' in scope ? `/projects/${scope.project}` : 'domain' in scope ? `/domains/${scope.domain}` : '/system';
    return `${where}/users/${user.id}/roles/${roles[role]}`;
  };
  const assign: KeystoneFixture['assign'] = async (user, role, scope) => void (await call('PUT', grant(user, role, scope)));
  const makeProject: KeystoneFixture['makeProject'] = async (name) => {
    const { project } = (await call('POST', '/projects', { project: { name, domain_id: 'default' } })) as unknown as {
      project: KeystoneProject;
    };
    return { id: project.id, name };
  };
  const makeUser: KeystoneFixture['makeUser'] = async (name) => {
    const password = randomBytes(12).toString('hex');
    const body = { user: { name, password, domain_id: 'default' } };
    const { user } = (await call('POST', '/users', body)) as unknown as { user: { id: string } };
    return { id: user.id, name, password };
  };
  const token: KeystoneFixture['token'] = (user, scope) => makeToken(url, user, scopeBody(scope));
  const serviceProject = await makeProject('service');
  const server = await makeUser('neutron');
  await assign(server, 'service', { project: serviceProject.id });
  await assign(root.admin, 'admin', { domain: 'default' });
  let made = 0;
  return {
    url,
    process: keystone,
    admin: root.admin,
    adminProject: root.project,
    server,
    serviceProject,
    call,
    makeProject,
    makeUser,
    assign,
    unassign: async (user, role, scope) => void (await call('DELETE', grant(user, role, scope))),
    member: async (project, role) => {
      made += 1;
      const user = await makeUser(`${project.name}-${role}-${made}`);
      await assign(user, role, { project: project.id });
      return { user, token: await token(user, { project: project.id }) };
    },
    token,
    revoke: async (revoked) => {
      await send(`${url}/auth/tokens`, 'DELETE', { token: await token(root.admin, { project: root.project.id }), subject: revoked });
    },
    setEndpoint: (type, endpoint) => setEndpoint(call, type, endpoint),
    openrc: (user, scope) => openrcOf(url, user, scope),
    authLine: (extra = '') =>
      `auth: {kind: keystone, auth_url: "${url}", username: ${server.name}, password: "${server.password}", project_name: ${serviceProject.name}, user_domain_name: Default, project_domain_name: Default${extra === '' ? '' : `, ${extra}`}}`,
    end: keystone.end,
  };
};

const MISSING_IMPLICATIONS: readonly (readonly [RoleName, RoleName])[] = [
  ['admin', 'manager'],
  ['manager', 'member'],
];

const makeRoles = async (call: KeystoneFixture['call']): Promise<Readonly<Record<RoleName, string>>> => {
  const { roles } = (await call('GET', '/roles')) as unknown as { roles: readonly { id: string; name: string }[] };
  const ids = new Map(roles.map(({ id, name }) => [name, id]));
  for (const name of ROLES) {
    if (ids.has(name)) continue;
    const { role } = (await call('POST', '/roles', { role: { name } })) as unknown as { role: { id: string } };
    ids.set(name, role.id);
  }
  // What newer Keystones make themselves: bootstrap of this one knows no manager.
  for (const [prior, implied] of MISSING_IMPLICATIONS) await call('PUT', `/roles/${ids.get(prior)}/implies/${ids.get(implied)}`);
  return Object.fromEntries(ids) as Record<RoleName, string>;
};

const SERVICE_NAMES: Readonly<Record<string, string>> = { network: 'neutron', compute: 'nova', identity: 'keystone' };

const setEndpoint = async (call: KeystoneFixture['call'], type: string, url: string): Promise<void> => {
  const { services } = (await call('GET', `/services?type=${type}`)) as unknown as { services: readonly { id: string }[] };
  for (const { id } of services) await call('DELETE', `/services/${id}`);
  const body = { service: { type, name: SERVICE_NAMES[type] ?? type } };
  const { service } = (await call('POST', '/services', body)) as unknown as { service: { id: string } };
  for (const name of ['public', 'internal', 'admin']) {
    await call('POST', '/endpoints', { endpoint: { service_id: service.id, interface: name, region_id: 'RegionOne', url } });
  }
};

const openrcOf = (url: string, user: KeystoneUser, scope: TokenScope): Readonly<Record<string, string>> => ({
  OS_AUTH_TYPE: 'password',
  OS_AUTH_URL: url,
  OS_IDENTITY_API_VERSION: '3',
  OS_REGION_NAME: 'RegionOne',
  OS_USERNAME: user.name,
  OS_USER_DOMAIN_ID: 'default',
  OS_PASSWORD: user.password,
  ...('project' in scope ? { OS_PROJECT_ID: scope.project } : {}),
  ...('domain' in scope ? { OS_DOMAIN_ID: scope.domain } : {}),
  ...('system' in scope ? { OS_SYSTEM_SCOPE: 'all' } : {}),
});
