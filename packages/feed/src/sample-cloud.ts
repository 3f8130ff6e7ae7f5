import {
  type AddressSet,
  diffHostStates,
  emptyHostState,
  type HostDelta,
  type HostName,
  type HostState,
  type Revision,
} from '@manx/hoststate';
import { asIp, type Ip } from '@manx/ip';
import type { Feed, FeedSource } from './feed.js';

/** `n` as an address of 10.0.0.0/8. */
export function sampleIp(n: number): Ip {
  return asIp(`10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`);
}

/** A set of the addresses 1 to `size`, the plainest object of which a host state can be made. */
export function sampleSet(id: string, size: number): AddressSet {
  return { kind: 'set', id, members: Array.from({ length: size }, (_, index) => sampleIp(index + 1)) };
}

/** A host state of nothing but sets. */
export function stateOfSets(...sets: readonly AddressSet[]): HostState {
  return { ...emptyHostState, sets: new Map(sets.map((set) => [set.id, set])) };
}

/** Stands in for everything before the feed: the states of all hosts at one revision, and the differences that lead to the next. */
export class SampleCloud {
  readonly #states = new Map<HostName, HostState>();
  revision: Revision;

  constructor(revision: Revision = 1) {
    this.revision = revision;
  }

  readonly source: FeedSource = { snapshot: (host) => ({ revision: this.revision, state: this.stateOf(host) }) };

  stateOf(host: HostName): HostState {
    return this.#states.get(host) ?? emptyHostState;
  }

  /** States without a revision of their own, for before the feed begins. */
  prepare(states: Readonly<Record<string, HostState>>): void {
    for (const [host, state] of Object.entries(states)) this.#states.set(host as HostName, state);
  }

  /** One commit: these hosts' states are others now, and the feed is told. */
  commit(feed: Feed, states: Readonly<Record<string, HostState>>): void {
    const deltas = new Map<HostName, HostDelta>();
    for (const [name, state] of Object.entries(states)) {
      const host = name as HostName;
      deltas.set(host, diffHostStates(this.stateOf(host), state));
      this.#states.set(host, state);
    }
    this.revision += 1;
    feed.publish(this.revision, deltas);
  }
}
