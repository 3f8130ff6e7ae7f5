import { outsideAddress4, outsideNamespace } from '../layout.js';
import { iperf } from './iperf.js';
import { tcpTo } from './reach.js';
import { type Row, row } from './row.js';
import { type OnStreet, reachable } from './s21-floating-ips.js';
import { makeFloating } from './street.js';
import { within } from './within.js';

/** What may come for the floating IP and leave as it, in kilobits; and how much more or less is still what was promised. */
const limits = { ingress: 30_000, egress: 20_000 } as const;
const tolerance = 0.2;
/** A burst is a second's worth at least (`limitRule` of render): it is over before anything is counted. */
const uncountedSeconds = 1;
const seconds = 2;

/** What arrives by TCP, in kilobits per second, once the burst is over. */
const rateOf = async (from: string, netns: string, address: string): Promise<number> => {
  const { sum_received } = await iperf(from, { netns, address }, ['-O', String(uncountedSeconds), '-t', String(seconds)]);
  return sum_received.bits_per_second / 1_000;
};

const isAsPromised = (seen: number, limit: number): boolean => Math.abs(seen / limit - 1) <= tolerance;

/** A second look where it is less: TCP needs a while, and a busy machine does not always send what it is told to. */
const rateUnder = async (limit: number, from: string, to: string, address: string): Promise<number> => {
  const seen = await rateOf(from, to, address);
  return seen >= limit * (1 - tolerance) ? seen : await rateOf(from, to, address);
};

/** A floating IP with limits: what comes and what leaves by it, beside what its instance sends and gets otherwise. */
export const limitRow = async ({ field, street, client }: OnStreet): Promise<Row> => {
  const { tenant, mate, tenantProject: project_id } = field;
  const policy = await client.create('qos/policies', 'policy', { name: 'check-floating', project_id });
  for (const [direction, max_kbps] of Object.entries(limits))
    await client.create(`qos/policies/${policy.id}/bandwidth_limit_rules`, 'bandwidth_limit_rule', { max_kbps, direction });
  const floating = await makeFloating(street, client, { project: project_id, to: tenant });
  try {
    await client.update('floatingips', 'floatingip', { id: floating.id, body: { qos_policy_id: policy.id } });
    await reachable(floating.address);
    const seenAs = async (): Promise<boolean> => {
      const out = await tcpTo(tenant.netns, outsideAddress4);
      return out.kind === 'answered' && out.source === floating.address;
    };
    await within(seenAs, 3_000);
    const into = await rateUnder(limits.ingress, outsideNamespace, tenant.netns, floating.address);
    const out = await rateUnder(limits.egress, tenant.netns, outsideNamespace, outsideAddress4);
    const free = await rateOf(tenant.netns, mate.netns, mate.v4);
    const inMbit = (kbps: number): string => (kbps / 1_000).toFixed(1);
    return row(
      'QoS',
      `a floating IP with limits of ${inMbit(limits.ingress)} Mbit/s in and ${inMbit(limits.egress)} out, as fast as TCP can; and as itself to a neighbour`,
      {
        saw: `in ${inMbit(into)}, out ${inMbit(out)} Mbit/s; as itself ${inMbit(free)}`,
        ok: isAsPromised(into, limits.ingress) && isAsPromised(out, limits.egress) && free > 2 * limits.egress,
      },
    );
  } finally {
    await client.remove('floatingips', floating.id);
    await client.remove('qos/policies', policy.id);
  }
};
