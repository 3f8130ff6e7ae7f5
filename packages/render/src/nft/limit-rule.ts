import type { RateLimit } from '@manx/hoststate';

/** What is beyond the limit is dropped. */
export function limitRule({ unit, rate, burst }: RateLimit): string {
  return unit === 'bytes'
    ? `limit rate over ${rate} bytes/second burst ${burst} bytes drop`
    : `limit rate over ${rate}/second burst ${burst} packets drop`;
}
