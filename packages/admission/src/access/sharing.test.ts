import { type Actor, EVERYTHING, isVisible, list, type ResourceKind, view } from '@manx/model';
import { defaultPolicy } from '@manx/policy';
import { describe, expect, it } from 'vitest';
import { ADMIN, Bench, memberOf, message, outcome } from '../test-bench.js';

/* RBAC as neutron `db/rbac_db_mixin.py`, `objects/rbac_db.py` and `db/external_net_db.py` decide it. */

const BLUE = memberOf('blue');
const RED = memberOf('red');

const rbac = (object_id: string, target_tenant: string, more: object = {}): object => ({
  object_type: 'network',
  object_id,
  action: 'access_as_shared',
  target_tenant,
  ...more,
});

const sees = (bench: Bench, actor: Actor, kind: ResourceKind, id: string): boolean => {
  const resource = bench.state.get(kind, id);
  return resource !== undefined && isVisible({ state: bench.state, actor, policy: defaultPolicy }, kind, resource);
};

const shared = (bench: Bench, actor: Actor, kind: ResourceKind, id: string): unknown => {
  const resource = bench.state.get(kind, id);
  return resource === undefined
    ? undefined
    : view(kind, resource, { state: bench.state, actor, policy: defaultPolicy, fields: [] })['shared'];
};

describe('sharing by RBAC policies', () => {
  it('opens a network and its subnets to one project, and says `shared` to that project alone', () => {
    const bench = new Bench();
    const { id } = bench.made('network', { name: 'n' }, BLUE);
    const subnet = bench.made('subnet', { network_id: id, ip_version: 4, cidr: '10.1.0.0/24' }, BLUE).id;
    expect([sees(bench, RED, 'network', id), sees(bench, RED, 'subnet', subnet)]).toEqual([false, false]);
    bench.made('rbac_policy', rbac(id, 'red'), BLUE);
    expect([sees(bench, RED, 'network', id), sees(bench, RED, 'subnet', subnet)]).toEqual([true, true]);
    expect([shared(bench, RED, 'network', id), shared(bench, BLUE, 'network', id), sees(bench, memberOf('green'), 'network', id)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(outcome(bench.post('port', { network_id: id }, RED))).toBe('taken');
    expect(outcome(bench.post('subnet', { network_id: id, ip_version: 4, cidr: '10.2.0.0/24' }, RED))).toBe('403 PolicyNotAuthorized');
  });

  it('is listed with the filter `shared` as the asking project sees it', () => {
    const bench = new Bench();
    const mine = bench.made('network', { name: 'mine' }, BLUE).id;
    const open = bench.made('network', { name: 'open', shared: true }).id;
    const closed = bench.made('network', { name: 'closed' }).id;
    const opened = bench.made('network', { name: 'opened' }).id;
    bench.made('rbac_policy', rbac(opened, 'blue'));
    const names = (wanted: boolean | null, actor: Actor): string[] => {
      const filters = new Map<string, unknown[]>(wanted === null ? [] : [['shared', [wanted]]]);
      const found = list('network', { ...EVERYTHING, filters }, { state: bench.state, actor, policy: defaultPolicy });
      return Array.isArray(found) ? found.map(({ id }) => id).sort() : [];
    };
    expect(names(true, BLUE)).toEqual([open, opened].sort());
    expect(names(false, BLUE)).toEqual([mine]);
    expect(names(null, BLUE)).toEqual([mine, open, opened].sort());
    expect(names(true, ADMIN)).toEqual([open]);
    expect(names(false, ADMIN)).toEqual([mine, closed, opened].sort());
  });

  it('is for owners and administrators to set up, once for each target, and for everyone by administrators only', () => {
    const bench = new Bench();
    const { id } = bench.made('network', { shared: true });
    expect(outcome(bench.post('rbac_policy', rbac(id, 'green'), BLUE))).toBe('400 InvalidInput');
    expect(message(bench.post('rbac_policy', rbac(id, 'green'), BLUE))).toContain(
      'Only admins can manipulate policies on networks they do not own',
    );
    const own = bench.made('network', {}, BLUE).id;
    expect(outcome(bench.post('rbac_policy', rbac(own, '*'), BLUE))).toBe('403 PolicyNotAuthorized');
    expect(outcome(bench.post('rbac_policy', rbac(own, 'red'), BLUE))).toBe('taken');
    expect(outcome(bench.post('rbac_policy', rbac(own, 'red'), BLUE))).toBe('409 DuplicateRbacPolicy');
    expect(outcome(bench.post('rbac_policy', rbac('11111111-1111-4111-8111-111111111111', 'red'), BLUE))).toBe('400 InvalidInput');
    expect(outcome(bench.post('rbac_policy', rbac(own, 'red', { action: 'sing' }), BLUE))).toBe('400 InvalidInput');
    expect(outcome(bench.post('rbac_policy', rbac(own, 'red', { object_type: 'port' }), BLUE))).toBe('400 InvalidInput');
  });

  it('cannot be withdrawn, nor moved, while the project that it is for has ports there and no other way in', () => {
    const bench = new Bench();
    const { id } = bench.made('network', {}, BLUE);
    const policy = bench.made('rbac_policy', rbac(id, 'red'), BLUE).id;
    const port = bench.made('port', { network_id: id }, RED).id;
    expect(outcome(bench.del('rbac_policy', policy, BLUE))).toBe('409 RbacPolicyInUse');
    expect(outcome(bench.put('rbac_policy', policy, { target_tenant: 'green' }, { actor: BLUE }))).toBe('409 RbacPolicyInUse');
    expect(outcome(bench.put('rbac_policy', policy, { target_tenant: '*' }, { actor: BLUE }))).toBe('403 PolicyNotAuthorized');
    const wild = bench.made('rbac_policy', rbac(id, '*')).id;
    expect(outcome(bench.del('rbac_policy', policy, BLUE))).toBe('taken');
    expect(outcome(bench.del('rbac_policy', wild))).toBe('409 RbacPolicyInUse');
    expect(outcome(bench.put('network', id, { shared: false }))).toBe('409 InvalidSharedSetting');
    bench.del('port', port, RED);
    expect(outcome(bench.put('network', id, { shared: false }))).toBe('taken');
    expect(bench.state.count('rbac_policy')).toBe(0);
  });

  it('`shared: true` is a policy for everyone, which goes with its object', () => {
    const bench = new Bench();
    const kinds = [
      ['network', { shared: true }],
      ['subnetpool', { name: 'p', prefixes: ['10.0.0.0/8'], shared: true }],
      ['address_scope', { ip_version: 4, shared: true }],
      ['qos_policy', { name: 'q', shared: true }],
    ] as const;
    for (const [kind, body] of kinds) {
      const { id } = bench.made(kind, body);
      const [policy, ...others] = bench.state.by('rbac_policy.object_id', id);
      expect(policy).toMatchObject({ object_type: kind, action: 'access_as_shared', target_project: '*', project_id: 'admin' });
      expect(others).toEqual([]);
      expect([sees(bench, RED, kind, id), shared(bench, RED, kind, id)]).toEqual([true, true]);
      expect(outcome(bench.post(kind, { ...body, name: 'x' }, RED))).toBe('403 PolicyNotAuthorized');
      expect(outcome(bench.del(kind, id))).toBe('taken');
      expect(bench.state.by('rbac_policy.object_id', id)).toEqual([]);
    }
  });

  it('opens security groups, address groups and pools to be used by another project, until it uses them', () => {
    const bench = new Bench();
    const group = bench.made('security_group', { name: 'g' }, BLUE).id;
    const network = bench.made('network', {}, RED).id;
    expect(outcome(bench.post('port', { network_id: network, security_groups: [group] }, RED))).toBe('404 SecurityGroupNotFound');
    const opened = bench.made('rbac_policy', rbac(group, 'red', { object_type: 'security_group' }), BLUE).id;
    const port = bench.made('port', { network_id: network, security_groups: [group] }, RED).id;
    expect(outcome(bench.del('rbac_policy', opened, BLUE))).toBe('409 RbacPolicyInUse');
    bench.del('port', port, RED);
    expect(outcome(bench.del('rbac_policy', opened, BLUE))).toBe('taken');

    const pool = bench.made('subnetpool', { name: 'p', prefixes: ['10.0.0.0/16'], default_prefixlen: 24 }, BLUE).id;
    expect(outcome(bench.post('subnet', { network_id: network, ip_version: 4, subnetpool_id: pool }, RED))).toBe('404 SubnetPoolNotFound');
    const lent = bench.made('rbac_policy', rbac(pool, 'red', { object_type: 'subnetpool' }), BLUE).id;
    bench.made('subnet', { network_id: network, ip_version: 4, subnetpool_id: pool }, RED);
    expect(outcome(bench.del('rbac_policy', lent, BLUE))).toBe('409 RbacPolicyInUse');
  });

  it('counts as a revision of a network', () => {
    const bench = new Bench();
    const { id } = bench.made('network', {}, BLUE);
    const open = bench.made('rbac_policy', rbac(id, 'red'), BLUE).id;
    expect(bench.the('network', id).revision_number).toBe(2);
    bench.changed('rbac_policy', open, { target_tenant: 'green' }, BLUE);
    expect(bench.the('network', id).revision_number).toBe(3);
    bench.del('rbac_policy', open, BLUE);
    expect(bench.the('network', id).revision_number).toBe(4);
    bench.changed('network', id, { shared: true, name: 'open' });
    expect(bench.the('network', id).revision_number).toBe(5);
  });

  it('of a QoS policy with everybody ends no sooner than its use by whom no other policy names, its owner too', () => {
    const bench = new Bench();
    const { id } = bench.made('qos_policy', { name: 'q', shared: true });
    const own = bench.made('network', { qos_policy_id: id }).id;
    expect(outcome(bench.put('qos_policy', id, { shared: false }))).toBe('409 RbacPolicyInUse');
    bench.del('network', own);
    const red = bench.made('network', { qos_policy_id: id }, RED).id;
    const [everyone] = bench.state.by('rbac_policy.object_id', id);
    expect(outcome(bench.put('rbac_policy', everyone?.id ?? '', { target_tenant: 'red' }))).toBe('409 RbacPolicyInUse');
    bench.made('rbac_policy', rbac(id, 'red', { object_type: 'qos_policy' }));
    expect(outcome(bench.put('qos_policy', id, { shared: false }))).toBe('taken');
    expect(bench.the('network', red).qos_policy_id).toBe(id);
  });

  it('of a pool in an address scope is with whom the scope is shared', () => {
    const bench = new Bench();
    const scope = bench.made('address_scope', { ip_version: 4 }).id;
    bench.made('rbac_policy', rbac(scope, 'blue', { object_type: 'address_scope' }));
    const pool = bench.made('subnetpool', { name: 'p', prefixes: ['10.0.0.0/16'], address_scope_id: scope }, BLUE).id;
    const lend = (): string => outcome(bench.post('rbac_policy', rbac(pool, 'red', { object_type: 'subnetpool' }), BLUE));
    expect(lend()).toBe('400 InvalidInput');
    bench.made('rbac_policy', rbac(scope, 'red', { object_type: 'address_scope' }));
    expect(lend()).toBe('taken');
  });

  it('makes a network external for one project, and an inner one again with its last policy', () => {
    const bench = new Bench();
    const { id } = bench.made('network', {});
    const policy = bench.made('rbac_policy', rbac(id, 'red', { action: 'access_as_external' })).id;
    expect(bench.the('network', id)['router:external']).toBe(true);
    expect([sees(bench, RED, 'network', id), sees(bench, BLUE, 'network', id)]).toEqual([true, false]);
    expect(shared(bench, RED, 'network', id)).toBe(false);
    bench.made('subnet', { network_id: id, ip_version: 4, cidr: '203.0.113.0/24' });
    const router = bench.made('router', { external_gateway_info: { network_id: id } }, RED).id;
    expect(outcome(bench.del('rbac_policy', policy))).toBe('409 RbacPolicyInUse');
    bench.del('router', router, RED);
    expect(outcome(bench.del('rbac_policy', policy))).toBe('taken');
    expect(bench.the('network', id)['router:external']).toBe(false);
  });
});
