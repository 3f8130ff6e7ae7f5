import { compareIds, type FloatingAddress, type FloatingLimit, isProblem, type PortForward, type Problem } from '@manx/hoststate';
import { compareIps, familyOf, type Ip } from '@manx/ip';
import type { FloatingIp, ForwardedProtocol, Port, PortForwarding, StateReader } from '@manx/model';
import { bandwidthLimits } from './compile-qos.js';
import { isPluggedIn } from './is-plugged-in.js';
import { isUp } from './is-up.js';

const PROTOCOLS: { readonly [P in ForwardedProtocol]: PortForward['protocol'] } = { tcp: 6, udp: 17, sctp: 132 };

/** A floating IP is translated while the router that lets it is up, as in Neutron. */
function isLet({ router_id }: FloatingIp, state: StateReader): boolean {
  return router_id !== null && state.get('router', router_id)?.admin_state_up === true;
}

/** What may pass through these floating IPs of a port: by each one's own QoS policy, or that of its network. Sorted. */
export function compileFloatingLimits(port: Port, ips: ReadonlySet<Ip>, state: StateReader): readonly FloatingLimit[] {
  const forwarded = state
    .by('port_forwarding.internal_port_id', port.id)
    .map(({ floatingip_id }) => state.get('floatingip', floatingip_id));
  const limits = new Map<Ip, FloatingLimit>();
  for (const floatingIp of [...state.by('floatingip.port_id', port.id), ...forwarded].filter((one) => one !== undefined).toSorted(byId)) {
    const { floating_ip_address: ip, qos_policy_id, floating_network_id } = floatingIp;
    const policy = qos_policy_id ?? state.get('network', floating_network_id)?.qos_policy_id ?? null;
    const own = policy === null ? [] : bandwidthLimits(policy, state);
    if (own.length > 0 && ips.has(ip) && !limits.has(ip)) limits.set(ip, { ip, limits: own });
  }
  return [...limits.values()].sort((a, b) => compareIps(a.ip, b.ip));
}

/** The floating IPs that stand for one of these addresses of the port, sorted; what cannot be said is a problem, and translated nowhere. */
export function compileFloating(port: Port, own: readonly Ip[], state: StateReader, problems: Problem[]): readonly FloatingAddress[] {
  const floating = new Map<Ip, FloatingAddress>();
  for (const resource of state.by('floatingip.port_id', port.id).toSorted(byId)) {
    const { floating_ip_address: ip, fixed_ip_address: fixed } = resource;
    if (!isLet(resource, state)) continue;
    if (fixed === null || !own.includes(fixed) || familyOf(fixed) !== 4 || familyOf(ip) !== 4) {
      problems.push(floatingProblem(resource, `${String(fixed)} is no IPv4 address of port ${port.id}`));
    } else if (floating.has(ip)) problems.push(floatingProblem(resource, `${ip} is another floating IP already`));
    else floating.set(ip, { ip, fixed });
  }
  return [...floating.values()].sort((a, b) => compareIps(a.ip, b.ip));
}

/**
 * The forwards that this port's host does, sorted by id: all of each floating IP that the port carries. The carrier is the port of
 * its oldest forwarding that is plugged in and up, so that one more forwarding moves nothing, and one port that is down takes no other along; where
 * none is up, the oldest that is plugged in. One host announces the address, and what is for ports elsewhere goes on from there.
 */
export function compileForwards(port: Port, state: StateReader, problems: Problem[]): readonly PortForward[] {
  const floatingIps = new Set(state.by('port_forwarding.internal_port_id', port.id).map(({ floatingip_id }) => floatingip_id));
  const forwards: PortForward[] = [];
  for (const id of [...floatingIps].sort(compareIds)) {
    const floatingIp = state.get('floatingip', id);
    const all = state.by('port_forwarding.floatingip_id', id).toSorted(byId);
    if (floatingIp === undefined || floatingIp.port_id !== null || !isLet(floatingIp, state) || carrierOf(all, state) !== port.id) continue;
    for (const resource of all) {
      const forward = compileForward(resource, floatingIp, state);
      const rival = isProblem(forward) ? undefined : forwards.find((other) => overlaps(other, forward));
      if (isProblem(forward)) problems.push(forward);
      else if (rival !== undefined) problems.push(forwardProblem(resource, `its ports are those of ${rival.id} as well`));
      else forwards.push(forward);
    }
  }
  return forwards.sort(byId);
}

/** The port that carries these forwardings, null where none of theirs is plugged in. */
function carrierOf(forwardings: readonly PortForwarding[], state: StateReader): string | null {
  const ports = forwardings.toSorted(byAge).flatMap(({ internal_port_id }) => state.get('port', internal_port_id) ?? []);
  const plugged = ports.filter(isPluggedIn);
  return (plugged.find((port) => isUp(port, state.get('network', port.network_id))) ?? plugged[0])?.id ?? null;
}

function compileForward(resource: PortForwarding, { floating_ip_address: ip }: FloatingIp, state: StateReader): PortForward | Problem {
  const { id, internal_ip_address: fixed, internal_port_id: target } = resource;
  const protocol = Object.hasOwn(PROTOCOLS, resource.protocol) ? PROTOCOLS[resource.protocol] : undefined;
  const { external_first_port: from, external_last_port: to, internal_first_port: fixedFrom, internal_last_port: fixedTo } = resource;
  if (protocol === undefined) return forwardProblem(resource, `the protocol ${resource.protocol} cannot be forwarded`);
  const isTheirs = state.get('port', target)?.fixed_ips.some(({ ip_address }) => ip_address === fixed) === true;
  if (!isTheirs || familyOf(fixed) !== 4 || familyOf(ip) !== 4)
    return forwardProblem(resource, `${fixed} is no IPv4 address of port ${target}`);
  const areRanges =
    [from, to, fixedFrom, fixedTo].every(isPort) && from <= to && (fixedFrom === fixedTo || fixedTo - fixedFrom === to - from);
  if (!areRanges) return forwardProblem(resource, `ports ${from} to ${to} cannot become ${fixedFrom} to ${fixedTo}`);
  return { id, ip, protocol, from, to, fixed, fixedFrom, fixedTo };
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 65_535;
}

function overlaps(a: PortForward, b: PortForward): boolean {
  return a.ip === b.ip && a.protocol === b.protocol && a.from <= b.to && b.from <= a.to;
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return compareIds(a.id, b.id);
}

function byAge(a: PortForwarding, b: PortForwarding): number {
  // Times are in seconds: of one second by port, so that which of a port's forwardings goes moves nothing.
  return compareIds(a.created_at, b.created_at) || compareIds(a.internal_port_id, b.internal_port_id) || compareIds(a.id, b.id);
}

function floatingProblem({ id }: FloatingIp, detail: string): Problem {
  return { code: 'floatingip-not-compiled', subject: `floatingip ${id}`, detail: `stands for nothing: ${detail}` };
}

function forwardProblem({ id }: PortForwarding, detail: string): Problem {
  return { code: 'forwarding-not-compiled', subject: `port_forwarding ${id}`, detail: `forwards nothing: ${detail}` };
}
