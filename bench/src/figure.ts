/** One line of the results: what was measured, what came out, what it is held against. */
export type FigureRow = {
  readonly what: string;
  readonly ours: string;
  /** The peer's or the floor's value in the same run; empty when there is none. */
  readonly peer: string;
  /** Ours in terms of the peer's: `95x`, `+2.1 µs`, `98.3 %`. */
  readonly ratio: string;
  readonly goal: string;
};

/** A figure: rows and what a reader must know to trust them. */
export type Figure = { readonly title: string; readonly notes: readonly string[]; readonly rows: readonly FigureRow[] };

/** How often things are repeated. */
export type Effort = {
  /** Rounds in which ours and the peer take turns. */
  readonly createRounds: number;
  /** Creates a round: ours with one client and with 16; the peer's likewise. */
  readonly creates: { readonly ours: readonly [number, number]; readonly peer: readonly [number, number] };
  /** Ports that are there, plugged in, before the first boot. */
  readonly crowd: number;
  readonly boots: number;
  readonly pathRounds: number;
  readonly pathSeconds: number;
};

export const fullEffort: Effort = {
  createRounds: 3,
  creates: { ours: [1000, 4000], peer: [40, 120] },
  crowd: 200,
  boots: 100,
  pathRounds: 7,
  pathSeconds: 3,
};

/** Enough to see that everything works; its numbers are worth little. */
export const quickEffort: Effort = {
  createRounds: 1,
  creates: { ours: [200, 400], peer: [10, 20] },
  crowd: 30,
  boots: 20,
  pathRounds: 1,
  pathSeconds: 1,
};

/** Tells what is being done. */
export type Progress = (step: string) => void;
