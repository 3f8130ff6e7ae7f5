import { objectsOf } from './canonical-order.js';
import type {
  AddressSet,
  BgpPeer,
  DhcpOption,
  DhcpValue,
  Endpoint,
  EndpointLog,
  HostDelta,
  HostObject,
  HostState,
  NameRecord,
  Owner,
  Policy,
  PolicyRule,
  PortNames,
  Qos,
  RateLimit,
  Subnet,
} from './host-state.js';

/** What the first line of an encoded state says. A change of what the lines mean is a new version. */
export const HOST_STATE_FORMAT = { format: 'manx-host-state', version: 2 } as const;

type Keys<T> = T extends unknown ? keyof T : never;
type FieldName =
  | Keys<
      | Endpoint
      | Policy
      | AddressSet
      | Subnet
      | BgpPeer
      | PortNames
      | NameRecord
      | PolicyRule
      | PolicyRule['peer']
      | Endpoint['addresses'][number]
    >
  | Keys<
      | Endpoint['pairs'][number]
      | Endpoint['floating'][number]
      | Endpoint['forwards'][number]
      | Qos
      | RateLimit
      | DhcpOption
      | DhcpValue
      | Owner
      | EndpointLog
    >
  | Keys<NonNullable<PolicyRule['ports'] | PolicyRule['icmp']> | Subnet['hostRoutes'][number]>;

/** Every field of every object, in the order in which it is written; the compiler holds it complete. */
const FIELD_ORDER: Readonly<Record<FieldName, true>> = {
  kind: true,
  id: true,
  ifname: true,
  mac: true,
  isUp: true,
  phase: true,
  picksUp: true,
  hostname: true,
  owner: true,
  instance: true,
  project: true,
  ip: true,
  subnet: true,
  addresses: true,
  isSecured: true,
  pairs: true,
  isRouted: true,
  isYielded: true,
  claims: true,
  policies: true,
  floating: true,
  fixed: true,
  forwards: true,
  floatingLimits: true,
  fixedFrom: true,
  fixedTo: true,
  qos: true,
  dscp: true,
  limits: true,
  unit: true,
  rate: true,
  burst: true,
  dhcpOptions: true,
  logs: true,
  event: true,
  policy: true,
  value: true,
  ips: true,
  names: true,
  routes: true,
  bytes: true,
  number: true,
  hex: true,
  word: true,
  isStateful: true,
  direction: true,
  family: true,
  protocol: true,
  from: true,
  to: true,
  ports: true,
  type: true,
  code: true,
  icmp: true,
  peer: true,
  rules: true,
  network: true,
  cidr: true,
  set: true,
  members: true,
  gateway: true,
  isGatewayHeld: true,
  hasSnat: true,
  isDhcpEnabled: true,
  dnsServers: true,
  destination: true,
  nexthop: true,
  hostRoutes: true,
  mtu: true,
  raMode: true,
  addressMode: true,
  address: true,
  asn: true,
  localAsn: true,
  password: true,
  announced: true,
  records: true,
  fqdn: true,
};
const FIELDS = Object.keys(FIELD_ORDER);

/** One object as one line of JSON without the newline, in canonical bytes: equal objects are equal text. */
export function encodeHostObject(object: HostObject): string {
  return JSON.stringify(object, FIELDS);
}

/**
 * A delta as one line of JSON without the newline, in canonical bytes for a delta in canonical order. `textOf` may have kept the text of an
 * object that many hosts get: it is `encodeHostObject` unless told.
 */
export function encodeHostDelta(
  { deletes, puts, rules, members }: HostDelta,
  textOf: (object: HostObject) => string = encodeHostObject,
): string {
  const gone = deletes.map(({ kind, id }) => `{"kind":${JSON.stringify(kind)},"id":${JSON.stringify(id)}}`);
  const joined = members.map(
    ({ set, add, remove }) => `{"set":${JSON.stringify(set)},"add":${JSON.stringify(add)},"remove":${JSON.stringify(remove)}}`,
  );
  const changed = rules.map(
    ({ policy, remove, add }) =>
      `{"policy":${JSON.stringify(policy)},"remove":${JSON.stringify(remove)},"add":${JSON.stringify(add, FIELDS)}}`,
  );
  const parts = { deletes: gone, puts: puts.map(textOf), rules: changed, members: joined };
  return `{${Object.entries(parts)
    .map(([name, lines]) => `"${name}":[${lines.join(',')}]`)
    .join(',')}}`;
}

/**
 * A whole state as text: a line with format and version, a line an object in canonical order, a line with their count
 * (so that a torn file is noticed). Equal states are equal text. Ends in a newline.
 */
export function encodeHostState(state: HostState): string {
  const objects = objectsOf(state);
  const lines = [JSON.stringify(HOST_STATE_FORMAT), ...objects.map(encodeHostObject), JSON.stringify({ end: objects.length })];
  return `${lines.join('\n')}\n`;
}
