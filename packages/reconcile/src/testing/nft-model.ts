import type { ObservedTable } from '../host-facts.js';

type Table = {
  readonly sets: Map<string, { readonly shape: string; readonly elements: Map<string, string> }>;
  readonly counters: Set<string>;
  readonly chains: Map<string, { readonly hook: string; rules: string[] }>;
};

/**
 * A kernel of nft in small: takes the text of `diffTables`, all or nothing, and refuses what the kernel refuses (deleting
 * what is referenced or absent, adding a rule or element to what is not there, a jump to no chain).
 */
export class NftModel {
  #tables = new Map<string, Table>();

  /** Runs one transaction; throws, and changes nothing, when a line or the result is refused. */
  apply(script: string): void {
    const tables = structuredClone(this.#tables);
    for (const line of script.split('\n').filter((one) => one !== '')) runLine(tables, line);
    this.#tables = tables;
  }

  /** All that there is, sorted, as one comparable value. */
  contents(): unknown {
    return [...this.#tables].sort(byName).map(([name, { sets, counters, chains }]) => ({
      name,
      counters: [...counters].sort(),
      sets: [...sets].sort(byName).map(([set, { shape, elements }]) => [set, shape, [...elements].sort(byName)]),
      chains: [...chains].sort(byName),
    }));
  }
}

function runLine(tables: Map<string, Table>, line: string): void {
  const [verb = '', kind = '', family = '', name = '', object = '', ...rest] = line.split(' ');
  const key = `${family} ${name}`;
  if (kind === 'table') {
    if (verb === 'delete' && !tables.delete(key)) refuse(line, 'no such table');
    if (verb === 'add' && !tables.has(key)) tables.set(key, { sets: new Map(), counters: new Set(), chains: new Map() });
    return;
  }
  const table = tables.get(key) ?? refuse(line, 'no such table');
  if (kind === 'chain') runChain(table, { verb, name: object, text: rest.join(' '), line });
  else if (kind === 'set' || kind === 'map') runSet(table, { verb, name: object, text: rest.join(' '), line });
  else if (kind === 'counter') runCounter(table, { verb, name: object, text: '', line });
  else if (kind === 'rule') addRule(table, { name: object, text: rest.join(' '), line });
  else if (kind === 'element') runElements(table, { verb, name: object, text: rest.join(' '), line });
  else refuse(line, 'not understood');
}

type Line = { readonly verb?: string; readonly name: string; readonly text: string; readonly line: string };

function runChain(table: Table, { verb, name, text, line }: Line): void {
  const chain = table.chains.get(name);
  if (verb === 'add') {
    if (chain === undefined) table.chains.set(name, { hook: text, rules: [] });
  } else if (chain === undefined) {
    refuse(line, 'no such chain');
  } else if (verb === 'flush') {
    chain.rules = [];
  } else {
    if (chain.rules.length > 0 || references(table).has(name)) refuse(line, 'busy');
    table.chains.delete(name);
  }
}

function runSet(table: Table, { verb, name, text, line }: Line): void {
  if (verb === 'add') {
    if (!table.sets.has(name)) table.sets.set(name, { shape: text, elements: new Map() });
  } else {
    if (references(table).has(`@${name}`)) refuse(line, 'busy');
    if (!table.sets.delete(name)) refuse(line, 'no such set');
  }
}

function runCounter(table: Table, { verb, name, line }: Line): void {
  if (verb === 'add') {
    table.counters.add(name);
  } else {
    if (references(table).has(`"${name}"`)) refuse(line, 'busy');
    if (!table.counters.delete(name)) refuse(line, 'no such counter');
  }
}

function addRule(table: Table, { name, text, line }: Line): void {
  const chain = table.chains.get(name) ?? refuse(line, 'no such chain');
  for (const word of pointers(text)) {
    if (!isThere(table, word)) refuse(line, `no ${word}`);
  }
  chain.rules.push(text);
}

function isThere({ sets, counters, chains }: Table, word: string): boolean {
  if (word.startsWith('"')) return counters.has(word.slice(1, -1));
  return word.startsWith('@') ? sets.has(word.slice(1)) : chains.has(word);
}

function runElements(table: Table, { verb, name, text, line }: Line): void {
  const set = table.sets.get(name) ?? refuse(line, 'no such set');
  for (const element of text.slice(2, -2).split(', ')) {
    const [key = '', value = ''] = element.split(' : ');
    if (verb === 'delete') {
      if (!set.elements.delete(key)) refuse(line, `no element ${key}`);
    } else {
      if ((set.elements.get(key) ?? value) !== value) refuse(line, `another value for ${key}`);
      for (const word of pointers(value)) if (!table.chains.has(word)) refuse(line, `no ${word}`);
      set.elements.set(key, value);
    }
  }
}

/** Every chain, set and counter that some rule or element points at. */
function references(table: Table): Set<string> {
  const rules = [...table.chains.values()].flatMap((chain) => chain.rules);
  const values = [...table.sets.values()].flatMap(({ elements }) => [...elements.values()]);
  return new Set([...rules, ...values].flatMap(pointers));
}

function pointers(text: string): string[] {
  // Not a raw field of the packet, as `@th,64,128` and `@nh,0,8`.
  return [...text.matchAll(/(?:jump|goto) (\S+)|(@(?![nt]h,)\S+)|("rule-[^"]+")/g)].map(
    ([, chain, set, counter]) => chain ?? set ?? counter ?? '',
  );
}

function refuse(line: string, why: string): never {
  throw new Error(`${why}: ${line}`);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

/** For comparing tables: Maps in any order, marks and elements as they are. */
export function contentsOf(tables: readonly ObservedTable[]): unknown {
  return [...tables]
    .sort((a, b) => (a.family < b.family ? -1 : 1))
    .map(({ family, isStrange, sets, maps, meters, counters, chains }) => ({
      family,
      isStrange,
      meters: [...meters].sort(byName),
      counters: [...counters].sort(),
      sets: [...sets].sort(byName).map(([name, { shape, elements }]) => [name, shape, [...elements].sort()]),
      maps: [...maps].sort(byName).map(([name, { shape, elements }]) => [name, shape, [...elements].sort(byName)]),
      chains: [...chains].sort(byName),
    }));
}
