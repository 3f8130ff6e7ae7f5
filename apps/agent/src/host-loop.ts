import type { AgentNews, HeldState } from '@manx/feed';
import {
  type EndpointStatus,
  type EstablishedFlow,
  emptyHostState,
  type FlowCarrier,
  flowCarrier,
  flowCutter,
  flowJudge,
  type HostState,
  isPrefix,
  type Member,
  memberOf,
  NOTHING_CARRIED,
  reviewedMembers,
  staleJudge,
} from '@manx/hoststate';
import type { Ip } from '@manx/ip';
import { applySteps, Fault, type HostObserver, type HostPorts, isOutOfRoom } from '@manx/kernel';
import {
  diffTables,
  formatStep,
  type HostFacts,
  type ObservedTable,
  planHost,
  presentTables,
  type Step,
  type StepFailure,
  statusOf,
  stepInterfaces,
} from '@manx/reconcile';
import type { HostPlan, NftTable } from '@manx/render';
import { AfterCut } from './after-cut.js';
import type { AgentLog } from './agent-log.js';
import { type Drift, DriftWatch } from './drift-watch.js';
import { findRefused } from './find-refused.js';
import type { Finding } from './problem-book.js';
import { Quarantine } from './quarantine.js';
import { restrictState } from './restrict-state.js';

const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 30_000;
const MAX_TURNS_IN_A_ROW = 3;
const MAX_LOGGED_REPAIRS = 5;
/** What changes a tap: its link, its addresses, its neighbour entries. */
const TAP_STEPS: ReadonlySet<Step['kind']> = new Set(['set-mac', 'add-address', 'delete-address', 'set-neighbour', 'delete-neighbour']);

/** What the loop works with. */
export type HostLoopOptions = {
  readonly ports: HostPorts;
  readonly observer: HostObserver;
  /** The state to work towards: the server's with what it does not know yet. The same state and links give the same reference. */
  readonly settle: (held: HeldState, links: HostFacts['links']) => HostState;
  readonly render: (state: HostState) => HostPlan;
  /** The address of this host for source NAT, null for none. */
  readonly hostSnat: Ip | null;
  readonly log: AgentLog;
  readonly onHostSysctl: (path: string) => void;
  /** Told after each turn what was found. */
  readonly onFound: (found: Found) => void;
};

/** What a turn found out: statuses are only `up` for what was read back. */
export type Found = Pick<AgentNews, 'revision' | 'endpoints'> & {
  readonly state: HostState;
  readonly problems: readonly Finding[];
  readonly drift: Drift;
};

type Round = { readonly held: HeldState; readonly state: HostState; readonly plan: HostPlan; readonly aside: ReadonlyMap<string, string> };
type Review = { readonly addresses: readonly Member[]; readonly isAllowed: (flow: EstablishedFlow) => boolean } & FlowCarrier;

/**
 * The one loop that writes to the host. Whatever happens only says that a turn is due; a turn renders, observes, plans, applies and reads
 * back everything that differs, so many events in a row are one batch. Before the first whole state nothing is written but a guard
 * where there is no policy at all (see `#guard`).
 */
export class HostLoop {
  readonly #options: HostLoopOptions;
  readonly #quarantine = new Quarantine();
  readonly #drift = new DriftWatch();
  readonly #afterCut: AfterCut;
  #held: HeldState | null = null;
  /** The state by which the flows that exist were last judged; null: none, they all are to be. */
  #judgedBy: HostState | null = null;
  /** The turn before, when it found everything as it is to be, and told so. */
  #settledOn: { readonly held: HeldState; readonly plan: HostPlan; readonly facts: HostFacts } | null = null;
  #rendered: { readonly state: HostState; readonly plan: HostPlan } | null = null;
  #isDue = false;
  #running: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #turnBegan: number | null = null;
  #retryMs = FIRST_RETRY_MS;
  #turnsInARow = 0;
  #isClosed = false;

  constructor(options: HostLoopOptions) {
    this.#options = options;
    this.#afterCut = new AfterCut(options.ports.conntrack, options.log);
  }

  /** Gives a new whole state to work towards. */
  want(held: HeldState): void {
    const isSame = this.#held?.state === held.state;
    this.#held = held;
    if (!isSame) this.#retryMs = FIRST_RETRY_MS;
    this.kick();
  }

  /** What is being worked on: for how long, and whether another turn waits. */
  get work(): { readonly turnMs: number | null; readonly isDue: boolean } {
    return { turnMs: this.#turnBegan === null ? null : Math.round(performance.now() - this.#turnBegan), isDue: this.#isDue };
  }

  /** Says that a turn is due; it begins soon, and not before the one under way has ended. */
  kick(): void {
    if (this.#isClosed) return;
    this.#isDue = true;
    this.#running ??= this.#run();
  }

  /** Says that a turn is due that tells what it finds, though nothing may be otherwise on the host. */
  kickAnyway(): void {
    this.#settledOn = null;
    this.kick();
  }

  /** Ends after the turn under way; what is in the kernel stays. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#afterCut.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    // Events of one moment (a link and its addresses) belong into one turn.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#isDue && !this.#isClosed) {
      this.#isDue = false;
      this.#turnBegan = performance.now();
      await this.#turn();
      this.#turnBegan = null;
    }
    this.#running = null;
  }

  async #turn(): Promise<void> {
    const held = this.#held;
    const began = performance.now();
    try {
      if (held === null) {
        await this.#guard();
        return;
      }
      const { links } = await this.#options.observer.observe(null);
      const round = this.#render(held, this.#options.settle(held, links));
      if (this.#isSettledOn(round, await this.#options.observer.observe(round.plan))) return;
      this.#settledOn = null;
      await this.#hold(round.plan.tables);
      const facts = await this.#options.observer.observe(round.plan);
      const review = this.#review(round, facts);
      const steps = planHost(round.plan, facts, review.addresses, review.leaving);
      const outcome = await this.#apply(round, steps, review);
      if (outcome === 'again') return;
      await this.#finish(round, outcome, { steps, began });
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      this.#options.observer.invalidate();
      this.#options.log.error({ code: fault.code, problem: fault.message }, 'the host could not be read');
      this.#retryLater();
    }
  }

  /** Events that changed nothing in the end cost a look, and no more. */
  #isSettledOn({ held, plan }: Round, facts: HostFacts): boolean {
    const last = this.#settledOn;
    return last !== null && last.held === held && last.plan === plan && last.facts === facts;
  }

  /**
   * S20: a host that has just booted has no table of ours, and a tap would be open until the first state is known. The tables of a host
   * without endpoints shut every tap. Where an earlier agent's rules stand they are left alone: traffic runs by them.
   */
  async #guard(): Promise<void> {
    const { observer, ports, render, log } = this.#options;
    const isFull = ({ chains }: ObservedTable): boolean => chains.size > 0;
    const before = (await observer.observe(null)).tables.filter(isFull);
    if (before.some(({ family }) => family === 'inet')) return;
    const missing = render(emptyHostState).tables.filter((wanted) => before.every(({ family }) => family !== wanted.family));
    await this.#hold(missing);
    const { tables } = await observer.observe(null);
    observer.invalidate('tables');
    await ports.nftables.apply(
      diffTables(
        tables.filter((table) => !isFull(table)),
        missing,
      ),
    );
    log.info({}, 'no rules were there: taps are shut until the first state is known');
  }

  /** S20: no stranger's `nft flush ruleset` opens a tap while this agent runs, where the kernel can hold a table for its owner. */
  async #hold(tables: readonly NftTable[]): Promise<void> {
    const { ports, observer } = this.#options;
    for (const { family, name } of tables) if ((await ports.nftables.hold({ family, name })) === 'taken') observer.invalidate('tables');
  }

  #render(held: HeldState, settled: HostState): Round {
    const aside = this.#quarantine.review(held.state, performance.now());
    const state = aside.size === 0 ? settled : restrictState(settled, (id) => !aside.has(id));
    if (this.#rendered?.state !== state) this.#rendered = { state, plan: this.#options.render(state) };
    return { held, state, plan: this.#rendered.plan, aside };
  }

  /** Which flows are looked at, and which of them may go on. An agent that has just started knows of the past only the routes that it finds. */
  #review({ state, plan }: Round, facts: HostFacts): Review {
    const { hostSnat: snat } = this.#options;
    if (this.#judgedBy === state) return { addresses: [], isAllowed: () => true, ...NOTHING_CARRIED };
    if (this.#judgedBy === null) {
      const lost = lostAddresses(plan, facts);
      const isAllowed = flowJudge(state);
      const isStale = staleJudge(state, { snat, lost });
      return {
        addresses: [...new Set([...reviewedMembers(state), ...lost])],
        isAllowed: (flow) => isAllowed(flow) && !isStale(flow),
        ...NOTHING_CARRIED,
      };
    }
    const { addresses, isCut } = flowCutter(this.#judgedBy, state, snat);
    return { addresses: [...addresses], isAllowed: (flow) => !isCut(flow), ...flowCarrier(this.#judgedBy, state, snat) };
  }

  async #apply(round: Round, steps: readonly Step[], review: Review): Promise<readonly StepFailure[] | 'again'> {
    const { ports, observer, log, onHostSysctl } = this.#options;
    for (const step of steps) log.debug({ step: formatStep(step) }, 'step');
    const context = {
      ports,
      indexOf: observer.indexOf.bind(observer),
      isAllowed: review.isAllowed,
      carriedTo: review.carriedTo,
      onHostSysctl,
    };
    const outcome = await applySteps(steps, context);
    if (outcome.carried > 0)
      log.info({ flows: outcome.carried }, 'connections by a floating IP or forward go on, translated as its live migration asks for');
    if (outcome.cut.length > 0) log.info({ flows: outcome.cut.length }, 'cut flows that are no longer allowed');
    this.#afterCut.watch(outcome.cut);
    this.#forget(steps);
    if (outcome.isHalted) return (await this.#isolate(round)) ? 'again' : outcome.failures;
    if (steps.some(({ kind }) => kind === 'apply-nft')) observer.adoptTables(round.plan.tables);
    if (!outcome.failures.some(({ step }) => step.kind === 'review-flows')) this.#judgedBy = round.state;
    return [...outcome.failures, ...(await this.#ensurePrograms())];
  }

  /** Programs that could not be told of their files, or do not run, are tried again each turn. */
  async #ensurePrograms(): Promise<readonly StepFailure[]> {
    const failures: StepFailure[] = [];
    for (const program of ['dnsmasq', 'bird'] as const) {
      try {
        await this.#options.ports.programs[program].ensure();
      } catch (fault) {
        if (!(fault instanceof Fault)) throw fault;
        failures.push({ step: { kind: 'write-files', program, write: new Map(), remove: [] }, detail: fault.message });
      }
    }
    return failures;
  }

  /** What the steps touched is read again. */
  #forget(steps: readonly Step[]): void {
    const { observer } = this.#options;
    const kinds = new Set(steps.map(({ kind }) => kind));
    const has = (...some: readonly Step['kind'][]): boolean => some.some((kind) => kinds.has(kind));
    observer.forgetTaps(steps.flatMap((step) => (TAP_STEPS.has(step.kind) ? (stepInterfaces(step) ?? []) : [])));
    // With its last IPv4 address an interface loses its routes, silently.
    if (has('delete-address')) observer.invalidate('routes');
    if (has('limit-from-guest', 'unlimit-from-guest')) observer.invalidate('taps');
    if (has('limit-to-guest', 'unlimit-to-guest', 'limit-from-guest', 'unlimit-from-guest')) observer.invalidate('limits');
    if (has('set-route', 'delete-route')) observer.invalidate('routes');
    if (has('write-files')) observer.invalidate('files');
    const written = steps.flatMap((step) => (step.kind === 'write-sysctl' ? [step] : []));
    // Setting a host-wide one (`all/forwarding`) sets those of the interfaces as well.
    if (written.some(({ ifname }) => ifname === null)) observer.invalidate('sysctls');
    else observer.forgetSysctls(written.map(({ path }) => path));
  }

  /** After a refused transaction: finds for whom it was refused and puts them aside, so that all others are programmed at once. */
  async #isolate({ state, held }: Round): Promise<boolean> {
    const { observer, ports, render, log } = this.#options;
    observer.invalidate('tables');
    const refused = await findRefused([...state.endpoints.keys()].sort(), async (kept) => {
      const plan = render(restrictState(state, (id) => kept.has(id)));
      const facts: HostFacts = await observer.observe(plan);
      return (await ports.nftables.check(diffTables(facts.tables, presentTables(plan.tables, facts.links))))?.detail ?? null;
    });
    if (refused === null || refused.size === 0) return false;
    this.#quarantine.add(refused, held.state, performance.now());
    for (const [endpoint, problem] of refused)
      log.error({ endpoint, problem }, 'the kernel refuses this endpoint; it is shut until it changes');
    this.#isDue = true;
    return true;
  }

  async #finish(
    round: Round,
    failures: readonly StepFailure[],
    turn: { readonly steps: readonly Step[]; readonly began: number },
  ): Promise<void> {
    const { observer, log, onFound } = this.#options;
    const facts = await observer.observe(round.plan);
    // Where nothing was to do the facts are those of before, and have just been compared.
    const remaining = turn.steps.length === 0 ? [] : planHost(round.plan, facts, []);
    const { revision } = round.held;
    const found = statusOf({ state: round.state, plan: round.plan, facts, remaining, failures, revision });
    const aside = [...round.aside].map(([id, problem]): EndpointStatus => ({ id, state: 'error', revision, problem }));
    for (const { step, detail } of failures) log.error({ step: formatStep(step), problem: detail }, 'the host refused a step');
    if (turn.steps.length > 0) {
      const ms = Math.round((performance.now() - turn.began) * 100) / 100;
      log.info({ revision, steps: turn.steps.length, left: remaining.length, ms }, 'applied');
    }
    const isSettled = failures.length === 0 && remaining.length === 0;
    const repairs = this.#drift.take({ state: round.state, steps: turn.steps, facts, isSettled }, new Date().toISOString());
    if (repairs.length > 0)
      log.warn({ repairs: repairs.slice(0, MAX_LOGGED_REPAIRS), of: repairs.length }, 'others changed what is ours; it was put back');
    onFound({
      revision,
      state: round.held.state,
      endpoints: [...found, ...aside],
      problems: [
        ...round.plan.problems,
        ...[...round.aside].map(([subject, detail]) => ({ code: isOutOfRoom(detail) ? 'no_room' : 'refused', subject, detail })),
        ...failures.map(({ step, detail }) => ({ code: isOutOfRoom(detail) ? 'no_room' : 'step', subject: formatStep(step), detail })),
      ],
      drift: this.#drift.drift,
    });
    if (failures.length === 0 && remaining.length > 0 && this.#turnsInARow < MAX_TURNS_IN_A_ROW) {
      // Something gave way while we worked, or because of it: look again at once.
      this.#turnsInARow += 1;
      this.#isDue = true;
    } else if (failures.length > 0 || remaining.length > 0) this.#retryLater();
    else this.#settled(round, facts);
  }

  #settled({ held, plan }: Round, facts: HostFacts): void {
    this.#settledOn = { held, plan, facts };
    this.#turnsInARow = 0;
    this.#retryMs = FIRST_RETRY_MS;
    const retryAt = this.#quarantine.nextRetryAt;
    if (retryAt !== null) this.#kickIn(Math.max(1, retryAt - performance.now()));
  }

  #retryLater(): void {
    this.#turnsInARow = 0;
    this.#kickIn(this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
  }

  #kickIn(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.kick();
    }, ms);
  }
}

/** The addresses that a former agent had routes for, or announced, and this one has not. */
function lostAddresses(plan: HostPlan, facts: HostFacts): ReadonlySet<Ip> {
  const kept = new Set([...plan.routes.values()].map(({ destination }) => destination));
  const gone = facts.routes.filter(({ destination }) => !kept.has(destination)).map(({ destination }) => memberOf(destination));
  return new Set(gone.filter((member): member is Ip => !isPrefix(member)));
}
