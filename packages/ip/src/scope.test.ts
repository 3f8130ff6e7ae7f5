import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyIp } from './arbitrary-ip.js';
import { asCidr, cidrContains } from './cidr.js';
import { asIp, type Ip, nextIp, offsetIp } from './ip.js';
import { isBroadcast, isLinkLocal, isLoopback, isMulticast, isUnspecified } from './scope.js';

const SCOPES: ReadonlyArray<readonly [string, (ip: Ip) => boolean, readonly string[]]> = [
  ['multicast', isMulticast, ['224.0.0.0/4', 'ff00::/8']],
  ['link-local', isLinkLocal, ['169.254.0.0/16', 'fe80::/10']],
  ['loopback', isLoopback, ['127.0.0.0/8', '::1/128']],
  ['unspecified', isUnspecified, ['0.0.0.0/32', '::/128']],
  ['broadcast', isBroadcast, ['255.255.255.255/32']],
];

/** The first and last address of every block, and their neighbours outside. */
const EDGES: readonly Ip[] = SCOPES.flatMap(([, , blocks]) => blocks).flatMap((text) => {
  const [address, length] = text.split('/');
  const first = asIp(address ?? '');
  const size = 1n << BigInt((first.includes(':') ? 128 : 32) - Number(length));
  const last = offsetIp(first, size - 1n) ?? first;
  return [first, last, offsetIp(first, -1n) ?? first, nextIp(last) ?? last];
});

describe.each(SCOPES)('%s', (name, isInScope, blocks) => {
  test(`is exactly ${blocks.join(' and ')}`, () => {
    const inBlocks = (ip: Ip): boolean => blocks.some((block) => cidrContains(asCidr(block), ip));
    for (const ip of EDGES) expect([name, ip, isInScope(ip)]).toEqual([name, ip, inBlocks(ip)]);
    fc.assert(
      fc.property(anyIp, (ip) => {
        expect(isInScope(ip)).toBe(inBlocks(ip));
      }),
    );
  });
});

test('an IPv4-mapped address has none of the scopes of the address inside it', () => {
  for (const inside of ['224.0.0.1', '169.254.0.1', '127.0.0.1', '0.0.0.0', '255.255.255.255']) {
    for (const [, isInScope] of SCOPES) expect(isInScope(asIp(`::ffff:${inside}`))).toBe(false);
  }
});
