import { type Problem, SERVER_ACTOR } from '@manx/model';
import { disallowed } from './authority.js';
import type { ReportedStatus } from './command.js';
import type { Work } from './work.js';

/**
 * Takes a host's word for the ports that are bound to it. A report about a port that is gone, or that moved elsewhere meanwhile, is late,
 * not wrong: it is passed over.
 */
export function reportStatuses(work: Work, host: string, statuses: readonly ReportedStatus[]): string[] | Problem {
  if (work.actor !== SERVER_ACTOR) return disallowed('update_port', { rule: 'update_port:status', keys: [] });
  for (const { id, status } of statuses) {
    const port = work.state.get('port', id);
    if (port?.['binding:host_id'] === host && port['binding:vif_type'] === 'tap') work.update('port', port, { status });
  }
  return statuses.map(({ id }) => id).filter((id) => work.isTouched('port', id));
}
