import { adoptedTaps } from './adopted-taps.js';
import { diffTables } from './diff-tables.js';
import type { HostFacts, Program } from './host-facts.js';
import { releaseLimits } from './plan-limits.js';
import { planSysctls, releaseLink } from './plan-link.js';
import type { Step } from './step.js';

/**
 * What to do, in order, to remove everything that is ours and nothing else. Taps stop forwarding before the policy goes, so none is ever open.
 * `saved` are the host-wide sysctls as they were before the agent first wrote them, by path; those in it are put back.
 */
export function cleanupPlan(facts: HostFacts, saved: ReadonlyMap<string, string>): Step[] {
  const taps = adoptedTaps(facts);
  const ours = new Set(taps);
  const tables = facts.tables.filter(({ name }) => name === 'manx');
  const script = diffTables(tables, []);
  const neighbours = facts.neighbours.filter(({ dev }) => ours.has(dev));
  return [
    ...facts.routes.map((route) => ({ kind: 'delete-route', route }) as const),
    ...neighbours.map((neighbour) => ({ kind: 'delete-neighbour', neighbour }) as const),
    ...taps.flatMap((ifname) => releaseLink(ifname, facts)),
    ...releaseLimits(new Set(), facts),
    ...(['dnsmasq', 'bird'] as const).flatMap((program) => removeProgram(program, facts)),
    ...planSysctls(saved, facts, null),
    ...(script === '' ? [] : [{ kind: 'apply-nft', script } as const]),
  ];
}

function removeProgram(program: Program, facts: HostFacts): Step[] {
  const remove = [...facts.files[program].keys()].sort();
  if (remove.length === 0) return [{ kind: 'stop-program', program }];
  return [
    { kind: 'stop-program', program },
    { kind: 'write-files', program, write: new Map(), remove },
  ];
}
