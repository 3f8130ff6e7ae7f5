import { type Actor, applyChanges, type Change, put, type ResourceKind, type ResourceOf, type State, type StateReader } from '@manx/model';
import type { Policy } from '@manx/policy';
import type { Context } from './command.js';

/** What the server decides of a resource, and not whoever asks. */
type Stamp = 'id' | 'created_at' | 'updated_at' | 'revision_number';

/**
 * One command under way. Its changes are in the state already, so that later items of the command see earlier ones; `admit` takes them
 * back when it is done.
 */
export class Work {
  readonly state: StateReader;
  readonly actor: Actor;
  readonly context: Context;
  readonly #state: State;
  /** By kind and id: a resource is named once, by its last change. */
  readonly #changes = new Map<string, Change>();
  readonly #inverses: Change[][] = [];

  /** Begins on a state that nobody else changes meanwhile. */
  constructor(state: State, actor: Actor, context: Context) {
    this.state = state;
    this.#state = state;
    this.actor = actor;
    this.context = context;
  }

  /** Who may do what: with it, a command under way is a `Viewpoint` of the model. */
  get policy(): Policy {
    return this.context.policy;
  }

  /** The changes so far, each resource once. */
  get changes(): Change[] {
    return [...this.#changes.values()];
  }

  /** What this command made and did not end again: the changes whose resources are at their first revision. */
  get made(): readonly Change[] {
    return this.changes.filter((change) => change.op === 'put' && change.value.revision_number === 1);
  }

  /** Whether the resource was made or changed by this command. */
  isTouched(kind: ResourceKind, id: string): boolean {
    return this.#changes.has(`${kind} ${id}`);
  }

  /** Makes a resource, with an id (a new one unless told) and the first revision. */
  create<K extends ResourceKind>(kind: K, attributes: Omit<ResourceOf[K], Stamp> & { readonly id?: string }): ResourceOf[K] {
    const { now, newId } = this.context;
    const value = { id: newId(), ...attributes, created_at: now, updated_at: now, revision_number: 1 } as unknown as ResourceOf[K];
    this.#record(put(kind, value));
    return value;
  }

  /** Changes attributes of a resource. What is equal already is no change, and does not count as a revision. */
  update<K extends ResourceKind>(kind: K, before: ResourceOf[K], attributes: Partial<Omit<ResourceOf[K], Stamp>>): ResourceOf[K] {
    const isSame = Object.entries(attributes).every(([name, value]) =>
      isEqual((before as { readonly [name: string]: unknown })[name], value),
    );
    return isSame ? before : this.#revise(kind, { ...before, ...attributes });
  }

  /** Counts a revision of a resource because something that belongs to it changed; once in a command. Nothing when there is none. */
  touch(kind: ResourceKind, id: string): void {
    const before = this.state.get(kind, id);
    if (before !== undefined && !this.isTouched(kind, id)) this.#revise(kind, before);
  }

  /** Ends a resource. */
  delete(kind: ResourceKind, id: string): void {
    this.#record({ op: 'delete', kind, id });
  }

  /** Leaves the state as it was before. */
  rollBack(): void {
    for (const inverse of this.#inverses.toReversed()) applyChanges(this.#state, inverse);
    this.#inverses.length = 0;
  }

  #revise<K extends ResourceKind>(kind: K, value: ResourceOf[K]): ResourceOf[K] {
    // The caller's copy may be from before something that belongs to the resource counted this command's revision.
    const counted = this.isTouched(kind, value.id) ? this.state.get(kind, value.id)?.revision_number : undefined;
    const revision = counted ?? value.revision_number + 1;
    const after = { ...value, updated_at: this.context.now, revision_number: revision };
    this.#record(put(kind, after));
    return after;
  }

  #record(change: Change): void {
    this.#changes.set(`${change.kind} ${change.id}`, change);
    this.#inverses.push(applyChanges(this.#state, [change]));
  }
}

function isEqual(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b));
}
