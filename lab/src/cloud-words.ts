import { familyOf, parseCidr } from '@manx/ip';
import type { CloudRule, CloudService, Expectation } from './cloud.js';

/** What a rule's words may be, for messages. */
export const ruleForm = 'a rule such as "tcp/80 from any", "icmp from group:web", "udp/1000-2000 from 10.65.0.0/24", "to any"';

/** What an expectation's words may be, for messages. */
export const expectationForm =
  'an expectation such as "web -> db tcp/5432: allowed", "db -> web ping: denied", "a -> b udp/53 v6: allowed"';

type Match = Pick<CloudRule, 'protocol' | 'port_range_min' | 'port_range_max'>;

const portNumber = (text: string): number | null =>
  /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535 ? Number(text) : null;

/** `tcp/80`, `udp/1000-2000`, `tcp`, `icmp`, `any`. */
const parseMatch = (text: string): Match | null => {
  const [protocol = '', ports, more] = text.split('/');
  if (more !== undefined) return null;
  if (ports === undefined) return protocol === 'any' ? {} : /^[a-z][a-z0-9-]*$/.test(protocol) ? { protocol } : null;
  if (protocol !== 'tcp' && protocol !== 'udp') return null;
  const [from = '', to = from, rest] = ports.split('-');
  const [low, high] = [portNumber(from), portNumber(to)];
  return low === null || high === null || rest !== undefined ? null : { protocol, port_range_min: low, port_range_max: high };
};

/** `any`, `group:web`, `10.65.0.0/24`: the rules that it makes, one a family. */
const withPeer = (peer: string, rule: Omit<CloudRule, 'ethertype'>): CloudRule[] | null => {
  const both = (more: Partial<CloudRule>): CloudRule[] => (['IPv4', 'IPv6'] as const).map((ethertype) => ({ ...rule, ...more, ethertype }));
  if (peer === 'any') return both({});
  if (peer.startsWith('group:')) return peer.length > 6 ? both({ remoteGroup: peer.slice(6) }) : null;
  const parsed = parseCidr(peer);
  if (parsed === null || parsed.hostBits) return null;
  return [{ ...rule, remote_ip_prefix: parsed.cidr, ethertype: familyOf(parsed.cidr) === 4 ? 'IPv4' : 'IPv6' }];
};

/** A rule in words to the rules of the API that it stands for; null when it is not one. */
export const parseRule = (text: string): readonly CloudRule[] | null => {
  const words = text.trim().split(/\s+/);
  const peer = words.pop();
  const way = words.pop();
  const [match = 'any', more] = words;
  if (peer === undefined || (way !== 'from' && way !== 'to') || more !== undefined) return null;
  const parsed = parseMatch(match);
  return parsed === null ? null : withPeer(peer, { direction: way === 'from' ? 'ingress' : 'egress', ...parsed });
};

const parseService = (words: readonly string[]): CloudService | null => {
  const [what = '', version = 'v4', more] = words;
  const family = version === 'v4' ? 4 : version === 'v6' ? 6 : null;
  if (family === null || more !== undefined) return null;
  if (what === 'ping') return { kind: 'ping', family };
  const [kind, port = ''] = what.split('/');
  const number = portNumber(port);
  return (kind === 'tcp' || kind === 'udp') && number !== null ? { kind, family, port: number } : null;
};

/** An expectation's flow and its outcome, `allowed`, `denied` or `allowed, source 10.65.0.2`; null when it is not one. */
export const parseExpectation = (flow: string, outcome: string): Expectation | null => {
  const ends = /^(\S+)\s*->\s*(\S+)\s+(.*)$/.exec(flow.trim());
  const said = /^(allowed|denied)(?:,?\s+source\s+(\S+))?$/.exec(outcome.trim());
  if (ends === null || said === null) return null;
  const [, from = '', to = '', words = ''] = ends;
  const service = parseService(words.split(/\s+/));
  const isAllowed = said[1] === 'allowed';
  if (service === null || (said[2] !== undefined && !isAllowed)) return null;
  return { text: `${flow.trim()}: ${outcome.trim()}`, from, to, service, isAllowed, source: said[2] ?? null };
};
