import type { HostPlan } from '@manx/render';
import type { HostFacts, Program } from './host-facts.js';
import type { Step } from './step.js';

const PROGRAMS: readonly Program[] = ['dnsmasq', 'bird'];

/** One step for each program whose files differ. Files that are not in the plan are removed. */
export function planFiles(plan: HostPlan, facts: HostFacts): Step[] {
  return PROGRAMS.flatMap((program): Step[] => {
    const wanted = plan[program].files;
    const found = facts.files[program];
    const write = new Map([...wanted].filter(([name, text]) => found.get(name) !== text));
    const remove = [...found.keys()].filter((name) => !wanted.has(name)).sort();
    return write.size + remove.length === 0 ? [] : [{ kind: 'write-files', program, write, remove }];
  });
}
