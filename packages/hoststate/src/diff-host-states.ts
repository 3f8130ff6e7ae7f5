import { compareIds, KIND_ORDER, objectsOfKind } from './canonical-order.js';
import { diffRules } from './change-rules.js';
import type { AddressSet, HostDelta, HostObject, HostState, Policy } from './host-state.js';
import { diffMembers } from './sorted-members.js';

/** Whether the two objects say the same, whatever the order of their keys; equal references cost nothing. */
export function isSameObject(a: HostObject, b: HostObject): boolean {
  return isSameValue(a, b);
}

/** Compared where they are: to make text of both, for each port that is looked at again, is most of the work of a commit. */
function isSameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every(
    (name) => Object.hasOwn(b, name) && isSameValue((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]),
  );
}

/** Whether a delta changes nothing. */
export function isEmptyDelta(delta: HostDelta): boolean {
  return delta.deletes.length === 0 && delta.puts.length === 0 && delta.rules.length === 0 && delta.members.length === 0;
}

/**
 * The change that turns one state into another: `applyDelta(a, diffHostStates(a, b))` says the same as `b`. A policy that both have
 * becomes changes of rules, a set membership changes, anything else that differs a put. Puts, rules and members come in canonical order,
 * deletes in its reverse. Objects of equal reference are not looked into, so the cost of close relatives is small.
 */
export function diffHostStates(a: HostState, b: HostState): HostDelta {
  const deletes: { kind: HostObject['kind']; id: string }[] = [];
  const puts: HostObject[] = [];
  const rules: HostDelta['rules'][number][] = [];
  const members: HostDelta['members'][number][] = [];
  for (const kind of KIND_ORDER) {
    const before = objectsOfKind(a, kind);
    const after = objectsOfKind(b, kind);
    if (before === after) continue;
    for (const id of before.keys()) if (!after.has(id)) deletes.push({ kind, id });
    for (const [id, object] of after) {
      const old = before.get(id);
      if (old === undefined) puts.push(object);
      else if (old.kind === 'set' && object.kind === 'set') pushMembers(members, old, object);
      else if (old.kind === 'policy' && object.kind === 'policy' && haveSameFrame(old, object)) pushRules(rules, old, object);
      else if (!isSameObject(old, object)) puts.push(object);
    }
  }
  return {
    deletes: deletes.sort((x, y) => compareObjects(y, x)),
    puts: puts.sort(compareObjects),
    rules: rules.sort((x, y) => compareIds(x.policy, y.policy)),
    members: members.sort((x, y) => compareIds(x.set, y.set)),
  };
}

function pushMembers(members: HostDelta['members'][number][], before: AddressSet, after: AddressSet): void {
  if (before === after || before.members === after.members) return;
  const { add, remove } = diffMembers(before.members, after.members);
  if (add.length + remove.length > 0) members.push({ set: after.id, add, remove });
}

/** Whether two policies of one id differ in nothing but their rules, so that a change of rules makes one of the other. */
export function haveSameFrame(a: Policy, b: Policy): boolean {
  return a.isStateful === b.isStateful;
}

function pushRules(rules: HostDelta['rules'][number][], before: Policy, after: Policy): void {
  if (before === after || before.rules === after.rules) return;
  const { remove, add } = diffRules(before.rules, after.rules);
  if (remove.length + add.length > 0) rules.push({ policy: after.id, remove, add });
}

/** Canonical order: by kind, then by id. */
export function compareObjects(a: Pick<HostObject, 'kind' | 'id'>, b: Pick<HostObject, 'kind' | 'id'>): number {
  return KIND_ORDER.indexOf(a.kind) - KIND_ORDER.indexOf(b.kind) || compareIds(a.id, b.id);
}
