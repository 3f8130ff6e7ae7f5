import { compareCidrs, familyOf, isRoutable } from '@manx/ip';
import type {
  AddressSet,
  BgpPeer,
  Endpoint,
  EndpointAddress,
  HostObject,
  Ipv6Mode,
  Member,
  NameRecord,
  Owner,
  Policy,
  PolicyPeer,
  PolicyRule,
  PortNames,
  Subnet,
} from './host-state.js';
import { parseIfName } from './if-name.js';
import {
  endpointComplaint,
  readDhcpOption,
  readFloating,
  readFloatingLimit,
  readForward,
  readLog,
  readPair,
  readQos,
} from './parse-endpoint-parts.js';
import type { Problem } from './problem.js';
import { bool, byKind, canonical, integer, list, nullable, oneOf, type Read, record, refine } from './read.js';
import { areSortedIds, ID, readCidr, readId, readIp, readMac, readMember } from './read-values.js';
import { isSortedMembers } from './sorted-members.js';

/** One DNS label in lower case (RFC 1123, section 2.1). */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** Protocols whose header begins with two 16-bit ports: TCP, UDP, DCCP, SCTP, UDP-Lite. */
const PORT_PROTOCOLS: ReadonlySet<number> = new Set([6, 17, 33, 132, 136]);
const IPV6_MODES = ['slaac', 'dhcpv6-stateful', 'dhcpv6-stateless'] as const satisfies readonly Ipv6Mode[];

/** IANA numbers of ICMP and of ICMP for IPv6. */
const ICMP = { 4: 1, 6: 58 } as const;

/** 255 octets on the wire (RFC 1035, section 2.3.4): 253 characters. */
function isFqdn(text: string): boolean {
  return text.length <= 253 && text.split('.').every((label) => LABEL.test(label));
}

/** Whether rules for this IANA protocol number may name destination ports. */
export function hasPorts(protocol: number): boolean {
  return PORT_PROTOCOLS.has(protocol);
}

/** The ICMP protocol number of a family: 1 or 58. */
export function icmpProtocol(family: 4 | 6): 1 | 58 {
  return ICMP[family];
}

/** Whether text can be an object's id: up to 64 letters, digits, `-` and `_`, as UUIDs are. */
export function isObjectId(text: string): boolean {
  return ID.test(text);
}

export const readKind = oneOf(['set', 'policy', 'subnet', 'names', 'endpoint', 'bgp-peer']);
const readLabel = canonical<string>((text) => (LABEL.test(text) ? text : null), 'a DNS label');
const readFqdn = canonical<string>((text) => (isFqdn(text) ? text : null), 'a whole DNS name in lower case, without a dot at the end');

export const readMembers: Read<readonly Member[]> = refine(list(readMember), (members) =>
  isSortedMembers(members) ? null : 'addresses and prefixes in order, each once',
);
export const readSortedIds: Read<readonly string[]> = refine(list(readId), (ids) => (areSortedIds(ids) ? null : 'ids in order, each once'));

const readEndpoint: Read<Endpoint> = refine(
  record<Endpoint>({
    kind: oneOf(['endpoint']),
    id: readId,
    ifname: canonical(parseIfName, 'an interface name'),
    mac: readMac,
    isUp: bool,
    phase: oneOf(['home', 'incoming', 'arrived', 'left']),
    picksUp: bool,
    hostname: readLabel,
    owner: nullable(record<Owner>({ instance: readId, project: readId })),
    addresses: refine(list(record<EndpointAddress>({ ip: readIp, subnet: readId })), (addresses) =>
      isSortedMembers(addresses.map(({ ip }) => ip)) ? null : 'addresses in order, each once',
    ),
    isSecured: bool,
    pairs: list(readPair),
    claims: list(readIp),
    policies: readSortedIds,
    floating: list(readFloating),
    forwards: list(readForward),
    floatingLimits: list(readFloatingLimit),
    qos: readQos,
    dhcpOptions: list(readDhcpOption),
    logs: list(readLog),
  }),
  endpointComplaint,
);

const PEERS: { readonly [K in PolicyPeer['kind']]: Read<PolicyPeer> } = {
  any: record<PolicyPeer & { kind: 'any' }>({ kind: oneOf(['any']) }),
  cidr: record<PolicyPeer & { kind: 'cidr' }>({ kind: oneOf(['cidr']), cidr: readCidr }),
  set: record<PolicyPeer & { kind: 'set' }>({ kind: oneOf(['set']), set: readId }),
};

const readPorts = refine(record<NonNullable<PolicyRule['ports']>>({ from: integer(0, 65_535), to: integer(0, 65_535) }), ({ from, to }) =>
  from <= to ? null : 'a range that does not end before it begins',
);

const readRule: Read<PolicyRule> = refine(
  record<PolicyRule>({
    id: readId,
    direction: oneOf(['ingress', 'egress']),
    family: oneOf([4, 6]),
    protocol: nullable(integer(0, 255)),
    ports: nullable(readPorts),
    icmp: nullable(record<NonNullable<PolicyRule['icmp']>>({ type: integer(0, 255), code: nullable(integer(0, 255)) })),
    peer: byKind(PEERS),
  }),
  ruleComplaint,
);

export const readRules: Read<readonly PolicyRule[]> = refine(list(readRule), (rules) =>
  areSortedIds(rules.map(({ id }) => id)) ? null : 'rules in order of their ids, each once',
);

const readPolicy: Read<Policy> = record<Policy>({
  kind: oneOf(['policy']),
  id: readId,
  isStateful: bool,
  rules: readRules,
});

const readSet: Read<AddressSet> = record<AddressSet>({ kind: oneOf(['set']), id: readId, members: readMembers });

const readSubnet: Read<Subnet> = refine(
  record<Subnet>({
    kind: oneOf(['subnet']),
    id: readId,
    network: readId,
    cidr: readCidr,
    gateway: nullable(readIp),
    isGatewayHeld: bool,
    hasSnat: bool,
    isDhcpEnabled: bool,
    dnsServers: list(readIp),
    hostRoutes: list(record<Subnet['hostRoutes'][number]>({ destination: readCidr, nexthop: readIp })),
    mtu: integer(68, 65_535),
    raMode: nullable(oneOf(IPV6_MODES)),
    addressMode: nullable(oneOf(IPV6_MODES)),
  }),
  subnetComplaint,
);

/** What TCP MD5 takes (TCP_MD5SIG_MAXKEYLEN, include/uapi/linux/tcp.h) and a BIRD file can carry in quotes. */
const PASSWORD = /^[ !#-[\]-~]{1,80}$/;

/** AS numbers (RFC 6793); 0 is nobody's, and the last is reserved (RFC 7300). */
const readAsn = integer(1, 2 ** 32 - 2);

/** The complaint does not repeat the secret. */
const readPassword: Read<string> = (value, at) =>
  typeof value === 'string' && PASSWORD.test(value)
    ? value
    : { code: 'malformed', subject: at, detail: 'expected 1 to 80 printable ASCII characters without quotes and backslashes' };

const readBgpPeer: Read<BgpPeer> = record<BgpPeer>({
  kind: oneOf(['bgp-peer']),
  id: readId,
  address: refine(readIp, (ip) => (isRoutable(ip) ? null : 'a unicast address that is not link-local')),
  asn: readAsn,
  localAsn: readAsn,
  password: nullable(readPassword),
  announced: nullable(
    refine(list(readCidr), (cidrs) =>
      cidrs.every((cidr, index) => index === 0 || compareCidrs(cidrs[index - 1] ?? cidr, cidr) < 0) ? null : 'prefixes in order, each once',
    ),
  ),
});

const readPortNames: Read<PortNames> = record<PortNames>({
  kind: oneOf(['names']),
  id: readId,
  network: readId,
  project: readId,
  records: refine(list(record<NameRecord>({ ip: readIp, fqdn: readFqdn })), (records) =>
    records.length > 0 && isSortedMembers(records.map(({ ip }) => ip)) ? null : 'one address at least, in order, each once',
  ),
});

const OBJECTS: { readonly [K in HostObject['kind']]: Read<HostObject> } = {
  endpoint: readEndpoint,
  policy: readPolicy,
  set: readSet,
  subnet: readSubnet,
  'bgp-peer': readBgpPeer,
  names: readPortNames,
};

/** Reads one host object at a path within a message. */
export const readHostObject: Read<HostObject> = byKind(OBJECTS);

/**
 * Reads an object from outside (the wire, a file): exactly the known fields, every value in canonical form, lists sorted
 * where the type says so, ports and ICMP only where they mean something. The result is a fresh object with its fields in
 * canonical order. Anything else is a problem `malformed` that names the path and what was expected there.
 */
export function parseHostObject(value: unknown): HostObject | Problem {
  return readHostObject(value, 'object');
}

/** Reads a rule from outside as strictly as `parseHostObject` does within a policy. */
export function parsePolicyRule(value: unknown): PolicyRule | Problem {
  return readRule(value, 'rule');
}

function ruleComplaint(rule: PolicyRule): string | null {
  if (rule.ports !== null && (rule.protocol === null || !hasPorts(rule.protocol))) return 'ports only with a protocol that has them';
  if (rule.icmp !== null && rule.protocol !== ICMP[rule.family]) return "an ICMP type only with its family's ICMP";
  if (rule.peer.kind === 'cidr' && familyOf(rule.peer.cidr) !== rule.family) return "a prefix of the rule's family";
  return null;
}

function subnetComplaint(subnet: Subnet): string | null {
  const family = familyOf(subnet.cidr);
  const others = [
    subnet.gateway ?? subnet.cidr,
    ...subnet.dnsServers,
    ...subnet.hostRoutes.flatMap((route) => [route.destination, route.nexthop]),
  ];
  if (others.some((other) => familyOf(other) !== family)) return 'addresses of one family';
  if (subnet.isGatewayHeld && subnet.gateway === null) return 'a held gateway only where there is one';
  if (subnet.hasSnat && family !== 4) return 'source NAT only with an IPv4 prefix';
  if (family === 4 && (subnet.raMode !== null || subnet.addressMode !== null)) return 'IPv6 modes only with an IPv6 prefix';
  return null;
}
