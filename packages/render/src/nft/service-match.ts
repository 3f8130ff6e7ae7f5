import { icmpProtocol, type PolicyRule } from '@manx/hoststate';

/** Protocols whose destination port nft can match, by IANA number. */
const PORT_PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [6, 'tcp'],
  [17, 'udp'],
  [33, 'dccp'],
  [132, 'sctp'],
  [136, 'udplite'],
]);

/** What of a rule is not its peer: protocol, ports, ICMP type and code; and its id, by which it is counted. */
export type Service = Pick<PolicyRule, 'id' | 'family' | 'protocol' | 'ports' | 'icmp'>;

/** A field of a packet, what it has to be, and the rule that says so. The fields and keys of one peer's matches never overlap. */
export type ServiceMatch = { readonly field: string; readonly key: string; readonly rule: string };

/** The match of every protocol. */
export const ANYTHING = '';

/** Why the rule cannot be said in nft; null when it can. Leaving a condition out would open more than was asked. */
export function serviceProblem({ family, protocol, ports, icmp }: Service): string | null {
  if (protocol !== null && !isByte(protocol)) return `no IP protocol: ${protocol}`;
  if (ports !== null) {
    if (protocol === null || !PORT_PROTOCOLS.has(protocol)) return `protocol ${protocol} has no ports`;
    if (!isPort(ports.from) || !isPort(ports.to) || ports.from > ports.to) return `no port range: ${ports.from}-${ports.to}`;
  }
  if (icmp !== null) {
    if (protocol !== icmpProtocol(family)) return `protocol ${protocol} has no ICMP type in IPv${family}`;
    if (!isByte(icmp.type) || (icmp.code !== null && !isByte(icmp.code))) return `no ICMP type and code: ${icmp.type}/${icmp.code}`;
  }
  return null;
}

/**
 * The services of one peer as nft matches, fewest first. Where rules overlap, a packet is one rule's: that with the fewest conditions, then
 * the first by id. Sorted, so that order in does not matter.
 */
export function serviceMatches(services: readonly Service[]): ServiceMatch[] {
  const own = [...services].sort((a, b) => (a.id < b.id ? -1 : 1));
  const any = own.find(({ protocol }) => protocol === null);
  if (any !== undefined) return [{ field: ANYTHING, key: '', rule: any.id }];
  const whole = firstBy(own, ({ protocol, ports, icmp }) => (ports === null && icmp === null ? protocol : null));
  const partial = own.filter(({ protocol }) => protocol !== null && !whole.has(protocol));
  const protocols = [...new Set(partial.map(({ protocol }) => protocol ?? 0))].sort((a, b) => a - b);
  return [
    ...keyed('meta l4proto', whole, String),
    ...protocols.flatMap((protocol) => {
      const ofIt = partial.filter((service) => service.protocol === protocol);
      const keyword = PORT_PROTOCOLS.get(protocol);
      return keyword === undefined ? icmpMatches(ofIt) : portMatches(`${keyword} dport`, ofIt);
    }),
  ];
}

function icmpMatches(services: readonly Service[]): ServiceMatch[] {
  const keyword = services[0]?.family === 4 ? 'icmp' : 'icmpv6';
  const types = firstBy(services, ({ icmp }) => (icmp !== null && icmp.code === null ? icmp.type : null));
  const codes = firstBy(services, ({ icmp }) =>
    icmp === null || icmp.code === null || types.has(icmp.type) ? null : icmp.type * 256 + icmp.code,
  );
  return [
    ...keyed(`${keyword} type`, types, String),
    // `icmp type 3 code 4` is a syntax error in nft; the concatenation is not.
    ...keyed(`${keyword} type . ${keyword} code`, codes, (pair) => `${pair >> 8} . ${pair & 255}`),
  ];
}

type Ports = { readonly from: number; readonly to: number };

/** Disjoint and sorted: an interval set refuses overlaps. Ports that several rules name are the first's. */
function portMatches(field: string, services: readonly Service[]): ServiceMatch[] {
  const taken: Array<Ports & { readonly rule: string }> = [];
  for (const { id, ports } of services) {
    if (ports === null) continue;
    const free = taken.reduce<readonly Ports[]>((left, one) => left.flatMap((range) => without(range, one)), [ports]);
    taken.push(...free.map((range) => ({ ...range, rule: id })));
  }
  return taken
    .sort((a, b) => a.from - b.from)
    .map(({ from, to, rule }) => ({ field, rule, key: from === to ? `${from}` : `${from}-${to}` }));
}

function without(range: Ports, taken: Ports): Ports[] {
  if (taken.to < range.from || taken.from > range.to) return [range];
  return [
    { from: range.from, to: taken.from - 1 },
    { from: taken.to + 1, to: range.to },
  ].filter(({ from, to }) => from <= to);
}

/** The first rule for each number that rules are about; those for which it is null are about none. */
function firstBy(services: readonly Service[], numberOf: (service: Service) => number | null): ReadonlyMap<number, string> {
  const first = new Map<number, string>();
  for (const service of services) {
    const number = numberOf(service);
    if (number !== null && !first.has(number)) first.set(number, service.id);
  }
  return first;
}

function keyed(field: string, rules: ReadonlyMap<number, string>, textOf: (number: number) => string): ServiceMatch[] {
  return [...rules].sort(([a], [b]) => a - b).map(([number, rule]) => ({ field, rule, key: textOf(number) }));
}

function isByte(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 255;
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 65_535;
}
