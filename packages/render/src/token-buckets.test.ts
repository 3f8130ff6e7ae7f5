import type { RateLimit } from '@manx/hoststate';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { endpoint, stateOf, subnet } from './testing/states.js';
import { tokenBuckets } from './token-buckets.js';

const SUBNET = subnet('sub4', '10.65.0.0/24', '10.65.0.1');
const bucketOf = (limit: Omit<RateLimit, 'direction' | 'unit'>, mtu = 1500) => {
  const one = {
    ...endpoint('aaaaaa-1', 0xa, { ips: ['10.65.0.2'] }),
    qos: { dscp: null, limits: [{ direction: 'egress', unit: 'bytes', ...limit } as const] },
  };
  return tokenBuckets(stateOf([{ ...SUBNET, mtu }, one]), one).fromGuest;
};

it('a burst is the size that was asked for, where it holds a packet and a millisecond; 50 ms of it may wait, or 20 packets', () => {
  expect(bucketOf({ rate: 1_250_000, burst: 1_000_000 })).toEqual({ rate: 1_250_000, burst: 1_000_000, queue: 62_500 });
  expect(bucketOf({ rate: 125_000, burst: 1 })).toEqual({ rate: 125_000, burst: 16_384, queue: 30_280 });
  expect(bucketOf({ rate: 125_000_000, burst: 1 })).toEqual({ rate: 125_000_000, burst: 125_000, queue: 6_250_000 });
  expect(bucketOf({ rate: 1_000_000, burst: 1 }, 65_521)).toEqual({ rate: 1_000_000, burst: 65_535, queue: 1_310_700 });
});

it('each direction has its own, and packets none', () => {
  const limits: RateLimit[] = [
    { direction: 'egress', unit: 'packets', rate: 10, burst: 10 },
    { direction: 'ingress', unit: 'bytes', rate: 1_250_000, burst: 1_000_000 },
  ];
  const one = { ...endpoint('aaaaaa-1', 0xa, { ips: ['10.65.0.2'] }), qos: { dscp: null, limits } };
  expect(tokenBuckets(stateOf([SUBNET, one]), one)).toEqual({
    toGuest: { rate: 1_250_000, burst: 1_000_000, queue: 62_500 },
    fromGuest: null,
  });
});

it('any limit that a policy can say is a bucket that the kernel can: 32 bits of bytes and of 64 ns', () => {
  const kbps = fc.integer({ min: 1, max: 0x7f_ff_ff_ff });
  fc.assert(
    fc.property(kbps, fc.integer({ min: 1, max: 0xff_ff_ff_ff }), (rate, burst) => {
      const bucket = bucketOf({ rate: rate * 125, burst });
      expect(bucket?.burst).toBeGreaterThanOrEqual(1514);
      expect(bucket?.burst).toBeLessThanOrEqual(0xff_ff_ff_ff);
      expect(((bucket?.burst ?? 0) / (rate * 125)) * 1e9).toBeLessThan(64 * 0xff_ff_ff_ff);
      expect(bucket?.queue).toBeLessThanOrEqual(0xff_ff_ff_ff);
    }),
  );
});
