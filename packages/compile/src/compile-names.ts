import { isObjectId, isProblem, type PortNames, type Problem, parseHostObject } from '@manx/hoststate';
import { compareIps, parseIp } from '@manx/ip';
import { dnsAssignment, type Port, type StateReader } from '@manx/model';

/** The names of a port, null where it has none to be told; and what could not be compiled. */
export type CompiledNames = { readonly names: PortNames | null; readonly problems: readonly Problem[] };

/** A port that has no names. */
export const NAMELESS: CompiledNames = { names: null, problems: [] };

/**
 * The names of a port's addresses as `dns_assignment` shows them (S28). A port that is nobody's (a floating IP's) has none, nor has one
 * without addresses. Names that are no DNS names any more, because the domain of their network is too long for them, are a problem, and resolve nowhere.
 */
export function compileNames(port: Port, state: StateReader): CompiledNames {
  const { id, network_id: network, project_id: project } = port;
  if (![id, network, project].every(isObjectId)) return NAMELESS;
  const records = dnsAssignment(port, state)
    .filter(({ ip_address: ip }) => parseIp(ip) === ip)
    .map(({ ip_address: ip, fqdn }) => ({ ip, fqdn: fqdn.replace(/\.$/, '') }))
    .sort((a, b) => compareIps(a.ip, b.ip));
  if (records.length === 0) return NAMELESS;
  const names = parseHostObject({ kind: 'names', id, network, project, records });
  if (!isProblem(names)) return { names: names as PortNames, problems: [] };
  const detail = `its DNS names resolve nowhere: ${names.subject}: ${names.detail}`;
  return { names: null, problems: [{ code: 'names-not-compiled', subject: `port ${id}`, detail }] };
}

/** Whether somebody chose the port's name: others have to be told of it. Any other name says its address itself. */
export function isChosenName({ dns_name }: Pick<Port, 'dns_name'>): boolean {
  return dns_name !== '';
}

/** Whose names an instance resolves: those of the ports of its own project on its own network. */
export function zoneOf({ network, project }: Pick<PortNames, 'network' | 'project'>): string {
  return `${network} ${project}`;
}
