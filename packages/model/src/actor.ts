/** On whose behalf a command runs: what Keystone says of a token, or what `auth: none` stands in for. */
export type Actor = {
  readonly user_id: string | null;
  /** The project the token is scoped to; null for system or domain scope, or none. */
  readonly project_id: string | null;
  readonly domain_id: string | null;
  /** Keystone role names, as the token lists them, implied roles included. */
  readonly roles: readonly string[];
  /** May act for every project. The room that authenticates decides it (`admin` role in the scope that its policy asks for). */
  readonly is_admin: boolean;
};

/** Neutron's own services and Nova act with this role; they may bind ports of any project. */
export const SERVICE_ROLE = 'service';

/** Whether the actor may see and change what belongs to any project. */
export function isPrivileged(actor: Actor): boolean {
  return actor.is_admin || actor.roles.includes(SERVICE_ROLE);
}

/** Whether the actor may change anything at all: a plain `reader` may not. */
export function canWrite(actor: Actor): boolean {
  return isPrivileged(actor) || actor.roles.includes('member') || actor.roles.includes('manager');
}
