import { Fault } from '../fault.js';

/** Where and why a transaction was refused: line and column counted from 1 in the text that was applied. */
export type NftRefusal = { readonly line: number; readonly column: number; readonly detail: string };

/** What the kernel says when it has no room for a change, which none of the change's own words explains, and what a person can do. */
const NO_ROOM: ReadonlyArray<readonly [string, string]> = [
  [
    'Cannot allocate memory',
    'the kernel has no memory for more rules and addresses. Free some on this host or move instances away; where the agent runs in a control group with a limit, raise that (MemoryMax)',
  ],
  [
    'Too many open files in system',
    'a set has reached the size that it was made with. Those of Manx that rules fill have none: look for others',
  ],
  ['No space left on device', 'the kernel has no room for more of this kind. Move instances away'],
  ['No buffer space available', 'the kernel takes no change of this size at once. Raise sysctl net.core.wmem_max'],
];
const WITHOUT_ROOM = '; no room: ';

/** Whether a refusal, by its detail, is for want of room on the host, and not of what was asked. */
export const isOutOfRoom = (detail: string): boolean => detail.includes(WITHOUT_ROOM);

const withAdvice = (detail: string): string => {
  const [, advice] = NO_ROOM.find(([words]) => detail.includes(words)) ?? [];
  return advice === undefined ? detail : `${detail}${WITHOUT_ROOM}${advice}`;
};

/** A refused transaction: nothing of it was done. */
export class NftFault extends Fault {
  readonly refusals: readonly NftRefusal[];

  constructor(op: string, output: string) {
    const refusals = parseNftErrors(output);
    const [first] = refusals;
    const detail = withAdvice(first === undefined ? output.trim() || 'no reason given' : `line ${first.line}: ${first.detail}`);
    super({ code: /Operation not permitted|you must be root/.test(output) ? 'not-permitted' : 'refused', op, subject: 'nftables', detail });
    this.name = 'NftFault';
    this.refusals = refusals;
  }
}

/** One table, by the family and name under which the kernel has it. */
export type NftTableKey = { readonly family: string; readonly name: string };

/**
 * The port to nftables in one network namespace. Calls are worked off one after another. A transaction happens whole or, refused,
 * not at all.
 */
export type Nftables = {
  /** Applies text as one transaction; empty text is none. Throws NftFault when it is refused. */
  readonly apply: (text: string) => Promise<void>;
  /** Whether the kernel would take this text now, without doing it: null, or the refusal. */
  readonly check: (text: string) => Promise<NftFault | null>;
  /** All of a table as libnftables-json(5) has it, without its `metainfo`; null when there is no such table. */
  readonly listTable: (table: NftTableKey) => Promise<readonly NftObject[] | null>;
  /** One chain with its rules, as `listTable`; null when there is none. */
  readonly listChain: (table: NftTableKey, chain: string) => Promise<readonly NftObject[] | null>;
  /** All chains of all tables, without their rules. */
  readonly listChains: () => Promise<readonly NftObject[]>;
  /** One set with its elements, or null when there is no such table or set. */
  readonly listSet: (table: NftTableKey, set: string) => Promise<NftObject | null>;
  /** All counters of a table, as `{ counter: { ... } }`; none when there is no such table. */
  readonly listCounters: (table: NftTableKey) => Promise<readonly NftObject[]>;
  readonly listTables: () => Promise<readonly NftTableKey[]>;
  /**
   * Makes a table ours alone while this port is open, so that no other process can change, flush or delete it, and an empty one where there
   * is none; it stays when the port closes. `taken`: from now on; `kept`: it was so; `refused`: not so, on kernels before 6.9, and of a
   * table that was made without it.
   */
  readonly hold: (table: NftTableKey) => Promise<NftHold>;
  /**
   * Whether the process that held a table has gone. Hold it before it is listed: for the flag that is left libnftables 1.0.6 has no word, and
   * writes what it finds in memory in its place, or nothing from there on.
   */
  readonly isOrphan: (table: NftTableKey) => Promise<boolean>;
  /** Whether `hold` would answer `kept`. */
  readonly isHeld: (table: NftTableKey) => boolean;
  /** Ends the port; calls under way are finished first. */
  readonly close: () => Promise<void>;
};

/** What came of `hold`. */
export type NftHold = 'taken' | 'kept' | 'refused';

/** One object of a listing, keyed by its kind: `{ chain: { ... } }`. */
export type NftObject = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const ERROR = /^[^\s:]+:(\d+):(\d+)(?:-\d+)?: Error: (.*)$/gm;

/** The refusals in what nft prints: `/dev/stdin:3:5-9: Error: No such file or directory`. */
const parseNftErrors = (output: string): readonly NftRefusal[] =>
  [...output.matchAll(ERROR)].map(([, line, column, detail]) => ({ line: Number(line), column: Number(column), detail: detail ?? '' }));

/** The objects of a JSON listing. Throws NftFault for one that is cut short, as one of a table without an owner may be (`isOrphan`). */
export const parseNftListing = (json: string): readonly NftObject[] => {
  try {
    const { nftables } = JSON.parse(json) as { readonly nftables: readonly NftObject[] };
    return nftables.filter((object) => object['metainfo'] === undefined);
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new NftFault('list', 'the listing was cut short');
    throw cause;
  }
};

/** The tables of a JSON listing. */
export const tablesOf = (objects: readonly NftObject[]): readonly NftTableKey[] =>
  objects.flatMap(({ table }) => (table === undefined ? [] : [{ family: String(table['family']), name: String(table['name']) }]));
