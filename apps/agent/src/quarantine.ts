import type { Endpoint, HostState, Policy } from '@manx/hoststate';

const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;

type Held = {
  readonly detail: string;
  readonly endpoint: Endpoint;
  readonly policies: ReadonlyArray<Policy | undefined>;
  readonly retryMs: number;
  readonly retryAt: number;
};

/**
 * Endpoints that the kernel refused. They are left out of what is programmed, so nothing passes on their taps (S20), until they change
 * or it is time to try again: after a second, then twice as long each time, a minute at most.
 */
export class Quarantine {
  readonly #held = new Map<string, Held>();
  /** Remembered beyond their release, so that pauses grow. */
  readonly #lastRetryMs = new Map<string, number>();

  /** Puts endpoints aside, each with the kernel's words. */
  add(refused: ReadonlyMap<string, string>, state: HostState, nowMs: number): void {
    for (const [id, detail] of refused) {
      const endpoint = state.endpoints.get(id);
      if (endpoint === undefined) continue;
      const last = this.#lastRetryMs.get(id);
      const retryMs = last === undefined ? FIRST_RETRY_MS : Math.min(last * 2, MAX_RETRY_MS);
      this.#lastRetryMs.set(id, retryMs);
      const policies = endpoint.policies.map((policy) => state.policies.get(policy));
      this.#held.set(id, { detail, endpoint, policies, retryMs, retryAt: nowMs + retryMs });
    }
  }

  /** Lets those go that have changed, are gone, or have waited long enough; those that remain, each with why. */
  review(state: HostState, nowMs: number): ReadonlyMap<string, string> {
    for (const [id, held] of this.#held) {
      const endpoint = state.endpoints.get(id);
      const isSame =
        endpoint === held.endpoint &&
        held.policies.every((policy, index) => state.policies.get(held.endpoint.policies[index] ?? '') === policy);
      if (!isSame) this.#lastRetryMs.delete(id);
      if (!isSame || nowMs >= held.retryAt) this.#held.delete(id);
    }
    return new Map([...this.#held].map(([id, { detail }]) => [id, detail]));
  }

  /** When the next one is to be tried again, on the same clock; null when there is none. */
  get nextRetryAt(): number | null {
    return this.#held.size === 0 ? null : Math.min(...[...this.#held.values()].map(({ retryAt }) => retryAt));
  }
}
