import { DEFAULT_QUOTAS, isOpenTo, isProblem, QUOTA_RESOURCES, quotaLimits, quotaUsage } from '@manx/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ADMIN, Bench, memberOf } from '../test-bench.js';

const PROJECTS = ['blue', 'red', 'green'] as const;
const ACTORS = [ADMIN, ...PROJECTS.map(memberOf)];
const QUOTAS = { network: 3, port: 4, rbac_policy: 3, subnetpool: 2 };

type Step = { readonly what: number; readonly who: number; readonly at: number; readonly to: number };

const step: fc.Arbitrary<Step> = fc.record({ what: fc.nat(11), who: fc.nat(3), at: fc.nat(50), to: fc.nat(3) });

const pick = <T>(list: readonly T[], at: number): T | undefined => list[at % Math.max(1, list.length)];

/** One request of somebody, sensible or not. */
const take = (bench: Bench, { what, who, at, to }: Step): void => {
  const { state } = bench;
  const actor = ACTORS[who] ?? ADMIN;
  const network = pick([...state.all('network')], at)?.id ?? 'none';
  const target_tenant = pick([...PROJECTS, '*'], to) ?? '*';
  const policy = pick([...state.all('rbac_policy')], at)?.id ?? 'none';
  const open = (action: string): object => ({ object_type: 'network', object_id: network, action, target_tenant });
  const steps: readonly (() => unknown)[] = [
    () => bench.post('network', to === 0 ? [{}, {}] : {}, actor),
    () => bench.post('network', { shared: true }, actor),
    () => bench.post('port', { network_id: network }, actor),
    () => bench.post('port', [{ network_id: network }, { network_id: network }], actor),
    () => bench.post('rbac_policy', open('access_as_shared'), actor),
    () => bench.post('rbac_policy', open('access_as_external'), actor),
    () => bench.put('rbac_policy', policy, { target_tenant }, { actor }),
    () => bench.del('rbac_policy', policy, actor),
    () => bench.put('network', network, { shared: at % 2 === 0 }, { actor }),
    () => bench.del('port', pick([...state.all('port')], at)?.id ?? 'none', actor),
    () => bench.del('network', network, actor),
    () => bench.post('subnetpool', { name: 'p', prefixes: ['10.0.0.0/8'], shared: to === 0, is_default: to === 1 }, actor),
  ];
  steps[what]?.();
};

describe('any sequence of requests', () => {
  it('leaves nobody on a network without access, no policy without its object, no two alike, and no quota exceeded', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 60 }), (steps) => {
        const bench = new Bench(undefined, { quotas: QUOTAS });
        const { state } = bench;
        for (const one of steps) take(bench, one);
        for (const port of state.all('port')) {
          const network = bench.the('network', port.network_id);
          const isIn = network.project_id === port.project_id || port.project_id === 'admin';
          const opened = isOpenTo(state, network.id, { action: 'access_as_shared', project: port.project_id });
          expect(isIn || opened).toBe(true);
        }
        const keys = [...state.all('rbac_policy')].map((policy) => `${policy.object_id} ${policy.action} ${policy.target_project}`);
        expect(new Set(keys).size).toBe(keys.length);
        for (const { object_type, object_id } of state.all('rbac_policy')) expect(state.get(object_type, object_id)).toBeDefined();
        for (const network of state.all('network')) {
          const isOpened = state.by('rbac_policy.object_id', network.id).some(({ action }) => action === 'access_as_external');
          expect(network['router:external']).toBe(isOpened);
        }
        expect(state.countBy('subnetpool.default_of', '4')).toBeLessThanOrEqual(1);
        for (const project of [...PROJECTS, 'admin']) {
          const limits = quotaLimits(state, project, QUOTAS);
          // `shared: true` makes a policy that, as in Neutron, is counted and not checked.
          for (const resource of QUOTA_RESOURCES.filter((name) => name !== 'rbac_policy' && limits[name] >= 0)) {
            expect(quotaUsage(state, project, resource)).toBeLessThanOrEqual(limits[resource]);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('a quota that is refused leaves nothing behind', () => {
    const bench = new Bench(undefined, { quotas: { network: DEFAULT_QUOTAS.rbac_policy } });
    const bulk = Array.from({ length: 11 }, () => ({}));
    const before = JSON.stringify(bench.state.derived());
    expect(isProblem(bench.post('network', bulk, memberOf('blue')))).toBe(true);
    expect(JSON.stringify(bench.state.derived())).toBe(before);
  });
});
