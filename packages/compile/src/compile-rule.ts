import { hasPorts, icmpProtocol, isProblem, type PolicyPeer, type PolicyRule, type Problem, parsePolicyRule } from '@manx/hoststate';
import { type Cidr, parseCidr, prefixLength } from '@manx/ip';
import { protocolNumber, type SecurityGroupRule } from '@manx/model';
import { addressGroupSet } from './set-members.js';

/** What one security group rule allows, in the host's words; a problem when it cannot be said, and then it allows nothing. */
export function compileRule(rule: SecurityGroupRule): PolicyRule | Problem {
  const family = rule.ethertype === 'IPv6' ? 6 : 4;
  const protocol = protocolOf(rule, family);
  const peer = peerOf(rule);
  if (peer === 'unknown') return ruleProblem(rule, `its remote prefix ${rule.remote_ip_prefix} is not a prefix`);
  const isIcmp = protocol === icmpProtocol(family);
  const { port_range_min: min, port_range_max: max } = rule;
  if (min === null ? max !== null : max === null && !isIcmp) return ruleProblem(rule, 'its port range has one end only');
  if (min !== null && !isIcmp && (protocol === null || !hasPorts(protocol))) return ruleProblem(rule, 'its protocol has no ports');
  const compiled = parsePolicyRule({
    id: rule.id,
    direction: rule.direction,
    family,
    protocol,
    ports: min === null || isIcmp ? null : { from: min, to: max },
    icmp: min === null || !isIcmp ? null : { type: min, code: max },
    peer,
  });
  return isProblem(compiled) ? ruleProblem(rule, `${compiled.subject}: ${compiled.detail}`) : compiled;
}

/** Neutron takes `icmp` (and its number) on an IPv6 rule for ICMP for IPv6. */
function protocolOf(rule: SecurityGroupRule, family: 4 | 6): number | null {
  const number = protocolNumber(rule);
  return number === icmpProtocol(4) ? icmpProtocol(family) : number;
}

/** A prefix of length 0 is everybody, as no peer at all is. */
function peerOf(rule: SecurityGroupRule): PolicyPeer | 'unknown' {
  if (rule.remote_group_id !== null) return { kind: 'set', set: rule.remote_group_id };
  if (rule.remote_address_group_id !== null) return { kind: 'set', set: addressGroupSet(rule.remote_address_group_id) };
  if (rule.remote_ip_prefix === null) return { kind: 'any' };
  const cidr: Cidr | undefined = parseCidr(rule.remote_ip_prefix)?.cidr;
  if (cidr === undefined) return 'unknown';
  const isOfFamily = cidr.includes(':') === (rule.ethertype === 'IPv6');
  return isOfFamily && prefixLength(cidr) === 0 ? { kind: 'any' } : { kind: 'cidr', cidr };
}

function ruleProblem(rule: SecurityGroupRule, detail: string): Problem {
  return { code: 'rule-not-compiled', subject: `security_group_rule ${rule.id}`, detail: `allows nothing: ${detail}` };
}
