import { describe, expect, test } from 'vitest';
import { ADMIN, Bench, memberOf, outcome } from './test-bench.js';

const MINE = memberOf('mine');
const THEIRS = memberOf('theirs');

describe('networks', () => {
  test('S29: a network has the fabric’s MTU, or less', () => {
    const bench = new Bench();
    expect(bench.made('network', {}).mtu).toBe(1500);
    expect(bench.made('network', { mtu: 1400 }).mtu).toBe(1400);
    expect(outcome(bench.post('network', { mtu: 9000 }))).toBe('400 InvalidInput');
    expect(outcome(bench.post('network', { mtu: 20 }))).toBe('400 InvalidInput');
  });

  test('an IPv6 subnet and an MTU under 1280 exclude each other', () => {
    const bench = new Bench();
    const small = bench.made('network', { mtu: 1000 });
    expect(outcome(bench.post('subnet', { network_id: small.id, ip_version: 6, cidr: '2001:db8::/64' }))).toBe(
      '409 NetworkMTUSubnetConflict',
    );
    const large = bench.made('network', {});
    bench.made('subnet', { network_id: large.id, ip_version: 6, cidr: '2001:db8::/64' });
    expect(outcome(bench.put('network', large.id, { mtu: 1279 }))).toBe('409 NetworkMTUSubnetConflict');
    expect(bench.changed('network', large.id, { mtu: 1280 }).mtu).toBe(1280);
  });

  test('only an administrator shares a network, and takes it back only while nobody else uses it', () => {
    const bench = new Bench();
    expect(outcome(bench.post('network', { shared: true }, MINE))).toBe('403 PolicyNotAuthorized');
    const network = bench.made('network', { shared: true });
    bench.made('subnet', { network_id: network.id, ip_version: 4, cidr: '10.0.0.0/24' });
    const port = bench.made('port', { network_id: network.id }, MINE);
    expect(outcome(bench.put('network', network.id, { shared: false }))).toBe('409 InvalidSharedSetting');
    bench.del('port', port.id, MINE);
    bench.changed('network', network.id, { shared: false });
    expect(outcome(bench.post('port', { network_id: network.id }, MINE))).toBe('404 NetworkNotFound');
  });

  test('a network with ports stays; without, its subnets go with it', () => {
    const bench = new Bench();
    const network = bench.made('network', {});
    bench.made('subnet', { network_id: network.id, ip_version: 4, cidr: '10.0.0.0/24' });
    const port = bench.made('port', { network_id: network.id });
    expect(outcome(bench.del('network', network.id))).toBe('409 NetworkInUse');
    bench.del('port', port.id);
    expect(outcome(bench.del('network', network.id))).toBe('taken');
    expect(bench.state.count('subnet')).toBe(0);
  });

  test('another project’s network is not there; a shared one is, but not to change', () => {
    const bench = new Bench();
    const network = bench.made('network', {}, MINE);
    for (const result of [bench.put('network', network.id, { name: 'x' }, { actor: THEIRS }), bench.del('network', network.id, THEIRS)]) {
      expect(outcome(result)).toBe('404 NetworkNotFound');
    }
    const shared = bench.made('network', { shared: true });
    expect(outcome(bench.put('network', shared.id, { name: 'x' }, { actor: THEIRS }))).toBe('403 PolicyNotAuthorized');
    expect(outcome(bench.post('subnet', { network_id: shared.id, ip_version: 4, cidr: '10.9.0.0/24' }, THEIRS))).toBe(
      '403 PolicyNotAuthorized',
    );
  });

  test('a reader changes nothing', () => {
    const bench = new Bench();
    const network = bench.made('network', {}, MINE);
    const reader = { ...MINE, roles: ['reader'] };
    expect(outcome(bench.post('network', {}, reader))).toBe('403 PolicyNotAuthorized');
    expect(outcome(bench.put('network', network.id, { name: 'x' }, { actor: reader }))).toBe('403 PolicyNotAuthorized');
    expect(outcome(bench.del('network', network.id, reader))).toBe('403 PolicyNotAuthorized');
  });

  test('If-Match: a change on condition of a revision that is past is refused with 412', () => {
    const bench = new Bench();
    const network = bench.made('network', {});
    expect(outcome(bench.put('network', network.id, { name: 'a' }, { if_match: 1 }))).toBe('taken');
    expect(outcome(bench.put('network', network.id, { name: 'b' }, { if_match: 1 }))).toBe('412 RevisionNumberConstraintFailed');
    expect(outcome(bench.run({ op: 'delete', kind: 'network', id: network.id, if_match: 1 }))).toBe('412 RevisionNumberConstraintFailed');
    expect(outcome(bench.run({ op: 'delete', kind: 'network', id: network.id, if_match: 2 }))).toBe('taken');
  });

  test('an update that changes nothing is no revision and no commit', () => {
    const bench = new Bench();
    const network = bench.made('network', { name: 'a' });
    expect(bench.put('network', network.id, { name: 'a', mtu: 1500 })).toEqual({ changes: [], ids: [network.id], answer: null });
  });

  test('many at once are all made or none', () => {
    const bench = new Bench();
    expect(outcome(bench.post('network', [{ name: 'a' }, { mtu: 9000 }]))).toBe('400 InvalidInput');
    expect(bench.state.count('network')).toBe(0);
    expect(bench.state.count('security_group')).toBe(0);
    const admitted = bench.post('network', [{ name: 'a' }, { name: 'b' }], ADMIN);
    expect('ids' in admitted && admitted.ids.map((id) => bench.the('network', id).name)).toEqual(['a', 'b']);
  });
});
