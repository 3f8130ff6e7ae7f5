import {
  compareIds,
  type Endpoint,
  type EndpointAddress,
  type HostName,
  isObjectId,
  isProblem,
  type Member,
  type Owner,
  type Problem,
  parseHostName,
  parseHostObject,
  tapName,
} from '@manx/hoststate';
import { compareIps, type Ip, parseIp } from '@manx/ip';
import { awaitedAt, type Network, type Port, runsAt, type StateReader } from '@manx/model';
import { compileDhcpOptions } from './compile-dhcp-options.js';
import { compileFloating, compileFloatingLimits, compileForwards } from './compile-floating.js';
import { compileLogs } from './compile-logs.js';
import { compileClaims, compilePairs, pairMembers } from './compile-pairs.js';
import { compileQos } from './compile-qos.js';
import { hostnameOf } from './hostname-of.js';
import { isPluggedIn } from './is-plugged-in.js';
import { isUp } from './is-up.js';

/**
 * What a port depends on besides itself. From `state` come floating IPs, forwardings, QoS rules, logs, and who else has an address of its
 * pairs; `Compiler` follows each of them (`Dependents`).
 */
export type PortContext = {
  readonly network: Network | undefined;
  readonly hasSubnet: (id: string) => boolean;
  readonly state: StateReader;
};

/**
 * Where a port is plugged in and as what, where it may move to by live migration, and where it was before; none when it is an endpoint
 * nowhere. And what could not be compiled.
 */
export type CompiledPort = {
  readonly places: readonly { readonly host: HostName; readonly endpoint: Endpoint }[];
  readonly problems: readonly Problem[];
};

const NOWHERE: CompiledPort = { places: [], problems: [] };

/**
 * The endpoint of a port that is bound to a host as a tap, there and, silent, at its other bindings; nowhere for any other port. Fails closed: without its network it
 * is down, an address whose subnet has none is left out, and a port that cannot be said at all is no endpoint, so that the
 * host drops everything of its tap (S20).
 */
export function compilePort(port: Port, context: PortContext): CompiledPort {
  if (!isPluggedIn(port)) return NOWHERE;
  const host = parseHostName(port['binding:host_id']);
  if (host === null) return { places: [], problems: [portProblem(port, 'its host name is none that Nova allows')] };
  // The tap is named after the id, so that an unsayable one has to be caught before.
  if (!isObjectId(port.id)) return { places: [], problems: [portProblem(port, 'its id is none that a host can use')] };
  const problems: Problem[] = [];
  if (context.network === undefined) problems.push(portProblem(port, `its network ${port.network_id} is missing; it is down`));
  const addresses = addressesOf(port, context, problems);
  const ips = addresses.map(({ ip }) => ip);
  const { state } = context;
  const floating = compileFloating(port, ips, state, problems);
  const forwards = compileForwards(port, state, problems);
  const endpoint = parseHostObject({
    kind: 'endpoint',
    id: port.id,
    ifname: tapName(port.id),
    mac: port.mac_address,
    isUp: isUp(port, context.network),
    phase: 'home',
    picksUp: false,
    addresses: [...addresses].sort((a, b) => compareIps(a.ip, b.ip)),
    isSecured: port.port_security_enabled,
    pairs: compilePairs(port, state, (text) => problems.push(portProblem(port, `its pair ${text} cannot be allowed`))),
    claims: compileClaims(port, state),
    policies: [...new Set(port.security_groups)].sort(compareIds),
    floating,
    forwards,
    floatingLimits: compileFloatingLimits(port, new Set([...floating, ...forwards].map(({ ip }) => ip)), state),
    qos: compileQos(port, context.network, state),
    dhcpOptions: compileDhcpOptions(port, (name) => problems.push(portProblem(port, `its DHCP option ${name} cannot be sent`))),
    logs: compileLogs(port, state),
    hostname: hostnameOf(port.id, ips),
    owner: ownerOf(port),
  });
  if (!isProblem(endpoint)) return { places: placesOf(port, { host, endpoint: endpoint as Endpoint }, state), problems };
  problems.push(portProblem(port, `it is no endpoint: ${endpoint.subject}: ${endpoint.detail}`));
  return { places: [], problems };
}

/**
 * The port's own host, where it is at home until another has heard it arrive; the hosts that it may move to; and the one that it has left, as
 * long as its binding there is not deleted: whoever is still there goes on talking with it.
 */
function placesOf(port: Port, own: CompiledPort['places'][number], state: StateReader): CompiledPort['places'] {
  const waiting = state.by('port_binding.port_id', port.id).map(({ host }) => host);
  const awaited = awaitedAt(state, port);
  const names = [...new Set([...awaited, ...waiting])].filter((name) => name !== port['binding:host_id']).sort(compareIds);
  if (names.length === 0) return [own];
  const home = runsAt(port);
  const placeAt = (name: string): CompiledPort['places'] => {
    const host = parseHostName(name);
    if (host === null) return [];
    const phase = name === home ? 'arrived' : awaited.includes(name) ? 'incoming' : 'left';
    return [{ host, endpoint: { ...own.endpoint, phase, picksUp: phase !== 'left' } }];
  };
  const isAway = home !== port['binding:host_id'];
  const here = isAway ? { ...own, endpoint: { ...own.endpoint, phase: 'incoming' as const, picksUp: true } } : own;
  return [here, ...names.flatMap(placeAt)];
}

/**
 * What a port gives to the sets of its groups: all of its fixed IPs and pairs, wherever and whether or not it is bound
 * or up, as in Neutron. Text that is no address or prefix in canonical form is not one.
 */
export function membersOf(port: Port | undefined): readonly Member[] {
  const ips = port?.fixed_ips.map(({ ip_address }) => ip_address) ?? [];
  const own = ips.every(isCanonical) ? ips : ips.filter(isCanonical);
  const pairs = pairMembers(port);
  return pairs.length === 0 ? own : [...new Set([...own, ...pairs])];
}

/** Nova's instance, and the port's own project: Nova compares it with the instance's, so that nobody becomes another by a `device_id`. */
function ownerOf({ device_id: instance, project_id: project }: Port): Owner | null {
  return isObjectId(instance) && isObjectId(project) ? { instance, project } : null;
}

function addressesOf(port: Port, context: PortContext, problems: Problem[]): readonly EndpointAddress[] {
  const addresses: EndpointAddress[] = [];
  for (const { ip_address: ip, subnet_id: subnet } of port.fixed_ips) {
    if (!isCanonical(ip)) problems.push(portProblem(port, `its address ${ip} is none`));
    else if (!context.hasSubnet(subnet))
      problems.push(portProblem(port, `the subnet ${subnet} of its address ${ip} is missing or unusable`));
    else addresses.push({ ip, subnet });
  }
  return addresses;
}

function isCanonical(ip: Ip): boolean {
  return parseIp(ip) === ip;
}

function portProblem(port: Port, detail: string): Problem {
  return { code: 'port-not-compiled', subject: `port ${port.id}`, detail };
}
