import { ruleCounter } from './names.js';
import type { ServiceMatch } from './service-match.js';

/**
 * The nft rules by which a peer (`who`, which may be said in the fields as well) is let in by these matches: one for each field. Where a
 * field has several keys they are a map to counters; what is not in it is not accepted.
 */
export function countedLines(who: string, matches: readonly ServiceMatch[]): string[] {
  const byField = new Map<string, ServiceMatch[]>();
  for (const match of matches) byField.set(match.field, [...(byField.get(match.field) ?? []), match]);
  return [...byField.values()].map((same) => [who, ...countedMatch(same), 'accept'].filter((part) => part !== '').join(' '));
}

function countedMatch(same: readonly ServiceMatch[]): readonly string[] {
  const [first] = same;
  if (first === undefined) return [];
  if (same.length === 1) return [first.field, single(first), `counter name ${nameOf(first)}`];
  return [`counter name ${first.field} map { ${same.map((one) => `${one.key} : ${nameOf(one)}`).join(', ')} }`];
}

/** nft takes a concatenation only in a set. */
function single({ field, key }: ServiceMatch): string {
  return field.includes(' . ') ? `{ ${key} }` : key;
}

function nameOf({ rule }: ServiceMatch): string {
  return `"${ruleCounter(rule)}"`;
}
