import type { Endpoint, HostState, RateLimit } from '@manx/hoststate';
import type { TokenBucket } from './host-plan.js';

/** A bucket that is smaller holds no whole packet, or has too many wake-ups to fill: a packet with its Ethernet header, and a millisecond's worth. */
const MIN_BURST = 16_384;
const ETHERNET_HEADER = 14;
const MIN_BURST_SECONDS = 0.001;

/** The kernel counts the size of a bucket as time, in 32 bits of 64 ns each (PSCHED_SHIFT, include/net/pkt_sched.h). */
const MAX_BURST_SECONDS = 250;
const MAX_BYTES = 0xff_ff_ff_ff;

/** How long a packet waits at most for its turn, and how many may wait whatever the rate: else TCP, which begins with ten (RFC 6928), loses most of them. */
const MAX_WAIT_SECONDS = 0.05;
const MIN_QUEUE_PACKETS = 20;

/** How many bytes a network carries in a packet, where its subnet does not say. */
const DEFAULT_MTU = 1500;

/** The buckets that an endpoint's limits of bandwidth are, in both directions; those of packets are rules of nft (`limitRule`). */
export function tokenBuckets(
  state: HostState,
  endpoint: Endpoint,
): { readonly toGuest: TokenBucket | null; readonly fromGuest: TokenBucket | null } {
  const mtu = Math.max(DEFAULT_MTU, ...endpoint.addresses.map(({ subnet }) => state.subnets.get(subnet)?.mtu ?? 0));
  const of = (direction: RateLimit['direction']): TokenBucket | null => {
    const limit = endpoint.qos.limits.find((one) => one.direction === direction && one.unit === 'bytes');
    return limit === undefined ? null : tokenBucket(limit, mtu);
  };
  return { toGuest: of('ingress'), fromGuest: of('egress') };
}

function tokenBucket({ rate, burst }: RateLimit, mtu: number): TokenBucket {
  const least = Math.max(MIN_BURST, mtu + ETHERNET_HEADER, Math.ceil(rate * MIN_BURST_SECONDS));
  return {
    rate,
    burst: Math.min(Math.max(burst, least), Math.ceil(rate * MAX_BURST_SECONDS), MAX_BYTES),
    queue: Math.min(Math.max(Math.ceil(rate * MAX_WAIT_SECONDS), MIN_QUEUE_PACKETS * (mtu + ETHERNET_HEADER)), MAX_BYTES),
  };
}
