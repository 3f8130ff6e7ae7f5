import type { NftChain, NftMap, NftSet, NftTable } from '../../host-plan.js';
import { isIn, plain } from './fields.js';
import type { Sight } from './packet.js';
import { type Clause, type Lookup, parseRule, parseVerdict, parts, type Verdict } from './parse-rule.js';

/** What became of a packet in one base chain: its verdict, and what the chain asked for beside. */
export type ChainResult = {
  readonly verdict: 'accept' | 'drop';
  readonly isNotrack: boolean;
  /** The rule that decided, in its chain; the policy where none did. */
  readonly by: string;
  /** The address, or address and port, that a translation names; null for none. */
  readonly nat: { readonly what: 'dnat' | 'snat'; readonly to: readonly string[] } | null;
};

type Outcome = { readonly verdict: 'accept' | 'drop' | 'return' | 'continue'; readonly by: string };

/** Runs a base chain from its hook on: rules in order, jumps, gotos, returns, verdict maps, as the kernel does. */
export function runBaseChain(table: NftTable, name: string, sight: Sight): ChainResult {
  const effects = { isNotrack: false, nat: null as ChainResult['nat'] };
  const chain = chainOf(table, name);
  const outcome = runChain({ table, sight, effects }, name, 0);
  const isDecided = outcome.verdict === 'accept' || outcome.verdict === 'drop';
  const verdict = isDecided ? outcome.verdict : (chain.hook?.policy ?? 'accept');
  return { verdict, by: isDecided ? outcome.by : `policy of ${name}`, ...effects };
}

type Run = { readonly table: NftTable; readonly sight: Sight; readonly effects: { isNotrack: boolean; nat: ChainResult['nat'] } };

/** The kernel's own limit (NFT_JUMP_STACK_SIZE). */
const MOST_JUMPS = 16;

function runChain(run: Run, name: string, depth: number): Outcome {
  if (depth > MOST_JUMPS) throw new Error(`chain ${name}: more than ${MOST_JUMPS} jumps`);
  for (const rule of chainOf(run.table, name).rules) {
    const outcome = runRule(run, rule, { name, depth });
    if (outcome.verdict !== 'continue') return outcome;
  }
  return { verdict: 'return', by: name };
}

function runRule(run: Run, rule: string, { name, depth }: { readonly name: string; readonly depth: number }): Outcome {
  const goOn: Outcome = { verdict: 'continue', by: name };
  for (const clause of parseRule(rule)) {
    const verdict = runClause(run, clause);
    if (verdict === 'no match') return goOn;
    if (verdict === 'go on') continue;
    if (!('chain' in verdict)) return { verdict: verdict.kind, by: `${name}: ${rule}` };
    const outcome = runChain(run, verdict.chain, depth + 1);
    // What a chain that was gone to leaves open goes back to where the last jump came from.
    if (outcome.verdict !== 'return') return outcome;
    return verdict.kind === 'goto' ? outcome : goOn;
  }
  return goOn;
}

function runClause({ table, sight, effects }: Run, clause: Clause): Verdict | 'no match' | 'go on' {
  switch (clause.kind) {
    case 'match': {
      const values = valuesOf(clause.fields, sight);
      return values !== null && isFound(table, clause.within, values) !== clause.isNegated ? 'go on' : 'no match';
    }
    case 'vmap':
      return mapped(table, clause, sight);
    case 'nat': {
      const values = valuesOf(clause.fields, sight);
      const value = values === null ? undefined : lookUp(mapOf(table, clause.map), values);
      if (value === undefined) return 'no match';
      effects.nat = { what: clause.what, to: parts(value) };
      return { kind: 'accept' };
    }
    case 'nat to':
      effects.nat = { what: clause.what, to: clause.to };
      return { kind: 'accept' };
    case 'notrack':
      effects.isNotrack = true;
      return 'go on';
    case 'mark':
      return 'go on';
    case 'limit':
    case 'absent':
      return 'no match';
    case 'verdict':
      return clause.verdict;
    default:
      return clause satisfies never;
  }
}

function mapped(table: NftTable, { fields, map }: Extract<Clause, { kind: 'vmap' }>, sight: Sight): Verdict | 'no match' {
  const values = valuesOf(fields, sight);
  if (values === null) return 'no match';
  if (!('kind' in map)) return map.get(values.join(' . ')) ?? 'no match';
  if (map.kind !== 'named') throw new Error('a verdict map without a name is read with its rule');
  const text = lookUp(mapOf(table, map.name), values);
  return text === undefined ? 'no match' : parseVerdict(text);
}

function valuesOf(fields: Extract<Clause, { kind: 'match' }>['fields'], sight: Sight): string[] | null {
  const values = fields.map((field) => field(sight));
  return values.some((value) => value === null) ? null : (values as string[]);
}

function isFound(table: NftTable, within: Lookup, values: readonly string[]): boolean {
  if (within.kind === 'texts') return within.texts.some((element) => isElement(element, values));
  // What packets fill is empty here: each packet is the first.
  if (table.meters.has(within.name)) return false;
  const set = table.sets.get(within.name);
  if (set === undefined) throw new Error(`there is no set ${within.name}`);
  return keysOf(set).has(values.join(' . ')) || intervalsOf(set).some((element) => isElement(element, values));
}

function isElement(element: readonly string[], values: readonly string[]): boolean {
  if (element.length !== values.length) throw new Error(`${values.join(' . ')} is asked of ${element.join(' . ')}`);
  return element.every((text, at) => isIn(values[at] as string, text));
}

function lookUp(map: NftMap, values: readonly string[]): string | undefined {
  if (!map.flags.includes('interval')) return plainMap(map).get(values.join(' . '));
  return [...map.elements].find(([key]) => isElement(parts(key), values))?.[1];
}

const keys = new WeakMap<NftSet, ReadonlySet<string>>();
const intervals = new WeakMap<NftSet, readonly string[][]>();
const plainMaps = new WeakMap<NftMap, ReadonlyMap<string, string>>();

/** The elements of a set without intervals, each as its fields have it. */
function keysOf(set: NftSet): ReadonlySet<string> {
  const known = keys.get(set);
  if (known !== undefined) return known;
  const made = new Set(set.flags.includes('interval') ? [] : [...set.elements].map(plainKey));
  keys.set(set, made);
  return made;
}

function intervalsOf(set: NftSet): readonly string[][] {
  const known = intervals.get(set);
  if (known !== undefined) return known;
  const made = set.flags.includes('interval') ? [...set.elements].map(parts) : [];
  intervals.set(set, made);
  return made;
}

function plainMap(map: NftMap): ReadonlyMap<string, string> {
  const known = plainMaps.get(map) ?? new Map([...map.elements].map(([key, value]) => [plainKey(key), value]));
  plainMaps.set(map, known);
  return known;
}

function plainKey(element: string): string {
  return parts(element).map(plain).join(' . ');
}

function chainOf(table: NftTable, name: string): NftChain {
  const chain = table.chains.get(name);
  if (chain === undefined) throw new Error(`there is no chain ${name}`);
  return chain;
}

function mapOf(table: NftTable, name: string): NftMap {
  const map = table.maps.get(name);
  if (map === undefined) throw new Error(`there is no map ${name}`);
  return map;
}
