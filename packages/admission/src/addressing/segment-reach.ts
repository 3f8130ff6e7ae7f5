import { type FixedIp, type Port, type Problem, problem, type StateReader, type Subnet } from '@manx/model';

/**
 * Whether instances of the host can have addresses of a subnet. A subnet on no segment, or on one without a physical network, is near every
 * host; one on a physical network is near the hosts whose agents name it (`physical_networks` of agent.yaml), and those that name none. What
 * an agent has not said yet is nothing to count on.
 */
export function isNear(state: StateReader, host: string, { segment_id: id }: Pick<Subnet, 'segment_id'>): boolean {
  const network = id === null ? null : (state.get('segment', id)?.physical_network ?? null);
  if (network === null) return true;
  const named = state.by('agent.host', host)[0]?.physical_networks;
  return named !== undefined && (named.length === 0 || named.includes(network));
}

/** Those of a network's subnets that are near the host; for '', a port that is bound nowhere, all of them. A problem when there are some, and none is near. */
export function nearSubnets(state: StateReader, host: string, subnets: readonly Subnet[]): readonly Subnet[] | Problem {
  const near = host === '' ? subnets : subnets.filter((subnet) => isNear(state, host, subnet));
  const [first] = subnets;
  if (near.length > 0 || first === undefined) return near;
  return problem('HostNotConnectedToAnySegment', { host, network_id: first.network_id });
}

/** Whether every address that a port holds is of a subnet near the host. */
function isNearAll(state: StateReader, host: string, { fixed_ips }: Pick<Port, 'fixed_ips'>): boolean {
  return fixed_ips.every(({ subnet_id }) => {
    const subnet = state.get('subnet', subnet_id);
    return subnet === undefined || isNear(state, host, subnet);
  });
}

/** Why a port with these addresses cannot go to the host, if it cannot. */
export function checkNear(state: StateReader, host: string, port: Pick<Port, 'id' | 'fixed_ips'>): Problem | null {
  return host === '' || isNearAll(state, host, port) ? null : problem('HostNotCompatibleWithFixedIps', { host, port_id: port.id });
}

/** Addresses that are asked for before there is a host are of one segment: no host need be near two. */
export function checkOneSegment(state: StateReader, fixedIps: readonly FixedIp[]): Problem | null {
  const segments = new Set(fixedIps.map(({ subnet_id }) => state.get('subnet', subnet_id)?.segment_id ?? null));
  return segments.size > 1 ? problem('FixedIpsSubnetsNotOnSameSegment', {}) : null;
}
