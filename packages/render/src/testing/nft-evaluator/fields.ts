import { familyOf, type Ip } from '@manx/ip';
import type { Sight } from './packet.js';

/** A field of a packet as text; null where the packet has none, and then nothing that asks for it matches. */
export type Field = (sight: Sight) => string | null;

const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMP6 = 58;

const address =
  (family: 4 | 6, end: 'source' | 'destination'): Field =>
  ({ packet }) =>
    familyOf(packet[end]) === family ? packet[end] : null;

const port =
  (protocol: number | null, end: 'sport' | 'dport'): Field =>
  ({ packet }) =>
    (protocol === null || packet.protocol === protocol) && packet[end] !== null ? String(packet[end]) : null;

const icmp =
  (protocol: number, part: 'type' | 'code'): Field =>
  ({ packet }) =>
    packet.protocol === protocol && packet.icmp !== null ? String(packet.icmp[part]) : null;

const tcpFlags: Field = ({ packet }) => (packet.protocol !== TCP ? null : packet.isSyn ? 'syn' : 'ack');

const whole = (text: string | number | null | undefined): string | null => (text === null || text === undefined ? null : String(text));

/** Every field that our rules ask for, by its words in nft (nft(8), "Payload expressions", "Meta expressions", "Conntrack expressions", "FIB expressions"). */
export const FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['iifname', ({ packet }) => whole(packet.iif)],
  ['oifname', ({ packet }) => whole(packet.oif)],
  ['ether saddr', ({ packet }) => packet.etherSource],
  ['ip saddr', address(4, 'source')],
  ['ip daddr', address(4, 'destination')],
  ['ip6 saddr', address(6, 'source')],
  ['ip6 daddr', address(6, 'destination')],
  // Without extension headers, and a hop on the way already: no neighbour discovery that a host would believe.
  ['ip6 nexthdr', ({ packet }) => (familyOf(packet.source) === 6 ? String(packet.protocol) : null)],
  ['ip6 hoplimit', ({ packet }) => (familyOf(packet.source) === 6 ? '64' : null)],
  ['meta nfproto', ({ packet }) => `ipv${familyOf(packet.source)}`],
  ['meta l4proto', ({ packet }) => String(packet.protocol)],
  ['tcp dport', port(TCP, 'dport')],
  ['tcp sport', port(TCP, 'sport')],
  ['udp dport', port(UDP, 'dport')],
  ['udp sport', port(UDP, 'sport')],
  ['dccp dport', port(33, 'dport')],
  ['sctp dport', port(132, 'dport')],
  ['udplite dport', port(136, 'dport')],
  ['th dport', port(null, 'dport')],
  ['th sport', port(null, 'sport')],
  ['icmp type', icmp(ICMP, 'type')],
  ['icmp code', icmp(ICMP, 'code')],
  ['icmpv6 type', icmp(ICMP6, 'type')],
  ['icmpv6 code', icmp(ICMP6, 'code')],
  ['ct state', ({ tracked }) => tracked?.state ?? 'untracked'],
  ['ct direction', ({ tracked }) => whole(tracked?.direction)],
  ['ct status', ({ tracked }) => (tracked?.isDnat === true ? 'dnat' : '')],
  [
    'ct original ip daddr',
    ({ tracked }) => (tracked !== null && familyOf(tracked.originalDestination) === 4 ? tracked.originalDestination : null),
  ],
  ['fib daddr type', ({ packet, fib }) => (fib.isLocal(packet.destination) ? 'local' : 'unicast')],
  ['fib daddr oifname', ({ packet, fib }) => fib.oifOf(packet.destination)],
  // `tcp flags & (fin | syn | rst | ack) != syn` is read as one field with the value of its mask.
  ['tcp flags & (fin | syn | rst | ack)', tcpFlags],
  ['tcp flags & (syn | rst | ack)', tcpFlags],
]);

/** Protocols as nft prints them in elements, by number. */
const PROTOCOL_NAMES: ReadonlyMap<string, string> = new Map([
  ['tcp', '6'],
  ['udp', '17'],
  ['sctp', '132'],
  ['icmp', '1'],
]);

/** Whether a field's value is, or lies in, what the text names: a word, a number, an address, a prefix, a range, `"tap*"`. */
export function isIn(value: string, text: string): boolean {
  if (text.startsWith('"')) {
    const name = text.slice(1, -1);
    return name.endsWith('*') ? value.startsWith(name.slice(0, -1)) : value === name;
  }
  if (value === text || value === PROTOCOL_NAMES.get(text)) return true;
  if (text.includes('/')) return isAddress(value) && inPrefix(value as Ip, text);
  const dash = text.indexOf('-');
  if (dash < 0) return false;
  return isBetween(value, [text.slice(0, dash), text.slice(dash + 1)]);
}

/** What makes two texts the same element of a set without intervals. */
export function plain(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1) : (PROTOCOL_NAMES.get(text) ?? text);
}

function isAddress(text: string): boolean {
  return text.includes(':') || /^\d+(?:\.\d+){3}$/.test(text);
}

/** Numbers of addresses worked out here anew: what evaluates should share nothing with what renders. */
function numberOf(text: string): bigint | null {
  if (/^\d+$/.test(text)) return BigInt(text);
  if (!isAddress(text)) return null;
  if (!text.includes(':')) return text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head = '', tail] = text.split('::');
  const words = (part: string | undefined): string[] => (part === undefined || part === '' ? [] : part.split(':'));
  const [first, last] = [words(head), words(tail)];
  const all = tail === undefined ? first : [...first, ...Array<string>(8 - first.length - last.length).fill('0'), ...last];
  return all.reduce((sum, word) => sum * 65_536n + BigInt(`0x${word}`), 0n);
}

function isBetween(value: string, [from, to]: readonly [string, string]): boolean {
  const [number, low, high] = [numberOf(value), numberOf(from), numberOf(to)];
  if (number === null || low === null || high === null || value.includes(':') !== from.includes(':')) return false;
  return low <= number && number <= high;
}

function inPrefix(value: Ip, text: string): boolean {
  const [base = '', length = '0'] = text.split('/');
  if (value.includes(':') !== base.includes(':')) return false;
  const shift = BigInt((base.includes(':') ? 128 : 32) - Number(length));
  const [number, prefix] = [numberOf(value), numberOf(base)];
  return number !== null && prefix !== null && number >> shift === prefix >> shift;
}
