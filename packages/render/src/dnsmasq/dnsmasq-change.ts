import type { ProgramPlan } from '../host-plan.js';

/**
 * What a running dnsmasq must be made to do once its files are written.
 * `none`: nothing. `sighup`: read `hosts` and `options` anew. `replace`: a new process. Start the new one beside the old, and end the
 * old one when the new one has said `dnsmasqReadyLine`: their sockets share the port, so that no request is lost. Stopping
 * first is right as well, and leaves some 20 ms without an answer. Leases are static: nothing is lost with a process.
 */
export type DnsmasqChange = 'none' | 'sighup' | 'replace';

/** The least that a change of each file takes; a change of `hosts` can take more, see `dnsmasqChange`. */
export const DNSMASQ_FILE_EFFECTS: ReadonlyMap<string, DnsmasqChange> = new Map([
  ['dnsmasq.conf', 'replace'],
  ['hosts', 'sighup'],
  ['options', 'sighup'],
]);

/**
 * What it takes to go from the files that the running dnsmasq has read to other ones; `before` null: it is not known what it read.
 *
 * A line that leaves `hosts` takes a new process: a lease once given stays in dnsmasq's memory until it ends, and with it dnsmasq
 * refuses the address to the next port that has it. A line that is only added takes a signal.
 */
export function dnsmasqChange(before: ProgramPlan | null, after: ProgramPlan): DnsmasqChange {
  if (before === null) return 'replace';
  const changed = [...DNSMASQ_FILE_EFFECTS].filter(([name]) => before.files.get(name) !== after.files.get(name));
  if (changed.length === 0) return 'none';
  const stay = new Set(after.files.get('hosts')?.split('\n'));
  const hasLeft = (before.files.get('hosts') ?? '').split('\n').some((line) => !stay.has(line));
  return hasLeft || changed.some(([, effect]) => effect === 'replace') ? 'replace' : 'sighup';
}
