/** One line of the results: what was measured, what came out, what it is held against. */
export type FigureRow = {
  readonly what: string;
  readonly ours: string;
  /** The peer's or the floor's value in the same run; empty when there is none. */
  readonly peer: string;
  /** Ours in terms of the peer's: `95x`, `+2.1 µs`, `98.3 %`. */
  readonly ratio: string;
  readonly goal: string;
  /** Whether the goal is met; absent where there is none, or it cannot be told. */
  readonly isMet?: boolean;
};

/** A row of what is held against no peer. */
export const rowAlone = (what: string, ours: string, goal = '', isMet?: boolean): FigureRow => ({
  what,
  ours,
  peer: '',
  ratio: '',
  goal,
  ...(isMet === undefined ? {} : { isMet }),
});

/** A figure: rows and what a reader must know to trust them. */
export type Figure = { readonly title: string; readonly notes: readonly string[]; readonly rows: readonly FigureRow[] };

/** How often one server is asked for each thing, a round. */
export type ApiCounts = {
  /** Ports that one client makes, shows, changes and deletes. */
  readonly singles: number;
  readonly crowdCreates: number;
  readonly crowdShows: number;
  readonly bulks: number;
  readonly ruleBulks: number;
  readonly ruleSeries: number;
  readonly lists: number;
  /** Lists of 10,000. */
  readonly longLists: number;
};

/** How often things are repeated. */
export type Effort = {
  /** Rounds in which ours and the peer take turns. */
  readonly apiRounds: number;
  readonly api: { readonly ours: ApiCounts; readonly peer: ApiCounts };
  /** How many ports a list holds, one stage after another. */
  readonly listSizes: readonly [number, number, number];
  /** The large cloud: how many ports in all, in how many groups, on how many hosts; at which sizes it is looked at. */
  readonly size: { readonly steps: readonly number[]; readonly groups: number; readonly hosts: number; readonly singles: number };
  /** Changes that all agents are told of, and seconds of watching an idle server. */
  readonly feed: { readonly changes: number; readonly idleSeconds: number };
  /** Ports that are there, plugged in, before the first boot. */
  readonly crowd: number;
  /** Changes of policy that are timed; disturbances of a host that are; live migrations; ports on one host for the cold start, and of the storm on ten. */
  readonly changes: number;
  readonly drifts: number;
  readonly migrations: number;
  readonly adopted: number;
  readonly storm: number;
  /** Ports of one host that are offered their addresses, and how often all of them are. */
  readonly leases: number;
  readonly leaseRounds: number;
  /** Instances of one host that ask for their metadata, and how often all of them do at the same time. */
  readonly askers: number;
  readonly askingRounds: number;
  /** How many endpoints the sending host has when the data path is measured, one stage after another. */
  readonly pathSizes: readonly number[];
  /** Routes of others that hosts have when a new one is timed, one stage after another; how many new ones. */
  readonly routes: readonly number[];
  readonly newRoutes: number;
  readonly boots: number;
  readonly pathRounds: number;
  readonly qosRounds: number;
  readonly pathSeconds: number;
  /** Sequences that the oracle plays. */
  readonly verifySequences: number;
};

export const fullEffort: Effort = {
  apiRounds: 3,
  api: {
    ours: { singles: 300, crowdCreates: 4000, crowdShows: 8000, bulks: 10, ruleBulks: 20, ruleSeries: 10, lists: 20, longLists: 10 },
    peer: { singles: 12, crowdCreates: 80, crowdShows: 400, bulks: 1, ruleBulks: 5, ruleSeries: 1, lists: 4, longLists: 1 },
  },
  listSizes: [1000, 2000, 10_000],
  size: { steps: [100, 1000, 10_000, 100_000], groups: 1000, hosts: 1000, singles: 200 },
  feed: { changes: 30, idleSeconds: 20 },
  crowd: 200,
  changes: 50,
  drifts: 10,
  migrations: 20,
  adopted: 500,
  storm: 500,
  leases: 1000,
  leaseRounds: 3,
  askers: 1000,
  askingRounds: 5,
  pathSizes: [10, 100, 1000],
  routes: [1000, 10_000, 100_000],
  newRoutes: 40,
  boots: 100,
  pathRounds: 3,
  qosRounds: 3,
  pathSeconds: 3,
  verifySequences: 10,
};

/** Enough to see that everything works; its numbers are worth little. */
export const quickEffort: Effort = {
  apiRounds: 1,
  api: {
    ours: { singles: 50, crowdCreates: 400, crowdShows: 800, bulks: 3, ruleBulks: 5, ruleSeries: 2, lists: 5, longLists: 3 },
    peer: { singles: 5, crowdCreates: 20, crowdShows: 60, bulks: 1, ruleBulks: 1, ruleSeries: 1, lists: 1, longLists: 1 },
  },
  listSizes: [1000, 2000, 10_000],
  size: { steps: [100, 1000, 10_000], groups: 100, hosts: 100, singles: 50 },
  feed: { changes: 5, idleSeconds: 5 },
  crowd: 30,
  changes: 5,
  drifts: 2,
  migrations: 2,
  adopted: 50,
  storm: 50,
  leases: 100,
  leaseRounds: 2,
  askers: 100,
  askingRounds: 2,
  pathSizes: [10, 50],
  routes: [1000],
  newRoutes: 5,
  boots: 20,
  pathRounds: 1,
  qosRounds: 1,
  pathSeconds: 1,
  verifySequences: 1,
};

/** Tells what is being done. */
export type Progress = (step: string) => void;
