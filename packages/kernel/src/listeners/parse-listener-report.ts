import { isRoutedGroup } from '@manx/hoststate';
import type { Ip } from '@manx/ip';
import { ipFromBytes } from '../netlink/ip-bytes.js';

/**
 * What an instance says of one group. `is` and `to` tell the whole of what it wants: from these sources only, or from all but these. `allow` and
 * `block` change that (RFC 3376, section 4.2.12; RFC 3810, section 5.2.12, which say the same).
 */
export type ListenerRecord = {
  readonly group: Ip;
  readonly kind: 'include' | 'exclude' | 'allow' | 'block';
  readonly sources: readonly Ip[];
};

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const IGMP = 2;
const ICMPV6 = 58;
const HOP_BY_HOP = 0;

// RFC 2236, section 2.1, and RFC 3376, section 4.
const IGMP_V1_REPORT = 0x12;
const IGMP_V2_REPORT = 0x16;
const IGMP_LEAVE = 0x17;
const IGMP_V3_REPORT = 0x22;
// RFC 2710, section 3.1, and RFC 3810, section 5.2.
const MLD_V1_REPORT = 131;
const MLD_DONE = 132;
const MLD_V2_REPORT = 143;

/** By the type of a record, from 1 on: MODE_IS_INCLUDE, MODE_IS_EXCLUDE, CHANGE_TO_…, ALLOW_NEW_SOURCES, BLOCK_OLD_SOURCES. */
const KINDS = [null, 'include', 'exclude', 'include', 'exclude', 'allow', 'block'] as const;

const V6_HEADER = 40;

/**
 * What a packet (from its IP header on) says of groups that go beyond the link; nothing for every other packet, and for one that is cut short. Checksums
 * are not looked at: who can send these can send right ones.
 */
export const parseListenerReport = (etherType: number, packet: Buffer): readonly ListenerRecord[] => {
  const records = etherType === ETHERTYPE_IPV4 ? parseIgmp(packet) : etherType === ETHERTYPE_IPV6 ? parseMld(packet) : [];
  return records.filter(({ group }) => isRoutedGroup(group));
};

const parseIgmp = (packet: Buffer): readonly ListenerRecord[] => {
  const start = ((packet[0] ?? 0) & 0x0f) * 4;
  if (packet.length < 20 || start < 20 || packet[9] !== IGMP || packet.length < start + 8) return [];
  const message = packet.subarray(start);
  const type = message[0];
  if (type === IGMP_V3_REPORT) return records(message, 4);
  if (type === IGMP_V1_REPORT || type === IGMP_V2_REPORT) return whole(message.subarray(4, 8), 'exclude');
  return type === IGMP_LEAVE ? whole(message.subarray(4, 8), 'include') : [];
};

/** Behind one header of options, which says router alert (RFC 2711), or directly. */
const parseMld = (packet: Buffer): readonly ListenerRecord[] => {
  if (packet.length < V6_HEADER) return [];
  const hasOptions = packet[6] === HOP_BY_HOP;
  const start = hasOptions ? V6_HEADER + 8 * ((packet[V6_HEADER + 1] ?? 0) + 1) : V6_HEADER;
  const protocol = hasOptions ? packet[V6_HEADER] : packet[6];
  if (protocol !== ICMPV6 || packet.length < start + 8) return [];
  const message = packet.subarray(start);
  const type = message[0];
  if (type === MLD_V2_REPORT) return records(message, 16);
  if (message.length < 24) return [];
  if (type === MLD_V1_REPORT) return whole(message.subarray(8, 24), 'exclude');
  return type === MLD_DONE ? whole(message.subarray(8, 24), 'include') : [];
};

/** A message of before there were sources: all of a group, or nothing of it. */
const whole = (address: Buffer, kind: 'include' | 'exclude'): readonly ListenerRecord[] => {
  const group = ipFromBytes(address);
  return group === null ? [] : [{ group, kind, sources: [] }];
};

/** The records of an IGMPv3 or MLDv2 report, which differ in the size of addresses alone; as many as are whole. */
const records = (message: Buffer, size: 4 | 16): readonly ListenerRecord[] => {
  const found: ListenerRecord[] = [];
  let at = 8;
  for (let left = message.readUInt16BE(6); left > 0 && at + 4 + size <= message.length; left -= 1) {
    const count = message.readUInt16BE(at + 2);
    const end = at + 4 + size * (1 + count);
    const kind = KINDS[message[at] ?? 0];
    if (end > message.length) break;
    const group = ipFromBytes(message.subarray(at + 4, at + 4 + size));
    const sources = Array.from({ length: count }, (_, i) =>
      ipFromBytes(message.subarray(at + 4 + size * (i + 1), at + 4 + size * (i + 2))),
    );
    if (group !== null && kind !== undefined && kind !== null) {
      found.push({ group, kind, sources: sources.filter((source): source is Ip => source !== null) });
    }
    at = end + 4 * (message[at + 1] ?? 0);
  }
  return found;
};
