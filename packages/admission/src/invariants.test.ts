import { cidrFirst } from '@manx/ip';
import {
  ACTIONS,
  type Actor,
  actionOf,
  applyChanges,
  isProblem,
  isVisible,
  type Problem,
  pairCidr,
  put,
  QUOTA_RESOURCES,
  type QuotaResource,
  quotaLimits,
  quotaUsage,
  RESOURCE_KINDS,
  type Resource,
  type ResourceKind,
  State,
} from '@manx/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { admit, type Command } from './index.js';
import { diceOf, REQUESTED_KINDS, randomAction, randomBinding, randomBody, someId, startingCloud } from './random-requests.js';
import { faultsOf } from './soundness.js';
import { ADMIN, Bench, memberOf } from './test-bench.js';

const ACTORS: readonly Actor[] = [ADMIN, ADMIN, memberOf('one'), memberOf('two'), { ...memberOf('one'), roles: ['reader'] }];

/** Little enough that random requests reach it. */
const QUOTAS = {
  network: 6,
  subnet: 7,
  port: 12,
  router: 3,
  floatingip: 4,
  security_group: 4,
  security_group_rule: 25,
  rbac_policy: 4,
  subnetpool: 3,
};

/** One request: what, by whom; the rest is drawn from `seed` when it comes. */
type Step = {
  readonly verb: 'post' | 'bulk' | 'put' | 'del' | 'act' | 'bind' | 'report' | 'claim' | 'quota' | 'topology';
  readonly kind: ResourceKind;
  readonly actor: number;
  readonly seed: number;
};

const step: fc.Arbitrary<Step> = fc.record({
  verb: fc.constantFrom(
    'post',
    'post',
    'post',
    'post',
    'bulk',
    'put',
    'put',
    'del',
    'act',
    'act',
    'bind',
    'report',
    'claim',
    'quota',
    'topology',
  ),
  kind: fc.constantFrom(...REQUESTED_KINDS),
  actor: fc.nat(ACTORS.length - 1),
  seed: fc.nat(1_000_000_000),
});

/** A cloud with something of what most refers to. */
function seeded(overlap: 'refuse' | 'allow'): Bench {
  const bench = new Bench(undefined, { overlapping_subnets: overlap, quotas: QUOTAS });
  // One host is on a physical network, the other names none.
  for (const [host, physical_networks] of [
    ['h1', ['p1']],
    ['h2', []],
  ] as const) {
    bench.run({
      op: 'create',
      kind: 'agent',
      items: [{ id: `99999999-9999-4999-8999-0000000000${host}`, host, project_id: '', physical_networks }],
    });
  }
  startingCloud(bench);
  return bench;
}

/** What became of a step: why it was refused, if it was, and everything that the request named. */
type Taken = { readonly refusal: Problem | null; readonly asked: string };

/** Takes a step. */
function take(bench: Bench, { verb, kind, actor: who, seed }: Step): Taken {
  const actor = actorOf(who);
  const { state } = bench;
  const dice = diceOf(seed);
  const asked: unknown[] = [];
  const naming = <T>(named: T): T => {
    asked.push(named);
    return named;
  };
  const body = (isUpdate: boolean): { [name: string]: unknown } => naming(randomBody(state, kind, { dice, isUpdate }));
  const someOf = (of: ResourceKind): string => naming(someId(state, of, dice));
  const taken = (): unknown => {
    switch (verb) {
      case 'post':
        return bench.post(kind, body(false), actor);
      case 'bulk':
        return bench.post(kind, [body(false), body(false)], actor);
      case 'put':
        return bench.put(kind, someOf(kind), body(true), { actor });
      case 'del':
        return bench.del(kind, someOf(kind), actor);
      case 'act': {
        const { action, body: given, ...at } = naming(randomAction(state, dice));
        const values = actionOf(at.kind, action)?.decode(given, actor);
        return values === undefined || isProblem(values) ? values : bench.does(action, { ...at, values }, actor);
      }
      case 'bind': {
        const { action, id, values } = naming(randomBinding(state, dice));
        return bench.does(action, { kind: 'port', id, values }, actor);
      }
      case 'report':
        return bench.run({
          op: 'report',
          host: dice.pick(['h1', 'h2']),
          statuses: [{ id: someOf('port'), status: dice.pick(['ACTIVE', 'ACTIVE', 'DOWN'] as const), has_arrived: dice.roll(2) > 0 }],
        });
      case 'claim': {
        const id = someOf('port');
        const pairs = [...state.all('port')].flatMap((port) => port.allowed_address_pairs.map(pairCidr)).map(cidrFirst);
        const claims = pairs.length === 0 ? [] : [{ port: id, ip_address: dice.pick(pairs), claimed_at: `2026-01-0${1 + dice.roll(5)}` }];
        const host = state.get('port', id)?.['binding:host_id'] ?? 'h1';
        return bench.run({ op: 'report_claims', host, ports: state.by('port.host', host).map((port) => port.id), claims });
      }
      case 'quota':
        return bench.run(
          {
            op: 'set_quota',
            project_id: dice.pick(['one', 'two']),
            update: { limits: { port: dice.roll(9), network: dice.roll(5) }, check_limit: true },
          },
          actor,
        );
      case 'topology': {
        const op = dice.pick(['allocate_topology', 'remove_topology'] as const);
        const project_id = dice.pick(['one', 'two']);
        return bench.run(op === 'remove_topology' ? { op, project_id } : { op, project_id, dry_run: false }, actor);
      }
    }
  };
  const result = taken();
  return { refusal: isProblem(result) ? result : null, asked: JSON.stringify(asked) };
}

function actorOf(at: number): Actor {
  return ACTORS[at] ?? ADMIN;
}

const IDS = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g;

/** The ids in a refusal of what the actor may not know of, and did not name. */
function leaksOf(bench: Bench, { refusal, asked }: Taken, actor: Actor): string[] {
  const { state } = bench;
  const viewpoint = { state, actor, policy: bench.context().policy };
  return (refusal?.detail.match(IDS) ?? []).filter((id) =>
    RESOURCE_KINDS.some((kind) => {
      const found: Resource | undefined = state.get(kind, id);
      return found !== undefined && !asked.includes(id) && !isVisible(viewpoint, kind, found);
    }),
  );
}

function resources(state: State): Map<string, Resource> {
  return new Map(RESOURCE_KINDS.flatMap((kind) => [...state.all(kind)].map((resource) => [`${kind} ${resource.id}`, resource])));
}

/** How many of each limited resource the projects have, and the most they may. */
function usage(bench: Bench): Map<string, { readonly has: number; readonly may: number }> {
  const found = new Map<string, { has: number; may: number }>();
  for (const project of ['one', 'two', 'admin']) {
    const limits = quotaLimits(bench.state, project, QUOTAS);
    for (const resource of QUOTA_RESOURCES) {
      found.set(`${project} ${resource}`, { has: quotaUsage(bench.state, project, resource), may: limits[resource] });
    }
  }
  return found;
}

test('any requests by anybody about anything: S12 to S14, no dangling reference, quotas, revisions only grow, indexes as rebuilt, and no refusal tells of what is another’s', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 80 }), fc.constantFrom('refuse' as const, 'allow' as const), (steps, overlap) => {
      const bench = seeded(overlap);
      for (const one of steps) {
        const before = resources(bench.state);
        const usedBefore = usage(bench);
        const taken = take(bench, one);
        const isTaken = taken.refusal === null;
        expect([taken.refusal?.detail, leaksOf(bench, taken, actorOf(one.actor))]).toEqual([taken.refusal?.detail, []]);
        expect(faultsOf(bench.state, overlap)).toEqual([]);
        const after = resources(bench.state);
        if (!isTaken) expect(after).toEqual(before);
        for (const [key, resource] of after) {
          const old = before.get(key);
          if (old !== undefined && old !== resource) expect(resource.revision_number, key).toBe(old.revision_number + 1);
        }
        const isMaking = one.verb === 'post' || one.verb === 'bulk';
        for (const [key, { has, may }] of isMaking && QUOTA_RESOURCES.includes(one.kind as QuotaResource) ? usage(bench) : []) {
          if (key.endsWith(` ${one.kind}`) && may >= 0) expect(has, key).toBeLessThanOrEqual(Math.max(may, usedBefore.get(key)?.has ?? 0));
        }
        for (const [key, { has, may }] of one.verb === 'act' ? usage(bench) : []) {
          if (may >= 0) expect(has, key).toBeLessThanOrEqual(Math.max(may, usedBefore.get(key)?.has ?? 0));
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
    { numRuns: 150 },
  );
});

test('deciding changes nothing: taken or refused, the state is as it was; applying changes it as decided, each resource once', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), step, (steps, last) => {
      const bench = seeded('refuse');
      for (const one of steps) take(bench, one);
      const dice = diceOf(last.seed);
      const command = commandOf(bench.state, last, dice);
      if (command === null) return;
      const before = [bench.state.derived(), resources(bench.state)];
      const admitted = admit(bench.state, { actor: ADMIN, command }, bench.context());
      expect([bench.state.derived(), resources(bench.state)]).toEqual(before);
      if (isProblem(admitted)) return;
      const named = admitted.changes.map(({ kind, id }) => `${kind} ${id}`);
      expect(new Set(named).size).toBe(named.length);
      const inverse = applyChanges(bench.state, admitted.changes);
      if (command.op === 'create') for (const id of admitted.ids) expect(bench.state.get(last.kind, id)).toBeDefined();
      applyChanges(bench.state, inverse);
      expect([bench.state.derived(), resources(bench.state)]).toEqual(before);
    }),
  );
});

/** A command to decide without applying it: a bulk creation, an action, or a deletion. */
function commandOf(state: State, { kind, seed }: Step, dice: ReturnType<typeof diceOf>): Command | null {
  const bench = new Bench(state);
  if (seed % 3 === 0) return { op: 'delete', kind, id: someId(state, kind, dice), if_match: null };
  if (seed % 3 === 1) {
    const { body, ...at } = randomAction(state, dice);
    const values = ACTIONS.find(({ name }) => name === at.action)?.decode(body, ADMIN);
    return values === undefined || isProblem(values) ? null : { op: 'act', ...at, values, if_match: null };
  }
  const items = bench.decoded(kind, [
    randomBody(state, kind, { dice, isUpdate: false }),
    randomBody(state, kind, { dice, isUpdate: false }),
  ]);
  return isProblem(items) ? null : { op: 'create', kind, items };
}
