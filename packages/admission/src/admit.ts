import { type Attributes, isProblem, type Problem, problem, type ResourceKind, type State } from '@manx/model';
import { ACCESS_ACTION_RULES, ACCESS_RULES } from './access/access-rules.js';
import { checkQuota, checkQuotaOfMade } from './access/check-quota.js';
import { ensureDefaultRules } from './access/default-rules.js';
import { removeQuota, setQuota } from './access/quota.js';
import { changeTags } from './access/tags.js';
import { ADDRESSING_ACTION_RULES, ADDRESSING_RULES } from './addressing/addressing-rules.js';
import { allocateTopology, checkTopology, removeTopology } from './addressing/topology.js';
import { mayAct, mayCreate, mayDelete, maySeeOf, mayUpdate } from './authority.js';
import { reportClaims } from './claims.js';
import type { Admitted, Command, Context, Request } from './command.js';
import { ensureDefaultGroup } from './default-group.js';
import { createNetwork, deleteNetwork, updateNetwork } from './network.js';
import { OPERATIONS_ACTION_RULES, OPERATIONS_RULES } from './operations/operations-rules.js';
import { createPort, deletePort, updatePort } from './port.js';
import { QOS_ACTION_RULES, QOS_RULES } from './qos/qos-rules.js';
import { reportStatuses } from './report.js';
import { ROUTING_ACTION_RULES, ROUTING_RULES } from './routing/routing-rules.js';
import type { ActionResult, ActionRules, KindRules } from './rules.js';
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
    const outcome = COMMANDS[request.command.op](work, request.command as never);
    if (isProblem(outcome)) return outcome;
    return 'ids' in outcome ? { changes: work.changes, ...outcome } : { changes: work.changes, ids: outcome, answer: null };
  } finally {
    work.rollBack();
  }
}

/** A file of rules for each kind. */
const RULES: { readonly [K in ResourceKind]: KindRules } = {
  network: { create: createNetwork, update: updateNetwork, remove: deleteNetwork },
  subnet: { create: createSubnet, update: updateSubnet, remove: deleteSubnet },
  port: { create: createPort, update: updatePort, remove: deletePort },
  security_group: { create: createSecurityGroup, update: updateSecurityGroup, remove: deleteSecurityGroup },
  security_group_rule: { create: createSecurityGroupRule, update: updateSecurityGroupRule, remove: deleteSecurityGroupRule },
  ...ADDRESSING_RULES,
  ...ROUTING_RULES,
  ...QOS_RULES,
  ...ACCESS_RULES,
  ...OPERATIONS_RULES,
};

/** A rule for each action of `ACTIONS`. */
const ACTION_RULES: ActionRules = {
  ...ADDRESSING_ACTION_RULES,
  ...ROUTING_ACTION_RULES,
  ...QOS_ACTION_RULES,
  ...ACCESS_ACTION_RULES,
  ...OPERATIONS_ACTION_RULES,
};

/** What a command came to: the ids asked for, and what answers an action. */
type Outcome = readonly string[] | (ActionResult & { readonly ids: readonly string[] });

/** What each command does. */
const COMMANDS: { readonly [O in Command['op']]: (work: Work, command: Extract<Command, { op: O }>) => Outcome | Problem } = {
  create: createAll,
  update: (work, { kind, id, values, if_match }) => {
    const refused = mayUpdate(work, { kind, id, values }) ?? checkRevision(work, { kind, id, if_match });
    const updated = refused ?? RULES[kind].update(work, work.state.get(kind, id) as never, values as never);
    return isProblem(updated) ? updated : [id];
  },
  delete: (work, { kind, id, if_match }) => {
    const refused = mayDelete(work, { kind, id }) ?? checkRevision(work, { kind, id, if_match });
    return refused ?? RULES[kind].remove(work, work.state.get(kind, id) as never) ?? [id];
  },
  act: (work, { action, kind, id, values, if_match }) => {
    const refused = mayAct(work, { kind, id, action }) ?? checkRevision(work, { kind, id, if_match });
    const rule = Object.hasOwn(ACTION_RULES, action) ? ACTION_RULES[action] : undefined;
    if (refused !== null || rule === undefined) return refused ?? problem('HTTPNotFound', {});
    const acted = rule(work, work.state.get(kind, id) as never, values);
    if (isProblem(acted)) return acted;
    return checkQuotaOfMade(work) ?? { ids: [id], ...acted };
  },
  ensure_default_group: (work, { project_id }) => {
    // Whoever lists another project's groups has not thereby begun to use that project.
    if (work.actor.project_id !== project_id && !maySeeOf(work, 'security_group', project_id)) return [];
    return [ensureDefaultGroup(work, project_id).id];
  },
  ensure_default_rules: (work) => {
    ensureDefaultRules(work);
    return [];
  },
  tag: (work, { kind, id, change }) => changeTags(work, { kind, id }, change),
  allocate_topology: (work, { project_id, dry_run }) =>
    dry_run ? (checkTopology(work, project_id) ?? []) : allocateTopology(work, project_id),
  remove_topology: (work, { project_id }) => removeTopology(work, project_id),
  set_quota: (work, { project_id, update }) => setQuota(work, project_id, update),
  remove_quota: (work, { project_id }) => removeQuota(work, project_id),
  report: (work, { host, statuses }) => reportStatuses(work, host, statuses),
  report_claims: (work, { host, ports, claims }) => reportClaims(work, host, { ports, claims }),
};

function createAll(
  work: Work,
  { kind, items }: { readonly kind: ResourceKind; readonly items: readonly Attributes[] },
): string[] | Problem {
  for (const item of items) {
    const refused = mayCreate(work, kind, item);
    if (refused !== null) return refused;
  }
  const unfit = kind === 'security_group_rule' ? checkRuleBulk(items as never) : null;
  if (unfit !== null) return unfit;
  const ids: string[] = [];
  for (const item of items) {
    const created = RULES[kind].create(work, item as never);
    if (isProblem(created)) return created;
    ids.push(created.id);
  }
  const over = checkQuota(work, kind, ids);
  if (over !== null) return over;
  return ids;
}

type Condition = { readonly kind: ResourceKind; readonly id: string; readonly if_match: number | null };

/** `If-Match`: the change was made with a revision in mind. */
function checkRevision(work: Work, { kind, id, if_match }: Condition): Problem | null {
  const current = work.state.get(kind, id)?.revision_number ?? 0;
  return if_match === null || if_match === current ? null : problem('RevisionNumberConstraintFailed', { expected: if_match, current });
}
