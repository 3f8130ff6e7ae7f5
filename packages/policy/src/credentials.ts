/**
 * Whom a rule judges, by the names that rules use. What is null or left out matches nothing, not even a target without a value.
 * The same person should be handed in as the same object: what a rule says of somebody is kept with it.
 */
export type Credentials = {
  /** Role names, implied roles included; compared without regard to case. */
  readonly roles: readonly string[];
  readonly user_id: string | null;
  readonly project_id: string | null;
  /** The domain that the token is scoped to. */
  readonly domain_id: string | null;
  /** `all` for a token of system scope. */
  readonly system_scope?: string | null;
  readonly is_admin: boolean;
  readonly user_name?: string | null;
  readonly user_domain_id?: string | null;
  readonly project_name?: string | null;
  readonly project_domain_id?: string | null;
  /** Roles of the service that passes the request on. */
  readonly service_roles?: readonly string[];
};

/** Every name that may stand left of the colon, and what it says of somebody; a rule that asks for anything else is refused. */
export const CREDENTIALS: { readonly [name: string]: (credentials: Credentials) => unknown } = {
  roles: (credentials) => credentials.roles,
  service_roles: (credentials) => credentials.service_roles ?? [],
  user_id: (credentials) => credentials.user_id,
  user: (credentials) => credentials.user_id,
  user_name: (credentials) => credentials.user_name,
  user_domain_id: (credentials) => credentials.user_domain_id,
  project_id: (credentials) => credentials.project_id,
  tenant_id: (credentials) => credentials.project_id,
  tenant: (credentials) => credentials.project_id,
  project_name: (credentials) => credentials.project_name,
  project_domain_id: (credentials) => credentials.project_domain_id,
  domain_id: (credentials) => credentials.domain_id,
  system_scope: (credentials) => credentials.system_scope,
  is_admin: (credentials) => credentials.is_admin,
  is_admin_project: () => true,
};

/** What a token is good for: a project, a domain, or the whole system. */
export function scopeOf(credentials: Credentials): 'project' | 'domain' | 'system' {
  if ((credentials.system_scope ?? null) !== null) return 'system';
  return credentials.domain_id !== null && credentials.project_id === null ? 'domain' : 'project';
}
