import { cidrContains, compareCidrs, compareIps, familyOf } from '@manx/ip';
import { compareIds } from './canonical-order.js';
import type {
  AddressPair,
  DhcpOption,
  DhcpValue,
  Endpoint,
  EndpointLog,
  FloatingAddress,
  FloatingLimit,
  PortForward,
  Qos,
  RateLimit,
} from './host-state.js';
import type { Problem } from './problem.js';
import { bool, byKind, canonical, integer, list, nullable, oneOf, type Read, record, refine } from './read.js';
import { areSortedIds, readCidr, readId, readIp, readMac } from './read-values.js';
import { isPrefix, memberOf } from './sorted-members.js';

const MAX_CODE = { 4: 255, 6: 65_535 } as const;

/** What nft takes: rates of 64 bits, bursts of 32; no host is faster than a terabyte a second. */
const MAX_RATE = 1_000_000_000_000;
const MAX_BURST = 0xff_ff_ff_ff;

/** Nothing that a file of dnsmasq could take for a separator, a quote, an escape or a comment. */
const WORD = /^(?!.*[,"'#\\`])[!-~]{1,255}$/;
const DOMAIN = /^(?=.{1,253}$)(?!-)[A-Za-z0-9-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*\.?$/;

const HEX = /^[0-9a-f]{2}(?::[0-9a-f]{2}){1,84}$/;
const readWord = canonical<string>((text) => (WORD.test(text) ? text : null), 'printable text without separators and quotes');
const readDomain = canonical<string>((text) => (DOMAIN.test(text) ? text : null), 'a domain name');

/** Reads a pair. */
export const readPair: Read<AddressPair> = refine(
  record<AddressPair>({ mac: readMac, isRouted: bool, isYielded: bool, cidr: readCidr }),
  ({ cidr, isRouted, isYielded }) => (!isYielded || (isRouted && !isPrefix(memberOf(cidr))) ? null : 'yielded only as a routed address'),
);

/** Reads a floating IP. */
export const readFloating: Read<FloatingAddress> = refine(record<FloatingAddress>({ ip: readIp, fixed: readIp }), ({ ip, fixed }) =>
  familyOf(ip) === 4 && familyOf(fixed) === 4 ? null : 'IPv4 addresses',
);

/** Reads a wish to have packets written down. */
export const readLog: Read<EndpointLog> = record<EndpointLog>({
  id: readId,
  project: readId,
  event: oneOf(['accept', 'drop', 'all']),
  policy: nullable(readId),
});

const readPort = integer(1, 65_535);

/** Reads a forwarding of ports. */
export const readForward: Read<PortForward> = refine(
  record<PortForward>({
    id: readId,
    ip: readIp,
    fixed: readIp,
    fixedFrom: readPort,
    fixedTo: readPort,
    protocol: oneOf([6, 17, 132]),
    from: readPort,
    to: readPort,
  }),
  ({ ip, from, to, fixed, fixedFrom, fixedTo }) => {
    if (familyOf(ip) !== 4 || familyOf(fixed) !== 4) return 'IPv4 addresses';
    if (from > to) return 'a range that does not end before it begins';
    return fixedTo === fixedFrom || fixedTo - fixedFrom === to - from ? null : 'as many ports within as without, or one';
  },
);

const readLimit: Read<RateLimit> = record<RateLimit>({
  unit: oneOf(['bytes', 'packets']),
  rate: integer(1, MAX_RATE),
  burst: integer(1, MAX_BURST),
  direction: oneOf(['egress', 'ingress']),
});

const readLimits: Read<readonly RateLimit[]> = refine(list(readLimit), (limits) =>
  areSortedIds(limits.map(({ direction, unit }) => `${direction} ${unit}`)) ? null : 'limits by direction and unit, each once',
);

/** Reads what is done to traffic beside allowing it. */
export const readQos: Read<Qos> = record<Qos>({ dscp: nullable(integer(0, 63)), limits: readLimits });

/** Reads what may pass through a floating IP. */
export const readFloatingLimit: Read<FloatingLimit> = refine(record<FloatingLimit>({ ip: readIp, limits: readLimits }), ({ limits }) =>
  limits.length > 0 && limits.every(({ unit }) => unit === 'bytes') ? null : 'limits of bytes, at least one',
);

const VALUES: { readonly [K in DhcpValue['kind']]: Read<DhcpValue> } = {
  none: record<DhcpValue & { kind: 'none' }>({ kind: oneOf(['none']) }),
  ips: record<DhcpValue & { kind: 'ips' }>({ kind: oneOf(['ips']), ips: some(readIp) }),
  names: record<DhcpValue & { kind: 'names' }>({ kind: oneOf(['names']), names: some(readDomain) }),
  routes: record<DhcpValue & { kind: 'routes' }>({
    kind: oneOf(['routes']),
    routes: some(record<(DhcpValue & { kind: 'routes' })['routes'][number]>({ destination: readCidr, nexthop: readIp })),
  }),
  number: record<DhcpValue & { kind: 'number' }>({
    kind: oneOf(['number']),
    bytes: oneOf([1, 2, 4]),
    number: integer(-2_147_483_648, 4_294_967_295),
  }),
  hex: record<DhcpValue & { kind: 'hex' }>({
    kind: oneOf(['hex']),
    hex: canonical<string>((text) => (HEX.test(text) ? text : null), 'bytes in hexadecimal'),
  }),
  word: record<DhcpValue & { kind: 'word' }>({ kind: oneOf(['word']), word: readWord }),
};

/** Reads a DHCP option. */
export const readDhcpOption: Read<DhcpOption> = refine(
  record<DhcpOption>({ value: byKind(VALUES), family: oneOf([4, 6]), code: integer(1, 65_535) }),
  ({ family, code, value }) => {
    if (code > MAX_CODE[family]) return 'an option number of the family';
    if (value.kind === 'ips' && value.ips.some((ip) => familyOf(ip) !== family)) return "addresses of the option's family";
    if (value.kind === 'routes' && (family !== 4 || value.routes.some((r) => familyOf(r.destination) !== 4 || familyOf(r.nexthop) !== 4))) {
      return 'IPv4 routes';
    }
    return value.kind === 'number' && value.number >= 256 ** value.bytes ? 'a number of so many bytes' : null;
  },
);

/** Reads a DHCP option from outside as strictly as `parseHostObject` does within an endpoint. */
export function parseDhcpOption(value: unknown): DhcpOption | Problem {
  return readDhcpOption(value, 'option');
}

/** What an endpoint must be beyond its fields; null when it is. */
export function endpointComplaint(endpoint: Endpoint): string | null {
  const { addresses, pairs, claims, floating, forwards, floatingLimits, dhcpOptions, logs, policies } = endpoint;
  const isBefore = (a: AddressPair, b: AddressPair): boolean => (compareCidrs(a.cidr, b.cidr) || compareIds(a.mac, b.mac)) < 0;
  if (!inOrder(pairs, isBefore)) return 'pairs in order, each once';
  if (!inOrder(claims, (a, b) => compareIps(a, b) < 0)) return 'claims in order, each once';
  if (claims.some((ip) => !pairs.some(({ cidr }) => cidrContains(cidr, ip)))) return 'claims of addresses within its pairs';
  if (!inOrder(floating, (a, b) => compareIps(a.ip, b.ip) < 0)) return 'floating IPs in order, each once';
  if (floating.some(({ fixed }) => addresses.every(({ ip }) => ip !== fixed))) return 'floating IPs of its own addresses';
  if (!areSortedIds(forwards.map(({ id }) => id))) return 'forwards in order of their ids, each once';
  if (forwards.some(({ ip }) => floating.some((whole) => whole.ip === ip)))
    return 'forwards of addresses that are not floating IPs as a whole';
  const byPort = forwards.toSorted((a, b) => compareIps(a.ip, b.ip) || a.protocol - b.protocol || a.from - b.from);
  if (!inOrder(byPort, (a, b) => a.ip !== b.ip || a.protocol !== b.protocol || a.to < b.from)) return 'forwards of different ports';
  if (!inOrder(floatingLimits, (a, b) => compareIps(a.ip, b.ip) < 0)) return 'limits of floating IPs in order, each once';
  if (floatingLimits.some((limit) => [...floating, ...forwards].every(({ ip }) => ip !== limit.ip)))
    return 'limits of its own floating IPs';
  if (!areSortedIds(logs.map(({ id }) => id))) return 'logs in order of their ids, each once';
  if (logs.some(({ policy }) => policy !== null && !policies.includes(policy))) return 'logs of its own policies';
  const isSooner = (a: DhcpOption, b: DhcpOption): boolean => (a.family - b.family || a.code - b.code) < 0;
  return inOrder(dhcpOptions, isSooner) ? null : 'DHCP options in order, each once';
}

function inOrder<T>(items: readonly T[], isBefore: (a: T, b: T) => boolean): boolean {
  return items.every((item, index) => {
    const previous = items[index - 1];
    return previous === undefined || isBefore(previous, item);
  });
}

function some<T>(item: Read<T>): Read<readonly T[]> {
  return refine(list(item), (items) => (items.length > 0 ? null : 'at least one'));
}
