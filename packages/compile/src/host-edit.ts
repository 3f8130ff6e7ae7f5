import {
  compareIds,
  compareObjects,
  type HostDelta,
  type HostObject,
  haveSameFrame,
  type MemberChange,
  type Policy,
  type RuleChange,
} from '@manx/hoststate';

/** The compiler's answers as of now, for one host. */
export type HostView = {
  /** Whether the host must have the object. */
  readonly has: (kind: HostObject['kind'], id: string) => boolean;
  /** The object as the host must have it, or undefined when it must not. Asked only for what is sent whole. */
  readonly objectOf: (kind: HostObject['kind'], id: string) => HostObject | undefined;
  /** `isSameObject`; policies and subnets are compared once for all hosts that share them. */
  readonly isSame: (before: HostObject, after: HostObject) => boolean;
  /** `diffRules` of two policies, likewise. */
  readonly rulesOf: (before: Policy, after: Policy) => RuleChange;
  /** What became of a set's members since the edit began; null: nothing. */
  readonly membersOf: (set: string) => MemberChange | null;
};

/**
 * What has been touched on one host in the course of an apply, and what it was before: the first touch counts. The delta is
 * the difference between then and now, so that whatever is done and undone in between costs nothing on the wire.
 */
export class HostEdit {
  readonly #before = new Map<string, { readonly kind: HostObject['kind']; readonly id: string; readonly before: HostObject | undefined }>();
  /** Sets whose content is not looked at: whether the host had each. */
  readonly #sets = new Map<string, boolean>();

  /** Notes an endpoint, policy, subnet, port's names or BGP peer before it changes; undefined: the host does not have it. */
  touch(kind: 'endpoint' | 'policy' | 'subnet' | 'names' | 'bgp-peer', id: string, before: HostObject | undefined): void {
    const key = `${kind} ${id}`;
    if (!this.#before.has(key)) this.#before.set(key, { kind, id, before });
  }

  /** Notes a set before the host begins or ceases to use it, or before its members are sent. */
  touchSet(id: string, hadIt: boolean): void {
    if (!this.#sets.has(id)) this.#sets.set(id, hadIt);
  }

  /** The difference, in canonical order; empty when all is as it was. */
  delta(view: HostView): HostDelta {
    const deletes: HostDelta['deletes'][number][] = [];
    const puts: HostObject[] = [];
    const rules: HostDelta['rules'][number][] = [];
    const members: HostDelta['members'][number][] = [];
    for (const { kind, id, before } of this.#before.values()) {
      const after = view.objectOf(kind, id);
      if (after === undefined) {
        if (before !== undefined) deletes.push({ kind, id });
      } else if (before === undefined) puts.push(after);
      else if (view.isSame(before, after)) continue;
      else if (before.kind === 'policy' && after.kind === 'policy' && haveSameFrame(before, after)) {
        rules.push({ policy: id, ...view.rulesOf(before, after) });
      } else puts.push(after);
    }
    for (const [id, hadIt] of this.#sets) {
      const change = view.membersOf(id);
      const after = hadIt ? undefined : view.objectOf('set', id);
      if (after !== undefined) puts.push(after);
      else if (hadIt && !view.has('set', id)) deletes.push({ kind: 'set', id });
      else if (hadIt && change !== null) members.push({ set: id, ...change });
    }
    return {
      deletes: deletes.sort((a, b) => compareObjects(b, a)),
      puts: puts.sort(compareObjects),
      rules: rules.sort((a, b) => compareIds(a.policy, b.policy)),
      members: members.sort((a, b) => compareIds(a.set, b.set)),
    };
  }
}
