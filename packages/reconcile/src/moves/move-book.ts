import { type Endpoint, endpointsTightened, type HostState, type IfName, type Revision } from '@manx/hoststate';
import type { MoveChange } from './with-moves.js';

/**
 * A live migration to this host, or from it, as it outlives the agent. `incoming`: awaited; `arrived`: heard, `isKnown` once the server has
 * said so too; `settling`: at home here, the server says, since `at` (milliseconds since 1970); `left`: at home elsewhere. `picksUp`: TCP
 * connections from before go on. `revision`: of the state that said so; the copy of the state on disk may be older, and does not count then.
 */
export type SavedMove = {
  readonly endpoint: string;
  readonly phase: 'incoming' | 'arrived' | 'settling' | 'left';
  readonly revision: Revision;
  readonly isKnown: boolean;
  readonly at: number;
  readonly picksUp: boolean;
};

/** What the host has now. */
export type MoveFacts = {
  /** As the server wants it. */
  readonly state: HostState;
  readonly revision: Revision;
  /** The taps that are there and up. */
  readonly taps: ReadonlySet<IfName>;
  readonly now: number;
};

/** How long the better metric stays when the server has called the endpoint at home: until every router has heard that it left its former host. */
const CONVERGENCE_MS = 30_000;
/** How long connections of before are picked up: a quiet one has this time to say something. */
const PICK_UP_MS = 600_000;

/**
 * Which endpoints are on their way to this host, and how far. One that is awaited arrives when it is heard at its tap, or when the server
 * calls it at home; until the server knows that it was heard, `changes` says what is different here. It is awaited again when its tap goes,
 * or when the server has taken it to be elsewhere since. Rules that are tightened end the picking up of connections: what they cut must not
 * come back the other way round (S16).
 */
export class MoveBook {
  readonly #moves = new Map<string, SavedMove>();
  #state: HostState | null = null;
  #byTap: ReadonlyMap<IfName, Endpoint> = new Map();
  #now = 0;

  /** Goes on from what was saved. What was tightened meanwhile is not known: of what has settled nothing more is picked up. */
  constructor(saved: readonly SavedMove[]) {
    for (const move of saved) this.#moves.set(move.endpoint, move.phase === 'settling' ? { ...move, picksUp: false } : move);
  }

  /** Takes in that the instance behind a tap has announced itself; whether it has just arrived by that. */
  hear({ ifname, now }: { readonly ifname: IfName; readonly now: number }): boolean {
    const move = this.#moves.get(this.#byTap.get(ifname)?.id ?? '');
    if (move?.phase !== 'incoming') return false;
    this.#moves.set(move.endpoint, { ...move, phase: 'arrived', isKnown: false, at: now });
    return true;
  }

  /** Takes in how the host is now, the server's word among it. */
  settle({ state, revision, taps, now }: MoveFacts): void {
    const last = this.#state;
    if (last !== state) {
      this.#byTap = new Map([...state.endpoints.values()].map((endpoint) => [endpoint.ifname, endpoint]));
      this.#endPickUps(last, state);
    }
    this.#state = state;
    this.#now = now;
    for (const [id, move] of this.#moves) if (!state.endpoints.has(id) && revision >= move.revision) this.#moves.delete(id);
    for (const endpoint of state.endpoints.values()) {
      const move = this.#moves.get(endpoint.id);
      if ((move === undefined && endpoint.phase === 'home') || (move !== undefined && revision < move.revision)) continue;
      const next = nextMove(move, endpoint, { revision, isHere: taps.has(endpoint.ifname), now });
      if (next === null) this.#moves.delete(endpoint.id);
      else this.#moves.set(endpoint.id, next);
    }
  }

  /** What endpoints are here otherwise than the server's state says, as of the last `settle`. */
  changes(): ReadonlyMap<string, MoveChange> {
    const changes = new Map<string, MoveChange>();
    for (const { endpoint: id, phase, at, picksUp } of this.#moves.values()) {
      const endpoint = this.#state?.endpoints.get(id);
      const isNew = phase === 'settling' && this.#now < at + CONVERGENCE_MS;
      const change: MoveChange = { phase: phase === 'settling' ? (isNew ? 'arrived' : 'home') : phase, picksUp };
      if (endpoint === undefined) continue;
      if (endpoint.phase !== change.phase || endpoint.picksUp !== picksUp) changes.set(id, change);
    }
    return changes;
  }

  /** What to keep on disk. */
  saved(): readonly SavedMove[] {
    return [...this.#moves.values()].sort((a, b) => (a.endpoint < b.endpoint ? -1 : 1));
  }

  /** When time alone makes a difference, and `settle` is due; null when it never does. */
  nextAt(now: number): number | null {
    const turns = [...this.#moves.values()].flatMap(({ phase, at }) =>
      phase === 'settling' ? [at + CONVERGENCE_MS, at + PICK_UP_MS].filter((turn) => turn > now) : [],
    );
    return turns.length === 0 ? null : Math.min(...turns);
  }

  /** An endpoint that was not there before is not tightened, whatever it comes with: the copy of the state may be from before its move. */
  #endPickUps(last: HostState | null, state: HostState): void {
    if (last === null || this.#moves.size === 0) return;
    for (const id of endpointsTightened(last, state)) {
      const move = this.#moves.get(id);
      if (move !== undefined && last.endpoints.has(id)) this.#moves.set(id, { ...move, picksUp: false });
    }
  }
}

function nextMove(
  move: SavedMove | undefined,
  { id, phase }: Endpoint,
  { revision, isHere, now }: { readonly revision: Revision; readonly isHere: boolean; readonly now: number },
): SavedMove | null {
  const awaited: SavedMove = { endpoint: id, phase: 'incoming', revision, isKnown: false, at: now, picksUp: true };
  switch (phase) {
    case 'left':
      return move?.phase === 'left' ? move : { ...awaited, phase: 'left', picksUp: false };
    case 'home':
      if (move === undefined) return null;
      if (move.phase !== 'settling')
        return { ...move, phase: 'settling', revision, isKnown: true, at: now, picksUp: move.phase === 'left' || move.picksUp };
      return now < move.at + PICK_UP_MS ? move : null;
    case 'arrived':
      if (!isHere) return move?.phase === 'incoming' ? move : awaited;
      if (move?.phase !== 'arrived') return { ...awaited, phase: 'arrived', isKnown: true };
      return move.isKnown ? move : { ...move, revision, isKnown: true };
    case 'incoming':
      if (move?.phase === 'arrived' && isHere && !move.isKnown) return move;
      return move?.phase === 'incoming' ? move : awaited;
  }
}
