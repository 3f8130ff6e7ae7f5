/** Generated addresses, prefixes, ranges and MACs for properties: tests only, not exported from the room. */
import * as fc from 'fast-check';
import { type Cidr, cidrOf } from './cidr.js';
import { compareIps, type Family, familyBits, familyOf, type Ip, ipFromValue, offsetIp } from './ip.js';
import { type Mac, macFromBytes } from './mac.js';
import type { IpRange } from './range.js';

const V6_MAX = (1n << 128n) - 1n;

/** Any IPv4 address; often one near an edge. */
export const ip4: fc.Arbitrary<Ip> = fc.bigInt({ min: 0n, max: 0xff_ff_ff_ffn }).map((value) => ipFromValue(4, value));

/** Any IPv6 address; half of them with runs of zero groups. */
export const ip6: fc.Arbitrary<Ip> = fc.oneof(
  fc.bigInt({ min: 0n, max: V6_MAX }).map((value) => ipFromValue(6, value)),
  fc.array(fc.oneof(fc.constant(0), fc.nat(0xff_ff)), { minLength: 8, maxLength: 8 }).map((groups) =>
    ipFromValue(
      6,
      groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n),
    ),
  ),
);

/** An address of either family. */
export const anyIp: fc.Arbitrary<Ip> = fc.oneof(ip4, ip6);

/** A prefix of either family and of any length. */
export const anyCidr: fc.Arbitrary<Cidr> = anyIp.chain((ip) => fc.nat(familyBits(familyOf(ip))).map((length) => cidrOf(ip, length)));

/** Addresses close together, so that they collide: 192.0.2.0 to .31, or as many from 2001:db8::. */
export const closeIp: fc.Arbitrary<Ip> = fc
  .tuple(fc.constantFrom<Family>(4, 6), fc.nat(31))
  .map(([family, n]) => ipFromValue(family, CLOSE_BASE[family] + BigInt(n)));

const CLOSE_BASE: Readonly<Record<Family, bigint>> = { 4: 0xc0_00_02_00n, 6: 0x2001_0db8n << 96n };

/** Prefixes that often contain one another: the long ones are around `closeIp`, some are very short. */
export const closeCidr: fc.Arbitrary<Cidr> = fc
  .tuple(closeIp, fc.oneof({ weight: 4, arbitrary: fc.nat(6) }, { weight: 1, arbitrary: fc.nat(32) }))
  .map(([ip, hostBits]) => cidrOf(ip, familyBits(familyOf(ip)) - hostBits));

/** Prefixes of any length of addresses that differ from one another in a bit or two, anywhere. */
export const forkingCidr: fc.Arbitrary<Cidr> = fc
  .tuple(fc.constantFrom<Family>(4, 6), fc.array(fc.nat(127), { maxLength: 2 }), fc.nat(128))
  .map(([family, bits, length]) => {
    const width = familyBits(family);
    const flips = bits.reduce((value, bit) => value ^ (1n << BigInt(bit % width)), 0n);
    return cidrOf(ipFromValue(family, CLOSE_BASE[family] ^ flips), length % (width + 1));
  });

/** Short ranges, close together, some of one address. */
export const closeRange: fc.Arbitrary<IpRange> = fc
  .tuple(closeIp, fc.nat(12))
  .map(([first, n]) => ({ first, last: offsetIp(first, BigInt(n)) ?? first }));

/** A range of any size of either family. */
export const anyRange: fc.Arbitrary<IpRange> = fc
  .oneof(fc.tuple(ip4, ip4), fc.tuple(ip6, ip6))
  .map(([a, b]) => (compareIps(a, b) <= 0 ? { first: a, last: b } : { first: b, last: a }));

/** Any MAC. */
export const anyMac: fc.Arbitrary<Mac> = fc.array(fc.nat(255), { minLength: 6, maxLength: 6 }).map((bytes) => macFromBytes(bytes));
