import { asIp, ipFromValue } from '@manx/ip';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interestOf, isRoutedGroup, multicastSet } from './multicast.js';
import { isObjectId } from './parse-host-object.js';

const v4 = fc.nat(0xffffffff).map((value) => ipFromValue(4, BigInt(value)));
const v6 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map((value) => ipFromValue(6, value));
const group4 = fc.nat(0x0fffffff).map((low) => ipFromValue(4, 0xe0000000n + BigInt(low)));
const group6 = fc.bigInt({ min: 0n, max: (1n << 120n) - 1n }).map((low) => ipFromValue(6, (0xffn << 120n) | low));
const interests = fc
  .oneof(fc.record({ group: group4, source: fc.option(v4) }), fc.record({ group: group6, source: fc.option(v6) }))
  .filter(({ group }) => isRoutedGroup(group));

describe('S10: the set of the hosts that want a group', () => {
  it('is named by an id of which the group and the source are read again', () => {
    fc.assert(
      fc.property(interests, (interest) => {
        const id = multicastSet(interest);
        expect(isObjectId(id)).toBe(true);
        expect(interestOf(id)).toEqual(interest);
      }),
    );
  });

  it.each([
    'flat-space',
    'multicast-',
    'multicast-10_0_0_1',
    'multicast-224_0_0_5',
    'multicast-239_1_1_1-',
    'multicast-239_1_1_1-zz',
    'multicast-239_01_1_1',
    'multicast-239_1_1_1-10_0_0_1-10_0_0_2',
  ])('%s is no such set', (id) => expect(interestOf(id)).toBeNull());
});

describe('S3, S10: groups that leave the link', () => {
  it.each([
    ['224.0.0.0', false],
    ['224.0.0.255', false],
    ['224.0.1.0', true],
    ['232.1.1.1', true],
    ['239.255.255.255', true],
    ['240.0.0.1', false],
    ['10.65.0.2', false],
    ['ff02::1:ff00:1', false],
    ['ff12::1', false],
    ['ff01::1', false],
    ['ff00::1', false],
    ['ff03::1', true],
    ['ff05::2', true],
    ['ff3e::8000:1', true],
    ['fe80::1', false],
  ])('%s: %s', (ip, isRouted) => expect(isRoutedGroup(asIp(ip))).toBe(isRouted));
});
