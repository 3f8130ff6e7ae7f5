import type { Cidr } from './cidr.js';
import { familyOf, type Ip, v4Of } from './ip.js';
import { hasBit, keyOf, keyOfV6, type PrefixKey } from './prefix-key.js';

/** A stored prefix and its value. A later `set` makes a new entry and leaves this one as it was. */
export type PrefixEntry<V> = { readonly cidr: Cidr; readonly value: V };

/*
 * A node is a run of eight numbers in one array, and is named by where it begins; 0 is no node. Numbers side by side
 * instead of objects are what makes a match fast: most of its time is waiting for memory.
 * A node is a prefix that is stored, or a fork where two prefixes part, or both; its children are longer than it is.
 */
const LENGTH = 0;
const W0 = 1;
const ZERO = 2;
const ONE = 3;
const IS_STORED = 4;
const W1 = 5;
const W2 = 6;
const W3 = 7;
const NODE_SIZE = 8;

/** The roots are kept where node 0 would have its children, so that a root is a slot like any other. */
const ROOT_SLOT = { 4: ZERO, 6: ONE } as const;

/**
 * Values by prefix, with longest-prefix match: a path-compressed binary trie for each family.
 * A set, get, delete or match visits at most one node a bit, about 18 in a table of 100,000; a list is linear in what it lists.
 */
export class PrefixTrie<V> {
  #nodes = new Int32Array(8 * NODE_SIZE);
  /** By the number of the node; null for a fork. */
  readonly #entries: Array<PrefixEntry<V> | null> = [null];
  /** A node to use again, and through its `ZERO` the next; 0 for none. */
  #freed = 0;
  #size = 0;

  /** How many prefixes are stored, of both families. */
  get size(): number {
    return this.#size;
  }

  /** Stores the value for exactly this prefix, in place of one stored before. */
  set(cidr: Cidr, value: V): void {
    const node = this.#grow(rootSlot(cidr), keyOf(cidr));
    if (this.#at(node + IS_STORED) === 0) this.#size++;
    this.#nodes[node + IS_STORED] = 1;
    this.#entries[node / NODE_SIZE] = { cidr, value };
  }

  /** The value stored for exactly this prefix; undefined when there is none. */
  get(cidr: Cidr): V | undefined {
    return this.#entries[this.#find(rootSlot(cidr), keyOf(cidr)) / NODE_SIZE]?.value;
  }

  /** Forgets exactly this prefix; false when it was not stored. */
  delete(cidr: Cidr): boolean {
    const key = keyOf(cidr);
    const node = this.#find(rootSlot(cidr), key);
    if (this.#at(node + IS_STORED) === 0) return false;
    this.#size--;
    this.#nodes[node + IS_STORED] = 0;
    this.#entries[node / NODE_SIZE] = null;
    // Without this node the one above may be a fork that parts nothing; above that, nothing changes.
    for (const slot of this.#path(rootSlot(cidr), key).slice(-2).toReversed()) this.#prune(slot);
    return true;
  }

  /** The entry of the longest stored prefix the address lies in; null when it lies in none. */
  longestMatch(ip: Ip): PrefixEntry<V> | null {
    const node = familyOf(ip) === 4 ? this.#longestV4(v4Of(ip) | 0) : this.#longestV6(keyOfV6(ip));
    return this.#entries[node / NODE_SIZE] ?? null;
  }

  /** Every entry whose prefix contains, is, or lies in this one, in the order of `compareCidrs`. */
  overlapping(cidr: Cidr): Array<PrefixEntry<V>> {
    const key = keyOf(cidr);
    const entries: Array<PrefixEntry<V>> = [];
    let node = this.#at(rootSlot(cidr));
    while (node !== 0 && this.#at(node + LENGTH) < key.length && this.#isPrefixOf(node, key)) {
      this.#push(node, entries);
      node = this.#at(this.#childSlot(node, key));
    }
    if (node !== 0 && this.#shared(node, key) === key.length) this.#collect(node, entries);
    return entries;
  }

  /** Every entry, in the order of `compareCidrs`. */
  entries(): Array<PrefixEntry<V>> {
    const entries: Array<PrefixEntry<V>> = [];
    this.#collect(this.#at(ROOT_SLOT[4]), entries);
    this.#collect(this.#at(ROOT_SLOT[6]), entries);
    return entries;
  }

  #longestV4(address: number): number {
    const nodes = this.#nodes;
    let best = 0;
    let node = nodes[ROOT_SLOT[4]] ?? 0;
    while (node !== 0) {
      const length = nodes[node + LENGTH] ?? 0;
      // A shift by 32 is a shift by 0: a length of 0 matches anything, and a node of length 32 has no children.
      if (length !== 0 && ((nodes[node + W0] ?? 0) ^ address) >>> (32 - length) !== 0) break;
      if (nodes[node + IS_STORED] === 1) best = node;
      node = nodes[node + (address << length < 0 ? ONE : ZERO)] ?? 0;
    }
    return best;
  }

  #longestV6(key: PrefixKey): number {
    let best = 0;
    let node = this.#at(ROOT_SLOT[6]);
    while (node !== 0 && this.#isPrefixOf(node, key)) {
      if (this.#at(node + IS_STORED) === 1) best = node;
      node = this.#at(this.#childSlot(node, key));
    }
    return best;
  }

  /** The node of exactly this key, a fork perhaps; 0 when there is none. */
  #find(root: number, key: PrefixKey): number {
    let node = this.#at(root);
    while (node !== 0 && this.#at(node + LENGTH) < key.length && this.#isPrefixOf(node, key)) node = this.#at(this.#childSlot(node, key));
    return node !== 0 && this.#at(node + LENGTH) === key.length && this.#isPrefixOf(node, key) ? node : 0;
  }

  /** The slots from the root to the node of exactly this key, which must be there: its own slot is the last. */
  #path(root: number, key: PrefixKey): number[] {
    const slots = [root];
    for (let node = this.#at(root); this.#at(node + LENGTH) < key.length; ) {
      const slot = this.#childSlot(node, key);
      slots.push(slot);
      node = this.#at(slot);
    }
    return slots;
  }

  /** The node of exactly this key, made where there is none. */
  #grow(root: number, key: PrefixKey): number {
    let slot = root;
    let node = this.#at(slot);
    while (node !== 0 && this.#isPrefixOf(node, key)) {
      if (this.#at(node + LENGTH) === key.length) return node;
      slot = this.#childSlot(node, key);
      node = this.#at(slot);
    }
    const leaf = this.#newNode(key);
    if (node === 0) {
      this.#nodes[slot] = leaf;
      return leaf;
    }
    // The node there goes below: below the leaf when the leaf is a prefix of it, else beside it below a fork.
    const shared = this.#shared(node, key);
    const top = shared === key.length ? leaf : this.#newNode({ ...key, length: shared });
    if (top !== leaf) this.#nodes[this.#childSlot(top, key)] = leaf;
    this.#nodes[this.#childSlot(top, this.#keyAt(node))] = node;
    this.#nodes[slot] = top;
    return leaf;
  }

  /** Takes the node in the slot out, unless it is stored or parts two children: its only child, if any, takes its place. */
  #prune(slot: number): void {
    const node = this.#at(slot);
    const zero = this.#at(node + ZERO);
    const one = this.#at(node + ONE);
    if (node === 0 || this.#at(node + IS_STORED) === 1 || (zero !== 0 && one !== 0)) return;
    this.#nodes[slot] = zero === 0 ? one : zero;
    this.#nodes[node + ZERO] = this.#freed;
    this.#freed = node;
  }

  #newNode(key: PrefixKey): number {
    const node = this.#freed === 0 ? this.#appendNode() : this.#freed;
    if (node === this.#freed) this.#freed = this.#at(node + ZERO);
    this.#nodes.set([key.length, key.w0, 0, 0, 0, key.w1, key.w2, key.w3], node);
    return node;
  }

  #appendNode(): number {
    const node = this.#entries.push(null) * NODE_SIZE - NODE_SIZE;
    if (node === this.#nodes.length) {
      const larger = new Int32Array(this.#nodes.length * 2);
      larger.set(this.#nodes);
      this.#nodes = larger;
    }
    return node;
  }

  #at(index: number): number {
    return this.#nodes[index] ?? 0;
  }

  #keyAt(node: number): PrefixKey {
    const at = (field: number): number => this.#at(node + field);
    return { length: at(LENGTH), w0: at(W0), w1: at(W1), w2: at(W2), w3: at(W3) };
  }

  /** Where the child of the node is kept on whose side the key lies. */
  #childSlot(node: number, key: PrefixKey): number {
    return node + (hasBit(key, this.#at(node + LENGTH)) ? ONE : ZERO);
  }

  #isPrefixOf(node: number, key: PrefixKey): boolean {
    return this.#shared(node, key) === this.#at(node + LENGTH);
  }

  /** How many leading bits the node and the key share, looking no further than the shorter of the two. */
  #shared(node: number, key: PrefixKey): number {
    const length = this.#at(node + LENGTH);
    const most = length < key.length ? length : key.length;
    const bits = this.#sharedBits(node, key);
    return bits < most ? bits : most;
  }

  #sharedBits(node: number, key: PrefixKey): number {
    const x0 = this.#at(node + W0) ^ key.w0;
    if (x0 !== 0) return Math.clz32(x0);
    const x1 = this.#at(node + W1) ^ key.w1;
    if (x1 !== 0) return 32 + Math.clz32(x1);
    const x2 = this.#at(node + W2) ^ key.w2;
    if (x2 !== 0) return 64 + Math.clz32(x2);
    return 96 + Math.clz32(this.#at(node + W3) ^ key.w3);
  }

  /** Adds the entries below the node in order: a prefix before those it contains, lower addresses first. */
  #collect(node: number, into: Array<PrefixEntry<V>>): void {
    if (node === 0) return;
    this.#push(node, into);
    this.#collect(this.#at(node + ZERO), into);
    this.#collect(this.#at(node + ONE), into);
  }

  #push(node: number, into: Array<PrefixEntry<V>>): void {
    const entry = this.#entries[node / NODE_SIZE] ?? null;
    if (entry !== null) into.push(entry);
  }
}

function rootSlot(cidr: Cidr): number {
  return ROOT_SLOT[familyOf(cidr)];
}
