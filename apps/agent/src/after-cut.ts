import type { EstablishedFlow, Member } from '@manx/hoststate';
import { type Conntrack, demandDone, Fault } from '@manx/kernel';
import type { AgentLog } from './agent-log.js';
import { canReturn, isReturned } from './is-returned.js';

/** How long after a cut it is looked again, and how often at most: each look finds what was under way at the one before. */
const LOOK_AFTER_MS = 100;
const MAX_LOOKS = 10;

/**
 * Looks again after flows were cut (S16). An answer that was under way when its flow was deleted begins, where its sender may send, a flow
 * of its own, by which the other end's packets pass as answers to it. Such a flow is cut too, and looked for again until there is none.
 */
export class AfterCut {
  readonly #conntrack: Conntrack;
  readonly #log: AgentLog;
  #cut: readonly EstablishedFlow[] = [];
  #looks = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(conntrack: Conntrack, log: AgentLog) {
    this.#conntrack = conntrack;
    this.#log = log;
  }

  /** These flows have just been cut. */
  watch(flows: readonly EstablishedFlow[]): void {
    const returning = flows.filter(canReturn);
    if (returning.length === 0) return;
    this.#cut = [...this.#cut, ...returning];
    this.#looks = 0;
    this.#timer ??= setTimeout(() => this.#look(), LOOK_AFTER_MS);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #look(): void {
    this.#timer = null;
    this.#looks += 1;
    const found = this.#cutReturned();
    if (found > 0) this.#log.info({ flows: found }, 'cut flows that an answer under way had begun again');
    if (found > 0 && this.#looks < MAX_LOOKS) this.#timer = setTimeout(() => this.#look(), LOOK_AFTER_MS);
    else this.#cut = [];
  }

  #cutReturned(): number {
    const addresses = new Set<Member>(this.#cut.map(({ answers }) => answers.source));
    try {
      const returned = this.#conntrack.flows(addresses).filter(({ flow }) => this.#cut.some((cut) => isReturned(cut, flow)));
      demandDone(this.#conntrack.forget(returned));
      return returned.length;
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      this.#log.warn({ problem: fault.message }, 'flows could not be looked at again after a cut');
      return 0;
    }
  }
}
