import type { Payload, PolicyRule } from '@manx/hoststate';
import { type Family, hostCidr, type Ip } from '@manx/ip';
import type { Words } from './cloud.js';
import type { OpeningRule } from './explanation.js';
import { ASSUMED_CLIENT_PORT, protocolName } from './question.js';

/** What a rule allows, in words: `TCP ports 80 to 89 from members of web`. */
export function ruleText({ direction, family, protocol, ports, icmp, peer }: PolicyRule, words: Words): string {
  const what = protocol === null ? `everything of IPv${family}` : serviceText({ protocol, ports, icmp });
  const side = direction === 'ingress' ? 'from' : 'to';
  const who = peer.kind === 'any' ? 'anyone' : peer.kind === 'cidr' ? peer.cidr : `members of ${words.set(peer.set)}`;
  return `${what} ${side} ${who}`;
}

function serviceText({ protocol, ports, icmp }: { protocol: number } & Pick<PolicyRule, 'ports' | 'icmp'>): string {
  const name = protocolName(protocol);
  if (icmp !== null) return `${name} type ${icmp.type}${icmp.code === null ? '' : ` code ${icmp.code}`}`;
  if (ports === null) return name;
  return ports.from === ports.to ? `${name} port ${ports.from}` : `${name} ports ${ports.from} to ${ports.to}`;
}

/** The rule that allows this packet and as little else as a rule can say. An assumed client port stands for all that clients use. */
export function openingRule(
  direction: PolicyRule['direction'],
  { protocol, port, icmp, peer, isPortAssumed }: Payload & { readonly peer: Ip; readonly isPortAssumed: boolean },
): OpeningRule {
  const family: Family = peer.includes(':') ? 6 : 4;
  const ports = port === null ? null : isPortAssumed ? { from: FIRST_USER_PORT, to: LAST_PORT } : { from: port, to: port };
  return { direction, family, protocol, ports, icmp, remote: hostCidr(peer) };
}

/** Some clients choose from all user ports (RFC 6335, section 6); `ASSUMED_CLIENT_PORT` is among them. */
const FIRST_USER_PORT = Math.min(1024, ASSUMED_CLIENT_PORT);
const LAST_PORT = 65_535;

/** What the openstack client is told to make the rule in a group. */
export function ruleCommand(group: string, { direction, family, protocol, ports, icmp, remote }: OpeningRule): string {
  const what = [
    `--${direction}`,
    `--ethertype IPv${family}`,
    ...(protocol === null ? [] : [`--protocol ${CLIENT_NAMES.get(protocol) ?? protocol}`]),
    ...(ports === null ? [] : [`--dst-port ${ports.from === ports.to ? ports.from : `${ports.from}:${ports.to}`}`]),
    ...(icmp === null ? [] : [`--icmp-type ${icmp.type}`, ...(icmp.code === null ? [] : [`--icmp-code ${icmp.code}`])]),
    `--remote-ip ${remote}`,
  ];
  return `openstack security group rule create ${what.join(' ')} ${group}`;
}

const CLIENT_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [58, 'ipv6-icmp'],
  [132, 'sctp'],
]);
