import type { Actor } from '@manx/model';
import type { Authenticator, RequestHeaders } from './authenticator.js';

/** The project of a request that names none under `auth: none`. */
export const DEFAULT_PROJECT = 'admin';

/** A token that carries a project under `auth: none`: `X-Auth-Token: project:blue` (the openstack client's `OS_TOKEN`). */
const PROJECT_TOKEN = 'project:';

/** What Keystone allows in an id, and a log line can carry. */
const ID = /^[\x21-\x7e]{1,255}$/;

const headerOf = (headers: RequestHeaders, name: string): string | null => {
  const value = headers[name];
  const text = typeof value === 'string' ? value : value?.[0];
  return text !== undefined && ID.test(text) ? text : null;
};

/** What each role of Keystone's brings with it; the next one does in turn. */
const IMPLIED: Readonly<Record<string, string>> = { admin: 'manager', manager: 'member', member: 'reader' };

/** The roles with those they imply, as Keystone lists them in a token. */
const withImplied = (roles: readonly string[]): readonly string[] => {
  const all = new Set(roles);
  for (const role of all) if (Object.hasOwn(IMPLIED, role)) all.add(IMPLIED[role] ?? role);
  return [...all];
};

/**
 * `auth: none`: whoever reaches the socket has every right, as Neutron's `noauth` strategy. The headers that Keystone's middleware
 * would set are believed: `X-Project-Id` (or a token `project:ID`; else `admin`), `X-User-Id`, and `X-Roles`, which takes the
 * rights of an administrator away when it does not list `admin`. So a lab can play several projects and roles.
 */
export const createNoAuthenticator = (): Authenticator => {
  // What the policy said of an actor is kept with it: who asks again is the same one.
  const known = new Map<string, Actor>();
  return {
    authenticate: (headers) => {
      const key = NAMES.map((name) => headerOf(headers, name) ?? '').join(' ');
      const actor = known.get(key) ?? actorOf(headers);
      if (known.size < KNOWN_LIMIT) known.set(key, actor);
      return actor;
    },
  };
};

const NAMES = ['x-auth-token', 'x-project-id', 'x-user-id', 'x-roles'] as const;
/** Actors remembered at most: whoever makes up more is served without. */
const KNOWN_LIMIT = 1_000;

const actorOf = (headers: RequestHeaders): Actor => {
  const token = headerOf(headers, 'x-auth-token');
  const tokenProject = token?.startsWith(PROJECT_TOKEN) && token.length > PROJECT_TOKEN.length ? token.slice(PROJECT_TOKEN.length) : null;
  const given = headerOf(headers, 'x-roles');
  const roles = withImplied(
    given === null
      ? ['admin']
      : given
          .split(',')
          .map((role) => role.trim().toLowerCase())
          .filter((role) => role !== ''),
  );
  return {
    user_id: headerOf(headers, 'x-user-id') ?? 'admin',
    project_id: headerOf(headers, 'x-project-id') ?? tokenProject ?? DEFAULT_PROJECT,
    domain_id: null,
    roles,
    is_admin: roles.includes('admin'),
  };
};
