import { type Attributes, isPrivileged, isProblem, type Problem, problem, type Resource, type ResourceKind, type State } from '@manx/model';
import { mayChange, mayCreate } from './authority.js';
import type { Admitted, Command, Context, Request } from './command.js';
import { ensureDefaultGroup } from './default-group.js';
import { createNetwork, deleteNetwork, updateNetwork } from './network.js';
import { createPort, deletePort, updatePort } from './port.js';
import { reportStatuses } from './report.js';
import { createSecurityGroup, deleteSecurityGroup, updateSecurityGroup } from './security-group.js';
import { checkRuleBulk, createSecurityGroupRule, deleteSecurityGroupRule, updateSecurityGroupRule } from './security-group-rule.js';
import { createSubnet, deleteSubnet, updateSubnet } from './subnet.js';
import { Work } from './work.js';

/**
 * Decides a command against the state: what it changes, or why not. The state is as before when this returns; whoever commits
 * applies the changes. Nothing of a refused command takes effect. Costs what the command touches, whatever the size of the state.
 */
export function admit(state: State, request: Request, context: Context): Admitted | Problem {
  const work = new Work(state, request.actor, context);
  try {
    const ids = COMMANDS[request.command.op](work, request.command as never);
    return isProblem(ids) ? ids : { changes: work.changes, ids };
  } finally {
    work.rollBack();
  }
}

/** What can be done to resources of one kind: the attributes were decoded by the model's declaration of that same kind. */
type KindRules = {
  readonly create: (work: Work, draft: never) => Resource | Problem;
  readonly update: (work: Work, resource: never, values: never) => Resource | Problem;
  readonly remove: (work: Work, resource: never) => Problem | null;
};

/** A file of rules for each kind. */
const RULES: { readonly [K in ResourceKind]: KindRules } = {
  network: { create: createNetwork, update: updateNetwork, remove: deleteNetwork },
  subnet: { create: createSubnet, update: updateSubnet, remove: deleteSubnet },
  port: { create: createPort, update: updatePort, remove: deletePort },
  security_group: { create: createSecurityGroup, update: updateSecurityGroup, remove: deleteSecurityGroup },
  security_group_rule: { create: createSecurityGroupRule, update: updateSecurityGroupRule, remove: deleteSecurityGroupRule },
};

/** What each command does; the answer is the ids asked for. */
const COMMANDS: { readonly [O in Command['op']]: (work: Work, command: Extract<Command, { op: O }>) => readonly string[] | Problem } = {
  create: createAll,
  update: (work, { kind, id, values, if_match }) => {
    const refused = mayChange(work.state, work.actor, { kind, id, op: 'update' }) ?? checkRevision(work, { kind, id, if_match });
    const updated = refused ?? RULES[kind].update(work, work.state.get(kind, id) as never, values as never);
    return isProblem(updated) ? updated : [id];
  },
  delete: (work, { kind, id, if_match }) => {
    const refused = mayChange(work.state, work.actor, { kind, id, op: 'delete' }) ?? checkRevision(work, { kind, id, if_match });
    return refused ?? RULES[kind].remove(work, work.state.get(kind, id) as never) ?? [id];
  },
  ensure_default_group: (work, { project_id }) => {
    // Whoever lists another project's groups has not thereby begun to use that project.
    if (!isPrivileged(work.actor) && work.actor.project_id !== project_id) return [];
    return [ensureDefaultGroup(work, project_id).id];
  },
  report: (work, { host, statuses }) => reportStatuses(work, host, statuses),
};

function createAll(
  work: Work,
  { kind, items }: { readonly kind: ResourceKind; readonly items: readonly Attributes[] },
): string[] | Problem {
  const refused = mayCreate(work.actor, kind) ?? (kind === 'security_group_rule' ? checkRuleBulk(items as never) : null);
  if (refused !== null) return refused;
  const ids: string[] = [];
  for (const item of items) {
    const created = RULES[kind].create(work, item as never);
    if (isProblem(created)) return created;
    ids.push(created.id);
  }
  return ids;
}

type Condition = { readonly kind: ResourceKind; readonly id: string; readonly if_match: number | null };

/** `If-Match`: the change was made with a revision in mind. */
function checkRevision(work: Work, { kind, id, if_match }: Condition): Problem | null {
  const current = work.state.get(kind, id)?.revision_number ?? 0;
  return if_match === null || if_match === current ? null : problem('RevisionNumberConstraintFailed', { expected: if_match, current });
}
