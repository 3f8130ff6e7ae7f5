import { parseCidr, parseIp } from '@manx/ip';
import { describe, expect, it } from 'vitest';
import { fabricPrefixes, type Layout, type Link, layoutOf, maxHosts, type Router } from './layout.js';

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `h${index + 1}`);

const routersOf = (layout: Layout): readonly Router[] => [...layout.tors, layout.outside, ...layout.hosts];

const bare = (address: string): string => address.replace(/\/\d+$/, '');

const linkAddresses = (links: readonly Link[]): string[] => links.flatMap(({ a, b }) => [...a.addresses, ...b.addresses]);

const bytesOf = (address: string): bigint => {
  const [head = '', tail] = address.split('::');
  if (!address.includes(':')) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
  const groups = (text: string | undefined): string[] => (text === undefined || text === '' ? [] : text.split(':'));
  const [left, right] = [groups(head), groups(tail)];
  const all = tail === undefined ? left : [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
  return all.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
};

const isIn = (address: string, prefix: string): boolean => {
  const [network = '', length = ''] = prefix.split('/');
  if (network.includes(':') !== address.includes(':')) return false;
  const shift = BigInt((address.includes(':') ? 128 : 32) - Number(length));
  return bytesOf(address) >> shift === bytesOf(network) >> shift;
};

describe.each([1, 3, 7, maxHosts])('the layout of a lab of %i hosts', (count) => {
  const layout = layoutOf(names(count));

  it('gives each interface and router an address of its own, all of them addresses', () => {
    const all = [
      ...linkAddresses(layout.links).map(bare),
      ...routersOf(layout).flatMap(({ loopback4, loopback6 }) => [loopback4, loopback6]),
      ...layout.hosts.map(({ managementAddress }) => managementAddress),
      layout.management.serverAddress,
    ];
    expect(all.filter((address) => parseIp(address) === null)).toEqual([]);
    expect(new Set(all).size).toBe(all.length);
  });

  it('S18: keeps every address of fabric and management inside the prefixes that instances may not reach', () => {
    const all = [
      ...linkAddresses(layout.links).map(bare),
      ...routersOf(layout).flatMap(({ loopback4, loopback6 }) => [loopback4, loopback6]),
      ...layout.hosts.map(({ managementAddress }) => managementAddress),
    ];
    for (const prefix of fabricPrefixes) expect(parseCidr(prefix)?.hostBits, prefix).toBe(false);
    expect(all.filter((address) => !fabricPrefixes.some((prefix) => isIn(address, prefix)))).toEqual([]);
  });

  it('puts the two ends of a link into one /31 and one /127, in two namespaces', () => {
    for (const { a, b } of layout.links) {
      expect(a.namespace).not.toBe(b.namespace);
      for (const [index, address] of a.addresses.entries()) {
        const [one, two] = [bytesOf(bare(address)), bytesOf(bare(b.addresses[index] ?? ''))];
        expect(one ^ two, `${address} and ${b.addresses[index]}`).toBe(1n);
        expect(address).toMatch(address.includes(':') ? /\/127$/ : /\/31$/);
      }
    }
  });

  it('joins each host and the outside to both top-of-rack routers, and tells both ends of a session the same', () => {
    for (const leaf of [layout.outside, ...layout.hosts]) {
      expect(leaf.peers.map(({ name }) => name)).toEqual(layout.tors.map(({ name }) => name));
      for (const tor of layout.tors) {
        const link = layout.links.find(({ a, b }) => a.namespace === tor.namespace && b.namespace === leaf.namespace);
        const [seenByLeaf, seenByTor] = [
          leaf.peers.find(({ name }) => name === tor.name),
          tor.peers.find(({ name }) => name === leaf.name),
        ];
        expect(seenByLeaf).toMatchObject({ asn: tor.asn });
        expect(seenByTor).toMatchObject({ asn: leaf.asn });
        expect([seenByLeaf?.address4, seenByLeaf?.address6]).toEqual(link?.a.addresses.map(bare));
        expect([seenByTor?.address4, seenByTor?.address6]).toEqual(link?.b.addresses.map(bare));
      }
    }
  });

  it('has AS numbers that no two routers share, and interface names that the kernel takes, once a namespace', () => {
    const asns = routersOf(layout).map(({ asn }) => asn);
    expect(new Set(asns).size).toBe(asns.length);
    const ends = layout.links.flatMap(({ a, b }) => [a, b]);
    expect(ends.filter(({ ifname }) => ifname.length > 15)).toEqual([]);
    const places = ends.map(({ namespace, ifname }) => `${namespace}/${ifname}`);
    expect(new Set(places).size).toBe(places.length);
  });
});

it('a lab without hosts, or with more than it has numbers for, is refused', () => {
  expect(() => layoutOf([])).toThrow(RangeError);
  expect(() => layoutOf(names(maxHosts + 1))).toThrow(RangeError);
});
