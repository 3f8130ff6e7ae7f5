import { asIp, asMac, cidrOf, hostCidr, ipFromValue, macFromBytes } from '@manx/ip';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAddress, encodeAddressDelete, encodeAddressPut } from './address-codec.js';
import { MAIN_TABLE, NUD_PERMANENT } from './facts.js';
import { decodeLink, encodeLinkSet } from './link-codec.js';
import { decodeNeighbour, encodeNeighbourPut } from './neighbour-codec.js';
import { decodeQdisc, encodeBucketPut } from './qdisc-codec.js';
import { decodeRedirect, encodeRedirectPut } from './redirect-codec.js';
import { decodeRoute, encodeRouteDelete, encodeRoutePut } from './route-codec.js';

const v4 = fc.bigInt({ min: 0n, max: (1n << 32n) - 1n }).map((value) => ipFromValue(4, value));
const v6 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map((value) => ipFromValue(6, value));
const ip = fc.oneof(v4, v6);
const mac = fc.uint8Array({ minLength: 6, maxLength: 6 }).map((array) => macFromBytes(array));
const ifindex = fc.integer({ min: 1, max: 0x7fffffff });
const cidr = fc.oneof(
  fc.tuple(v4, fc.integer({ min: 0, max: 32 })).map(([it, length]) => cidrOf(it, length)),
  fc.tuple(v6, fc.integer({ min: 0, max: 128 })).map(([it, length]) => cidrOf(it, length)),
);

const hops = fc.array(fc.record({ ifindex, via: fc.option(fc.constant(asIp('fe80::1'))) }), { maxLength: 4 });

describe('what is asked of the kernel reads back as it would be told by it', () => {
  it('routes', () => {
    fc.assert(
      fc.property(cidr, hops, fc.nat(0xffffffff), fc.nat(255), (destination, ways, metric, protocol) => {
        const route = { destination, hops: ways, metric, protocol };
        const scope = ways.length > 0 && ways.every(({ via }) => via === null) ? 253 : 0;
        const expected = { ...route, table: MAIN_TABLE, scope };
        expect(decodeRoute(encodeRoutePut(route).payload)).toEqual(expected);
        // One with no way or several is named by its destination, metric and owner, whatever its type: that is no route that is told.
        expect(decodeRoute(encodeRouteDelete(route).payload)).toEqual(ways.length === 1 ? expected : null);
      }),
    );
  });

  it('neighbours', () => {
    fc.assert(
      fc.property(ip, mac, ifindex, (address, lladdr, dev) => {
        const { payload } = encodeNeighbourPut({ ip: address, mac: lladdr, ifindex: dev });
        expect(decodeNeighbour(payload)).toEqual({ ip: address, mac: lladdr, ifindex: dev, state: NUD_PERMANENT, isProxy: false });
      }),
    );
  });

  it('addresses', () => {
    fc.assert(
      fc.property(ip, ifindex, (address, dev) => {
        const prefixLength = address.includes(':') ? 128 : 32;
        const fact = { ip: address, ifindex: dev, prefixLength };
        expect(decodeAddress(encodeAddressPut(fact).payload)).toMatchObject(fact);
        expect(decodeAddress(encodeAddressDelete(fact).payload)).toMatchObject(fact);
      }),
    );
  });

  it('IPv6 addresses skip duplicate address detection, and all but link-local ones leave no route for their prefix', () => {
    const flags = (text: string): number | undefined =>
      decodeAddress(encodeAddressPut({ ip: asIp(text), ifindex: 1, prefixLength: 64 }).payload)?.flags;
    expect(flags('fe80::1')).toBe(0x02);
    expect(flags('2001:db8::1')).toBe(0x202);
    expect(decodeAddress(encodeAddressPut({ ip: asIp('10.0.0.1'), ifindex: 1, prefixLength: 32 }).payload)?.flags).toBe(0);
  });
});

describe('messages of links', () => {
  it('change only what is named', () => {
    const macOnly = encodeLinkSet({ ifindex: 3, mac: asMac('fe:16:3e:00:00:01') }).payload;
    expect([macOnly.readUInt32LE(8), macOnly.readUInt32LE(12)]).toEqual([0, 0]);
    const upOnly = encodeLinkSet({ ifindex: 3, isUp: true }).payload;
    expect([upOnly.readUInt32LE(8), upOnly.readUInt32LE(12), upOnly.length]).toEqual([1, 1, 16]);
  });

  it('without a name, of a bridge, or torn are not read as links', () => {
    expect(decodeLink(encodeLinkSet({ ifindex: 3 }).payload)).toBeNull();
    expect(decodeLink(Buffer.from([7, ...Buffer.alloc(15)]))).toBeNull();
    expect(decodeLink(Buffer.alloc(3))).toBeNull();
  });
});

it('what comes in is led to the interface that was asked for', () => {
  fc.assert(
    fc.property(ifindex, ifindex, (dev, to) => {
      expect(decodeRedirect(encodeRedirectPut({ ifindex: dev, to }).payload)).toBe(to);
    }),
  );
  expect(decodeQdisc(encodeBucketPut({ ifindex: 5, bucket: { rate: 2 ** 36, burst: 1, queue: 7 } }).payload)).toMatchObject({
    ifindex: 5,
    bucket: { rate: 2 ** 36, queue: 7 },
  });
});

it('any bytes are a fact or nothing, never an exception', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (array) => {
      const payload = Buffer.from(array);
      for (const decode of [decodeLink, decodeAddress, decodeRoute, decodeNeighbour, decodeQdisc, decodeRedirect])
        expect(() => decode(payload)).not.toThrow();
    }),
  );
});

it('a host prefix is what routes of instances are for', () => {
  expect(
    decodeRoute(
      encodeRoutePut({ destination: hostCidr(asIp('10.0.0.1')), hops: [{ ifindex: 1, via: null }], metric: 1024, protocol: 80 }).payload,
    )?.destination,
  ).toBe('10.0.0.1/32');
});
