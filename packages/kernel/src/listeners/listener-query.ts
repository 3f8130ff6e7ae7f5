import { asIp, type Ip, linkLocalFor, type Mac, multicastMac } from '@manx/ip';
import { ethernetHeader } from '../frames/ethernet-header.js';
import { internetChecksum } from '../frames/internet-checksum.js';
import { ipBytes } from '../netlink/ip-bytes.js';

const ALL_SYSTEMS = asIp('224.0.0.1');
const ALL_NODES = asIp('ff02::1');
const IGMP = 2;
const ICMPV6 = 58;
const IGMP_QUERY = 0x11;
const MLD_QUERY = 130;
const IGMP_QUERY_BYTES = 12;
const MLD_QUERY_BYTES = 28;
/** Precedence internetwork control, as RFC 3376, section 4, wants it. */
const TOS = 0xc0;
const ROBUSTNESS = 2;

/** Who asks: the host's MAC on the tap, and its address there; 0.0.0.0 where it has none, as those do who only listen in (RFC 4541, section 2.1.1). */
export type Querier = { readonly mac: Mac; readonly ip: Ip | null };

/**
 * The frames that ask an instance for all that it listens to: a general query of IGMPv3 and one of MLDv2 (RFC 3376, section 4.1; RFC 3810,
 * section 5.1), which those who speak an older version understand. Answers come within `answerMs`, up to 12.7 s.
 */
export const listenerQueries = (querier: Querier, everySeconds: number, answerMs: number): readonly Buffer[] => [
  igmpQuery(querier, { everySeconds, answerMs }),
  mldQuery(querier, { everySeconds, answerMs }),
];

type Times = { readonly everySeconds: number; readonly answerMs: number };

const igmpQuery = ({ mac, ip }: Querier, { everySeconds, answerMs }: Times): Buffer => {
  const message = Buffer.alloc(IGMP_QUERY_BYTES);
  message.writeUInt8(IGMP_QUERY, 0);
  message.writeUInt8(Math.min(127, Math.max(1, Math.round(answerMs / 100))), 1);
  message.writeUInt8(ROBUSTNESS, 8);
  message.writeUInt8(Math.min(127, everySeconds), 9);
  message.writeUInt16BE(internetChecksum(message), 2);
  // Version 4, six words; router alert (RFC 2113) behind the addresses.
  const header = Buffer.from([0x46, TOS, 0, 24 + IGMP_QUERY_BYTES, 0, 0, 0, 0, 1, IGMP, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x94, 4, 0, 0]);
  if (ip !== null) ipBytes(ip).copy(header, 12);
  ipBytes(ALL_SYSTEMS).copy(header, 16);
  header.writeUInt16BE(internetChecksum(header), 10);
  return Buffer.concat([ethernetHeader(multicastMac(ALL_SYSTEMS), mac, 0x0800), header, message]);
};

const mldQuery = ({ mac }: Querier, { everySeconds, answerMs }: Times): Buffer => {
  const message = Buffer.alloc(MLD_QUERY_BYTES);
  message.writeUInt8(MLD_QUERY, 0);
  message.writeUInt16BE(Math.min(12_700, Math.max(1, answerMs)), 4);
  message.writeUInt8(ROBUSTNESS, 24);
  message.writeUInt8(Math.min(127, everySeconds), 25);
  const [source, destination] = [ipBytes(linkLocalFor(mac)), ipBytes(ALL_NODES)];
  const pseudo = Buffer.concat([source, destination, Buffer.from([0, 0, 0, MLD_QUERY_BYTES, 0, 0, 0, ICMPV6])]);
  message.writeUInt16BE(internetChecksum(Buffer.concat([pseudo, message])), 2);
  const header = Buffer.from([0x60, 0, 0, 0, 0, 8 + MLD_QUERY_BYTES, 0, 1]);
  // One header of options: router alert for MLD (RFC 2711), and two bytes of padding.
  const options = Buffer.from([ICMPV6, 0, 5, 2, 0, 0, 1, 0]);
  return Buffer.concat([ethernetHeader(multicastMac(ALL_NODES), mac, 0x86dd), header, source, destination, options, message]);
};
