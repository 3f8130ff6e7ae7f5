import type { NftTable } from '@manx/render';
import { diffElements } from './diff-elements.js';
import type { ObservedChain, ObservedTable } from './host-facts.js';
import { chainMarks } from './rule-mark.js';
import { hookText, meterShape, setShape } from './table-shape.js';

/** The lines of one transaction, in an order the kernel takes: nothing is deleted while something still points at it. */
type Script = {
  readonly cut: string[];
  readonly drop: string[];
  readonly make: string[];
  readonly fill: string[];
  readonly link: string[];
};

/**
 * The nft text that turns the observed tables into the wanted ones in one transaction; empty when nothing differs.
 * Elements are added and deleted one by one, changed chains are flushed and refilled, the rest is not touched. An observed table that is not wanted is deleted; of one
 * whose sets or hooks have another shape all that is in it is deleted and written anew, in the same transaction. The kernel refuses it as a whole when
 * the tables changed since they were observed: observe again.
 */
export function diffTables(observed: readonly ObservedTable[], wanted: readonly NftTable[]): string {
  const found = new Map(observed.map((table) => [tableName(table), table]));
  const names = new Set(wanted.map(tableName));
  const gone = [...found.keys()].filter((name) => !names.has(name)).map((name) => `delete table ${name}`);
  const lines = [...gone, ...wanted.flatMap((table) => diffTable(found.get(tableName(table)) ?? null, table))];
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function diffTable(observed: ObservedTable | null, wanted: NftTable): string[] {
  const name = tableName(wanted);
  if (observed === null) return [`add table ${name}`, ...difference(emptyTable(wanted), wanted)];
  if (observed.isStrange) return [`delete table ${name}`, `add table ${name}`, ...difference(emptyTable(wanted), wanted)];
  // The table itself stays: made anew it would not be held any more (decision 13).
  if (!canBecome(observed, wanted)) return [...difference(observed, nothingOf(wanted)), ...difference(emptyTable(wanted), wanted)];
  return difference(observed, wanted);
}

function difference(observed: ObservedTable, wanted: NftTable): string[] {
  const script: Script = { cut: [], drop: [], make: [], fill: [], link: [] };
  diffChains(observed, wanted, script);
  diffSets(observed, wanted, script);
  diffMaps(observed, wanted, script);
  diffCounting(observed, wanted, script);
  return [...script.cut, ...script.drop, ...script.make, ...script.fill, ...script.link];
}

function diffChains(observed: ObservedTable, wanted: NftTable, script: Script): void {
  const table = tableName(wanted);
  for (const [name, chain] of wanted.chains) {
    const before = observed.chains.get(name);
    const marks = chainMarks(chain);
    if (before !== undefined && isSame(before, marks)) continue;
    const hook = hookText(chain.hook);
    if (before === undefined) script.make.push(`add chain ${table} ${name}${hook === null ? '' : ` { ${hook} }`}`);
    else if (before.marks.length > 0) script.cut.push(`flush chain ${table} ${name}`);
    for (const [i, rule] of chain.rules.entries()) script.fill.push(`add rule ${table} ${name} ${rule} comment "${marks[i]}"`);
  }
  for (const name of observed.chains.keys()) {
    if (wanted.chains.has(name)) continue;
    script.cut.push(`flush chain ${table} ${name}`);
    script.drop.push(`delete chain ${table} ${name}`);
  }
}

function diffSets(observed: ObservedTable, wanted: NftTable, script: Script): void {
  const table = tableName(wanted);
  for (const [name, set] of wanted.sets) {
    const before = observed.sets.get(name);
    if (before === undefined)
      script.make.push(
        `add set ${table} ${name} { ${set.typeof === undefined ? `type ${set.type}` : `typeof ${set.typeof}`}; ${flagsText(set.flags)}}`,
      );
    const { added, deleted } = diffElements(before?.elements ?? new Set(), set.elements);
    script.cut.push(...elementLines('delete', `${table} ${name}`, deleted));
    script.link.push(...elementLines('add', `${table} ${name}`, added));
  }
  for (const name of observed.sets.keys()) if (!wanted.sets.has(name)) script.drop.push(`delete set ${table} ${name}`);
}

function diffMaps(observed: ObservedTable, wanted: NftTable, script: Script): void {
  const table = tableName(wanted);
  for (const [name, map] of wanted.maps) {
    const before = observed.maps.get(name);
    if (before === undefined) script.make.push(`add map ${table} ${name} { type ${map.type} : ${map.value}; ${flagsText(map.flags)}}`);
    const deleted = [...(before?.elements ?? [])].filter(([key, value]) => map.elements.get(key) !== value);
    const added = [...map.elements].filter(([key, value]) => before?.elements.get(key) !== value);
    script.cut.push(
      ...elementLines(
        'delete',
        `${table} ${name}`,
        deleted.map(([key]) => key),
      ),
    );
    script.link.push(
      ...elementLines(
        'add',
        `${table} ${name}`,
        added.map(([key, value]) => `${key} : ${value}`),
      ),
    );
  }
  for (const [name, { elements }] of observed.maps) {
    if (wanted.maps.has(name)) continue;
    // Its verdicts may point at chains that go as well.
    script.cut.push(...elementLines('delete', `${table} ${name}`, [...elements.keys()]));
    script.drop.push(`delete map ${table} ${name}`);
  }
}

/** What counts comes and goes with what is counted, and what it has counted is no difference. */
function diffCounting(observed: ObservedTable, wanted: NftTable, script: Script): void {
  const table = tableName(wanted);
  for (const [name, { type, typeof: of, size, timeoutS }] of wanted.meters) {
    if (observed.meters.has(name)) continue;
    const timeout = timeoutS === null ? '' : `, timeout; timeout ${timeoutS}s`;
    script.make.push(
      `add set ${table} ${name} { ${of === undefined ? `type ${type}` : `typeof ${of}`}; size ${size}; flags dynamic${timeout}; }`,
    );
  }
  for (const name of observed.meters.keys()) if (!wanted.meters.has(name)) script.drop.push(`delete set ${table} ${name}`);
  const { added, deleted } = diffElements(observed.counters, wanted.counters);
  script.make.push(...added.map((name) => `add counter ${table} ${name}`));
  script.drop.push(...deleted.map((name) => `delete counter ${table} ${name}`));
}

/** Whether the table can be changed piece by piece: sets keep their type, base chains their hook. */
function canBecome(observed: ObservedTable, wanted: NftTable): boolean {
  if (observed.isStrange) return false;
  for (const [name, set] of wanted.sets) {
    const before = observed.sets.get(name);
    if (observed.maps.has(name) || (before !== undefined && before.shape !== setShape(set))) return false;
  }
  for (const [name, meter] of wanted.meters) {
    const before = observed.meters.get(name);
    if (observed.sets.has(name) || observed.maps.has(name) || (before !== undefined && before !== meterShape(meter))) return false;
  }
  if ([...wanted.sets.keys(), ...wanted.maps.keys()].some((name) => observed.meters.has(name))) return false;
  for (const [name, map] of wanted.maps) {
    const before = observed.maps.get(name);
    if (observed.sets.has(name) || (before !== undefined && before.shape !== setShape(map))) return false;
  }
  for (const [name, chain] of wanted.chains) {
    const before = observed.chains.get(name);
    if (before !== undefined && before.hook !== chain.hook && hookText(before.hook) !== hookText(chain.hook)) return false;
  }
  return true;
}

function isSame(observed: ObservedChain, marks: readonly string[]): boolean {
  if (observed.marks === marks) return true;
  return observed.marks.length === marks.length && marks.every((mark, i) => observed.marks[i] === mark);
}

function elementLines(verb: 'add' | 'delete', set: string, elements: readonly string[]): string[] {
  return elements.length === 0 ? [] : [`${verb} element ${set} { ${elements.join(', ')} }`];
}

function flagsText(flags: readonly string[]): string {
  return flags.length === 0 ? '' : `flags ${flags.join(', ')}; `;
}

function tableName(table: Pick<NftTable, 'family' | 'name'>): string {
  return `${table.family} ${table.name}`;
}

const NOTHING = { sets: new Map(), maps: new Map(), meters: new Map(), counters: new Set<string>(), chains: new Map() } as const;

function emptyTable({ family, name }: NftTable): ObservedTable {
  return { family, name, ...NOTHING, isStrange: false };
}

function nothingOf({ family, name }: NftTable): NftTable {
  return { family, name, ...NOTHING };
}
