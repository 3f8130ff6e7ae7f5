import type { DropReason, RateLimit } from '@manx/hoststate';
import { drop } from './drop-chains.js';

/** Less would let no segmented packet through at all: the kernel counts up to 64 KiB as one. */
const MIN_BYTES = 131_072;

/**
 * What is beyond the limit is dropped, for this reason. Of bytes nft lets a second's worth pass at once beside the burst (`nft_limit_init`,
 * net/netfilter/nft_limit.c), which is taken off here: the burst is exact from a second's worth on, and that where it is less.
 */
export function limitRule({ unit, rate, burst }: RateLimit, reason: DropReason): string {
  const beside = Math.max(0, Math.max(burst, MIN_BYTES) - rate);
  const over = unit === 'bytes' ? `${rate} bytes/second burst ${beside} bytes` : `${rate}/second burst ${burst} packets`;
  return `limit rate over ${over} ${drop(reason)}`;
}
