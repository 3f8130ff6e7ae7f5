import type { SecurityGroupRule } from './security-group-rule.js';

/** The protocol names that security group rules take, and their IANA numbers (neutron-lib `constants`). */
export const IP_PROTOCOLS: { readonly [name: string]: number } = {
  ah: 51,
  dccp: 33,
  egp: 8,
  esp: 50,
  gre: 47,
  hopopt: 0,
  icmp: 1,
  icmpv6: 58,
  igmp: 2,
  ip: 0,
  ipip: 4,
  'ipv6-encap': 41,
  'ipv6-frag': 44,
  'ipv6-icmp': 58,
  'ipv6-nonxt': 59,
  'ipv6-opts': 60,
  'ipv6-route': 43,
  ospf: 89,
  pgm: 113,
  rsvp: 46,
  sctp: 132,
  tcp: 6,
  udp: 17,
  udplite: 136,
  vrrp: 112,
};

/** The protocols that have ports. */
export const PORT_PROTOCOLS: readonly string[] = ['dccp', 'sctp', 'tcp', 'udp', 'udplite'];

/**
 * What a stored rule's protocol means: an IANA number of 1 to 255, or null for every protocol. Number 0 (`ip`, `hopopt`) means every
 * protocol, as it does where Neutron hands it to iptables. 1 in an IPv6 rule never occurs: admission stores 58.
 */
export function protocolNumber(rule: Pick<SecurityGroupRule, 'protocol'>): number | null {
  if (rule.protocol === null) return null;
  const number = IP_PROTOCOLS[rule.protocol] ?? Number(rule.protocol);
  return number === 0 ? null : number;
}
