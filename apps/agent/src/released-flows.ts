import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ReleasedAddress } from '@manx/feed';
import { type HostState, heldElsewhere, type Revision } from '@manx/hoststate';
import type { Ip } from '@manx/ip';
import { type Conntrack, demandDone, Fault } from '@manx/kernel';
import type { AgentLog } from './agent-log.js';
import { KeptList } from './kept-list.js';

const NAME = 'released.json';
/** It rests at least so long after a look, and so many times as long as the look took: where the kernel's table is large, others work too. */
const MIN_REST_MS = 50;
const REST = 4;
/** After a look that failed. */
const RETRY_MS = 1_000;
/** So many addresses wait at most; of more the first are forgotten. */
const MAX_WAITING = 10_000;

/** What this is made from; `state`: what the host works towards, null before the first. */
export type ReleasedFlowsOptions = {
  readonly stateDir: string;
  readonly conntrack: Pick<Conntrack, 'flows' | 'forget'>;
  readonly log: AgentLog;
  readonly state: () => HostState | null;
};

/**
 * Ends the flows that this host's instances have with addresses which somebody elsewhere has lost, so that they are not the next one's (S16). A
 * connection of the next one that began before the host heard of the loss ends as well: the kernel does not tell when a flow began. Up to where it
 * has heard is on disk, so that an agent that dies and comes back ends nothing twice.
 */
export class ReleasedFlows {
  readonly #options: ReleasedFlowsOptions;
  readonly #kept: KeptList<{ readonly revision: Revision }>;
  readonly #waiting = new Set<Ip>();
  #heardOf: Revision;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: ReleasedFlowsOptions) {
    this.#options = options;
    this.#kept = new KeptList({
      ...options,
      name: NAME,
      isItem: ({ revision }) => Number.isSafeInteger(revision),
      what: 'place up to which lost addresses were heard of',
      unwritten: 'after a restart flows with addresses that were lost before end again',
    });
    this.#heardOf = this.#kept.read()[0]?.revision ?? 0;
  }

  /** Up to where nothing is left to be told. */
  get heardOf(): Revision {
    return this.#heardOf;
  }

  /** Of how many addresses the flows are still to be ended. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** These addresses are lost: their flows end at once, or as soon as it has rested from the last look. */
  take(released: readonly ReleasedAddress[]): void {
    for (const { ip, revision } of released) {
      this.#waiting.add(ip);
      this.#heardOf = Math.max(this.#heardOf, revision);
    }
    for (const ip of this.#waiting) {
      if (this.#waiting.size <= MAX_WAITING) break;
      this.#waiting.delete(ip);
    }
    if (this.#timer === null) this.#look();
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #look(): void {
    const state = this.#options.state();
    const began = performance.now();
    const isDone = state === null || this.#cut(heldElsewhere(this.#waiting, state));
    if (isDone) {
      this.#waiting.clear();
      this.#kept.write([{ revision: this.#heardOf }]);
    }
    const restMs = isDone ? Math.max(MIN_REST_MS, REST * (performance.now() - began)) : RETRY_MS;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#waiting.size > 0) this.#look();
    }, restMs);
  }

  #cut(addresses: ReadonlySet<Ip>): boolean {
    const { conntrack, log } = this.#options;
    if (addresses.size === 0) return true;
    try {
      const flows = conntrack.flows(addresses);
      demandDone(conntrack.forget(flows));
      if (flows.length > 0) log.info({ flows: flows.length, addresses: addresses.size }, 'cut flows with addresses that others have lost');
      return true;
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      log.warn({ problem: fault.message }, 'flows with addresses that others have lost could not be cut; it is tried again');
      return false;
    }
  }
}

/** Removes what is on disk of it. */
export const removeReleased = (stateDir: string): void => rmSync(join(stateDir, NAME), { force: true });
