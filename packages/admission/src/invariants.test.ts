import { cidrsOverlap } from '@manx/ip';
import {
  type Actor,
  applyChanges,
  decodeCreate,
  isProblem,
  put,
  RESOURCE_KINDS,
  type Resource,
  type ResourceKind,
  State,
} from '@manx/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { admit } from './index.js';
import { isUsable } from './subnet-shape.js';
import { ADMIN, Bench, memberOf } from './test-bench.js';

const ACTORS: readonly Actor[] = [ADMIN, memberOf('one'), memberOf('two'), { ...memberOf('one'), roles: ['reader'] }];
const CIDRS = ['10.0.0.0/29', '10.0.0.0/28', '10.0.0.16/29', '10.0.1.0/30', '2001:db8::/64', '2001:db8:0:1::/64'];
const ADDRESSES = ['10.0.0.2', '10.0.0.3', '10.0.0.6', '10.0.0.17', '10.0.1.1', '10.0.1.2', '2001:db8::5', '10.0.0.7'];

/** One request: what, by whom; references are numbers, taken modulo what there is when it comes. */
type Step = {
  readonly verb: 'post' | 'bulk' | 'put' | 'del' | 'report';
  readonly kind: ResourceKind;
  readonly actor: number;
  readonly pick: number;
  readonly more: number;
};

const step: fc.Arbitrary<Step> = fc.record({
  verb: fc.constantFrom('post', 'post', 'post', 'bulk', 'put', 'del', 'report'),
  kind: fc.constantFrom(...RESOURCE_KINDS, 'port', 'port', 'subnet'),
  actor: fc.nat(ACTORS.length - 1),
  pick: fc.nat(1000),
  more: fc.nat(1_000_000),
});

function pickOf<T>(list: readonly T[], at: number): T | undefined {
  return list[at % Math.max(list.length, 1)];
}

function idAt(state: State, kind: ResourceKind, at: number): string {
  return pickOf([...state.idsAfter(kind, '')], at) ?? '5f4b33b5-54b7-4b3a-8ac1-a6f4a6d0a1f4';
}

/** A body of the kind out of two numbers: most are sensible, many are not. */
// oxlint-disable-next-line typescript/consistent-return -- the switch is exhaustive, which the compiler checks
function bodyOf(state: State, { kind, pick, more }: Step, isUpdate: boolean): object {
  const common = { name: `n${more % 7}` };
  const cidr = pickOf(CIDRS, more) ?? '';
  const wish = [undefined, [], [{ ip_address: pickOf(ADDRESSES, more) }], [{ subnet_id: idAt(state, 'subnet', more) }]][more % 4];
  const fixed_ips = wish === undefined ? {} : { fixed_ips: wish };
  const bound = more % 3 === 0 ? { 'binding:host_id': ['h1', 'h9', null][more % 3] } : {};
  switch (kind) {
    case 'network':
      return { ...common, ...(more % 5 === 0 ? { shared: more % 2 === 0 } : {}) };
    case 'subnet':
      if (isUpdate) return { ...common, ...(more % 2 === 0 ? { gateway_ip: pickOf(ADDRESSES, more) } : {}) };
      return {
        ...common,
        network_id: idAt(state, 'network', pick),
        ip_version: cidr.includes(':') ? 6 : 4,
        cidr,
        ...(cidr.includes(':') && more % 2 === 0 ? { ipv6_ra_mode: 'slaac', ipv6_address_mode: 'slaac' } : {}),
      };
    case 'port':
      if (isUpdate)
        return { ...common, ...fixed_ips, ...bound, ...(more % 6 === 0 ? { mac_address: `fa:16:3e:00:00:0${more % 10}` } : {}) };
      return {
        ...common,
        network_id: idAt(state, 'network', pick),
        ...fixed_ips,
        ...bound,
        ...(more % 5 === 0 ? { security_groups: [idAt(state, 'security_group', more)] } : {}),
      };
    case 'security_group':
      return common;
    case 'security_group_rule':
      if (isUpdate) return { description: `d${more % 5}` };
      return {
        security_group_id: idAt(state, 'security_group', pick),
        direction: more % 2 === 0 ? 'ingress' : 'egress',
        protocol: pickOf(['tcp', 6, null, 'icmp'], more),
        ...(more % 3 === 0 ? { remote_group_id: idAt(state, 'security_group', more) } : {}),
      };
  }
}

function take(bench: Bench, step: Step): void {
  const actor = ACTORS[step.actor] ?? ADMIN;
  const { state } = bench;
  switch (step.verb) {
    case 'post':
      bench.post(step.kind, bodyOf(state, step, false), actor);
      break;
    case 'bulk':
      bench.post(step.kind, [bodyOf(state, step, false), bodyOf(state, { ...step, more: step.more + 1 }, false)], actor);
      break;
    case 'put':
      bench.put(step.kind, idAt(state, step.kind, step.pick), bodyOf(state, step, true), { actor });
      break;
    case 'del':
      bench.del(step.kind, idAt(state, step.kind, step.pick), actor);
      break;
    case 'report':
      bench.run({ op: 'report', host: 'h1', statuses: [{ id: idAt(state, 'port', step.pick), status: 'ACTIVE' }] }, actor);
      break;
  }
}

function resources(state: State): Map<string, Resource> {
  return new Map(RESOURCE_KINDS.flatMap((kind) => [...state.all(kind)].map((resource) => [resource.id, resource])));
}

function expectSound(state: State, overlap: 'refuse' | 'allow'): void {
  const holders = new Map<string, string>();
  for (const port of state.all('port')) {
    expect(state.get('network', port.network_id)).toBeDefined();
    for (const group of port.security_groups) expect(state.get('security_group', group)).toBeDefined();
    for (const { subnet_id, ip_address } of port.fixed_ips) {
      const subnet = state.get('subnet', subnet_id);
      expect(subnet?.network_id).toBe(port.network_id);
      expect(subnet !== undefined && isUsable(subnet.cidr, ip_address)).toBe(true);
      expect(holders.get(ip_address), 'S12').toBeUndefined();
      holders.set(ip_address, port.id);
    }
  }
  const subnets = [...state.all('subnet')];
  for (const [at, subnet] of subnets.entries()) {
    expect(state.get('network', subnet.network_id)).toBeDefined();
    if (subnet.gateway_ip !== null) expect(holders.get(subnet.gateway_ip), 'no port holds a gateway').toBeUndefined();
    if (overlap === 'refuse') for (const other of subnets.slice(at + 1)) expect(cidrsOverlap(subnet.cidr, other.cidr), 'S13').toBe(false);
  }
  for (const rule of state.all('security_group_rule')) {
    expect(state.get('security_group', rule.security_group_id)).toBeDefined();
    if (rule.remote_group_id !== null) expect(state.get('security_group', rule.remote_group_id)).toBeDefined();
  }
}

test('any requests by anybody: S12, S13, no dangling reference, revisions only grow, indexes as rebuilt', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), fc.constantFrom('refuse' as const, 'allow' as const), (steps, overlap) => {
      const bench = new Bench(undefined, { overlapping_subnets: overlap });
      for (const one of ['network', 'network'] as const) bench.post(one, {}, memberOf('one'));
      for (const one of steps) {
        const before = resources(bench.state);
        take(bench, one);
        expectSound(bench.state, overlap);
        for (const [id, resource] of resources(bench.state)) {
          const old = before.get(id);
          if (old !== undefined && old !== resource) expect(resource.revision_number).toBe(old.revision_number + 1);
        }
      }
      const fresh = new State();
      for (const kind of RESOURCE_KINDS)
        applyChanges(
          fresh,
          [...bench.state.all(kind)].map((resource) => put(kind, resource)),
        );
      expect(bench.state.derived()).toEqual(fresh.derived());
    }),
    { numRuns: 300 },
  );
});

test('deciding changes nothing: taken or refused, the state is as it was; applying changes it as decided, each resource once', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), step, (steps, last) => {
      const bench = new Bench();
      bench.post('network', {});
      for (const one of steps) take(bench, one);
      const before = [bench.state.derived(), resources(bench.state)];
      const items = [bodyOf(bench.state, last, false), bodyOf(bench.state, { ...last, more: last.more + 1 }, false)];
      const decoded = decodeCreate(last.kind, { [`${last.kind}s`]: items }, ADMIN);
      if (isProblem(decoded)) throw new Error(decoded.detail);
      const command = { op: 'create', kind: last.kind, items: decoded.items } as const;
      const admitted = admit(bench.state, { actor: ADMIN, command }, bench.context());
      expect([bench.state.derived(), resources(bench.state)]).toEqual(before);
      if (isProblem(admitted)) return;
      const named = admitted.changes.map(({ kind, id }) => `${kind} ${id}`);
      expect(new Set(named).size).toBe(named.length);
      const inverse = applyChanges(bench.state, admitted.changes);
      for (const id of admitted.ids) expect(bench.state.get(last.kind, id)).toBeDefined();
      applyChanges(bench.state, inverse);
      expect([bench.state.derived(), resources(bench.state)]).toEqual(before);
    }),
  );
});
