import type { Payload } from '@manx/hoststate';
import type { Family, Ip } from '@manx/ip';

/** A port that no host plays, and why: it is unbound, its binding failed, or it could not be compiled. */
export type Absence = {
  readonly code: 'unbound' | 'binding-failed' | 'not-compiled';
  /** The Neutron port's id. */
  readonly endpoint: string;
  /** In words, without the name of the port. */
  readonly detail: string;
};

/**
 * One end of a flow: an address, and whose it is where that was said. `endpoint` null: whoever has the address, all of them where several do.
 * `absence` speaks of an address that a port has which is an endpoint nowhere.
 */
export type End = { readonly ip: Ip; readonly endpoint: string | null; readonly absence: Absence | null };

/** The first packet of a flow, as its sender would send it; both ends of one family. */
export type Question = Payload & {
  readonly source: End;
  readonly destination: End;
  /** Source port; null: not said, and a client's port is assumed where it matters (answers to stateless groups). */
  readonly fromPort: number | null;
};

/** Where clients' ports are when nobody said (RFC 6335, section 6: the dynamic ports begin here). */
export const ASSUMED_CLIENT_PORT = 49_152;

/** Protocols by the names that people use, IANA numbers; what has none is said by its number. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'ICMP'],
  [2, 'IGMP'],
  [4, 'IPIP'],
  [6, 'TCP'],
  [17, 'UDP'],
  [33, 'DCCP'],
  [47, 'GRE'],
  [50, 'ESP'],
  [51, 'AH'],
  [58, 'ICMPv6'],
  [89, 'OSPF'],
  [112, 'VRRP'],
  [132, 'SCTP'],
  [136, 'UDP-Lite'],
]);

/** A protocol as people call it: `TCP`; `protocol 99` where it has no name here. */
export function protocolName(protocol: number): string {
  return NAMES.get(protocol) ?? `protocol ${protocol}`;
}

/** What is asked for above IP, in words: `TCP port 443`, `ICMP type 8 code 0`, `ESP`. */
export function payloadText({ protocol, port, icmp }: Payload): string {
  const name = protocolName(protocol);
  if (icmp !== null) return `${name} type ${icmp.type} code ${icmp.code}`;
  return port === null ? name : `${name} port ${port}`;
}

/** The answer's ICMP type to each that is a question, by family (RFC 792, RFC 950, RFC 4443). */
const ANSWERS: Readonly<Record<Family, ReadonlyMap<number, number>>> = {
  4: new Map([
    [8, 0],
    [13, 14],
    [15, 16],
    [17, 18],
  ]),
  6: new Map([[128, 129]]),
};

/** What an answer to the flow carries, its ports the other way round; null for an ICMP message that nobody answers. */
export function replyPayload(payload: Payload & { readonly fromPort: number | null }, family: Family): Payload | null {
  const { protocol, port, icmp, fromPort } = payload;
  if (icmp === null) return { protocol, port: port === null ? null : (fromPort ?? ASSUMED_CLIENT_PORT), icmp: null };
  const type = ANSWERS[family].get(icmp.type);
  return type === undefined ? null : { protocol, port: null, icmp: { type, code: 0 } };
}
