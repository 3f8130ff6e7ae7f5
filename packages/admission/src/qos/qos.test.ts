import { type Actor, type ResourceKind, resourceRequest } from '@manx/model';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { ADMIN, Bench, memberOf, message, outcome } from '../test-bench.js';

let bench: Bench;
let policy: string;
beforeEach(() => {
  bench = new Bench();
  policy = bench.made('qos_policy', { name: 'gold' }).id;
});

const rule = (kind: ResourceKind, values: object): string => outcome(bench.post(kind, { qos_policy_id: policy, ...values }));
const network = (values: object = {}): string => bench.made('network', { name: 'n', ...values }).id;
const port = (values: object): string => bench.made('port', { network_id: network(), ...values }).id;

describe('a QoS policy that something has', () => {
  it('stays while a network or a port has it, and says who', () => {
    const used = network({ qos_policy_id: policy });
    expect(outcome(bench.del('qos_policy', policy))).toBe('409 QosPolicyInUse');
    expect(message(bench.del('qos_policy', policy))).toBe(`QoS Policy ${policy} is used by network ${used}.`);
    bench.changed('network', used, { qos_policy_id: null });
    const plugged = port({ qos_policy_id: policy });
    expect(message(bench.del('qos_policy', policy))).toBe(`QoS Policy ${policy} is used by port ${plugged}.`);
    expect(outcome(bench.del('port', plugged))).toBe('taken');
    expect(outcome(bench.del('qos_policy', policy))).toBe('taken');
  });

  it('cannot be one that is not there, or that the actor cannot see', () => {
    const blue = memberOf('blue');
    expect(outcome(bench.post('network', { qos_policy_id: '00000000-0000-4000-8000-00000000ffff' }))).toBe('404 QosPolicyNotFound');
    const own = bench.made('network', { name: 'b' }, blue).id;
    expect(outcome(bench.post('port', { network_id: own, qos_policy_id: policy }, blue))).toBe('404 QosPolicyNotFound');
    bench.changed('qos_policy', policy, { shared: true });
    expect(outcome(bench.post('port', { network_id: own, qos_policy_id: policy }, blue))).toBe('taken');
  });

  it('is not taken away by who cannot see it: what an administrator put on a port stays', () => {
    const blue = memberOf('blue');
    const own = bench.made('network', { name: 'b' }, blue).id;
    const { id } = bench.made('port', { network_id: own }, blue);
    bench.changed('port', id, { qos_policy_id: policy }, ADMIN);
    expect(outcome(bench.put('port', id, { qos_policy_id: null }, { actor: blue }))).toBe('403 PolicyRemoveAuthorizationError');
    expect(outcome(bench.put('port', id, { name: 'still mine' }, { actor: blue }))).toBe('taken');
  });

  it('is what new networks of a project get, when it is its default', () => {
    bench.changed('qos_policy', policy, { is_default: true });
    expect(bench.made('network', { name: 'n' }).qos_policy_id).toBe(policy);
    expect(bench.made('network', { name: 'n' }, memberOf('blue')).qos_policy_id).toBeNull();
  });
});

describe('minimums', () => {
  it('of a policy that instances have do not change: what the scheduler has given, it has given', () => {
    port({ qos_policy_id: policy, device_owner: 'compute:nova' });
    expect(rule('qos_minimum_bandwidth_rule', { min_kbps: 1 })).toBe('501 NotImplementedError');
    expect(rule('qos_bandwidth_limit_rule', { max_kbps: 1 })).toBe('taken');
  });

  it('of a network count for its instances that have no policy of their own', () => {
    const own = network({ qos_policy_id: policy });
    bench.made('port', { network_id: own, device_owner: 'compute:nova' });
    expect(rule('qos_minimum_packet_rate_rule', { min_kpps: 1 })).toBe('501 NotImplementedError');
  });

  it('are what a port asks Placement for: bandwidth of a physical network, packet rates anywhere', () => {
    rule('qos_minimum_bandwidth_rule', { min_kbps: 300, direction: 'ingress' });
    rule('qos_minimum_packet_rate_rule', { min_kpps: 7, direction: 'any' });
    const physical = network({ 'provider:network_type': 'flat', 'provider:physical_network': 'dc-1' });
    const request = (id: string): unknown => resourceRequest(bench.the('port', id), bench.state);
    const { id } = bench.made('port', { network_id: physical, qos_policy_id: policy });
    const groups = [
      { required: ['CUSTOM_PHYSNET_DC_1', 'CUSTOM_VNIC_TYPE_NORMAL'], resources: { NET_BW_IGR_KILOBIT_PER_SEC: 300 } },
      { required: ['CUSTOM_VNIC_TYPE_NORMAL'], resources: { NET_PACKET_RATE_KILOPACKET_PER_SEC: 7 } },
    ];
    expect(request(id)).toMatchObject({ request_groups: groups });
    const { same_subtree } = request(id) as { same_subtree: readonly string[] };
    expect(new Set(same_subtree).size).toBe(2);
    expect(request(port({ qos_policy_id: policy }))).toMatchObject({ request_groups: [groups[1]] });
    expect(request(port({}))).toBeNull();
  });
});

describe('a floating IP', () => {
  it('has a policy of bandwidth limits or none: other rules would mean nothing', () => {
    const outer = network({ 'router:external': true });
    bench.made('subnet', { network_id: outer, ip_version: 4, cidr: '203.0.113.0/24' });
    expect(rule('qos_bandwidth_limit_rule', { max_kbps: 1 })).toBe('taken');
    const { id } = bench.made('floatingip', { floating_network_id: outer, qos_policy_id: policy });
    expect(rule('qos_dscp_marking_rule', { dscp_mark: 8 })).toBe('409 QosRuleNotSupported');
    expect(message(bench.del('qos_policy', policy))).toBe(`QoS Policy ${policy} is used by fip ${id}.`);
    const marking = bench.made('qos_policy', { name: 'marks' }).id;
    bench.made('qos_dscp_marking_rule', { qos_policy_id: marking, dscp_mark: 8 });
    expect(outcome(bench.put('floatingip', id, { qos_policy_id: marking }))).toBe('409 QosRuleNotSupported');
  });
});

describe('the rules of a policy, whatever is asked of them', () => {
  const DIRECTIONS = ['ingress', 'egress', 'any'];
  const wish = fc.record({
    kind: fc.constantFrom<ResourceKind>(
      'qos_bandwidth_limit_rule',
      'qos_minimum_bandwidth_rule',
      'qos_minimum_packet_rate_rule',
      'qos_dscp_marking_rule',
    ),
    direction: fc.constantFrom(...DIRECTIONS),
    rate: fc.integer({ min: 0, max: 3 }),
    change: fc.option(fc.nat({ max: 9 })),
  });
  const bodyOf = (kind: ResourceKind, direction: string, rate: number): object => {
    if (kind === 'qos_dscp_marking_rule') return { dscp_mark: 8 * rate };
    const name = { qos_bandwidth_limit_rule: 'max_kbps', qos_minimum_bandwidth_rule: 'min_kbps' }[kind as string] ?? 'min_kpps';
    return { direction, [name]: rate };
  };

  it('are one of a kind and direction, promise no more than they allow, and are never half for any direction', () => {
    fc.assert(
      fc.property(fc.array(wish, { maxLength: 12 }), (wishes) => {
        const own = new Bench();
        const { id: qos_policy_id } = own.made('qos_policy', { name: 'p' });
        const actor: Actor = ADMIN;
        for (const { kind, direction, rate, change } of wishes) {
          const body = bodyOf(kind, direction, rate);
          const there = [...own.state.all(kind)];
          const target = change === null ? undefined : there[change % Math.max(1, there.length)];
          if (target === undefined) own.post(kind, { qos_policy_id, ...body }, actor);
          else own.put(kind, target.id, body, { actor });
        }
        const limits = [...own.state.all('qos_bandwidth_limit_rule')];
        const minimums = [...own.state.all('qos_minimum_bandwidth_rule')];
        const rates = [...own.state.all('qos_minimum_packet_rate_rule')];
        for (const list of [limits, minimums, rates]) expect(new Set(list.map(({ direction }) => direction)).size).toBe(list.length);
        expect(own.state.count('qos_dscp_marking_rule')).toBeLessThanOrEqual(1);
        for (const { max_kbps } of limits) for (const { min_kbps } of minimums) expect(min_kbps).toBeLessThanOrEqual(max_kbps);
        if (rates.some(({ direction }) => direction === 'any')) expect(rates).toHaveLength(1);
      }),
      { numRuns: 300 },
    );
  });

  it('a refusal does not tell which port of another project has the policy', () => {
    const bench = new Bench();
    const manager = { ...memberOf('mine'), roles: ['manager', 'member', 'reader'] };
    const policy = bench.made('qos_policy', { name: 'q' }, manager).id;
    bench.made('rbac_policy', { object_type: 'qos_policy', object_id: policy, action: 'access_as_shared', target_tenant: 'other' });
    const other = memberOf('other');
    const network_id = bench.made('network', {}, other).id;
    const port = bench.made('port', { network_id, qos_policy_id: policy }, other).id;
    expect(message(bench.del('qos_policy', policy, manager))).toBe(`QoS Policy ${policy} is used by port of another project.`);
    expect(message(bench.del('qos_policy', policy))).toBe(`QoS Policy ${policy} is used by port ${port}.`);
  });
});
