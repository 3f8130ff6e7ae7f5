import { asMac, type Ip } from '@manx/ip';
import type { NeutronClient } from '../neutron-client.js';
import { startCapture } from '../wire/capture.js';
import { ethernet, etherTypes, icmp, icmp6, ip } from '../wire/frames.js';
import { sendFrame } from '../wire/namespace-socket.js';
import { serveTcp } from '../wire/tcp-probe.js';
import { serveUdp } from '../wire/udp-probe.js';
import type { CheckContext } from './context.js';
import type { Field, Guest } from './field.js';
import { patienceMs, ping, silenceMs, tcpTo, udpTo } from './reach.js';
import { type Row, row } from './row.js';
import { within } from './within.js';

/** A rule as the API takes it; ingress unless it says otherwise. */
export type RuleBody = {
  readonly direction?: 'ingress' | 'egress';
  readonly ethertype: 'IPv4' | 'IPv6';
  readonly protocol?: string;
  readonly port_range_min?: number;
  readonly port_range_max?: number;
  readonly remote_group_id?: string;
  readonly remote_ip_prefix?: string;
};

/** Adds a rule to a group; answers its id. */
export const addRule = async (client: NeutronClient, group: string, rule: RuleBody): Promise<string> =>
  (await client.create('security-group-rules', 'security_group_rule', { direction: 'ingress', security_group_id: group, ...rule })).id;

/** Removes a rule. */
export const removeRule = async (client: NeutronClient, rule: string): Promise<void> => await client.remove('security-group-rules', rule);

/** One quick try: a SYN that came too early is not sent again within it, so that the wait measures the network and not TCP. */
export const quickMs = 150;

/** Something to try, in words, and whether an answer comes. */
type Probe = { readonly what: string; readonly passes: (waitMs: number) => Promise<boolean> };

const tcp = (from: Guest, to: Ip, port: number): Probe => ({
  what: `tcp/${port} from ${from.name}`,
  // A refusal is an answer too: the packet was let through to a port that nobody listens on.
  passes: async (waitMs) => (await tcpTo(from.netns, to, { port, waitMs })).kind !== 'silent',
});

const udp = (from: Guest, to: Ip, port: number): Probe => ({
  what: `udp/${port} from ${from.name}`,
  passes: async (waitMs) => (await udpTo(from.netns, to, { port, waitMs })).kind !== 'silent',
});

const echo = (from: Guest, to: Ip): Probe => ({
  what: `ping from ${from.name}`,
  passes: async (waitMs) => (await ping(from.netns, to, waitMs)) !== null,
});

/** ICMP types and codes that no tool sends: by hand, and watched for at the far end. */
const icmpByHand = (from: Guest, to: Guest, message: { readonly family: 4 | 6; readonly type: number; readonly code: number }): Probe => {
  const { family, type, code } = message;
  const [source, destination] = family === 4 ? [from.v4, to.v4] : [from.v6, to.v6];
  const body = new Uint8Array([0x4d, 0x61, 0, 1, ...new Uint8Array(12)]);
  const [protocol, payload] = family === 4 ? [1, icmp({ type, code, body })] : [58, icmp6({ source, destination }, { type, code, body })];
  const frame = ethernet(asMac(from.hostMac), asMac(from.mac), {
    type: family === 4 ? etherTypes.ip : etherTypes.ip6,
    payload: ip({ source, destination, protocol, payload }),
  });
  return {
    what: `ICMP ${type}/${code} from ${from.name}`,
    passes: async (waitMs) => {
      const field = family === 4 ? 'icmp[0] == ' : 'ip6[40] == ';
      const codeField = family === 4 ? 'icmp[1] == ' : 'ip6[41] == ';
      const capture = await startCapture(to.netns, 'eth0', `host ${source} and ${field}${type} and ${codeField}${code}`);
      try {
        sendFrame(from.netns, 'eth0', frame);
        return await capture.sees(new RegExp(`${source} > ${destination}`), waitMs);
      } finally {
        await capture.stop();
      }
    },
  };
};

/** A rule on its own: what passes with it and only with it, and what stays closed meanwhile. No two trials share a port. */
type Trial = { readonly did: string; readonly rule: RuleBody; readonly open: readonly Probe[]; readonly shut: readonly Probe[] };

const ports = (first: number, last = first) => ({ port_range_min: first, port_range_max: last });

const trialsOf = ({ near, mate, tenant, stranger, guarded, openGroup, tenantCidr }: Field): readonly Trial[] => [
  {
    did: 'tcp/7101 from anywhere, IPv4: not its neighbours, not UDP, not IPv6',
    rule: { ethertype: 'IPv4', protocol: 'tcp', ...ports(7_101) },
    open: [tcp(near, guarded.v4, 7_101), tcp(stranger, guarded.v4, 7_101)],
    shut: [tcp(near, guarded.v4, 7_100), tcp(near, guarded.v4, 7_102), udp(near, guarded.v4, 7_101), tcp(near, guarded.v6, 7_101)],
  },
  {
    did: 'tcp/7111 from a remote group, IPv4: not from another group, not IPv6',
    rule: { ethertype: 'IPv4', protocol: 'tcp', ...ports(7_111), remote_group_id: openGroup },
    open: [tcp(near, guarded.v4, 7_111), tcp(tenant, guarded.v4, 7_111)],
    shut: [tcp(stranger, guarded.v4, 7_111), tcp(near, guarded.v6, 7_111)],
  },
  {
    did: 'tcp/7112 from a remote group, IPv6: not from another group',
    rule: { ethertype: 'IPv6', protocol: 'tcp', ...ports(7_112), remote_group_id: openGroup },
    open: [tcp(near, guarded.v6, 7_112), tcp(tenant, guarded.v6, 7_112)],
    shut: [tcp(stranger, guarded.v6, 7_112), tcp(near, guarded.v4, 7_112)],
  },
  {
    did: 'tcp/7121 from a prefix, IPv4: not from another',
    rule: { ethertype: 'IPv4', protocol: 'tcp', ...ports(7_121), remote_ip_prefix: tenantCidr },
    open: [tcp(tenant, guarded.v4, 7_121)],
    shut: [tcp(near, guarded.v4, 7_121), tcp(stranger, guarded.v4, 7_121)],
  },
  {
    did: 'tcp/7122 from one address, IPv6: not from its neighbour',
    rule: { ethertype: 'IPv6', protocol: 'tcp', ...ports(7_122), remote_ip_prefix: `${near.v6}/128` },
    open: [tcp(near, guarded.v6, 7_122)],
    shut: [tcp(mate, guarded.v6, 7_122)],
  },
  {
    did: 'tcp/7131-7133: the first, one between, the last, and not the ones around',
    rule: { ethertype: 'IPv4', protocol: 'tcp', ...ports(7_131, 7_133) },
    open: [7_131, 7_132, 7_133].map((port) => tcp(near, guarded.v4, port)),
    shut: [7_130, 7_134].map((port) => tcp(near, guarded.v4, port)),
  },
  {
    did: 'udp/7141-7142, IPv6: not the ones around, not TCP',
    rule: { ethertype: 'IPv6', protocol: 'udp', ...ports(7_141, 7_142) },
    open: [7_141, 7_142].map((port) => udp(near, guarded.v6, port)),
    shut: [udp(near, guarded.v6, 7_140), udp(near, guarded.v6, 7_143), tcp(near, guarded.v6, 7_141)],
  },
  {
    did: 'ICMP type 8 code 0 (echo request), IPv4: not type 13, not code 1',
    rule: { ethertype: 'IPv4', protocol: 'icmp', ...ports(8, 0), remote_ip_prefix: `${near.v4}/32` },
    open: [echo(near, guarded.v4)],
    shut: [
      icmpByHand(near, guarded, { family: 4, type: 13, code: 0 }),
      icmpByHand(near, guarded, { family: 4, type: 8, code: 1 }),
      echo(mate, guarded.v4),
    ],
  },
  {
    did: 'ICMPv6 type 128 code 0 (echo request): not type 200, not code 1',
    rule: { ethertype: 'IPv6', protocol: 'ipv6-icmp', ...ports(128, 0), remote_ip_prefix: `${near.v6}/128` },
    open: [echo(near, guarded.v6)],
    shut: [
      icmpByHand(near, guarded, { family: 6, type: 200, code: 0 }),
      icmpByHand(near, guarded, { family: 6, type: 128, code: 1 }),
      echo(mate, guarded.v6),
    ],
  },
  {
    did: 'egress, tcp/7151 to one address, IPv4: not to another, not another port, not UDP',
    rule: { direction: 'egress', ethertype: 'IPv4', protocol: 'tcp', ...ports(7_151), remote_ip_prefix: `${near.v4}/32` },
    open: [tcp(guarded, near.v4, 7_151)],
    shut: [tcp(guarded, mate.v4, 7_151), tcp(guarded, near.v4, 7_152), udp(guarded, near.v4, 7_151)],
  },
  {
    did: 'egress, udp/7161 to a remote group, IPv6: not to another group',
    rule: { direction: 'egress', ethertype: 'IPv6', protocol: 'udp', ...ports(7_161), remote_group_id: openGroup },
    open: [udp(guarded, near.v6, 7_161)],
    shut: [udp(guarded, stranger.v6, 7_161), udp(guarded, near.v4, 7_161)],
  },
];

/** Listeners for all that is to pass; what is not to pass needs none over TCP, and over UDP has a listener that would answer. */
const serveTrials = async ({ near, stranger, guarded }: Field) => {
  const at = (netns: string, family: 4 | 6, kind: 'tcp' | 'udp', list: readonly number[]) =>
    list.map(async (port) => (kind === 'tcp' ? serveTcp(netns, family, port) : await serveUdp(netns, family, port)));
  return await Promise.all([
    ...at(guarded.netns, 4, 'tcp', [7_101, 7_111, 7_121, 7_131, 7_132, 7_133]),
    ...at(guarded.netns, 6, 'tcp', [7_112, 7_122]),
    ...at(guarded.netns, 4, 'udp', [7_101]),
    ...at(guarded.netns, 6, 'udp', [7_140, 7_141, 7_142, 7_143]),
    ...at(near.netns, 4, 'tcp', [7_151]),
    ...at(near.netns, 4, 'udp', [7_151, 7_161]),
    ...at(near.netns, 6, 'udp', [7_161]),
    ...at(stranger.netns, 6, 'udp', [7_161]),
  ]);
};

/** Which of these pass, in words. */
const passing = async (probes: readonly Probe[], waitMs: number): Promise<string[]> => {
  const passed = await Promise.all(probes.map(async ({ passes }) => await passes(waitMs)));
  return probes.filter((_, at) => passed[at] === true).map(({ what }) => what);
};

const trialRow = async ({ client }: CheckContext, { guardedGroup }: Field, { did, rule, open, shut }: Trial): Promise<Row> => {
  const before = await passing(open, quickMs);
  const id = await addRule(client, guardedGroup, rule);
  const openedMs = await within(async () => (await passing(open, quickMs)).length === open.length);
  const missing = openedMs === null ? await passing(open, patienceMs) : [];
  const more = await passing(shut, silenceMs);
  await removeRule(client, id);
  const closedMs = await within(async () => (await passing(open, quickMs)).length === 0);
  const faults = [
    ...(before.length === 0 ? [] : [`open before the rule: ${before.join(', ')}`]),
    ...(openedMs === null ? [`not all open within 1 s, only: ${missing.join(', ') || 'none'}`] : []),
    ...(more.length === 0 ? [] : [`MORE IS OPEN than the rule says: ${more.join(', ')}`]),
    ...(closedMs === null ? ['still open 1 s after the rule went'] : []),
  ];
  const fine = `open after ${openedMs} ms, the rest stays closed, closed with the rule`;
  return row('S16', `allow ${did}`, { saw: faults.length === 0 ? fine : faults.join('; '), ok: faults.length === 0 });
};

/** Every kind of rule, side by side on one instance that nothing else is allowed to reach. */
export const checkRules = async (field: Field, context: CheckContext): Promise<Row[]> => {
  const servers = await serveTrials(field);
  try {
    return await Promise.all(trialsOf(field).map(async (trial) => await trialRow(context, field, trial)));
  } finally {
    for (const server of servers) server.close();
  }
};
