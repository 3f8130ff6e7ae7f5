import { asIp } from '@manx/ip';
import type { TapAddress } from './dnsmasq/index.js';

/**
 * Where instances ask for metadata (S27): the well-known IPv4 address, and the IPv6 one that Neutron's agents answer
 * (neutron-lib, `METADATA_V6_IP`). Every tap has both, without a route: the same address on every interface, each with its own listener.
 */
export const METADATA_IPV4 = asIp('169.254.169.254');
export const METADATA_IPV6 = asIp('fe80::a9fe:a9fe');

/** The addresses of each tap for what its host serves itself: metadata, and names (S28) on another port. */
export const SERVICE_ADDRESSES: readonly TapAddress[] = [
  { ip: METADATA_IPV4, prefixLength: 32 },
  { ip: METADATA_IPV6, prefixLength: 128 },
];
