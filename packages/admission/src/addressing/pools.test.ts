import { asCidr, type Cidr, cidrsOverlap, prefixLength } from '@manx/ip';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ADMIN, Bench, memberOf, message, outcome } from '../test-bench.js';
import { compacted, intersects, isWithin, without } from './prefix-set.js';

/* Subnet pools and address scopes as neutron `ipam/subnet_alloc.py` and `db/db_base_plugin_v2.py` decide them. */

const BLUE = memberOf('blue');

const act = (bench: Bench, action: string, id: string, values: object): string => {
  const kind = action.endsWith('_addresses') ? 'address_group' : 'subnetpool';
  return outcome(bench.run({ op: 'act', action, kind, id, values: values as never, if_match: null }, ADMIN));
};

describe('subnet pools', () => {
  it('have the bounds of their family unless told, and refuse such as cannot be', () => {
    const bench = new Bench();
    expect(bench.made('subnetpool', { name: 'v4', prefixes: ['10.1.0.0/24', '10.1.1.0/24'] })).toMatchObject({
      prefixes: ['10.1.0.0/23'],
      ip_version: 4,
      min_prefixlen: 8,
      max_prefixlen: 32,
      default_prefixlen: 8,
      default_quota: null,
    });
    expect(bench.made('subnetpool', { name: 'v6', prefixes: ['2001:db8::/32'] })).toMatchObject({ min_prefixlen: 64, max_prefixlen: 128 });
    const post = (values: object): string => outcome(bench.post('subnetpool', { name: 'p', prefixes: ['10.2.0.0/16'], ...values }));
    expect(post({ prefixes: [] })).toBe('400 EmptySubnetPoolPrefixList');
    expect(post({ prefixes: ['10.2.0.0/16', '2001:db8::/64'] })).toBe('400 PrefixVersionMismatch');
    expect(post({ min_prefixlen: 25, max_prefixlen: 24 })).toBe('400 IllegalSubnetPoolPrefixBounds');
    expect(post({ max_prefixlen: 33 })).toBe('400 IllegalSubnetPoolPrefixBounds');
    expect(post({ default_prefixlen: 4 })).toBe('400 IllegalSubnetPoolPrefixBounds');
    expect(post({ is_default: true })).toBe('taken');
    expect(post({ is_default: true })).toBe('400 InvalidInput');
  });

  it('only grow by update, shrink by remove_prefixes, and never under a subnet', () => {
    const bench = new Bench();
    const { id } = bench.made('subnetpool', { name: 'p', prefixes: ['10.1.0.0/16'], default_prefixlen: 24 });
    expect(outcome(bench.put('subnetpool', id, { prefixes: ['10.1.0.0/24'] }))).toBe('400 IllegalSubnetPoolPrefixUpdate');
    expect(bench.changed('subnetpool', id, { prefixes: ['10.0.0.0/16', '10.1.0.0/16'] }).prefixes).toEqual(['10.0.0.0/15']);
    const network = bench.made('network', {}).id;
    const subnet = bench.made('subnet', { network_id: network, ip_version: 4, subnetpool_id: id });
    expect(subnet).toMatchObject({ cidr: '10.0.0.0/24', subnetpool_id: id, gateway_ip: '10.0.0.1' });
    expect(act(bench, 'remove_prefixes', id, { prefixes: ['10.0.0.0/28'] })).toBe('400 IllegalSubnetPoolPrefixUpdate');
    expect(act(bench, 'remove_prefixes', id, { prefixes: ['10.1.0.0/16'] })).toBe('taken');
    expect(bench.the('subnetpool', id).prefixes).toEqual(['10.0.0.0/16']);
    expect(act(bench, 'add_prefixes', id, { prefixes: ['10.9.0.0/16'] })).toBe('taken');
    expect(outcome(bench.del('subnetpool', id))).toBe('400 SubnetPoolDeleteError');
    bench.del('subnet', subnet.id);
    expect(outcome(bench.del('subnetpool', id))).toBe('taken');
  });

  it('give prefixes of the length asked for, within bounds and the quota of each project', () => {
    const bench = new Bench();
    const { id } = bench.made('subnetpool', {
      name: 'p',
      prefixes: ['10.0.0.0/22'],
      min_prefixlen: 24,
      max_prefixlen: 28,
      default_quota: 300,
      shared: true,
    });
    const cut = (values: object, project = 'blue'): string => {
      const network = bench.made('network', {}, memberOf(project)).id;
      return outcome(bench.post('subnet', { network_id: network, ip_version: 4, subnetpool_id: id, ...values }, memberOf(project)));
    };
    expect(cut({ prefixlen: 23 })).toBe('400 MinPrefixSubnetAllocationError');
    expect(cut({ prefixlen: 29 })).toBe('400 MaxPrefixSubnetAllocationError');
    expect(cut({ prefixlen: 28 })).toBe('taken');
    expect(cut({ cidr: '10.0.3.0/24' })).toBe('taken');
    expect(cut({ prefixlen: 24 })).toBe('409 SubnetPoolQuotaExceeded');
    expect(cut({ cidr: '10.0.3.0/25' }, 'red')).toBe('409 SubnetAllocationError');
    expect(cut({ cidr: '10.7.0.0/24' }, 'red')).toBe('409 SubnetAllocationError');
    expect(cut({ ip_version: 6 }, 'red')).toBe('400 BadRequest');
    expect(cut({ allocation_pools: [{ start: '10.0.0.9', end: '10.0.0.10' }] }, 'red')).toBe('400 BadRequest');
    expect(cut({ cidr: '10.0.1.0/24', prefixlen: 24 }, 'red')).toBe('400 BadRequest');
    for (const project of ['red', 'green']) expect(cut({ prefixlen: 24 }, project)).toBe('taken');
    expect(cut({ prefixlen: 24 }, 'grey')).toBe('409 SubnetAllocationError');
    expect(cut({ prefixlen: 25 }, 'grey')).toBe('taken');
  });

  it('S13: never give what overlaps a subnet anywhere, of the pool or not', () => {
    const bench = new Bench();
    const other = bench.made('network', {}).id;
    bench.made('subnet', { network_id: other, ip_version: 4, cidr: '10.0.0.128/25' });
    const { id } = bench.made('subnetpool', { name: 'p', prefixes: ['10.0.0.0/23'], default_prefixlen: 24 });
    const network = bench.made('network', {}).id;
    expect(bench.made('subnet', { network_id: network, ip_version: 4, subnetpool_id: id }).cidr).toBe('10.0.1.0/24');
    expect(outcome(bench.post('subnet', { network_id: network, ip_version: 4, subnetpool_id: id }))).toBe('409 SubnetAllocationError');
    expect(bench.made('subnet', { network_id: network, ip_version: 4, subnetpool_id: id, prefixlen: 25 }).cidr).toBe('10.0.0.0/25');
  });

  it('serve those who ask for the default', () => {
    const bench = new Bench();
    const network = bench.made('network', {}).id;
    const ask = (values: object): string =>
      outcome(bench.post('subnet', { network_id: network, ip_version: 4, use_default_subnetpool: true, ...values }));
    expect(ask({})).toBe('400 BadRequest');
    const { id } = bench.made('subnetpool', { name: 'd', prefixes: ['10.0.0.0/8'], default_prefixlen: 26, is_default: true });
    expect(ask({ subnetpool_id: id })).toBe('400 BadRequest');
    expect(ask({})).toBe('taken');
    expect(bench.state.by('subnet.subnetpool_id', id).map(({ cidr }) => cidr)).toEqual(['10.0.0.0/26']);
    expect(ask({ ip_version: 6 })).toBe('400 BadRequest');
  });

  it('take the subnets of a network in, but not such as another pool or themselves have', () => {
    const bench = new Bench();
    const network = bench.made('network', {}).id;
    bench.made('subnet', { network_id: network, ip_version: 4, cidr: '10.5.0.0/24' });
    bench.made('subnet', { network_id: network, ip_version: 6, cidr: '2001:db8::/64' });
    const { id } = bench.made('subnetpool', { name: 'p', prefixes: ['10.0.0.0/16'] });
    expect(act(bench, 'onboard_network_subnets', id, { network_id: network })).toBe('taken');
    expect(bench.the('subnetpool', id).prefixes).toEqual(['10.0.0.0/16', '10.5.0.0/24']);
    expect(bench.state.by('subnet.subnetpool_id', id).map(({ cidr }) => cidr)).toEqual(['10.5.0.0/24']);
    expect(act(bench, 'onboard_network_subnets', id, { network_id: network })).toBe('400 IllegalSubnetPoolUpdate');
    expect(act(bench, 'onboard_network_subnets', id, { network_id: id })).toBe('404 NetworkNotFound');
  });

  it('keep the subnets of a family on one network together', () => {
    const bench = new Bench();
    const [a, b] = ['10.0.0.0/16', '10.1.0.0/16'].map(
      (prefix) => bench.made('subnetpool', { name: 'p', prefixes: [prefix], default_prefixlen: 24 }).id,
    );
    const network = bench.made('network', {}).id;
    bench.made('subnet', { network_id: network, ip_version: 4, subnetpool_id: a });
    expect(outcome(bench.post('subnet', { network_id: network, ip_version: 4, subnetpool_id: b }))).toBe(
      '400 NetworkSubnetPoolAffinityError',
    );
    expect(outcome(bench.post('subnet', { network_id: network, ip_version: 4, cidr: '192.168.0.0/24' }))).toBe(
      '400 NetworkSubnetPoolAffinityError',
    );
    expect(outcome(bench.post('subnet', { network_id: network, ip_version: 6, cidr: '2001:db8::/64' }))).toBe('taken');
  });
});

describe('address scopes', () => {
  it('S15: hold pools of their family that do not overlap; a second scope makes no overlap of subnets legal', () => {
    const bench = new Bench();
    const [one, two] = ['one', 'two'].map((name) => bench.made('address_scope', { name, ip_version: 4 }).id);
    const pool = (values: object): string =>
      outcome(bench.post('subnetpool', { name: 'p', prefixes: ['10.0.0.0/16'], min_prefixlen: 24, ...values }));
    expect(pool({ address_scope_id: one })).toBe('taken');
    expect(pool({ address_scope_id: one, prefixes: ['10.0.128.0/17'] })).toBe('409 AddressScopePrefixConflict');
    expect(pool({ address_scope_id: one, prefixes: ['2001:db8::/48'], min_prefixlen: 64 })).toBe(
      '400 IllegalSubnetPoolIpVersionAssociationToAddressScope',
    );
    expect(pool({ address_scope_id: '11111111-1111-4111-8111-111111111111' })).toBe('404 AddressScopeNotFound');
    expect(pool({ address_scope_id: two })).toBe('taken');
    const cidrs = [one, two].map((scope) => {
      const [{ id } = { id: '' }] = bench.state.by('subnetpool.address_scope_id', scope ?? '');
      return bench.made('subnet', { network_id: bench.made('network', {}).id, ip_version: 4, subnetpool_id: id }).cidr;
    });
    expect(cidrs).toEqual(['10.0.0.0/24', '10.0.1.0/24']);
    expect(outcome(bench.del('address_scope', one ?? ''))).toBe('409 AddressScopeInUse');
  });

  it('are not for others unless shared, and stay shared', () => {
    const bench = new Bench();
    const { id } = bench.made('address_scope', { name: 's', ip_version: 4 });
    const draft = { name: 'p', prefixes: ['10.0.0.0/16'], address_scope_id: id };
    expect(outcome(bench.post('subnetpool', draft, BLUE))).toBe('404 AddressScopeNotFound');
    expect(outcome(bench.put('address_scope', id, { shared: true }))).toBe('taken');
    const pool = bench.made('subnetpool', draft, BLUE).id;
    expect(outcome(bench.put('subnetpool', pool, { name: 'q' }, { actor: BLUE }))).toBe('400 IllegalSubnetPoolUpdate');
    expect(outcome(bench.put('address_scope', id, { shared: false }))).toBe('400 AddressScopeUpdateError');
    expect(outcome(bench.del('address_scope', id))).toBe('409 AddressScopeInUse');
  });
});

describe('segments and address groups', () => {
  it('a network has a segment from the first, and its subnets are on segments or not, all of them', () => {
    const bench = new Bench();
    const network = bench.made('network', {}).id;
    const [first] = bench.state.by('segment.network_id', network);
    expect(first).toMatchObject({ network_type: 'local', physical_network: null });
    const on = (values: object): string => outcome(bench.post('subnet', { network_id: network, ip_version: 4, ...values }));
    expect(on({ cidr: '10.0.0.0/24', segment_id: first?.id })).toBe('taken');
    expect(on({ cidr: '10.0.1.0/24' })).toBe('400 SubnetsNotAllAssociatedWithSegments');
    const other = bench.made('segment', { network_id: network, network_type: 'flat', physical_network: 'rack2' }).id;
    expect(on({ cidr: '10.0.1.0/24', segment_id: other })).toBe('taken');
    expect(outcome(bench.del('segment', other))).toBe('409 SegmentInUse');
    expect(outcome(bench.post('segment', { network_id: network, network_type: 'vxlan' }))).toBe('400 HTTPBadRequest');
    const elsewhere = bench.made('network', {}).id;
    const lone = bench.made('subnet', { network_id: elsewhere, ip_version: 4, cidr: '10.3.0.0/24' }).id;
    expect(outcome(bench.put('subnet', lone, { segment_id: other }))).toBe('400 NetworkIdsDontMatch');
    const [own] = bench.state.by('segment.network_id', elsewhere);
    expect(outcome(bench.put('subnet', lone, { segment_id: own?.id }))).toBe('taken');
    expect(outcome(bench.put('subnet', lone, { segment_id: null }))).toBe('400 SubnetSegmentAssociationChangeNotAllowed');
    bench.del('network', elsewhere);
    expect(bench.state.by('segment.network_id', elsewhere)).toEqual([]);
  });

  it('address groups are sets of normal prefixes that no rule’s group can be taken from', () => {
    const bench = new Bench();
    const { id, addresses } = bench.made('address_group', { name: 'a', addresses: ['10.0.0.9/24', '2001:db8::1/128', '10.0.0.1/32'] });
    expect(addresses).toEqual(['10.0.0.0/24', '10.0.0.1/32', '2001:db8::1/128']);
    expect(act(bench, 'add_addresses', id, { addresses: ['10.0.0.0/24'] })).toBe('400 AddressesAlreadyExist');
    expect(act(bench, 'remove_addresses', id, { addresses: ['10.9.0.0/24'] })).toBe('404 AddressesNotFound');
    expect(act(bench, 'remove_addresses', id, { addresses: ['10.0.0.0/24'] })).toBe('taken');
    expect(act(bench, 'add_addresses', id, { addresses: ['10.8.0.0/16'] })).toBe('taken');
    expect(bench.the('address_group', id)).toMatchObject({
      addresses: ['10.0.0.1/32', '10.8.0.0/16', '2001:db8::1/128'],
      revision_number: 3,
    });
    const group = bench.made('security_group', { name: 'g' }).id;
    const rule = bench.made('security_group_rule', { security_group_id: group, direction: 'ingress', remote_address_group_id: id }).id;
    expect(outcome(bench.del('address_group', id))).toBe('409 AddressGroupInUse');
    bench.del('security_group_rule', rule);
    expect(outcome(bench.del('address_group', id))).toBe('taken');
    expect(message(bench.post('address_group', { addresses: ['10.0.0.1'] }))).toContain("'10.0.0.1/32' is recommended");
  });
});

describe('sets of prefixes', () => {
  const small = fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 24, max: 32 }))
    .map(([host, length]) => asCidr(`10.0.0.${(host >> (32 - length)) << (32 - length)}/${length}`));
  const sets = fc.array(small, { minLength: 1, maxLength: 6 });
  const inSet = (set: readonly Cidr[], host: number): boolean => set.some((cidr) => cidrsOverlap(cidr, asCidr(`10.0.0.${host}/32`)));
  const hosts = Array.from({ length: 256 }, (_, host) => host);

  it('are what they are of each address: less, within, shared, and as few prefixes as can be', () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        const [left, all] = [without(a, b), compacted(a)];
        for (const host of hosts) {
          expect(inSet(left, host)).toBe(inSet(a, host) && !inSet(b, host));
          expect(inSet(all, host)).toBe(inSet(a, host));
        }
        expect(intersects(a, b)).toBe(hosts.some((host) => inSet(a, host) && inSet(b, host)));
        expect(isWithin(a, b)).toBe(hosts.every((host) => !inSet(a, host) || inSet(b, host)));
        expect(all.length).toBeLessThanOrEqual(a.length);
        expect(left.every((cidr) => prefixLength(cidr) >= 24)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
