import { hasPorts, icmpProtocol, type Payload } from '@manx/hoststate';
import type { Family } from '@manx/ip';
import { badRequest, IP_PROTOCOLS, isProblem, type Problem } from '@manx/model';

/** What is asked above IP, decoded; of either family until the ends are known. */
export type FlowRequest = {
  readonly protocol: number;
  readonly port: number | null;
  readonly fromPort: number | null;
  readonly icmp: { readonly type: number; readonly code: number } | null;
  /** Null: every family that both ends have. */
  readonly family: Family | null;
};

/** The attributes of a request that say what flow is meant. */
export const FLOW_ATTRIBUTES = ['protocol', 'port', 'source_port', 'icmp_type', 'icmp_code', 'ip_version'] as const;

type Body = { readonly [name: string]: unknown };

/** The ICMP type of a question that is answered, by family: a ping. */
const PING: Readonly<Record<Family, number>> = { 4: 8, 6: 128 };

/** Reads what flow is meant; a problem names the attribute that is wrong. */
export const decodeFlow = (body: Body): FlowRequest | Problem => {
  const wrong = badRequest;
  const protocol = protocolOf(body['protocol']);
  if (protocol === null) return wrong("protocol must be a name such as 'tcp', or a number from 0 to 255");
  const number = (name: string, most: number): number | null | Problem => {
    const value = body[name];
    if (value === undefined || value === null) return null;
    const isRight = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
    return isRight ? value : wrong(`${name} must be a number from 0 to ${most}`);
  };
  const [port, fromPort, type, code] = [
    number('port', 65_535),
    number('source_port', 65_535),
    number('icmp_type', 255),
    number('icmp_code', 255),
  ];
  for (const one of [port, fromPort, type, code]) if (isProblem(one)) return one;
  const version = body['ip_version'] ?? null;
  if (version !== null && version !== 4 && version !== 6) return wrong('ip_version must be 4 or 6');
  const isIcmp = protocol === 1 || protocol === 58;
  if (hasPorts(protocol) ? port === null : port !== null || fromPort !== null)
    return wrong(hasPorts(protocol) ? 'port is required with this protocol' : 'this protocol has no ports');
  if (!isIcmp && (type !== null || code !== null)) return wrong('icmp_type and icmp_code are only for ICMP');
  if (code !== null && type === null) return wrong('icmp_code needs icmp_type');
  const family = protocol === 58 && version === null ? 6 : version;
  const icmp = isIcmp && type !== null ? { type: type as number, code: (code as number | null) ?? 0 } : null;
  return { protocol, port: port as number | null, fromPort: fromPort as number | null, icmp, family };
};

/** The flow in one family: ICMP is another protocol there, and a ping where no type was said. */
export const payloadIn = ({ protocol, port, icmp }: FlowRequest, family: Family): Payload => {
  if (protocol !== 1 && protocol !== 58) return { protocol, port, icmp: null };
  return { protocol: icmpProtocol(family), port: null, icmp: icmp ?? { type: PING[family], code: 0 } };
};

const protocolOf = (value: unknown): number | null => {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 && value <= 255 ? value : null;
  if (typeof value !== 'string') return null;
  const word = value.toLowerCase();
  if (/^\d{1,3}$/.test(word)) return Number(word) <= 255 ? Number(word) : null;
  return Object.hasOwn(IP_PROTOCOLS, word) ? (IP_PROTOCOLS[word] ?? null) : null;
};
