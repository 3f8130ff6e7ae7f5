/**
 * Whether a host's agent is alive: it was heard of (a session begun or ended, a report) less than the lease ago. An open connection
 * alone is no sign of life, since a dead peer's stays open for long. In memory, beside the log: a lease is never a lock.
 */
export class HostLease {
  readonly #leaseMs: number;
  #heardAt: number | null = null;
  #isAlive = false;

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Milliseconds since the host was heard of; Infinity when it never was. */
  silence(now: number): number {
    return this.#heardAt === null ? Number.POSITIVE_INFINITY : now - this.#heardAt;
  }

  /** A sign of life; true when the host was down before it. */
  hear(now: number): boolean {
    this.#heardAt = now;
    const isNew = !this.#isAlive;
    this.#isAlive = true;
    return isNew;
  }

  /** Looks at the clock; true when the host goes down by it. `grace`: time in which nothing could be heard, our own fault. */
  expire(now: number, grace: number): boolean {
    if (this.#heardAt !== null) this.#heardAt += grace;
    if (!this.#isAlive || this.silence(now) < this.#leaseMs) return false;
    this.#isAlive = false;
    return true;
  }
}
