import type { HostState } from '@manx/hoststate';
import { formatStep, type HostFacts, type Step, stepInterfaces } from '@manx/reconcile';

/** What others changed of ours and was put back since the agent started. */
export type Drift = {
  readonly repairs: number;
  /** ISO 8601, UTC; null while there was none. */
  readonly lastAt: string | null;
  /** What was put back then, in a line; null while there was none. */
  readonly last: string | null;
};

/** A turn that has ended: `facts` were read after its steps. */
type Turn = { readonly state: HostState; readonly steps: readonly Step[]; readonly facts: HostFacts; readonly isSettled: boolean };

/** What was programmed in full, and the taps as they were then. */
type Settled = { readonly state: HostState; readonly links: HostFacts['links'] };

/** Tells repair from work: a step is repair when the same state had been programmed in full, and its taps were up then, and are the same interfaces now. */
export class DriftWatch {
  #settled: Settled | null = null;
  #drift: Drift = { repairs: 0, lastAt: null, last: null };

  get drift(): Drift {
    return this.#drift;
  }

  /** Takes note of a turn; what of its steps was repair, in a line each. */
  take({ state, steps, facts, isSettled }: Turn, now: string): readonly string[] {
    const { links } = facts;
    const repairs = steps.filter((step) => this.#isRepair(step, { state, links })).map(formatStep);
    const [first] = repairs;
    if (first !== undefined) this.#drift = { repairs: this.#drift.repairs + repairs.length, lastAt: now, last: first };
    if (isSettled) this.#settled = { state, links };
    return repairs;
  }

  #isRepair(step: Step, { state, links }: Settled): boolean {
    const settled = this.#settled;
    if (settled?.state !== state || step.kind === 'review-flows' || isOfOurs(step)) return false;
    // Each tap has chains of its own, which come and go with it.
    if (step.kind === 'apply-nft' && !areSameTaps(settled.links, links)) return false;
    return (stepInterfaces(step) ?? []).every((name) => {
      const [was, is] = [settled.links.get(name), links.get(name)];
      return was?.isUp === true && is?.isUp === true && was.index === is.index;
    });
  }
}

const areSameTaps = (before: HostFacts['links'], now: HostFacts['links']): boolean =>
  before === now || (before.size === now.size && [...before].every(([name, { index }]) => now.get(name)?.index === index));

/** The IPv6 MTU of a tap is set anew by the kernel itself, with its carrier; neighbour entries by our own dnsmasq, with each lease. */
const isOfOurs = (step: Step): boolean => step.kind === 'set-neighbour' || (step.kind === 'write-sysctl' && step.path.endsWith('/mtu'));
