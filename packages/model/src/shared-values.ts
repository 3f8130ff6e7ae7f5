import type { Resource } from './resource.js';

/** How many texts are known at least; twice as many at most. */
const LIMIT = 16_384;

const NO_ITEMS: readonly never[] = Object.freeze([]);
const NO_MEMBERS = Object.freeze({});

type Members = { [name: string]: unknown };

/**
 * Makes one what resources have in common by value: the ids of projects, networks, subnets and groups, the names of hosts, lists and objects with nothing
 * in them. Each request and each line of a store brings its own copy; 100,000 ports have 40 MB of them. Bounded: what has not been seen for long is forgotten.
 */
export class SharedValues {
  #recent = new Map<string, string>();
  #older: ReadonlyMap<string, string> = new Map();

  /** Puts shared parts in the place of equal ones of a resource that nobody else has yet. It says the same as before. */
  share(resource: Resource): void {
    this.#shareMembers(resource);
  }

  #shareMembers(members: Members): void {
    for (const [name, value] of Object.entries(members)) {
      const shared = this.#shared(name, value);
      if (shared !== value) members[name] = shared;
    }
  }

  #shared(name: string, value: unknown): unknown {
    if (typeof value === 'string') return isCommon(name) ? this.#one(value) : value;
    if (typeof value !== 'object' || value === null) return value;
    if (!Array.isArray(value)) return Object.keys(value).length === 0 ? NO_MEMBERS : value;
    if (value.length === 0) return NO_ITEMS;
    if (name === 'security_groups') return value.map((id: string) => this.#one(id));
    if (name === 'fixed_ips') for (const item of value as Members[]) this.#shareMembers(item);
    return value;
  }

  #one(text: string): string {
    const recent = this.#recent.get(text);
    if (recent !== undefined) return recent;
    const known = this.#older.get(text) ?? text;
    if (this.#recent.size === LIMIT) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(known, known);
    return known;
  }
}

/** Attributes that refer to something that many refer to. */
function isCommon(name: string): boolean {
  return (name.endsWith('_id') && name !== 'device_id') || name === 'device_owner';
}
