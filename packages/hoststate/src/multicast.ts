import { familyOf, type Ip, ipFromValue, ipValue, isMulticast, parseIp } from '@manx/ip';

/** What a host's instances listen to: a group from everyone, or from one source only (RFC 3376, RFC 3810). */
export type GroupInterest = { readonly group: Ip; readonly source: Ip | null };

/**
 * What one instance listens to, as it told its host: a group from these sources only (`include`), or from all but these (RFC 3376, section
 * 3.2; RFC 3810, section 4.2). Sources are sorted by `compareIps`, of the group's family.
 */
export type Membership = { readonly group: Ip; readonly mode: 'include' | 'exclude'; readonly sources: readonly Ip[] };

const PREFIX = 'multicast-';
const RADIX = 36;

/**
 * The id of the set of all hosts that want an interest's packets: its members are the addresses that these take tunnels at. IPv4 is written
 * with underscores, `multicast-239_1_2_3-10_65_0_2`; IPv6 as numbers of base 36, so that two fit into an id.
 */
export function multicastSet({ group, source }: GroupInterest): string {
  return `${PREFIX}${[group, ...(source === null ? [] : [source])].map(encode).join('-')}`;
}

/** The interest whose set it is; null for a set of something else. */
export function interestOf(set: string): GroupInterest | null {
  if (!set.startsWith(PREFIX)) return null;
  const [first = '', second, ...more] = set.slice(PREFIX.length).split('-');
  const group = decode(first);
  const source = second === undefined ? null : decode(second);
  if (group === null || !isRoutedGroup(group) || more.length > 0) return null;
  if (second !== undefined && (source === null || familyOf(source) !== familyOf(group))) return null;
  return { group, source };
}

/**
 * Whether packets to the address go beyond the link: a multicast address other than 224.0.0.0/24 (RFC 5771) or, in IPv6, of a scope wider than
 * the link's (RFC 4291, section 2.7).
 */
export function isRoutedGroup(ip: Ip): boolean {
  if (!isMulticast(ip)) return false;
  const value = ipValue(ip);
  return familyOf(ip) === 4 ? value >> 8n !== 0xe0_00_00n : ((value >> 112n) & 0xfn) > 2n;
}

function encode(ip: Ip): string {
  return familyOf(ip) === 4 ? ip.replaceAll('.', '_') : ipValue(ip).toString(RADIX);
}

function decode(text: string): Ip | null {
  if (text.includes('_')) {
    const ip = parseIp(text.replaceAll('_', '.'));
    return ip !== null && encode(ip) === text ? ip : null;
  }
  if (!/^(?:0|[1-9a-z][0-9a-z]{0,24})$/.test(text)) return null;
  const value = Array.from(text).reduce((sum, digit) => sum * BigInt(RADIX) + BigInt(Number.parseInt(digit, RADIX)), 0n);
  return value >> 128n === 0n ? ipFromValue(6, value) : null;
}
