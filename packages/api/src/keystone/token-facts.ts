import type { Actor } from '@manx/model';

/** One thing that an application credential is allowed to do (Identity API v3, "access rules"). */
export type AccessRule = { readonly service: string; readonly method: string; readonly path: string };

/** What Keystone says of a token that it knows. */
export type TokenFacts = {
  /** The user and scope, as an actor. */
  readonly actor: Actor;
  /** Milliseconds since the epoch, by Keystone's clock. */
  readonly expiresAtMs: number;
  readonly issuedAtMs: number;
  /** What the token is restricted to; null: to nothing. */
  readonly accessRules: readonly AccessRule[] | null;
};

type Json = { readonly [key: string]: unknown };

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const inside = (value: unknown, key: string): unknown => (isObject(value) ? value[key] : undefined);
const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/**
 * Reads the answer of `GET /v3/auth/tokens` (Identity API v3, "Validate and show information for token"); null when it is not one.
 * Whoever has the `admin` role is an administrator in every scope, as Neutron's `context_is_admin` has it.
 */
export const readTokenFacts = (answer: unknown): TokenFacts | null => {
  const token = inside(answer, 'token');
  const user = inside(token, 'user');
  const userId = textOf(inside(user, 'id'));
  const expiresAtMs = Date.parse(textOf(inside(token, 'expires_at')) ?? '');
  const issuedAtMs = Date.parse(textOf(inside(token, 'issued_at')) ?? '');
  const roles = rolesOf(inside(token, 'roles'));
  const accessRules = accessRulesOf(inside(token, 'application_credential'));
  if (userId === null || Number.isNaN(expiresAtMs) || Number.isNaN(issuedAtMs) || roles === null || accessRules === undefined) return null;
  const project = inside(token, 'project');
  const actor: Actor = {
    user_id: userId,
    user_name: textOf(inside(user, 'name')),
    user_domain_id: textOf(inside(inside(user, 'domain'), 'id')),
    project_id: textOf(inside(project, 'id')),
    project_name: textOf(inside(project, 'name')),
    project_domain_id: textOf(inside(inside(project, 'domain'), 'id')),
    domain_id: textOf(inside(inside(token, 'domain'), 'id')),
    system_scope: inside(inside(token, 'system'), 'all') === true ? 'all' : null,
    roles,
    is_admin: roles.includes('admin'),
  };
  return { actor, expiresAtMs, issuedAtMs, accessRules };
};

/** Absent in a token without scope. */
const rolesOf = (value: unknown): readonly string[] | null => {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return null;
  const names = value.map((role: unknown) => textOf(inside(role, 'name')));
  return names.every((name) => name !== null) ? names.map((name) => name.toLowerCase()) : null;
};

/** undefined: there is something, and it cannot be read, so that nothing may be taken for allowed. */
const accessRulesOf = (credential: unknown): readonly AccessRule[] | null | undefined => {
  const rules = inside(credential, 'access_rules');
  if (rules === undefined || rules === null) return null;
  if (!Array.isArray(rules)) return undefined;
  const read = rules.map((rule: unknown) => ({
    service: textOf(inside(rule, 'service')),
    method: textOf(inside(rule, 'method')),
    path: textOf(inside(rule, 'path')),
  }));
  const isWhole = (rule: (typeof read)[number]): rule is AccessRule => rule.service !== null && rule.method !== null && rule.path !== null;
  return read.every(isWhole) ? read : undefined;
};
