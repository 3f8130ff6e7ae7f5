import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import { DEFAULT_POLICY } from './default-policy.js';
import { isNotServed, successorOf } from './elsewhere.js';
import { references } from './expression.js';
import { nearestName } from './nearest-name.js';
import { isPolicyProblem, parseRule, type RuleText } from './parse-rule.js';
import type { PolicyProblem } from './policy-problem.js';

/** What a policy file says: with problems it is not to be used, with warnings it is. */
export type ParsedPolicyFile = {
  readonly overrides: { readonly [name: string]: RuleText };
  /** The line of each override, from 1. */
  readonly lines: { readonly [name: string]: number };
  readonly problems: readonly PolicyProblem[];
  /** Names of earlier releases, and of what Manx does not serve. */
  readonly warnings: readonly PolicyProblem[];
};

/** A rule as the file has it. */
type Entry = { readonly name: string; readonly rule: RuleText; readonly line: number };

/**
 * Reads a policy file in oslo.policy's format: YAML (or JSON), a map of rule names to rules. Names are those of the default policy; a
 * new name is taken when another rule of the file refers to it, and else refused with the nearest known one. What is wrong inside a
 * rule `createPolicy` tells. An empty file overrides nothing.
 */
export function parsePolicyFile(text: string): ParsedPolicyFile {
  const { entries, problems } = readEntries(text);
  const warnings: PolicyProblem[] = [];
  const named = new Set(entries.map(({ name }) => name));
  const referred = new Set(entries.flatMap(referencesOf));
  const taken: Entry[] = [];
  for (const entry of entries) {
    const { name, line } = entry;
    const successor = successorOf(name);
    if (isNotServed(name)) warnings.push(said('not-served', entry, 'Manx does not serve what this is about; the rule has no effect'));
    if (Object.hasOwn(DEFAULT_POLICY, name) || (referred.has(name) && successor === null)) taken.push(entry);
    else if (successor !== null) {
      warnings.push(said('deprecated', entry, `is now called ${successor}`));
      if (!named.has(successor)) taken.push({ ...entry, name: successor });
    } else if (!isNotServed(name)) problems.push(said('unknown-name', { name, line }, unknownName(name)));
  }
  return {
    overrides: Object.fromEntries(taken.map(({ name, rule }) => [name, rule])),
    lines: Object.fromEntries(taken.map(({ name, line }) => [name, line])),
    problems,
    warnings,
  };
}

function unknownName(name: string): string {
  const near = nearestName(name, Object.keys(DEFAULT_POLICY));
  return `there is no such rule, and no rule of this file refers to it${near === null ? '' : ` (did you mean ${near}?)`}`;
}

function referencesOf({ name, rule }: Entry): string[] {
  const expression = parseRule(name, rule);
  return isPolicyProblem(expression)
    ? []
    : references(expression).flatMap((reference) => (reference.name === name ? [] : [reference.name]));
}

function said(
  code: PolicyProblem['code'],
  { name, line }: { readonly name: string; readonly line: number },
  detail: string,
): PolicyProblem {
  return { kind: 'policy-problem', code, subject: name, detail, line, column: 1 };
}

function readEntries(text: string): { entries: Entry[]; problems: PolicyProblem[] } {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const at = (offset: number, subject: string, detail: string): PolicyProblem => {
    const { line, col } = counter.linePos(offset);
    return { kind: 'policy-problem', code: 'wrong-shape', subject, detail, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const problems = document.errors.map(({ pos, message }) => at(pos[0], '', `this is not valid YAML: ${message}`));
  const top = document.contents;
  if (problems.length > 0 || top === null || (isScalar(top) && top.value === null)) return { entries: [], problems };
  if (!isMap(top)) return { entries: [], problems: [at(offsetOf(top), '', 'must be a map of rule names to rules')] };
  const entries: Entry[] = [];
  for (const pair of top.items) {
    const { name, rule, offset } = readPair(pair);
    if (name === null) problems.push(at(offset, '', 'a rule name must be text'));
    else if (rule === null) problems.push(at(offset, name, 'must be text, or a list of checks and of lists of checks'));
    else entries.push({ name, rule, line: Math.max(1, counter.linePos(offset).line) });
  }
  return { entries, problems };
}

function readPair({ key, value }: Pair<Node, Node | null>): { name: string | null; rule: RuleText | null; offset: number } {
  const name = isScalar(key) && typeof key.value === 'string' ? key.value : null;
  return { name, rule: ruleOf(value), offset: offsetOf(key) };
}

function ruleOf(value: Node | null): RuleText | null {
  if (isScalar(value)) return typeof value.value === 'string' ? value.value : null;
  if (!isSeq(value)) return null;
  const items = value.items.map((item): string | readonly string[] | null => {
    if (isScalar(item)) return typeof item.value === 'string' ? item.value : null;
    if (!isSeq(item)) return null;
    const checks = item.items.map((check) => (isScalar(check) && typeof check.value === 'string' ? check.value : null));
    return checks.every((check) => check !== null) ? checks : null;
  });
  return items.every((item) => item !== null) ? items : null;
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}
