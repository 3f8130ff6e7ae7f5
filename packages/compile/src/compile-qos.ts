import { compareIds, NO_QOS, type Qos, type RateLimit } from '@manx/hoststate';
import type { Network, Port, StateReader } from '@manx/model';

/** Bytes in a kilobit, and packets in a thousand. */
const BYTES_PER_KILOBIT = 125;
const PACKETS_PER_KPPS = 1000;

/** Where the user leaves the burst to us: Neutron's part of a second's worth for bandwidth, a tenth for packets. What is too small for a host to use it raises itself. */
const BANDWIDTH_BURST = 0.8;
const PACKET_BURST = 0.1;

const MIN_BURST_PACKETS = 10;
const MAX_BURST = 0xff_ff_ff_ff;

/** How traffic of a port is treated: by its own policy, or by its network's. Of several rules of one kind the first by id counts. */
export function compileQos(port: Port, network: Network | undefined, state: StateReader): Qos {
  const policy = qosPolicyOf(port, network);
  if (policy === null) return NO_QOS;
  const limits = new Map(bandwidthLimits(policy, state).map((limit) => [keyOf(limit), limit]));
  const add = (limit: RateLimit): void => void (limits.has(keyOf(limit)) || limits.set(keyOf(limit), limit));
  for (const { direction, max_kpps, max_burst_kpps } of sorted(state.by('qos_packet_rate_limit_rule.qos_policy_id', policy))) {
    const rate = max_kpps * PACKETS_PER_KPPS;
    const burst = max_burst_kpps > 0 ? max_burst_kpps * PACKETS_PER_KPPS : rate * PACKET_BURST;
    if (rate > 0) add({ direction, unit: 'packets', rate, burst: within(burst, MIN_BURST_PACKETS) });
  }
  const [mark] = sorted(state.by('qos_dscp_marking_rule.qos_policy_id', policy));
  const all = [...limits.values()].sort((a, b) => compareIds(keyOf(a), keyOf(b)));
  return mark === undefined && all.length === 0 ? NO_QOS : { dscp: mark?.dscp_mark ?? null, limits: all };
}

/** The bandwidth limits of a policy, at most one a direction: the first by id counts. Sorted by direction. */
export function bandwidthLimits(policy: string, state: StateReader): readonly RateLimit[] {
  const limits = new Map<string, RateLimit>();
  for (const { direction, max_kbps, max_burst_kbps } of sorted(state.by('qos_bandwidth_limit_rule.qos_policy_id', policy))) {
    const rate = max_kbps * BYTES_PER_KILOBIT;
    const burst = max_burst_kbps > 0 ? max_burst_kbps * BYTES_PER_KILOBIT : rate * BANDWIDTH_BURST;
    if (rate === 0 || limits.has(direction)) continue;
    limits.set(direction, { direction, unit: 'bytes', rate, burst: within(burst, 1) });
  }
  return [...limits.values()].sort((a, b) => compareIds(keyOf(a), keyOf(b)));
}

/** The id of the QoS policy that is a port's, by itself or by its network; null for none. */
function qosPolicyOf(port: Port, network: Network | undefined): string | null {
  return port.qos_policy_id ?? network?.qos_policy_id ?? null;
}

function keyOf({ direction, unit }: RateLimit): string {
  return `${direction} ${unit}`;
}

function within(burst: number, min: number): number {
  return Math.min(MAX_BURST, Math.max(min, Math.round(burst)));
}

function sorted<T extends { readonly id: string }>(rules: readonly T[]): readonly T[] {
  return rules.toSorted((a, b) => compareIds(a.id, b.id));
}
