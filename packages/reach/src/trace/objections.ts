import type { HostName, TraceHop } from '@manx/hoststate';
import type { Way } from '../explanation.js';
import { OURS } from './packet-fate.js';

/** What a packet met at one host, in one direction. */
export type Met = { readonly direction: 'forward' | 'reply'; readonly host: HostName; readonly hops: readonly TraceHop[] };

/** What a packet met on its way that is not as explained, or not as the kernel itself counts it, wherever the packet ended: in words; null: nothing. */
export function objectionTo(way: Way, met: Met): string | null {
  return byAnotherGroup(way, met) ?? uncounted(met);
}

/**
 * The group by whose chain it went, where the explanation names others at this host. Groups are asked in the port's order by both, so it is the same one. Not the
 * single rule: a rule of nft is made of several, and what two of them allow is counted for one.
 */
function byAnotherGroup(way: Way, { direction, host, hops }: Met): string | null {
  const steps = (way[direction]?.steps ?? []).filter((step) => step.kind === 'policy' && step.host === host && step.passes);
  const named = new Set(steps.flatMap(({ policy }) => policy ?? []));
  if (named.size === 0) return null;
  const other = hops.map(acceptedBy).find((group) => group !== null && !named.has(group)) ?? null;
  return other === null ? null : `let through by group ${other}, and not by ${[...named].join(' or ')}, which was explained`;
}

/** Chains of groups, and those for ports where what they accept is logged. */
const OF_A_GROUP = /^(?:egress|ingress)-(?:logged-)?(.+)$/;
const LOGS_AND_ACCEPTS = /^accept-(?:egress|ingress)$/;

function acceptedBy({ table, chain, verdict, target }: TraceHop): string | null {
  const accepts = verdict === 'accept' || (verdict === 'goto' && LOGS_AND_ACCEPTS.test(target ?? ''));
  return table === OURS && accepts ? (OF_A_GROUP.exec(chain)?.[1] ?? null) : null;
}

/** Others' packets may have been counted as well, but this one was. A number that is lower than before began anew, and says nothing. */
function uncounted({ hops }: Met): string | null {
  for (const { family, table, chain, counters } of hops) {
    const [first] = counters;
    if (first === undefined || counters.some(({ before, after }) => after !== before)) continue;
    const which = counters.length > 1 ? `none of the counters of a rule, ${first.name} for one,` : `the counter ${first.name}`;
    return `and ${which} in table ${family} ${table}, chain ${chain}, ${counters.length > 1 ? 'has' : 'has not'} counted it (packets ${first.before} -> ${first.after})`;
  }
  return null;
}
