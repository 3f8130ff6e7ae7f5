/** On whose behalf a command runs: what Keystone says of a token, or what `auth: none` stands in for. */
export type Actor = {
  readonly user_id: string | null;
  /** The project the token is scoped to; null for system or domain scope, or none. */
  readonly project_id: string | null;
  /** The domain the token is scoped to; null for project or system scope, or none. */
  readonly domain_id: string | null;
  /** `all` for a token that is scoped to the whole deployment; absent or null for any other. */
  readonly system_scope?: 'all' | null;
  /** Keystone role names as the token lists them, implied roles included, in lower case: role names do not differ by case. */
  readonly roles: readonly string[];
  /** May act for every project: what the policy's rule `context_is_admin` says. */
  readonly is_admin: boolean;
  readonly user_name?: string | null;
  readonly user_domain_id?: string | null;
  readonly project_name?: string | null;
  readonly project_domain_id?: string | null;
  /** The roles of the service that passes a user's request on (`X-Service-Token`), in lower case; absent: no service did. */
  readonly service_roles?: readonly string[];
};

/**
 * The server itself: what it does of its own accord (statuses that hosts report, agents that it hears of) no policy is asked about.
 * Known by being this very value, which no token becomes.
 */
export const SERVER_ACTOR: Actor = Object.freeze({ user_id: null, project_id: null, domain_id: null, roles: [], is_admin: true });

/** Neutron's own services and Nova act with this role; they may bind ports of any project. */
export const SERVICE_ROLE = 'service';
