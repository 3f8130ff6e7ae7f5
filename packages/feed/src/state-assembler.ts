import { applyDelta, type HostDelta, type HostObject, type HostState, isProblem, type Problem, type Revision } from '@manx/hoststate';
import type { FeedMessage, ReleasedAddress, TraceOrder } from './messages.js';

/** What a message amounts to for the host. */
export type Assembled =
  /** Nothing yet: part of a snapshot. */
  | { readonly kind: 'partial' }
  /** A whole state has arrived. */
  | { readonly kind: 'state'; readonly revision: Revision; readonly state: HostState }
  /** The state that the host had is still the right one. */
  | { readonly kind: 'resumed'; readonly revision: Revision; readonly state: HostState }
  | { readonly kind: 'delta'; readonly revision: Revision; readonly delta: HostDelta; readonly state: HostState }
  /** These addresses were lost; the state is as it was. */
  | { readonly kind: 'released'; readonly addresses: readonly ReleasedAddress[] }
  /** Up to this revision nothing concerned the host. */
  | { readonly kind: 'revision'; readonly revision: Revision }
  /** Of no state: something to do. */
  | { readonly kind: 'order'; readonly order: TraceOrder };

type Held = { readonly revision: Revision; readonly state: HostState };

class Draft {
  readonly revision: Revision;
  readonly state = {
    endpoints: new Map(),
    policies: new Map(),
    sets: new Map(),
    subnets: new Map(),
    names: new Map(),
    bgpPeers: new Map(),
  };

  constructor(revision: Revision) {
    this.revision = revision;
  }

  /** False when the object is there already. */
  put(object: HostObject): boolean {
    const { endpoints, policies, sets, subnets, names, bgpPeers } = this.state;
    const map = { endpoint: endpoints, policy: policies, set: sets, subnet: subnets, names, 'bgp-peer': bgpPeers }[object.kind];
    if (map.has(object.id)) return false;
    map.set(object.id, object);
    return true;
  }
}

const problem = (detail: string): Problem => ({ code: 'feed-out-of-order', subject: 'message', detail });

/**
 * Makes host states of the messages of one session; one that does not belong where it comes is a problem, and the session is over.
 * A half snapshot is never handed out: until its `in-sync` the state is the one before it.
 */
export class StateAssembler {
  #held: Held | null;
  #draft: Draft | null = null;
  #isInSync = false;

  /** `held`: what the host has and has asked to resume from. */
  constructor(held: Held | null) {
    this.#held = held;
  }

  take(message: FeedMessage): Assembled | Problem {
    switch (message.type) {
      case 'begin':
        if (this.#draft !== null) return problem('a snapshot begins within another');
        this.#draft = new Draft(message.revision);
        return { kind: 'partial' };
      case 'put':
        if (this.#draft === null) return problem('an object outside a snapshot');
        return this.#draft.put(message.object) ? { kind: 'partial' } : problem(`${message.object.kind} ${message.object.id} comes twice`);
      case 'in-sync':
        return this.#draft === null ? this.#resume(message.revision) : this.#finish(this.#draft, message.revision);
      case 'delta':
        return this.#change(message.revision, message.delta);
      case 'released': {
        const held = this.#current('word of lost addresses');
        return isProblem(held) ? held : { kind: 'released', addresses: message.addresses };
      }
      case 'heartbeat':
        return this.#advance(message.revision);
      case 'trace-watch':
      case 'trace-send':
      case 'trace-end':
        return this.#order(message);
      default:
        return message satisfies never;
    }
  }

  #order(order: TraceOrder): Assembled | Problem {
    const held = this.#current('an order');
    return isProblem(held) ? held : { kind: 'order', order };
  }

  #resume(revision: Revision): Assembled | Problem {
    if (this.#isInSync) return problem('in sync twice');
    if (this.#held === null || this.#held.revision !== revision) return problem(`nothing to resume at revision ${revision}`);
    this.#isInSync = true;
    return { kind: 'resumed', ...this.#held };
  }

  #finish(draft: Draft, revision: Revision): Assembled | Problem {
    if (revision !== draft.revision) return problem(`a snapshot of revision ${draft.revision} ends at ${revision}`);
    this.#draft = null;
    this.#isInSync = true;
    this.#held = { revision, state: draft.state };
    return { kind: 'state', ...this.#held };
  }

  #change(revision: Revision, delta: HostDelta): Assembled | Problem {
    const held = this.#current('a change');
    if (isProblem(held)) return held;
    if (revision <= held.revision) return problem(`a change at revision ${revision} after ${held.revision}`);
    const state = applyDelta(held.state, delta);
    if (isProblem(state)) return state;
    this.#held = { revision, state };
    return { kind: 'delta', revision, delta, state };
  }

  #advance(revision: Revision): Assembled | Problem {
    const held = this.#current('a heartbeat');
    if (isProblem(held)) return held;
    if (revision < held.revision) return problem(`a heartbeat at revision ${revision} after ${held.revision}`);
    this.#held = { revision, state: held.state };
    return { kind: 'revision', revision };
  }

  #current(what: string): Held | Problem {
    return this.#isInSync && this.#draft === null && this.#held !== null ? this.#held : problem(`${what} before the state is in sync`);
  }
}
