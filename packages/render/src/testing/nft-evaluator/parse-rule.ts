import { FIELDS, type Field } from './fields.js';

/** Where a value is looked up: among these texts, or in a set or map of the table. */
export type Lookup = { readonly kind: 'texts'; readonly texts: readonly string[][] } | { readonly kind: 'named'; readonly name: string };

/** What a packet's flow or its way becomes. */
export type Verdict = { readonly kind: 'accept' | 'drop' | 'return' } | { readonly kind: 'jump' | 'goto'; readonly chain: string };

/** One part of a rule; all before it must have matched. */
export type Clause =
  | { readonly kind: 'match'; readonly fields: readonly Field[]; readonly isNegated: boolean; readonly within: Lookup }
  | { readonly kind: 'vmap'; readonly fields: readonly Field[]; readonly map: Lookup | ReadonlyMap<string, Verdict> }
  | { readonly kind: 'nat'; readonly what: 'dnat' | 'snat'; readonly fields: readonly Field[]; readonly map: string }
  | { readonly kind: 'nat to'; readonly what: 'dnat' | 'snat'; readonly to: readonly string[] }
  | { readonly kind: 'notrack' }
  /** What changes nothing about who reaches whom: marks, what is logged as long as it is not too much; and limits, which are taken as never reached. */
  | { readonly kind: 'mark' }
  | { readonly kind: 'limit' }
  /** A match of what no packet of the simulation has. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'verdict'; readonly verdict: Verdict };

/** Field names, longest first, so that `tcp flags & (...)` is not read as something shorter. */
const FIELD_NAMES = [...FIELDS.keys()].sort((a, b) => b.length - a.length);

/** The statements without arguments of their own, and those whose arguments mean nothing here. */
const STATEMENTS: ReadonlyArray<readonly [RegExp, (found: RegExpExecArray) => Clause]> = [
  [/^(accept|drop|return)(?= |$)/, (found) => ({ kind: 'verdict', verdict: { kind: found[1] as 'accept' } })],
  [/^(jump|goto) ([\w.-]+)(?= |$)/, (found) => ({ kind: 'verdict', verdict: { kind: found[1] as 'jump', chain: found[2] ?? '' } })],
  [/^(dnat|snat) ip to ([\d.]+)(?::(\d+))?(?= |$)/, natTo],
  [/^(dnat|snat) ip6 to \[([\da-f:]+)\]:(\d+)(?= |$)/, natTo],
  [/^notrack(?= |$)/, () => ({ kind: 'notrack' })],
  [/^ip6? dscp set \d+(?= |$)/, () => ({ kind: 'mark' })],
  [/^limit rate \d+\/second burst \d+ packets(?= |$)/, () => ({ kind: 'mark' })],
  [/^ct mark set 0x[\da-f]+(?= |$)/, () => ({ kind: 'mark' })],
  [/^log (?:prefix "[\w-]+" )?group \d+(?: snaplen \d+)?(?= |$)/, () => ({ kind: 'mark' })],
  [/^update @[\w-]+ \{ [\w ]+ counter \}(?= |$)/, () => ({ kind: 'mark' })],
  [/^update @[\w-]+ \{ \w+ limit rate over \d+\/(?:second|minute|hour) burst \d+ packets \}(?= |$)/, () => ({ kind: 'limit' })],
  [/^add @[\w-]+ \{ iifname \. ip6 saddr \}(?= |$)/, () => ({ kind: 'mark' })],
  // Connections are taken as never too many.
  [/^add @[\w-]+ \{ [io]ifname \. ct id & \d+ ct count \d+ \}(?= |$)/, () => ({ kind: 'mark' })],
  [/^update @[\w-]+ \{ [\w ]+ limit rate \d+\/(?:second|minute) burst \d+ packets \}(?= |$)/, () => ({ kind: 'mark' })],
  [/^counter name "[\w-]+"(?= |$)/, () => ({ kind: 'mark' })],
  // Nor is DHCP more than its ports: no message is a relay's, in another's name, or a rebind.
  [/^@th,(?:160|256),32 != 0(?= |$)/, () => ({ kind: 'absent' })],
  [/^@th,64,8 (?:6|\{ 12, 13 \})(?= |$)/, () => ({ kind: 'absent' })],
  // The packets here have neither IPv4 options nor IPv6 extension headers.
  [/^@nh,0,8 != 0x45 jump source-routes(?= |$)/, () => ({ kind: 'absent' })],
  [/^ip hdrlength > 5 ip option \w+ exists(?= |$)/, () => ({ kind: 'absent' })],
  [/^ip6 nexthdr \{ 0, 43, 44, 60 \} rt type \{ 0, 1 \}(?= |$)/, () => ({ kind: 'absent' })],
  [/^limit rate over \d+(?: bytes)?\/second burst \d+ (?:bytes|packets)(?= |$)/, () => ({ kind: 'limit' })],
];

function natTo([, what, ip = '', port]: RegExpExecArray): Clause {
  return { kind: 'nat to', what: what as 'dnat', to: port === undefined ? [ip] : [ip, port] };
}

const parsed = new Map<string, readonly Clause[]>();

/**
 * Reads a rule of ours. Knows the forms that `render` makes and throws for every other: a form that is new has to be taught here, with what
 * it means, before anything that has it counts as evaluated.
 */
export function parseRule(text: string): readonly Clause[] {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const clauses: Clause[] = [];
  for (let rest = text; rest !== ''; ) {
    const [clause, after] = nextClause(rest, text);
    clauses.push(clause);
    rest = after.trimStart();
  }
  parsed.set(text, clauses);
  return clauses;
}

function nextClause(rest: string, rule: string): readonly [Clause, string] {
  for (const [form, make] of STATEMENTS) {
    const found = form.exec(rest);
    if (found !== null) return [make(found), rest.slice(found[0].length)];
  }
  const nat = /^(dnat|snat) ip to /.exec(rest);
  if (nat !== null) {
    const { fields, after } = readFields(rest.slice(nat[0].length), rule);
    const map = /^map @([\w.-]+)(?= |$)/.exec(after);
    if (map === null) throw unknown(after, rule);
    return [{ kind: 'nat', what: nat[1] as 'dnat', fields, map: map[1] ?? '' }, after.slice(map[0].length)];
  }
  if (rest.startsWith(COUNTED)) return readCounterMap(rest.slice(COUNTED.length), rule);
  const { fields, after } = readFields(rest, rule);
  return after.startsWith('vmap ') ? readVmap(fields, after.slice('vmap '.length), rule) : readMatch(fields, after, rule);
}

const COUNTED = 'counter name ';

/** A map from what is matched to the counter that counts it: what is not in it does not match. */
function readCounterMap(text: string, rule: string): readonly [Clause, string] {
  const { fields, after } = readFields(text, rule);
  const map = /^map \{ ([^{}]+) \}(?= |$)/.exec(after);
  if (map === null) throw unknown(after, rule);
  const texts = (map[1] ?? '').split(', ').map((entry) => parts(entry.split(' : ')[0] ?? ''));
  return [{ kind: 'match', fields, isNegated: false, within: { kind: 'texts', texts } }, after.slice(map[0].length)];
}

/** One field, or several joined by ` . `. */
function readFields(text: string, rule: string): { readonly fields: readonly Field[]; readonly after: string } {
  const fields: Field[] = [];
  for (let rest = text; ; ) {
    const name = FIELD_NAMES.find((candidate) => rest.startsWith(`${candidate} `));
    const field = name === undefined ? undefined : FIELDS.get(name);
    if (name === undefined || field === undefined) throw unknown(rest, rule);
    fields.push(field);
    rest = rest.slice(name.length + 1);
    if (!rest.startsWith('. ')) return { fields, after: rest };
    rest = rest.slice(2);
  }
}

function readMatch(fields: readonly Field[], text: string, rule: string): readonly [Clause, string] {
  const isNegated = text.startsWith('!= ');
  const [within, after] = readLookup(isNegated || text.startsWith('== ') ? text.slice(3) : text, rule);
  return [{ kind: 'match', fields, isNegated, within }, after];
}

function readLookup(text: string, rule: string): readonly [Lookup, string] {
  const named = /^@([\w.-]+)(?= |$)/.exec(text);
  if (named !== null) return [{ kind: 'named', name: named[1] ?? '' }, text.slice(named[0].length)];
  const set = /^\{ ([^{}]+) \}(?= |$)/.exec(text);
  if (set !== null) return [{ kind: 'texts', texts: (set[1] ?? '').split(', ').map(parts) }, text.slice(set[0].length)];
  // Several with commas are any of them: states of a flow.
  const word = /^("[\w*.-]+"|[\w.:/-]+(?:,\w+)*)(?= |$)/.exec(text);
  if (word === null) throw unknown(text, rule);
  return [{ kind: 'texts', texts: (word[1] ?? '').split(',').map(parts) }, text.slice(word[0].length)];
}

function readVmap(fields: readonly Field[], text: string, rule: string): readonly [Clause, string] {
  const anonymous = /^\{ ([^{}]+) \}(?= |$)/.exec(text);
  if (anonymous === null) {
    const [map, after] = readLookup(text, rule);
    if (map.kind !== 'named') throw unknown(text, rule);
    return [{ kind: 'vmap', fields, map }, after];
  }
  const entries = (anonymous[1] ?? '').split(', ').map((entry): readonly [string, Verdict] => {
    const [key = '', verdict = ''] = entry.split(' : ');
    return [key, parseVerdict(verdict)];
  });
  return [{ kind: 'vmap', fields, map: new Map(entries) }, text.slice(anonymous[0].length)];
}

/** Reads a verdict, of a map's element for instance. */
export function parseVerdict(text: string): Verdict {
  const [clause, ...more] = parseRule(text);
  if (clause?.kind !== 'verdict' || more.length > 0) throw unknown(text, text);
  return clause.verdict;
}

/** The parts of an element that is a concatenation. */
export function parts(element: string): string[] {
  return element.split(' . ');
}

function unknown(at: string, rule: string): Error {
  return new Error(
    `a form of nft that the evaluator does not know, at "${at}" of the rule "${rule}": teach it in packages/render/src/testing/nft-evaluator`,
  );
}
