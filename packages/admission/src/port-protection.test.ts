import { describe, expect, test } from 'vitest';
import { Bench, memberOf, outcome } from './test-bench.js';

const MINE = memberOf('mine');
const THEIRS = memberOf('theirs');

/** A network of MINE with 10.0.0.0/24. */
function network(bench: Bench, more: object = {}): string {
  const { id } = bench.made('network', more, MINE);
  bench.made('subnet', { network_id: id, ip_version: 4, cidr: '10.0.0.0/24' }, MINE);
  return id;
}

describe('port security', () => {
  test('is as the network says; groups that are asked for turn it on; the network’s own ports have none', () => {
    const bench = new Bench();
    const network_id = network(bench, { port_security_enabled: false });
    expect(bench.made('port', { network_id }, MINE)).toMatchObject({ port_security_enabled: false, security_groups: [] });
    const group = bench.made('security_group', {}, MINE).id;
    expect(bench.made('port', { network_id, security_groups: [group] }, MINE)).toMatchObject({
      port_security_enabled: true,
      security_groups: [group],
    });
    expect(bench.made('port', { network_id, device_owner: 'network:dhcp', port_security_enabled: true })).toMatchObject({
      port_security_enabled: false,
      security_groups: [],
    });
  });

  test('without it there are neither groups nor pairs, at creation or later', () => {
    const bench = new Bench();
    const network_id = network(bench);
    const group = bench.made('security_group', {}, MINE).id;
    const off = { network_id, port_security_enabled: false };
    const pairs = { allowed_address_pairs: [{ ip_address: '10.0.0.99' }] };
    expect(outcome(bench.post('port', { ...off, security_groups: [group] }, MINE))).toBe('400 PortSecurityAndIPRequiredForSecurityGroups');
    expect(outcome(bench.post('port', { ...off, ...pairs }, MINE))).toBe('409 AddressPairAndPortSecurityRequired');
    const port = bench.made('port', { network_id, ...pairs }, MINE);
    const turnOff = (more: object): string =>
      outcome(bench.put('port', port.id, { port_security_enabled: false, ...more }, { actor: MINE }));
    expect(turnOff({})).toBe('409 AddressPairAndPortSecurityRequired');
    expect(turnOff({ allowed_address_pairs: [] })).toBe('409 PortSecurityPortHasSecurityGroup');
    expect(turnOff({ allowed_address_pairs: [], security_groups: [group] })).toBe('400 PortSecurityAndIPRequiredForSecurityGroups');
    expect(turnOff({ allowed_address_pairs: [], security_groups: [] })).toBe('taken');
    expect(outcome(bench.put('port', port.id, { security_groups: [group] }, { actor: MINE }))).toBe(
      '400 PortSecurityAndIPRequiredForSecurityGroups',
    );
    expect(bench.changed('port', port.id, { port_security_enabled: true, security_groups: [group] }, MINE).security_groups).toEqual([
      group,
    ]);
  });
});

describe('groups of a port', () => {
  test('are all stateful or all stateless; a group that is used does not change its sort', () => {
    const bench = new Bench();
    const network_id = network(bench);
    const stateful = bench.made('security_group', {}, MINE).id;
    const stateless = bench.made('security_group', { stateful: false }, MINE).id;
    expect(outcome(bench.post('port', { network_id, security_groups: [stateful, stateless] }, MINE))).toBe('409 SecurityGroupConflict');
    const port = bench.made('port', { network_id, security_groups: [stateless] }, MINE);
    expect(outcome(bench.put('security_group', stateless, { stateful: true }, { actor: MINE }))).toBe('409 SecurityGroupInUse');
    expect(outcome(bench.put('security_group', stateless, { stateful: false, name: 'x' }, { actor: MINE }))).toBe('taken');
    expect(outcome(bench.put('port', port.id, { security_groups: [stateful, stateless] }, { actor: MINE }))).toBe(
      '409 SecurityGroupConflict',
    );
    bench.changed('port', port.id, { security_groups: [stateful] }, MINE);
    expect(bench.changed('security_group', stateless, { stateful: true }, MINE).stateful).toBe(true);
  });

  test('are of the project, or shared with it by RBAC', () => {
    const bench = new Bench();
    const network_id = network(bench);
    const group = bench.made('security_group', {}, THEIRS).id;
    expect(outcome(bench.post('port', { network_id, security_groups: [group] }, MINE))).toBe('404 SecurityGroupNotFound');
    bench.made(
      'rbac_policy',
      { object_type: 'security_group', object_id: group, action: 'access_as_shared', target_tenant: 'mine' },
      THEIRS,
    );
    expect(bench.seen('security_group', group, MINE)).toMatchObject({ shared: true });
    expect(bench.seen('security_group', group, THEIRS)).toMatchObject({ shared: false });
    expect(bench.made('port', { network_id, security_groups: [group] }, MINE).security_groups).toEqual([group]);
    expect(outcome(bench.del('security_group', group, THEIRS))).toBe('409 SecurityGroupInUse');
  });
});

describe('address pairs', () => {
  test('are addresses and prefixes, with the port’s MAC unless told', () => {
    const bench = new Bench();
    const network_id = network(bench);
    const allowed_address_pairs = [
      { ip_address: '10.0.0.77' },
      { ip_address: '10.244.0.0/16' },
      { ip_address: '2001:DB8::/48' },
      { ip_address: '10.0.0.78', mac_address: '00:00:5E:00:01:01' },
    ];
    const port = bench.made('port', { network_id, mac_address: 'fa:16:3e:00:00:07', allowed_address_pairs }, MINE);
    expect(port.allowed_address_pairs).toEqual([
      { ip_address: '10.0.0.77', mac_address: 'fa:16:3e:00:00:07' },
      { ip_address: '10.244.0.0/16', mac_address: 'fa:16:3e:00:00:07' },
      { ip_address: '2001:db8::/48', mac_address: 'fa:16:3e:00:00:07' },
      { ip_address: '10.0.0.78', mac_address: '00:00:5e:00:01:01' },
    ]);
    expect(bench.changed('port', port.id, { allowed_address_pairs: null }, MINE).allowed_address_pairs).toEqual([]);
  });

  test.each([
    [[{ ip_address: '0.0.0.0/0' }], '400 InvalidInput'],
    [[{ ip_address: '::/0' }], '400 InvalidInput'],
    [[{ ip_address: '128.0.0.0/1' }], '400 InvalidInput'],
    [[{ ip_address: '224.0.0.5' }], '400 InvalidInput'],
    [[{ ip_address: '127.0.0.1' }], '400 InvalidInput'],
    [[{ ip_address: '10.0.0.9/24' }], '400 HTTPBadRequest'],
    [[{ ip_address: '10.0.0.300' }], '400 HTTPBadRequest'],
    [[{ ip_address: '10.0.0.9', mac_address: '01:00:5e:00:00:01' }], '400 HTTPBadRequest'],
    [[{ ip_address: '10.0.0.9', port: 1 }], '400 HTTPBadRequest'],
    [[{ mac_address: 'fa:16:3e:00:00:01' }], '400 AllowedAddressPairsMissingIP'],
    [[{ ip_address: '10.0.0.9' }, { ip_address: '10.0.0.9' }], '400 DuplicateAddressPairInRequest'],
    [[{ ip_address: '10.0.0.9' }, { ip_address: '10.0.0.9', mac_address: 'fa:16:3e:00:00:07' }], '400 DuplicateAddressPairInRequest'],
    [Array.from({ length: 11 }, (_, at) => ({ ip_address: `10.0.0.${at + 10}` })), '400 AllowedAddressPairExhausted'],
    ['all', '400 HTTPBadRequest'],
    [['10.0.0.1'], '400 HTTPBadRequest'],
  ])('what is none, or too much, is refused: %j', (allowed_address_pairs, refusal) => {
    const bench = new Bench();
    const body = { network_id: network(bench), mac_address: 'fa:16:3e:00:00:07', allowed_address_pairs };
    expect(outcome(bench.post('port', body, MINE))).toBe(refusal);
  });

  test('the limit is the operator’s', () => {
    const bench = new Bench(undefined, { max_allowed_address_pair: 1 });
    const pairs = [{ ip_address: '10.0.0.9' }, { ip_address: '10.0.0.10' }];
    expect(outcome(bench.post('port', { network_id: network(bench), allowed_address_pairs: pairs }, MINE))).toBe(
      '400 AllowedAddressPairExhausted',
    );
  });

  test('S8: nobody takes a single address out of another project’s subnet', () => {
    const bench = new Bench();
    const network_id = network(bench);
    const other = bench.made('network', {}, THEIRS).id;
    bench.made('subnet', { network_id: other, ip_version: 4, cidr: '10.1.0.0/24' }, THEIRS);
    const pair = (ip_address: string): object => ({ network_id, allowed_address_pairs: [{ ip_address }] });
    expect(outcome(bench.post('port', pair('10.1.0.7'), MINE))).toBe('400 InvalidInput');
    expect(outcome(bench.post('port', pair('10.1.0.7/32'), MINE))).toBe('400 InvalidInput');
    expect(outcome(bench.post('port', pair('10.0.0.7'), MINE))).toBe('taken');
    expect(outcome(bench.post('port', pair('10.1.0.7')))).toBe('taken');
  });
});
