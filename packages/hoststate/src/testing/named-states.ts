import type { Cidr, Ip } from '@manx/ip';
import { emptyHostState } from '../apply-delta.js';
import { hostSideMac } from '../host-side-mac.js';
import type {
  AddressSet,
  BgpPeer,
  Endpoint,
  HostObject,
  HostState,
  Member,
  Policy,
  PolicyRule,
  PortForward,
  PortNames,
  Subnet,
} from '../host-state.js';
import { tapName } from '../if-name.js';
import { NO_QOS } from '../no-qos.js';

/** An endpoint, up, with a MAC; addresses as `ip@subnet`. */
export function endpoint(id: string, addresses: readonly string[], policies: readonly string[] = []): Endpoint {
  return {
    kind: 'endpoint',
    id,
    ifname: tapName(id),
    mac: hostSideMac('fa:16:3e:00:00:01' as Endpoint['mac']),
    isUp: true,
    phase: 'home',
    picksUp: false,
    addresses: addresses.map((text) => {
      const [ip = '', subnet = 'sub'] = text.split('@');
      return { ip: ip as Ip, subnet };
    }),
    isSecured: true,
    pairs: [],
    claims: [],
    policies,
    floating: [],
    forwards: [],
    floatingLimits: [],
    qos: NO_QOS,
    dhcpOptions: [],
    logs: [],
    owner: null,
    hostname: `host-${id}`,
  };
}

/** An endpoint with these pairs beside, sorted: `cidr`, routed; `cidr!`, not routed; `cidr?`, yielded; or `cidr=`, claimed. */
export function paired(endpoint: Endpoint, ...pairs: readonly string[]): Endpoint {
  return {
    ...endpoint,
    pairs: pairs.map((text) => ({
      cidr: text.replace(/[!?=]$/, '') as Cidr,
      mac: endpoint.mac,
      isRouted: !text.endsWith('!'),
      isYielded: text.endsWith('?'),
    })),
    claims: pairs.flatMap((text) => (text.endsWith('=') ? [text.slice(0, text.indexOf('/')) as Ip] : [])),
  };
}

/** A forward: TCP port 80 of 203.0.113.9 to the same of 10.65.0.2, unless said otherwise. */
export function forward(id: string, more: Partial<PortForward> = {}): PortForward {
  return {
    id,
    ip: '203.0.113.9' as Ip,
    protocol: 6,
    from: 80,
    to: 80,
    fixed: '10.65.0.2' as Ip,
    fixedFrom: 80,
    fixedTo: 80,
    ...more,
  };
}

/** A rule: ingress, IPv4, everything, from anyone, unless said otherwise. */
export function rule(id: string, more: Partial<PolicyRule> = {}): PolicyRule {
  return { id, direction: 'ingress', family: 4, protocol: null, ports: null, icmp: null, peer: { kind: 'any' }, ...more };
}

/** A policy of these rules. */
export function policy(id: string, ...rules: readonly PolicyRule[]): Policy {
  return { kind: 'policy', id, isStateful: true, rules };
}

/** A set of these members, which must be sorted. */
export function set(id: string, ...members: readonly string[]): AddressSet {
  return { kind: 'set', id, members: members as readonly Member[] };
}

/** A subnet with DHCP, and a gateway where it is IPv4. */
export function subnet(id: string, cidr = '10.65.0.0/24'): Subnet {
  return {
    kind: 'subnet',
    id,
    network: 'net',
    cidr: cidr as Cidr,
    gateway: cidr.includes(':') ? null : ('10.65.0.1' as Ip),
    isGatewayHeld: false,
    hasSnat: false,
    isDhcpEnabled: true,
    dnsServers: [],
    hostRoutes: [],
    mtu: 1500,
    raMode: cidr.includes(':') ? 'slaac' : null,
    addressMode: cidr.includes(':') ? 'slaac' : null,
  };
}

/** An external peer without a password, told everything. */
export function bgpPeer(id: string, address: string, more: Partial<BgpPeer> = {}): BgpPeer {
  return { kind: 'bgp-peer', id, address: address as Ip, asn: 65_001, localAsn: 65_000, password: null, announced: null, ...more };
}

/** The names of a port: `ip=fqdn`, sorted by address. */
export function names(id: string, ...records: readonly string[]): PortNames {
  const read = records.map((text) => {
    const [ip = '', fqdn = ''] = text.split('=');
    return { ip: ip as Ip, fqdn };
  });
  return { kind: 'names', id, network: 'net', project: 'blue', records: read };
}

/** The state of these objects; a later one replaces an earlier one of its kind and id. */
export function stateOf(...objects: readonly HostObject[]): HostState {
  const of = <T extends HostObject>(kind: T['kind']): ReadonlyMap<string, T> =>
    new Map(objects.filter((object): object is T => object.kind === kind).map((object) => [object.id, object]));
  if (objects.length === 0) return emptyHostState;
  return {
    endpoints: of<Endpoint>('endpoint'),
    policies: of<Policy>('policy'),
    sets: of<AddressSet>('set'),
    subnets: of<Subnet>('subnet'),
    bgpPeers: of<BgpPeer>('bgp-peer'),
    names: of<PortNames>('names'),
  };
}

/** Two instances of one group that lets in SSH from anywhere and everything from itself, and lets out everything. */
export const twoFriends: HostState = stateOf(
  endpoint('web-1', ['10.65.0.2', 'fd00:65::2@sub6'], ['friends']),
  endpoint('web-2', ['10.65.0.3'], ['friends']),
  policy(
    'friends',
    rule('r1', { protocol: 6, ports: { from: 22, to: 22 } }),
    rule('r2', { peer: { kind: 'set', set: 'friends' } }),
    rule('r3', { direction: 'egress' }),
    rule('r4', { direction: 'egress', family: 6 }),
  ),
  set('friends', '10.65.0.2', '10.65.0.3', '10.65.9.9', 'fd00:65::2'),
  subnet('sub'),
  subnet('sub6', 'fd00:65::/64'),
);
