import { type IfName, TRACE_CHAINS, TRACE_TABLE, type TraceFlow } from '@manx/hoststate';
import { familyOf, type Ip } from '@manx/ip';

/** Before and after every other chain of a hook (NF_IP_PRI_FIRST and NF_IP_PRI_LAST, include/uapi/linux/netfilter_ipv4.h). */
const FIRST = -2_147_483_647;
const LAST = 2_147_483_647;

/**
 * What has the kernel tell of the packets of one flow, and of no others, in nft's words: tables that are the socket's that makes them, and go with it
 * (`flags owner` without `persist`, Linux 5.12). They decide nothing. `tap`: where the sender is plugged in, on its host.
 */
export function traceTables(flow: TraceFlow, tap: IfName | null): string {
  const [there, back] = matches(flow);
  const marks = `${there} meta nftrace set 1; ${back} meta nftrace set 1`;
  const hook = (hook: string, priority: number, rules = ''): string =>
    `{ type filter hook ${hook} priority ${priority}; policy accept; ${rules}${rules === '' ? '' : '; '}}`;
  const { came, sent, here, left } = TRACE_CHAINS;
  const inet = [
    ['flags owner;'],
    [`chain ${came}`, hook('prerouting', FIRST, marks)],
    [`chain ${sent}`, hook('output', FIRST, marks)],
    // A chain without rules is told of as well, once a packet is marked: so it is known where it went.
    [`chain ${here}`, hook('input', LAST)],
    [`chain ${left}`, hook('postrouting', LAST)],
  ];
  const frames =
    tap === null
      ? []
      : [['flags owner;'], [`chain ${TRACE_CHAINS.tap}`, hook(`ingress device "${tap}"`, FIRST, `${there} meta nftrace set 1`)]];
  return `${withoutTrace(tap)}${table('inet', inet)}${frames.length === 0 ? '' : table('netdev', frames)}`;
}

/** What takes these tables away, whether they are there or not. */
export function withoutTrace(tap: IfName | null): string {
  const families = tap === null ? ['inet'] : ['inet', 'netdev'];
  return families.map((family) => `table ${family} ${TRACE_TABLE} { flags owner; }\ndelete table ${family} ${TRACE_TABLE}\n`).join('');
}

function table(family: string, lines: readonly (readonly string[])[]): string {
  return `table ${family} ${TRACE_TABLE} {\n${lines.map((line) => line.join(' ')).join('\n')}\n}\n`;
}

/** What tells a packet of the flow, from the sender and back. */
function matches({ protocol, sources, destinations, ports, mark }: TraceFlow): readonly [string, string] {
  const family = familyOf(sources[0] ?? destinations[0] ?? ('0.0.0.0' as Ip));
  const ip = family === 4 ? 'ip' : 'ip6';
  const ends = (from: readonly Ip[], to: readonly Ip[]): string => `${ip} saddr ${set(from)} ${ip} daddr ${set(to)}`;
  const [there, back] = [ends(sources, destinations), ends(destinations, sources)];
  if (protocol === 6 || protocol === 17) {
    const name = protocol === 6 ? 'tcp' : 'udp';
    return [`${there} ${name} sport ${mark} ${name} dport ${set(ports)}`, `${back} ${name} sport ${set(ports)} ${name} dport ${mark}`];
  }
  const name = protocol === 1 ? 'icmp' : 'icmpv6';
  return [`${there} ${name} type echo-request ${name} id ${mark}`, `${back} ${name} type echo-reply ${name} id ${mark}`];
}

const set = (values: readonly (Ip | number)[]): string => `{ ${values.join(', ')} }`;
