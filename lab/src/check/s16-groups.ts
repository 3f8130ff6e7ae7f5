import { once } from 'node:events';
import type { NeutronClient } from '../neutron-client.js';
import { dialTcp } from '../wire/tcp-probe.js';
import type { CheckContext } from './context.js';
import type { Field, Guest } from './field.js';
import { echoPort, inWords, patienceMs, ping, silenceMs, tcpTo, udpTo } from './reach.js';
import { type Row, row } from './row.js';

/** A second port with a responder, so that port ranges have an inside and an outside. */
export const otherPort = echoPort + 1;

type RuleBody = {
  readonly ethertype: 'IPv4' | 'IPv6';
  readonly protocol?: string;
  readonly port_range_min?: number;
  readonly port_range_max?: number;
  readonly remote_group_id?: string;
  readonly remote_ip_prefix?: string;
};

const addRule = async (client: NeutronClient, group: string, rule: RuleBody): Promise<string> => {
  const made = await client.create('security-group-rules', 'security_group_rule', {
    direction: 'ingress',
    security_group_id: group,
    ...rule,
  });
  return made.id;
};

const removeRule = async (client: NeutronClient, rule: string): Promise<void> => await client.remove('security-group-rules', rule);

/** Probes again until the outcome is the wanted one or a second has passed; how long that took, or null. S16 allows one second. */
const within = async (isSo: () => Promise<boolean>): Promise<number | null> => {
  const start = performance.now();
  while (performance.now() - start < 1_000) {
    if (await isSo()) return Math.round(performance.now() - start);
  }
  return null;
};

const defaultGroupRows = async ({ near, shy, shyFar }: Field): Promise<Row[]> => {
  const [mates, mates6, others] = await Promise.all([
    tcpTo(shy.netns, shyFar.v4),
    tcpTo(shy.netns, shyFar.v6),
    tcpTo(near.netns, shy.v4, { waitMs: silenceMs }),
  ]);
  return [
    row('S16', 'default group: between its members, IPv4 and IPv6', {
      saw: `${inWords(mates)}; ${inWords(mates6)}`,
      ok: mates.kind === 'answered' && mates6.kind === 'answered',
    }),
    row('S16', 'default group: from an instance that is not in it', { saw: inWords(others), ok: others.kind === 'silent' }),
  ];
};

const denyRow = async ({ near, guarded }: Field): Promise<Row> => {
  const [tcp, udp, echo] = await Promise.all([
    tcpTo(near.netns, guarded.v4, { waitMs: silenceMs }),
    udpTo(near.netns, guarded.v4, { waitMs: silenceMs }),
    ping(near.netns, guarded.v4, silenceMs),
  ]);
  return row('S16', 'a group without ingress rules: TCP, UDP, ping', {
    saw: `TCP ${tcp.kind}, UDP ${udp.kind}, ping ${echo === null ? 'silent' : 'answered'}`,
    ok: tcp.kind === 'silent' && udp.kind === 'silent' && echo === null,
  });
};

/** With a rule in place: who gets through at once, who does not, and that the way closes again with the rule. */
const ruleRow = async (
  { client }: CheckContext,
  { guardedGroup }: Field,
  trial: { readonly did: string; readonly rule: RuleBody; readonly passes: () => Promise<boolean>; readonly stays: () => Promise<boolean> },
): Promise<Row> => {
  const rule = await addRule(client, guardedGroup, trial.rule);
  const openedMs = await within(trial.passes);
  const othersStay = await trial.stays();
  await removeRule(client, rule);
  const closedMs = await within(async () => !(await trial.passes()));
  return row('S16', trial.did, {
    saw: [
      openedMs === null ? 'not open within 1 s' : `open after ${openedMs} ms`,
      othersStay ? 'the rest stays closed' : 'MORE IS OPEN than the rule says',
      closedMs === null ? 'still open 1 s after the rule went' : 'closed with the rule',
    ].join(', '),
    ok: openedMs !== null && othersStay && closedMs !== null,
  });
};

/** One quick try: a SYN that came too early is not sent again within it, so that the wait measures the network and not TCP. */
const quickMs = 150;

const answered = async (from: Guest, address: string): Promise<boolean> =>
  (await tcpTo(from.netns, address, { waitMs: quickMs })).kind === 'answered';

const silent = async (from: Guest, address: string, port = echoPort): Promise<boolean> =>
  (await tcpTo(from.netns, address, { port, waitMs: silenceMs })).kind === 'silent';

const ruleRows = async (context: CheckContext, field: Field): Promise<Row[]> => {
  const { near, stranger, guarded, openGroup } = field;
  return [
    await ruleRow(context, field, {
      did: `allow tcp/${echoPort} from anywhere: another port and UDP stay closed`,
      rule: { ethertype: 'IPv4', protocol: 'tcp', port_range_min: echoPort, port_range_max: echoPort },
      passes: async () => await answered(near, guarded.v4),
      stays: async () =>
        (await silent(near, guarded.v4, otherPort)) && (await udpTo(near.netns, guarded.v4, { waitMs: silenceMs })).kind === 'silent',
    }),
    await ruleRow(context, field, {
      did: 'allow from a remote group: one of another group stays out',
      rule: { ethertype: 'IPv4', protocol: 'tcp', remote_group_id: openGroup },
      passes: async () => await answered(near, guarded.v4),
      stays: async () => await silent(stranger, guarded.v4),
    }),
    await ruleRow(context, field, {
      did: 'allow from one address, IPv6: another address stays out',
      rule: { ethertype: 'IPv6', protocol: 'tcp', remote_ip_prefix: `${near.v6}/128` },
      passes: async () => await answered(near, guarded.v6),
      stays: async () => await silent(stranger, guarded.v6),
    }),
    await ruleRow(context, field, {
      did: 'allow ICMP echo requests (type 8, code 0): TCP stays closed',
      rule: { ethertype: 'IPv4', protocol: 'icmp', port_range_min: 8, port_range_max: 0 },
      passes: async () => (await ping(near.netns, guarded.v4, quickMs)) !== null,
      stays: async () => await silent(near, guarded.v4),
    }),
  ];
};

/** An open connection that keeps talking: does what is said still come back? */
const openFlow = async (from: Guest, address: string) => {
  const socket = dialTcp(from.netns, address, echoPort);
  socket.on('error', () => socket.destroy());
  await once(socket, 'data', { signal: AbortSignal.timeout(patienceMs) });
  return {
    /** True when an echo comes back within `timeoutMs`. */
    lives: async (timeoutMs: number): Promise<boolean> => {
      const echo = once(socket, 'data', { signal: AbortSignal.timeout(timeoutMs) }).then(
        () => true,
        () => false,
      );
      socket.write('still there?\n');
      return await echo;
    },
    close: () => socket.destroy(),
  };
};

const cutRow = async ({ client }: CheckContext, { near, mate, guarded, guardedGroup }: Field): Promise<Row> => {
  const rules = [near, mate].map((guest) => ({ ethertype: 'IPv4', protocol: 'tcp', remote_ip_prefix: `${guest.v4}/32` }) as const);
  const [doomed, kept] = await Promise.all(rules.map(async (rule) => await addRule(client, guardedGroup, rule)));
  if (doomed === undefined || kept === undefined) throw new RangeError('two rules were asked for');
  await within(async () => (await answered(near, guarded.v4)) && (await answered(mate, guarded.v4)));
  const [cut, spared] = await Promise.all([openFlow(near, guarded.v4), openFlow(mate, guarded.v4)]);
  try {
    const before = (await cut.lives(patienceMs)) && (await spared.lives(patienceMs));
    await removeRule(client, doomed);
    const cutMs = await within(async () => !(await cut.lives(200)));
    const stillCut = !(await cut.lives(600));
    const other = await spared.lives(patienceMs);
    return row('S16', 'two established TCP flows, the rule of one removed', {
      saw: `${before ? 'both lived before' : 'NOT both lived before'}; the one is ${cutMs !== null && stillCut ? 'cut' : 'NOT cut'}, the other ${other ? 'lives on' : 'DIED'}`,
      ok: before && cutMs !== null && stillCut && other,
    });
  } finally {
    cut.close();
    spared.close();
    await removeRule(client, kept);
  }
};

/** S16: security groups, at the instance's own host, at once, for established flows too. */
export const checkGroups = async (field: Field, context: CheckContext): Promise<Row[]> => [
  ...(await defaultGroupRows(field)),
  await denyRow(field),
  ...(await ruleRows(context, field)),
  await cutRow(context, field),
];
