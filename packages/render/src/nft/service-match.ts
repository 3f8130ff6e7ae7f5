import { icmpProtocol, type PolicyRule } from '@manx/hoststate';
import { anonymousSet } from './peer-match.js';

/** Protocols whose destination port nft can match, by IANA number. */
const PORT_PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [6, 'tcp'],
  [17, 'udp'],
  [33, 'dccp'],
  [132, 'sctp'],
  [136, 'udplite'],
]);

/** What of a rule is not its peer: protocol, ports, ICMP type and code. */
export type Service = Pick<PolicyRule, 'family' | 'protocol' | 'ports' | 'icmp'>;

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

/** The services of one peer as nft matches, fewest first; an empty text matches every protocol. Sorted, so that order in does not matter. */
export function serviceMatches(services: readonly Service[]): string[] {
  if (services.some((service) => service.protocol === null)) return [''];
  const whole = new Set(services.filter((service) => service.ports === null && service.icmp === null).map((service) => service.protocol));
  const partial = services.filter((service) => !whole.has(service.protocol));
  const matches = whole.size === 0 ? [] : [`meta l4proto ${anonymousSet(numbers(whole).map(String))}`];
  for (const protocol of numbers(new Set(partial.map((service) => service.protocol)))) {
    const own = partial.filter((service) => service.protocol === protocol);
    const keyword = PORT_PROTOCOLS.get(protocol);
    if (keyword === undefined) matches.push(...icmpMatches(own));
    else matches.push(`${keyword} dport ${anonymousSet(portRanges(own))}`);
  }
  return matches;
}

function icmpMatches(services: readonly Service[]): string[] {
  const keyword = services[0]?.family === 4 ? 'icmp' : 'icmpv6';
  const asked = services.flatMap((service) => (service.icmp === null ? [] : [service.icmp]));
  const types = new Set(asked.filter((icmp) => icmp.code === null).map((icmp) => icmp.type));
  const pairs = asked.filter((icmp) => !types.has(icmp.type)).map(({ type, code }) => type * 256 + (code ?? 0));
  const matches = types.size === 0 ? [] : [`${keyword} type ${anonymousSet(numbers(types).map(String))}`];
  if (pairs.length > 0) {
    // `icmp type 3 code 4` is a syntax error in nft; the concatenation is not.
    const elements = numbers(new Set(pairs)).map((pair) => `${pair >> 8} . ${pair & 255}`);
    matches.push(`${keyword} type . ${keyword} code { ${elements.join(', ')} }`);
  }
  return matches;
}

/** Disjoint and sorted, adjacent ranges joined: an interval set refuses overlaps. */
function portRanges(services: readonly Service[]): string[] {
  const ranges = services.flatMap((service) => (service.ports === null ? [] : [{ ...service.ports }])).sort((a, b) => a.from - b.from);
  const merged: Array<{ from: number; to: number }> = [];
  for (const range of ranges) {
    const last = merged.at(-1);
    if (last !== undefined && range.from <= last.to + 1) last.to = Math.max(last.to, range.to);
    else merged.push(range);
  }
  return merged.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`));
}

function isByte(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 255;
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 65_535;
}

function numbers(values: Iterable<number | null>): number[] {
  return [...values].filter((value) => value !== null).sort((a, b) => a - b);
}
