import { awaitedAt, type Port, type PortVisit, type Problem, runsAt, SERVER_ACTOR } from '@manx/model';
import { disallowed } from './authority.js';
import type { ReportedStatus } from './command.js';
import type { Work } from './work.js';

/**
 * Takes a host's word for the ports that are bound to it, and for those that may move there by live migration: that it has programmed one
 * (which Nova may wait for), or heard it arrive. A report about a port that is gone, or that moved elsewhere meanwhile, is late,
 * not wrong: it is passed over.
 */
export function reportStatuses(work: Work, host: string, statuses: readonly ReportedStatus[]): string[] | Problem {
  if (work.actor !== SERVER_ACTOR) return disallowed('update_port', { rule: 'update_port:status', keys: [] });
  for (const status of statuses) {
    const port = work.state.get('port', status.id);
    if (port?.['binding:host_id'] === host) ofOwnHost(work, port, status);
    else if (port !== undefined) ofOtherHost(work, port, { host, ...status });
  }
  return statuses.map(({ id }) => id).filter((id) => work.isTouched('port', id));
}

/** Ends what hosts have said of a port that is not expected there any more. */
export function endVisits(work: Work, id: string): void {
  const port = work.state.get('port', id);
  if (port?.visits === undefined) return;
  const awaited = awaitedAt(work.state, port);
  const kept = port.visits.filter(({ host }) => awaited.includes(host));
  if (kept.length < port.visits.length) work.update('port', port, { visits: kept });
}

/** A port whose instance was heard elsewhere is not judged by what it left here, unless it was heard here again: then it has turned back. */
function ofOwnHost(work: Work, port: Port, { status, has_arrived = false }: ReportedStatus): void {
  if (port['binding:vif_type'] !== 'tap') return;
  if (runsAt(port) === port['binding:host_id']) work.update('port', port, { status });
  else if (has_arrived)
    work.update('port', port, { status, visits: (port.visits ?? []).map(({ host }) => ({ host, has_arrived: false })) });
}

/** The last host that has heard it has it. */
function ofOtherHost(work: Work, port: Port, { host, status, has_arrived = false }: ReportedStatus & { readonly host: string }): void {
  if (!awaitedAt(work.state, port).includes(host)) return;
  const others = (port.visits ?? []).filter((visit) => visit.host !== host);
  const rest = has_arrived ? others.map((visit) => ({ ...visit, has_arrived: false })) : others;
  const visits: PortVisit[] = status === 'ACTIVE' ? [...rest, { host, has_arrived }] : rest;
  if (visits.length > 0 || port.visits !== undefined)
    work.update('port', port, { visits: visits.sort((a, b) => (a.host < b.host ? -1 : 1)) });
}
