import type { HostState, IfName } from '@manx/hoststate';
import { formatStep, type HostFacts, type Step, stepInterfaces } from '@manx/reconcile';

/** What others changed of ours and was put back since the agent started. */
export type Drift = {
  readonly repairs: number;
  /** ISO 8601, UTC; null while there was none. */
  readonly lastAt: string | null;
  /** What was put back then, in a line; null while there was none. */
  readonly last: string | null;
};

type Indexes = ReadonlyMap<IfName, number>;

/** A turn that has ended: `facts` were read after its steps. */
type Turn = { readonly state: HostState; readonly steps: readonly Step[]; readonly facts: HostFacts; readonly isSettled: boolean };

/** Tells repair from work: a step is repair when the same state had been programmed in full, and its taps are the same interfaces as then. */
export class DriftWatch {
  #settled: { readonly state: HostState; readonly indexes: Indexes } | null = null;
  #drift: Drift = { repairs: 0, lastAt: null, last: null };

  get drift(): Drift {
    return this.#drift;
  }

  /** Takes note of a turn; what of its steps was repair, in a line each. */
  take({ state, steps, facts, isSettled }: Turn, now: string): readonly string[] {
    const indexes: Indexes = new Map([...facts.links].map(([name, { index }]) => [name, index]));
    const repairs = steps.filter((step) => this.#isRepair(step, state, indexes)).map(formatStep);
    const [first] = repairs;
    if (first !== undefined) this.#drift = { repairs: this.#drift.repairs + repairs.length, lastAt: now, last: first };
    if (isSettled) this.#settled = { state, indexes };
    return repairs;
  }

  #isRepair(step: Step, state: HostState, indexes: Indexes): boolean {
    const settled = this.#settled;
    if (settled?.state !== state || step.kind === 'review-flows') return false;
    return (stepInterfaces(step) ?? []).every((name) => indexes.has(name) && settled.indexes.get(name) === indexes.get(name));
  }
}
