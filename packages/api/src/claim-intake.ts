import { admit, type Command, type Context } from '@manx/admission';
import type { ReportedClaim } from '@manx/feed';
import type { Revision } from '@manx/hoststate';
import { type Change, isProblem, type State } from '@manx/model';
import type { BindingFence } from './binding-fence.js';
import type { Ledger } from './ledger.js';
import { AGENT_ACTOR } from './status-intake.js';

const ORIGIN = { requestId: 'agents', userId: null, projectId: null };
const RETRY_MS = 1_000;

/** What a host says of its ports' claims, at one revision of its state. */
export type HostClaims = { readonly host: string; readonly revision: Revision; readonly claims: readonly ReportedClaim[] };

/** What an intake is made from. */
export type ClaimIntakeOptions = {
  readonly ledger: Ledger;
  readonly context: () => Context;
  readonly fence: BindingFence;
  readonly isHostAlive: (host: string) => boolean;
  /** How long a host may be silent before its claims end: also one that this run of the server has never heard of. */
  readonly leaseMs: number;
};

/**
 * Turns what agents say of claims into commits, which is where those of different hosts get their order (S9): by when they were heard
 * of, on this server's clock. A host that is not heard of any longer has no claims, so that those who remain get the traffic.
 */
export class ClaimIntake {
  readonly #options: ClaimIntakeOptions;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: ClaimIntakeOptions) {
    this.#options = options;
    this.#later(options.leaseMs, () => {
      for (const host of this.#claimingHosts()) void this.release(host);
    });
  }

  /** Takes a report; resolves when it is durable, with the revision from which on states say what came of it; rejects when it was not taken. */
  async take({ host, revision, claims }: HostClaims): Promise<Revision> {
    const { ledger, fence } = this.#options;
    const now = Date.now();
    const heard = claims.map(({ endpoint, ip, ageMs }) => ({
      port: endpoint,
      ip_address: ip,
      claimed_at: ageMs === null ? null : new Date(Math.max(0, now - ageMs)).toISOString(),
    }));
    await ledger.decide(ORIGIN, (state) => {
      const ports = state.by('port.host', host).flatMap(({ id }) => (revision >= fence.boundSince(id, host) ? [id] : []));
      return this.#decision(state, { op: 'report_claims', host, ports, claims: heard });
    });
    return ledger.revision;
  }

  /** Ends the claims of a host that is not alive; tried until it is done, or the host is heard of. */
  async release(host: string): Promise<void> {
    const { ledger, isHostAlive } = this.#options;
    const release = ledger.decide(ORIGIN, (state) => {
      const ports = isHostAlive(host) ? [] : state.by('port.host', host).map(({ id }) => id);
      return this.#decision(state, { op: 'report_claims', host, ports, claims: [] });
    });
    const [done] = await Promise.allSettled([release]);
    if (done.status === 'rejected') this.#later(RETRY_MS, () => void this.release(host));
  }

  /** Ends what waits. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #decision(
    state: State,
    command: Command & { readonly op: 'report_claims' },
  ): { readonly changes: readonly Change[]; readonly value: () => undefined } {
    const admitted = admit(state, { actor: AGENT_ACTOR, command }, this.#options.context());
    return { changes: isProblem(admitted) ? [] : admitted.changes, value: () => undefined };
  }

  #claimingHosts(): ReadonlySet<string> {
    const claiming = [...this.#options.ledger.state.all('port')].filter(({ claimed_addresses: claims = [] }) => claims.length > 0);
    return new Set(claiming.map((port) => port['binding:host_id']));
  }

  #later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    timer.unref();
    this.#timers.add(timer);
  }
}
