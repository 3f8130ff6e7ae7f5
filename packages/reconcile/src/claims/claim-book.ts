import type { Endpoint, HostState, IfName, Revision } from '@manx/hoststate';
import { compareIps, type Ip } from '@manx/ip';
import { Allowance } from './allowance.js';
import { coveringPair, isPairOf } from './covering-pair.js';
import type { ClaimChanges } from './with-claims.js';

/** An address that an endpoint here has claimed, and when that was heard, in milliseconds since 1970; null for what the server knew first. */
export type Claim = { readonly endpoint: string; readonly ip: Ip; readonly at: number | null };

/**
 * A claim as it outlives the agent. `new`: the server has not answered it yet; `held`: it has; `ended`: here, and the server may not know.
 * `answeredAt`: the revision from which on the server's state says so; the copy of that state may be older. `isSeen`: its tap has been there.
 */
export type SavedClaim = Claim & {
  readonly phase: 'new' | 'held' | 'ended';
  readonly isSeen: boolean;
  readonly answeredAt: Revision | null;
};

/** What there is to a claim besides: from which revision on the server's state answers a new one. */
type Entry = Claim & { readonly isNew: boolean; readonly isSeen: boolean; readonly answeredAt: Revision | null };

/** What the host has now. */
export type ClaimFacts = {
  readonly state: HostState;
  readonly revision: Revision;
  /** The taps that are there and up. */
  readonly taps: ReadonlySet<IfName>;
  readonly now: number;
};

/** How often one address may change hands here, and how often one port may take some. */
const ADDRESS_PACE = { burst: 5, perSecond: 1 };
const PORT_PACE = { burst: 64, perSecond: 8 };
/** As many as the server takes of one port. */
const MAX_CLAIMS = 64;

/**
 * Which addresses the endpoints of this host have claimed by announcing them (S9). A claim counts here at once, and for everybody once
 * the server has put it in order with those of other hosts: until its answer is in the state, `changes` says what is different here. A
 * claim ends with its pair, its endpoint, its tap, or with a later one. Two that fight over an address do so at a set pace, and of what
 * comes too fast the last counts in the end.
 */
export class ClaimBook {
  readonly #entries = new Map<Ip, Entry>();
  /** Claims of the state that have ended here, with their endpoints. */
  readonly #ended = new Map<Ip, string>();
  /** The last that was heard of each address that changes hands too fast. */
  readonly #waiting = new Map<Ip, string>();
  readonly #ofAddress = new Allowance(ADDRESS_PACE);
  readonly #ofPort = new Allowance(PORT_PACE);
  #state: HostState | null = null;
  #revision: Revision = 0;
  #byTap: ReadonlyMap<IfName, Endpoint> = new Map();

  /** Goes on from what was saved. */
  constructor(saved: readonly SavedClaim[]) {
    for (const { phase, ip, endpoint, at, isSeen, answeredAt } of saved) {
      if (phase === 'ended') this.#ended.set(ip, endpoint);
      else this.#entries.set(ip, { endpoint, ip, at, isNew: true, isSeen, answeredAt });
    }
  }

  /** Takes in an announcement of an address at a tap; whether anything is different now. */
  hear({ ifname, ip, now }: { readonly ifname: IfName; readonly ip: Ip; readonly now: number }): boolean {
    const endpoint = this.#byTap.get(ifname);
    if (endpoint === undefined || coveringPair(endpoint, ip) === null) return false;
    if (this.#holderOf(ip) === endpoint.id) {
      this.#waiting.delete(ip);
      return false;
    }
    if (this.#countOf(endpoint.id) >= MAX_CLAIMS) return false;
    return this.#take(ip, endpoint.id, now);
  }

  /** Takes in how the host is now, the server's answers among it; whether anything is different. */
  settle({ state, revision, taps, now }: ClaimFacts): boolean {
    const last = this.#state;
    const before = this.#fingerprint();
    if (this.#state !== state) this.#byTap = new Map([...state.endpoints.values()].map((endpoint) => [endpoint.ifname, endpoint]));
    this.#state = state;
    this.#revision = revision;
    for (const entry of this.#entries.values()) this.#settleOne(entry, { state, revision, taps, now });
    for (const endpoint of state.endpoints.values()) {
      const isArrived = last !== null && !last.endpoints.has(endpoint.id);
      for (const ip of endpoint.claims) this.#adopt(endpoint, ip, { isHere: taps.has(endpoint.ifname), isArrived });
    }
    for (const [ip, id] of this.#ended) if (state.endpoints.get(id)?.claims.includes(ip) !== true) this.#ended.delete(ip);
    const isTaken = this.#takeWaiting(now);
    this.#ofAddress.prune(now);
    this.#ofPort.prune(now);
    return isTaken || this.#fingerprint() !== before;
  }

  /** What is otherwise here than the server's state says. */
  changes(): ClaimChanges {
    const changes = new Map<Ip, string | null>();
    for (const ip of this.#ended.keys()) changes.set(ip, null);
    for (const { ip, endpoint: id, isNew } of this.#entries.values()) {
      const endpoint = this.#state?.endpoints.get(id);
      const pair = isNew && endpoint !== undefined ? coveringPair(endpoint, ip) : null;
      // An address of a prefix may be somebody else's elsewhere: only the server knows.
      if (pair !== null && isPairOf(pair, ip)) changes.set(ip, id);
    }
    return new Map([...changes].sort(([a], [b]) => compareIps(a, b)));
  }

  /** Every claim of this host's endpoints, by address: what to tell the server. */
  claims(): readonly Claim[] {
    return [...this.#entries.values()].map(({ endpoint, ip, at }) => ({ endpoint, ip, at })).sort((a, b) => compareIps(a.ip, b.ip));
  }

  /** What to keep on disk. */
  saved(): readonly SavedClaim[] {
    const claims = [...this.#entries.values()].map(({ endpoint, ip, at, isNew, isSeen, answeredAt }): SavedClaim => {
      return { endpoint, ip, at, phase: isNew ? 'new' : 'held', isSeen, answeredAt };
    });
    const ended = [...this.#ended].map(
      ([ip, endpoint]): SavedClaim => ({ endpoint, ip, at: null, phase: 'ended', isSeen: true, answeredAt: null }),
    );
    return [...claims, ...ended].sort((a, b) => compareIps(a.ip, b.ip));
  }

  /** The server has taken these claims, and from this revision on its state says what has become of them. */
  answered(claims: readonly Claim[], revision: Revision): void {
    for (const { endpoint, ip, at } of claims) {
      const entry = this.#entries.get(ip);
      if (entry?.endpoint === endpoint && entry.at === at && entry.isNew) this.#entries.set(ip, { ...entry, answeredAt: revision });
    }
  }

  /** When something that came too fast has its turn, and `settle` is due; null when nothing waits. */
  nextAt(now: number): number | null {
    const turns = [...this.#waiting].map(([ip, id]) => Math.max(this.#ofAddress.nextAt(ip, now), this.#ofPort.nextAt(id, now)));
    return turns.length === 0 ? null : Math.min(...turns);
  }

  #take(ip: Ip, id: string, now: number): boolean {
    if (this.#ofPort.nextAt(id, now) > now || !this.#ofAddress.take(ip, now)) {
      this.#waiting.set(ip, id);
      return false;
    }
    this.#ofPort.take(id, now);
    this.#waiting.delete(ip);
    this.#ended.delete(ip);
    this.#entries.set(ip, { endpoint: id, ip, at: now, isNew: true, answeredAt: null, isSeen: true });
    return true;
  }

  #takeWaiting(now: number): boolean {
    let isTaken = false;
    for (const [ip, id] of this.#waiting) {
      const endpoint = this.#state?.endpoints.get(id);
      if (endpoint === undefined || coveringPair(endpoint, ip) === null) this.#waiting.delete(ip);
      else isTaken = this.#take(ip, id, now) || isTaken;
    }
    return isTaken;
  }

  #settleOne(entry: Entry, { state, revision, taps }: ClaimFacts): void {
    const { endpoint: id, ip, isNew, answeredAt } = entry;
    const endpoint = state.endpoints.get(id);
    const pair = endpoint === undefined ? null : coveringPair(endpoint, ip);
    const isHere = endpoint !== undefined && taps.has(endpoint.ifname);
    if (endpoint === undefined || pair === null || (entry.isSeen && !isHere)) {
      this.#end(entry);
      return;
    }
    const isSeen = entry.isSeen || isHere;
    const isConfirmed = endpoint.claims.includes(ip);
    const isAnswered = isNew && answeredAt !== null && revision >= answeredAt;
    // The server took a claim back of which nobody else has a later one, as it does when it has not heard of this host for a while.
    const isForgotten = !isNew && !isConfirmed && !pair.isYielded && !isClaimedBeside(state, { id, ip });
    if (isConfirmed) this.#entries.set(ip, { ...entry, isNew: false, answeredAt: isNew ? revision : answeredAt, isSeen });
    else if (isNew && !isAnswered) this.#entries.set(ip, { ...entry, isSeen });
    else if (isForgotten && entry.at !== null) this.#entries.set(ip, { ...entry, isNew: true, answeredAt: null, isSeen });
    else this.#entries.delete(ip);
  }

  #end({ endpoint, ip }: Entry): void {
    this.#entries.delete(ip);
    if (this.#state?.endpoints.get(endpoint)?.claims.includes(ip) === true) this.#ended.set(ip, endpoint);
  }

  /** A claim of which only the server knew: made where the port was before, or lost with this host's disk. */
  #adopt({ id }: Endpoint, ip: Ip, { isHere, isArrived }: { readonly isHere: boolean; readonly isArrived: boolean }): void {
    if (this.#entries.has(ip) || this.#ended.get(ip) === id) return;
    // A port that has just come has its tap in a moment; one that was here and has none is off.
    if (!isHere && !isArrived) this.#ended.set(ip, id);
    else this.#entries.set(ip, { endpoint: id, ip, at: null, isNew: false, answeredAt: this.#revision, isSeen: isHere });
  }

  #holderOf(ip: Ip): string | null {
    const entry = this.#entries.get(ip);
    if (entry !== undefined) return entry.endpoint;
    if (this.#ended.has(ip)) return null;
    for (const { id, claims } of this.#state?.endpoints.values() ?? []) if (claims.includes(ip)) return id;
    return null;
  }

  #countOf(id: string): number {
    return [...this.#entries.values(), ...this.#waitingEntries()].filter(({ endpoint }) => endpoint === id).length;
  }

  *#waitingEntries(): Iterable<{ readonly endpoint: string }> {
    for (const endpoint of this.#waiting.values()) yield { endpoint };
  }

  #fingerprint(): string {
    return JSON.stringify([this.saved(), [...this.changes()]]);
  }
}

function isClaimedBeside(state: HostState, { id, ip }: { readonly id: string; readonly ip: Ip }): boolean {
  return [...state.endpoints.values()].some((endpoint) => endpoint.id !== id && endpoint.claims.includes(ip));
}
