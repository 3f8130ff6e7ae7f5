import { execOut } from '../run-program.js';
import { startCapture } from '../wire/capture.js';
import type { CheckContext } from './context.js';
import type { Field, Guest } from './field.js';
import { iperf } from './iperf.js';
import { silenceMs } from './reach.js';
import { type Row, row } from './row.js';
import { within } from './within.js';

/** What a guest may send and be sent, in kilobits; and the sizes of the bursts, small beside what is sent here. */
const sendKbps = 20_000;
const receiveKbps = 40_000;
const burstKbps = 400;
/** Thousands of packets a second; the burst is a tenth of a second's worth. */
const kpps = 1;
const smallBytes = 16;
/** How much more or less is still what was promised. */
const tolerance = 0.2;
const seconds = 1;
/** Expedited forwarding would be 46: an instance that asks for it gets this one. */
const mark = 26;

type Udp = { readonly kbps: number; readonly bytes: number };

/** What arrives of as much as a guest can send by TCP, or of so much UDP, in kilobits of payload per second. */
const flow = async (from: Guest, to: Guest, udp: Udp | null, lasting = seconds): Promise<number> => {
  const how = udp === null ? [] : ['-u', '-l', String(udp.bytes), '-b', `${Math.round(udp.kbps)}k`];
  const { sum_received, sum } = await iperf(from.netns, { netns: to.netns, address: to.v4 }, ['-t', String(lasting), ...how]);
  return (udp === null || sum === undefined ? sum_received.bits_per_second : sum.bits_per_second * (1 - sum.lost_percent / 100)) / 1_000;
};

/** The burst comes on top in a short time. */
const isAtMost = (seen: number, limit: number): boolean => seen <= limit * (1 + tolerance) + burstKbps / seconds;

/** As `flow`, again and for longer where it is less than the limit lets through: TCP needs a while, and a busy machine does not always send what it is told to. */
const flowUnder = async (
  limit: number,
  from: Guest,
  to: Guest,
  udp: Udp | null,
): Promise<{ readonly seen: number; readonly ok: boolean }> => {
  let seen = await flow(from, to, udp);
  for (let tries = 1; tries < 4 && seen < limit * (1 - tolerance); tries += 1)
    seen = Math.max(seen, await flow(from, to, udp, seconds + tries));
  return { seen, ok: seen >= limit * (1 - tolerance) && isAtMost(seen, limit) };
};

const inMbit = (kbps: number): string => (kbps / 1_000).toFixed(1);

const bandwidthRow = async ({ tenant, far }: Field): Promise<Row> => {
  const both = async (limit: number, from: Guest, to: Guest) => [
    await flowUnder(limit, from, to, null),
    await flowUnder(limit, from, to, { kbps: 2 * limit, bytes: 1_200 }),
  ];
  const [sent, received] = await Promise.all([both(sendKbps, tenant, far), both(receiveKbps, far, tenant)]);
  const words = (flows: typeof sent): string => flows.map(({ seen }) => inMbit(seen)).join(' and ');
  return row(
    'QoS',
    `an instance sends as fast as it can, TCP and UDP, and is sent so: limits of ${inMbit(sendKbps)} and ${inMbit(receiveKbps)} Mbit/s`,
    {
      saw: `out ${words(sent)}, in ${words(received)} Mbit/s`,
      ok: [...sent, ...received].every(({ ok }) => ok),
    },
  );
};

/** What an instance sends is marked, whatever it asked for, and what it is sent is not. */
const markRow = async ({ tenant, far }: Field): Promise<Row> => {
  const tos = mark << 2;
  const capture = await startCapture(far.netns, 'eth0', 'icmp[0] = 8 or ip6[40] = 128');
  try {
    await execOut(['ip', 'netns', 'exec', tenant.netns, 'ping', '-n', '-c', '1', '-W', '3', '-Q', '0xb8', far.v4]);
    await execOut(['ip', 'netns', 'exec', tenant.netns, 'ping', '-n', '-c', '1', '-W', '3', '-Q', '0xb8', far.v6]);
    const has4 = await capture.sees(new RegExp(`tos 0x${tos.toString(16)},.*echo request`), silenceMs);
    const has6 = await capture.sees(new RegExp(`class 0x${tos.toString(16)}.*echo request`), silenceMs);
    return row('QoS', `an instance sends with DSCP 46, and its policy says ${mark}: what arrives on another host, IPv4 and IPv6`, {
      saw: `${has4 ? mark : 'ANOTHER MARK'}, ${has6 ? mark : 'ANOTHER MARK'}`,
      ok: has4 && has6,
    });
  } finally {
    await capture.stop();
  }
};

const packetRow = async ({ tenant, far }: Field): Promise<Row> => {
  const packets = await flow(tenant, far, { kbps: (3 * kpps * 1_000 * 8 * smallBytes) / 1_000, bytes: smallBytes });
  const seen = packets / (8 * smallBytes);
  return row('QoS', `an instance that may send ${kpps},000 packets a second sends three times as many small ones`, {
    saw: `${seen.toFixed(1)} thousand a second`,
    ok: seen >= kpps * (1 - tolerance) && seen <= kpps * (1 + tolerance + 0.1 / seconds),
  });
};

/** QoS of a port, while it is given, and after it was taken away. */
export const checkQos = async (field: Field, context: CheckContext): Promise<Row[]> => {
  const { client } = context;
  const { tenant, tenantProject } = field;
  const policy = await client.create('qos/policies', 'policy', { name: 'check-qos', project_id: tenantProject });
  const rules = `qos/policies/${policy.id}`;
  const setPolicy = async (id: string | null): Promise<void> => {
    await client.update('ports', 'port', { id: tenant.port_id, body: { qos_policy_id: id } });
    await within(async () => (await client.show('ports', tenant.port_id))['status'] === 'ACTIVE', 5_000);
  };
  try {
    for (const [direction, max_kbps] of [
      ['egress', sendKbps],
      ['ingress', receiveKbps],
    ] as const)
      await client.create(`${rules}/bandwidth_limit_rules`, 'bandwidth_limit_rule', { max_kbps, max_burst_kbps: burstKbps, direction });
    await client.create(`${rules}/dscp_marking_rules`, 'dscp_marking_rule', { dscp_mark: mark });
    await setPolicy(policy.id);
    const rows = [await markRow(field), await bandwidthRow(field)];
    await client.create(`${rules}/packet_rate_limit_rules`, 'packet_rate_limit_rule', { max_kpps: kpps, direction: 'egress' });
    return [...rows, await packetRow(field)];
  } finally {
    await setPolicy(null);
    await client.remove('qos/policies', policy.id);
  }
};
