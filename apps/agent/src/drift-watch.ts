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

/** What was programmed in full: `indexes` of the taps that were up, `present` names all that were there. */
type Settled = { readonly state: HostState; readonly indexes: Indexes; readonly present: string };

/** Tells repair from work: a step is repair when the same state had been programmed in full, and its taps were up then, and are the same interfaces now. */
export class DriftWatch {
  #settled: Settled | null = null;
  #drift: Drift = { repairs: 0, lastAt: null, last: null };

  get drift(): Drift {
    return this.#drift;
  }

  /** Takes note of a turn; what of its steps was repair, in a line each. */
  take({ state, steps, facts, isSettled }: Turn, now: string): readonly string[] {
    const indexes: Indexes = new Map([...facts.links].flatMap(([name, { index, isUp }]) => (isUp ? [[name, index] as const] : [])));
    const present = presentText(facts);
    const repairs = steps.filter((step) => this.#isRepair(step, { state, indexes, present })).map(formatStep);
    const [first] = repairs;
    if (first !== undefined) this.#drift = { repairs: this.#drift.repairs + repairs.length, lastAt: now, last: first };
    if (isSettled) this.#settled = { state, indexes, present };
    return repairs;
  }

  #isRepair(step: Step, { state, indexes, present }: Settled): boolean {
    const settled = this.#settled;
    if (settled?.state !== state || step.kind === 'review-flows' || isOfOurs(step)) return false;
    // Each tap has chains of its own, which come and go with it.
    if (step.kind === 'apply-nft' && settled.present !== present) return false;
    return (stepInterfaces(step) ?? []).every((name) => indexes.has(name) && settled.indexes.get(name) === indexes.get(name));
  }
}

const presentText = ({ links }: HostFacts): string =>
  [...links]
    .map(([name, { index }]) => `${name} ${index}`)
    .sort()
    .join();

/** The IPv6 MTU of a tap is set anew by the kernel itself, with its carrier; neighbour entries by our own dnsmasq, with each lease. */
const isOfOurs = (step: Step): boolean => step.kind === 'set-neighbour' || (step.kind === 'write-sysctl' && step.path.endsWith('/mtu'));
