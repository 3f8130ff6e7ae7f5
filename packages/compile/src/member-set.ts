import { type AddressSet, changeMembers, compareMembers, isProblem, type Member, type MemberChange } from '@manx/hoststate';
import { countIn, countOut, type Tally } from './tally.js';

/**
 * The members of one set while they change: a join or a leave costs the same whatever the size. An address that
 * several ports give is a member until the last of them takes it away. The sorted form is made when it is asked for.
 */
export class MemberSet {
  readonly #id: string;
  readonly #members: Tally<Member> = new Map();
  #sorted: AddressSet;
  /** Since when `#sorted` is behind: whether each changed address was a member of it. */
  readonly #stale = new Map<Member, boolean>();

  constructor(id: string, members: Iterable<Member>) {
    this.#id = id;
    for (const ip of members) countIn(this.#members, ip);
    this.#sorted = { kind: 'set', id, members: [...this.#members.keys()].sort(compareMembers) };
  }

  /** One more port gives this address; true when it becomes a member. */
  join(ip: Member): boolean {
    const isNew = countIn(this.#members, ip);
    if (isNew) this.#mark(ip, false);
    return isNew;
  }

  /** One port less gives this address; true when it is no longer a member. */
  leave(ip: Member): boolean {
    const isGone = countOut(this.#members, ip);
    if (isGone) this.#mark(ip, true);
    return isGone;
  }

  /** Whether some port gives this address. */
  has(ip: Member): boolean {
    return this.#members.has(ip);
  }

  /** The set as hosts get it: the same object until a member joins or leaves. */
  get object(): AddressSet {
    if (this.#stale.size === 0) return this.#sorted;
    const change = netChange(this.#stale, (ip) => this.has(ip));
    this.#stale.clear();
    if (change === null) return this.#sorted;
    const changed = changeMembers(this.#sorted, change);
    if (isProblem(changed)) throw new Error(`set ${this.#id}: ${changed.detail}`);
    this.#sorted = changed;
    return changed;
  }

  /** Notes that an address changed from what it was just before; what changed back is as `#sorted` has it, and forgotten. */
  #mark(ip: Member, wasMember: boolean): void {
    if (!this.#stale.delete(ip)) this.#stale.set(ip, wasMember);
  }
}

/** What became of addresses of which it is known whether they were members before: sorted; null when all are as they were. */
export function netChange(before: ReadonlyMap<Member, boolean>, isMember: (ip: Member) => boolean): MemberChange | null {
  const add: Member[] = [];
  const remove: Member[] = [];
  for (const [ip, wasMember] of before) {
    if (wasMember === isMember(ip)) continue;
    (wasMember ? remove : add).push(ip);
  }
  return add.length + remove.length === 0 ? null : { add: add.sort(compareMembers), remove: remove.sort(compareMembers) };
}
