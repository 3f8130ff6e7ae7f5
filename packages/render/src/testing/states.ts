import {
  type AddressPair,
  type AddressSet,
  type BgpPeer,
  compareMembers,
  type Endpoint,
  FLAT_SPACE,
  type HostState,
  type IfName,
  NO_QOS,
  type Policy,
  type PolicyRule,
  type PortForward,
  type PortNames,
  type Subnet,
} from '@manx/hoststate';
import { asCidr, asIp, asMac, compareIps, familyOf } from '@manx/ip';
import type { RenderSettings } from '../settings.js';

/** Named whole states, shared by the tests of `render` and `reconcile`. */

export const SETTINGS: RenderSettings = {
  endpointToHost: 'drop',
  dhcpLimit: { perSecond: 10, burst: 50 },
  logLimit: { perSecond: 100, burst: 25 },
  protectedPrefixes: [asCidr('198.19.0.0/24'), asCidr('fd00:198:19::/64')],
};

/** The same on a host with an address for source NAT. */
export const SNAT_SETTINGS: RenderSettings = { ...SETTINGS, hostSnat: asIp('203.0.113.200') };

/** A host state of these objects. */
export function stateOf(objects: ReadonlyArray<Endpoint | Policy | AddressSet | Subnet | PortNames | BgpPeer>): HostState {
  return {
    endpoints: new Map(objects.flatMap((object) => (object.kind === 'endpoint' ? [[object.id, object]] : []))),
    policies: new Map(objects.flatMap((object) => (object.kind === 'policy' ? [[object.id, object]] : []))),
    sets: new Map(objects.flatMap((object) => (object.kind === 'set' ? [[object.id, object]] : []))),
    subnets: new Map(objects.flatMap((object) => (object.kind === 'subnet' ? [[object.id, object]] : []))),
    bgpPeers: new Map(objects.flatMap((object) => (object.kind === 'bgp-peer' ? [[object.id, object]] : []))),
    names: new Map(objects.flatMap((object) => (object.kind === 'names' ? [[object.id, object]] : []))),
  };
}

/** A port: the tap is `tap` + its id, the MAC ends in its number. */
export function endpoint(
  id: string,
  number: number,
  more: { ips: readonly string[]; policies?: readonly string[] } & Partial<Omit<Endpoint, 'policies'>>,
): Endpoint {
  const { ips, policies, ...rest } = more;
  return {
    kind: 'endpoint',
    id,
    ifname: `tap${id}`.slice(0, 14) as IfName,
    mac: asMac(`fa:16:3e:00:00:${number.toString(16).padStart(2, '0')}`),
    isUp: true,
    phase: 'home',
    picksUp: false,
    addresses: ips
      .map(asIp)
      .sort(compareIps)
      .map((ip) => ({ ip, subnet: familyOf(ip) === 4 ? 'sub4' : 'sub6' })),
    isSecured: true,
    pairs: [],
    claims: [],
    policies: [...(policies ?? [])].sort(),
    floating: [],
    forwards: [],
    floatingLimits: [],
    qos: NO_QOS,
    dhcpOptions: [],
    logs: [],
    owner: null,
    hostname: `host-${number}`,
    ...rest,
  };
}

/** A rule that allows everything of IPv4 in, but for what is said otherwise. */
export function rule(id: string, more: Partial<PolicyRule>): PolicyRule {
  return { id, direction: 'ingress', family: 4, protocol: null, ports: null, icmp: null, peer: { kind: 'any' }, ...more };
}

export function policy(id: string, rules: readonly PolicyRule[]): Policy {
  return { kind: 'policy', id, isStateful: true, rules };
}

export function stateless(of: Policy): Policy {
  return { ...of, isStateful: false };
}

export function addressSet(id: string, members: readonly string[]): AddressSet {
  return { kind: 'set', id, members: members.map((text) => (text.includes('/') ? asCidr(text) : asIp(text))).sort(compareMembers) };
}

export function subnet(id: string, cidr: string, gateway: string | null): Subnet {
  const prefix = asCidr(cidr);
  const isV6 = familyOf(prefix) === 6;
  return {
    kind: 'subnet',
    id,
    network: 'net',
    cidr: prefix,
    gateway: gateway === null ? null : asIp(gateway),
    isGatewayHeld: false,
    hasSnat: false,
    isDhcpEnabled: true,
    dnsServers: [],
    hostRoutes: [],
    mtu: 1500,
    raMode: isV6 ? 'slaac' : null,
    addressMode: isV6 ? 'slaac' : null,
  };
}

const SUBNETS = [subnet('sub4', '10.65.0.0/24', '10.65.0.1'), subnet('sub6', '2001:db8:65::/64', '2001:db8:65::1')];

/** A routed pair whose MAC ends in this number. */
export function pair(cidr: string, number: number): AddressPair {
  return { cidr: asCidr(cidr), mac: asMac(`fa:16:3e:00:00:${number.toString(16).padStart(2, '0')}`), isRouted: true, isYielded: false };
}

/** A forward of a TCP port of 203.0.113.7 to one of 10.65.0.7. */
export function forward(id: string, from: number, to: number): PortForward {
  return { id, protocol: 6, from, to: from, ip: asIp('203.0.113.7'), fixed: asIp('10.65.0.7'), fixedFrom: to, fixedTo: to };
}

/** Whatever the guest sends, as Neutron's default group has it. */
const EGRESS_ALL = [rule('e4', { direction: 'egress' }), rule('e6', { direction: 'egress', family: 6 })];

const webRules: readonly PolicyRule[] = [
  ...EGRESS_ALL,
  rule('i1', { protocol: 6, ports: { from: 80, to: 80 } }),
  rule('i2', { protocol: 6, ports: { from: 443, to: 443 } }),
  rule('i3', { protocol: 6, ports: { from: 8000, to: 8099 }, peer: { kind: 'cidr', cidr: asCidr('192.0.2.0/24') } }),
  rule('i4', { protocol: 6, ports: { from: 8000, to: 8099 }, peer: { kind: 'cidr', cidr: asCidr('198.51.100.7/32') } }),
  rule('i5', { protocol: 1, icmp: { type: 8, code: null } }),
  rule('i6', { protocol: 1, icmp: { type: 3, code: 4 } }),
  rule('i7', { family: 6, protocol: 58 }),
  rule('i8', { family: 6, protocol: 6, ports: { from: 80, to: 80 } }),
  rule('i9', { protocol: 132, peer: { kind: 'set', set: 'web' } }),
];

const dbRules: readonly PolicyRule[] = [
  rule('d1', { protocol: 6, ports: { from: 5432, to: 5432 }, peer: { kind: 'set', set: 'web' } }),
  rule('d2', { family: 6, protocol: 6, ports: { from: 5432, to: 5432 }, peer: { kind: 'set', set: 'web' } }),
  rule('d3', { direction: 'egress', protocol: 17, ports: { from: 53, to: 53 }, peer: { kind: 'cidr', cidr: asCidr('203.0.113.53/32') } }),
];

/** States by name: each is a golden file. */
export const NAMED_STATES: ReadonlyMap<string, HostState> = new Map([
  ['empty-host', stateOf([])],
  ['port-without-groups', stateOf([...SUBNETS, endpoint('0a1b2c3d-4e', 1, { ips: ['10.65.0.2', '2001:db8:65::2'] })])],
  [
    'port-down',
    stateOf([...SUBNETS, endpoint('0a1b2c3d-4e', 1, { ips: ['10.65.0.2'], policies: ['web'], isUp: false }), policy('web', webRules)]),
  ],
  [
    'web-and-db',
    stateOf([
      ...SUBNETS,
      endpoint('0a1b2c3d-4e', 1, { ips: ['10.65.0.2', '2001:db8:65::2'], policies: ['web'] }),
      endpoint('1a1b2c3d-4e', 2, { ips: ['10.65.0.3', '2001:db8:65::3'], policies: ['web'] }),
      endpoint('2a1b2c3d-4e', 3, { ips: ['10.65.0.4', '2001:db8:65::4'], policies: ['db', 'empty'] }),
      policy('web', webRules),
      policy('db', dbRules),
      policy('empty', []),
      addressSet('web', ['10.65.0.2', '10.65.0.3', '10.65.9.9', '2001:db8:65::2', '2001:db8:65::3']),
    ]),
  ],
  [
    'nobody-in-the-remote-group',
    stateOf([
      ...SUBNETS,
      endpoint('2a1b2c3d-4e', 3, { ips: ['10.65.0.4'], policies: ['db'] }),
      policy('db', dbRules),
      addressSet('web', []),
    ]),
  ],
  [
    'port-security-off',
    stateOf([
      ...SUBNETS,
      endpoint('5a1b2c3d-4e', 6, { ips: ['10.65.0.6', '2001:db8:65::6'], isSecured: false }),
      endpoint('6a1b2c3d-4e', 7, { ips: ['10.65.0.7'], policies: ['open'] }),
      policy('open', EGRESS_ALL),
    ]),
  ],
  [
    'stateless-and-stateful',
    stateOf([
      ...SUBNETS,
      endpoint('5a1b2c3d-4e', 6, { ips: ['10.65.0.6', '2001:db8:65::6'], policies: ['bare'], pairs: [pair('10.65.8.0/24', 6)] }),
      endpoint('6a1b2c3d-4e', 7, { ips: ['10.65.0.7'], policies: ['open'] }),
      policy('open', EGRESS_ALL),
      stateless(policy('bare', [...EGRESS_ALL, rule('i4', { protocol: 17 })])),
    ]),
  ],
  [
    'pairs-and-address-groups',
    stateOf([
      ...SUBNETS,
      endpoint('5a1b2c3d-4e', 6, {
        ips: ['10.65.0.6', '2001:db8:65::6'],
        policies: ['web'],
        pairs: [
          pair('10.65.0.100/32', 6),
          pair('10.65.0.101/32', 0xaa),
          pair('10.65.8.0/24', 6),
          { ...pair('198.51.100.0/24', 6), isRouted: false },
          pair('2001:db8:65::100/128', 6),
          pair('2001:db8:65:8::/64', 6),
        ],
      }),
      endpoint('6a1b2c3d-4e', 7, {
        ips: ['10.65.0.7'],
        policies: ['web'],
        pairs: [pair('10.65.0.100/32', 7), pair('2001:db8:65::100/128', 7)],
      }),
      policy('web', [
        ...EGRESS_ALL,
        rule('i1', { protocol: 6, ports: { from: 80, to: 80 }, peer: { kind: 'set', set: 'office' } }),
        rule('i2', { family: 6, peer: { kind: 'set', set: 'office' } }),
        rule('i3', { peer: { kind: 'set', set: 'web' } }),
      ]),
      addressSet('office', ['192.0.2.7', '192.0.2.0/29', '198.51.100.0/25', '198.51.100.128/25', '203.0.113.0/24', '203.0.113.8/29']),
      addressSet('web', ['10.65.0.6', '10.65.0.7', '10.65.0.100', '2001:db8:65::6', '10.65.8.0/24', '2001:db8:65:8::/64']),
    ]),
  ],
  [
    'floating-ips',
    stateOf([
      ...SUBNETS,
      endpoint('5a1b2c3d-4e', 6, {
        ips: ['10.65.0.6', '2001:db8:65::6'],
        policies: ['open'],
        floating: [{ ip: asIp('203.0.113.6'), fixed: asIp('10.65.0.6') }],
      }),
      endpoint('6a1b2c3d-4e', 7, {
        ips: ['10.65.0.7'],
        policies: ['open'],
        forwards: [
          forward('f1', 80, 8080),
          { ...forward('f2', 1000, 1000), to: 1999, fixedTo: 1999 },
          { ...forward('f3', 53, 53), protocol: 17, to: 54 },
          { ...forward('f4', 90, 9090), to: 91, fixedTo: 9091, fixed: asIp('10.65.9.9') },
        ],
      }),
      policy('open', [...EGRESS_ALL, rule('i4', {})]),
      addressSet(FLAT_SPACE, ['10.65.0.0/24', '203.0.113.0/24', '2001:db8:65::/64', '198.51.100.7']),
    ]),
  ],
  [
    'source-nat-and-floating-limits',
    stateOf([
      ...SUBNETS.map((one) => ({ ...one, hasSnat: one.id === 'sub4' })),
      endpoint('5a1b2c3d-4e', 6, { ips: ['10.65.0.6', '2001:db8:65::6'], policies: ['bare'] }),
      endpoint('6a1b2c3d-4e', 7, {
        ips: ['10.65.0.7'],
        policies: ['open'],
        floating: [{ ip: asIp('203.0.113.6'), fixed: asIp('10.65.0.7') }],
        floatingLimits: [
          {
            ip: asIp('203.0.113.6'),
            limits: [
              { direction: 'egress', unit: 'bytes', rate: 1_250_000, burst: 1_000_000 },
              { direction: 'ingress', unit: 'bytes', rate: 125_000, burst: 131_072 },
            ],
          },
        ],
      }),
      policy('open', [...EGRESS_ALL, rule('i4', {})]),
      stateless(policy('bare', [...EGRESS_ALL, rule('i4', {})])),
      addressSet(FLAT_SPACE, ['10.65.0.0/24', '203.0.113.0/24', '2001:db8:65::/64']),
    ]),
  ],
  [
    'limits-and-marks',
    stateOf([
      ...SUBNETS,
      endpoint('5a1b2c3d-4e', 6, {
        ips: ['10.65.0.6'],
        policies: ['open'],
        qos: {
          dscp: 26,
          limits: [
            { direction: 'egress', unit: 'bytes', rate: 1_250_000, burst: 1_000_000 },
            { direction: 'egress', unit: 'packets', rate: 10_000, burst: 1000 },
            { direction: 'ingress', unit: 'bytes', rate: 125_000, burst: 200_000 },
            { direction: 'ingress', unit: 'packets', rate: 1000, burst: 100 },
          ],
        },
      }),
      policy('open', EGRESS_ALL),
    ]),
  ],
  [
    'logged-ports',
    stateOf([
      ...SUBNETS,
      endpoint('5a1b2c3d-4e', 6, {
        ips: ['10.65.0.6'],
        policies: ['bare', 'open'],
        logs: [{ id: 'log-1', project: 'blue', event: 'accept', policy: 'open' }],
      }),
      endpoint('6a1b2c3d-4e', 7, {
        ips: ['10.65.0.7'],
        policies: ['open'],
        logs: [{ id: 'log-2', project: 'blue', event: 'drop', policy: null }],
      }),
      policy('open', [...EGRESS_ALL, rule('i4', { protocol: 6, ports: { from: 80, to: 80 } })]),
      policy('bare', [rule('i4', { protocol: 17 })]),
    ]),
  ],
  [
    'router-vm-holds-the-gateway',
    stateOf([
      ...SUBNETS,
      endpoint('3a1b2c3d-4e', 4, { ips: ['10.65.0.1'], policies: ['open'] }),
      endpoint('4a1b2c3d-4e', 5, { ips: ['10.65.0.5'], policies: ['open'] }),
      policy('open', [...EGRESS_ALL, rule('i4', {}), rule('i6', { family: 6 })]),
    ]),
  ],
]);
