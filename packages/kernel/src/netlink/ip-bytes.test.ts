import { ipFromValue } from '@manx/ip';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { ipBytes, ipFromBytes } from './ip-bytes.js';

it('addresses of both families come back from their bytes in canonical text', () => {
  const v4 = fc.bigInt({ min: 0n, max: (1n << 32n) - 1n }).map((value) => ipFromValue(4, value));
  const v6 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map((value) => ipFromValue(6, value));
  fc.assert(
    fc.property(fc.oneof(v4, v6), (ip) => {
      expect(ipFromBytes(ipBytes(ip))).toBe(ip);
    }),
  );
});

it('bytes of any other length are no address', () => {
  for (const length of [0, 3, 5, 15, 17]) expect(ipFromBytes(Buffer.alloc(length))).toBeNull();
});
