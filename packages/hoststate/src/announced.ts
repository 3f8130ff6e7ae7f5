import { type Cidr, hostCidr } from '@manx/ip';
import type { Endpoint } from './host-state.js';

/**
 * The prefixes that a host routes to an endpoint, and so announces, in no particular order: its addresses, floating IPs and those of its
 * forwards, what it has claimed, and the pairs that are routed to it. None twice.
 */
export function announcedOf({ addresses, floating, forwards, claims, pairs }: Endpoint): ReadonlySet<Cidr> {
  const single = [...addresses, ...floating, ...forwards].map(({ ip }) => hostCidr(ip));
  const routed = pairs.filter(({ isRouted, isYielded }) => isRouted && !isYielded).map(({ cidr }) => cidr);
  return new Set([...single, ...claims.map(hostCidr), ...routed]);
}
