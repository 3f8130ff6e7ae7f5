import type { SeenPacket } from '@manx/hoststate';
import { protocolName } from './question.js';

const ARP_OPERATIONS: ReadonlyMap<number, string> = new Map([
  [1, 'asks for'],
  [2, 'answers'],
]);

/** Lowest bit first (RFC 9293, section 3.1). */
const TCP_FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'];

/** What a host has seen of a packet, in one line: `TCP 10.65.0.9 port 40312 -> 10.65.0.2 port 22 (SYN)`. Nothing in it is a guest's own text. */
export function packetText(packet: SeenPacket): string {
  switch (packet.kind) {
    case 'ip':
      return ipText(packet);
    case 'arp': {
      const verb = ARP_OPERATIONS.get(packet.operation) ?? `says (operation ${packet.operation})`;
      return `ARP: ${packet.sender} at ${packet.senderMac} ${verb} ${packet.target}`;
    }
    case 'other':
      return `a frame of EtherType 0x${packet.etherType.toString(16).padStart(4, '0')}`;
    default:
      return packet satisfies never;
  }
}

function ipText({ source, destination, protocol, sport, dport, icmp, tcpFlags }: SeenPacket & { readonly kind: 'ip' }): string {
  const what = icmp === null ? protocolName(protocol) : `${protocolName(protocol)} type ${icmp.type} code ${icmp.code}`;
  const end = (ip: string, port: number | null): string => (port === null ? ip : `${ip} port ${port}`);
  const flags = tcpFlags === null ? '' : ` (${TCP_FLAGS.filter((_, bit) => ((tcpFlags >> bit) & 1) === 1).join(', ') || 'no flags'})`;
  return `${what} ${end(source, sport)} -> ${end(destination, dport)}${flags}`;
}
