import type { DropReason, RateLimit } from '@manx/hoststate';
import { drop } from './drop-chains.js';

/** What is beyond the limit is dropped, for this reason. */
export function limitRule({ unit, rate, burst }: RateLimit, reason: DropReason): string {
  const over = unit === 'bytes' ? `${rate} bytes/second burst ${burst} bytes` : `${rate}/second burst ${burst} packets`;
  return `limit rate over ${over} ${drop(reason)}`;
}
