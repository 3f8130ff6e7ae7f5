import {
  applyDelta,
  asHostName,
  danglingReferences,
  diffHostStates,
  emptyHostState,
  encodeHostDelta,
  encodeHostState,
  type HostName,
  type HostState,
  isEmptyDelta,
  isProblem,
  parseHostDelta,
} from '@manx/hoststate';
import { applyChanges, type Change, State } from '@manx/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileAll, compileHost, compileProblems } from './compile-host.js';
import { Compiler } from './compiler.js';
import { fixedIp, network, port, rule, subnet } from './testing/cloud.js';
import { commits, FOUNDATION, HOSTS } from './testing/random-changes.js';

const hosts = HOSTS.map(asHostName);
const [h1, h2, h3] = hosts as [HostName, HostName, HostName];

function stateOf(changes: Iterable<Change>): State {
  const state = new State();
  applyChanges(state, changes);
  return state;
}

/** Commits, and what each host must hold after each, by the reference and by deltas. */
function follow(sequence: readonly (readonly Change[])[], onStep: (before: HostState, after: HostState, host: HostName) => void): void {
  const state = stateOf(FOUNDATION);
  const compiler = new Compiler(state);
  const held = new Map(hosts.map((host) => [host, emptyHostState]));
  for (const changes of sequence) {
    applyChanges(state, changes);
    const deltas = compiler.apply(changes, state);
    for (const host of deltas.keys()) expect(hosts).toContain(host);
    for (const host of hosts) {
      const before = held.get(host) ?? emptyHostState;
      const wanted = compileHost(state, host);
      const delta = deltas.get(host);
      const after = delta === undefined ? before : applyDelta(before, delta);
      if (isProblem(after)) throw new Error(JSON.stringify(after));
      expect(encodeHostState(after)).toBe(encodeHostState(wanted));
      expect(encodeHostState(compiler.hostState(host))).toBe(encodeHostState(wanted));
      if (delta !== undefined) {
        expect(isEmptyDelta(delta)).toBe(false);
        expect(encodeHostDelta(delta)).toBe(encodeHostDelta(diffHostStates(before, wanted)));
        expect(parseHostDelta(JSON.parse(encodeHostDelta(delta)))).toEqual(delta);
      }
      held.set(host, after);
      onStep(before, after, host);
    }
    expect(compiler.problems()).toEqual(compileProblems(state));
    expect(compiler.hosts()).toEqual([...compileAll(state).keys()]);
  }
}

describe('incremental and full', () => {
  it('after every commit each host that applies its delta holds what the full compilation says, and no other host changed', () => {
    fc.assert(
      fc.property(commits, (sequence) => follow(sequence, () => {})),
      { numRuns: 600 },
    );
  });

  it('a compiled state never refers to what it does not have', () => {
    fc.assert(
      fc.property(commits, (sequence) => follow(sequence, (_, after) => expect(danglingReferences(after)).toEqual([]))),
      { numRuns: 200 },
    );
  });

  it('several commits applied at once give what they give one by one', () => {
    fc.assert(
      fc.property(commits, (sequence) => {
        const state = stateOf(FOUNDATION);
        const compiler = new Compiler(state);
        applyChanges(state, sequence.flat());
        const deltas = compiler.apply(sequence.flat(), state);
        for (const host of hosts) {
          const delta = deltas.get(host);
          const after = delta === undefined ? emptyHostState : applyDelta(emptyHostState, delta);
          expect(isProblem(after) ? after : encodeHostState(after)).toBe(encodeHostState(compileHost(state, host)));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('a compiler made from a state says what one that grew with it says', () => {
    fc.assert(
      fc.property(commits, (sequence) => {
        const state = stateOf([...FOUNDATION, ...sequence.flat()]);
        const compiler = new Compiler(state);
        const all = compileAll(state);
        expect(compiler.hosts()).toEqual([...all.keys()]);
        for (const [host, wanted] of all) expect(encodeHostState(compiler.hostState(host))).toBe(encodeHostState(wanted));
        expect(compiler.problems()).toEqual(compileProblems(state));
      }),
      { numRuns: 300 },
    );
  });
});

/** Group `big` refers to itself; `members` ports in it on h1 (all), one on h2; h3 has a port of another group. */
function bigGroup(members: number): State {
  const inBig = { security_groups: ['big'] };
  const at = (n: number): string => `10.64.${n >> 8}.${n & 255}`;
  return stateOf([
    { op: 'put', kind: 'network', id: 'net-a', value: network('net-a') },
    { op: 'put', kind: 'subnet', id: 'sub', value: subnet('sub', { cidr: '10.64.0.0/10' }) },
    { op: 'put', kind: 'security_group_rule', id: 'r', value: rule('r', 'big', { remote_group_id: 'big' }) },
    ...Array.from({ length: members }, (_, n): Change => {
      const id = `port-${n}`;
      return {
        op: 'put',
        kind: 'port',
        id,
        value: port(id, { ...inBig, fixed_ips: [fixedIp(at(n), 'sub')], 'binding:host_id': n === 0 ? 'h2' : 'h1' }),
      };
    }),
    { op: 'put', kind: 'port', id: 'alone', value: port('alone', { 'binding:host_id': 'h3' }) },
  ]);
}

describe('idea 2: cost follows the change', () => {
  it('a port that joins a group of 10,000 is one member, in under 1 kB, to the hosts that use the set and to no other', () => {
    const state = bigGroup(10_000);
    const compiler = new Compiler(state);
    const joiner: Change = {
      op: 'put',
      kind: 'port',
      id: 'new',
      value: port('new', { security_groups: ['big'], fixed_ips: [fixedIp('10.100.0.1', 'sub')], 'binding:host_id': '' }),
    };
    applyChanges(state, [joiner]);
    const deltas = compiler.apply([joiner], state);
    expect([...deltas.keys()].sort()).toEqual([h1, h2]);
    for (const delta of deltas.values()) {
      expect(delta).toEqual({ deletes: [], puts: [], rules: [], members: [{ set: 'big', add: ['10.100.0.1'], remove: [] }] });
      expect(encodeHostDelta(delta).length).toBeLessThan(1000);
    }
  });

  it('a rule more in a group is that rule, in one and the same delta for all hosts that have the group', () => {
    const state = bigGroup(50);
    const compiler = new Compiler(state);
    const more: Change = { op: 'put', kind: 'security_group_rule', id: 's', value: rule('s', 'big', { protocol: 'tcp' }) };
    applyChanges(state, [more]);
    const deltas = compiler.apply([more], state);
    expect([...deltas.keys()].sort()).toEqual([h1, h2]);
    expect(deltas.get(h1)).toMatchObject({
      deletes: [],
      puts: [],
      rules: [{ policy: 'big', remove: [], add: [{ id: 's' }] }],
      members: [],
    });
    expect(deltas.get(h2)).toBe(deltas.get(h1));
  });

  it('a host whose first port joins the group gets the whole set, the others one member', () => {
    const state = bigGroup(5);
    const compiler = new Compiler(state);
    const joiner: Change = {
      op: 'put',
      kind: 'port',
      id: 'new',
      value: port('new', { security_groups: ['big'], fixed_ips: [fixedIp('10.100.0.1', 'sub')], 'binding:host_id': 'h3' }),
    };
    applyChanges(state, [joiner]);
    const deltas = compiler.apply([joiner], state);
    expect(deltas.get(h3)?.puts.map(({ kind }) => kind)).toEqual(['set', 'policy', 'subnet', 'endpoint']);
    expect(deltas.get(h3)?.puts[0]).toMatchObject({ members: expect.toSatisfy((members: string[]) => members.length === 6) as unknown });
    expect(deltas.get(h1)?.members).toEqual([{ set: 'big', add: ['10.100.0.1'], remove: [] }]);
  });

  it('what hosts do not see (a name, a status, a revision) is no delta for any host', () => {
    const state = bigGroup(5);
    const compiler = new Compiler(state);
    const before = state.get('port', 'port-1');
    if (before === undefined) throw new Error('no port-1');
    const renamed: Change = {
      op: 'put',
      kind: 'port',
      id: 'port-1',
      value: { ...before, name: 'x', status: 'ACTIVE', revision_number: 2 },
    };
    applyChanges(state, [renamed]);
    expect([...compiler.apply([renamed], state)]).toEqual([]);
  });

  it('objects that a commit does not change keep their reference from one host state to the next, and are shared by hosts', () => {
    const state = bigGroup(5);
    const compiler = new Compiler(state);
    const first = compiler.hostState(h1);
    const change: Change = { op: 'delete', kind: 'port', id: 'port-4' };
    applyChanges(state, [change]);
    compiler.apply([change], state);
    const second = compiler.hostState(h1);
    expect(second.endpoints.get('port-1')).toBe(first.endpoints.get('port-1'));
    expect(second.policies.get('big')).toBe(first.policies.get('big'));
    expect(second.sets.get('big')).not.toBe(first.sets.get('big'));
    expect(second.sets.get('big')).toBe(compiler.hostState(h2).sets.get('big'));
  });
});

describe('gateways', () => {
  it('an instance that takes a gateway address, and gives it up, changes the subnet on every host that uses it, and nothing else', () => {
    const state = bigGroup(2);
    const compiler = new Compiler(state);
    const lan: Change = { op: 'put', kind: 'subnet', id: 'sub', value: subnet('sub', { cidr: '10.64.0.0/10', gateway_ip: '10.64.9.9' }) };
    const router: Change = {
      op: 'put',
      kind: 'port',
      id: 'alone',
      value: port('alone', { 'binding:host_id': 'h3', fixed_ips: [fixedIp('10.64.9.9', 'sub')] }),
    };
    const gone: Change = { op: 'delete', kind: 'port', id: 'alone' };
    const heldOn = (change: Change): readonly (readonly unknown[])[] => {
      applyChanges(state, [change]);
      const deltas = [...compiler.apply([change], state)].filter(([host]) => host !== h3);
      return deltas.flatMap(([host, { puts }]) => puts.map((put) => [host, put.kind, put.kind === 'subnet' && put.isGatewayHeld])).sort();
    };
    expect(heldOn(lan)).toEqual([
      [h1, 'subnet', false],
      [h2, 'subnet', false],
    ]);
    expect(heldOn(router)).toEqual([
      [h1, 'subnet', true],
      [h2, 'subnet', true],
    ]);
    expect(heldOn(gone)).toEqual([
      [h1, 'subnet', false],
      [h2, 'subnet', false],
    ]);
  });
});

describe('moves', () => {
  it('a port bound to another host leaves the first and comes to the second in one apply', () => {
    const state = bigGroup(3);
    const compiler = new Compiler(state);
    const before = state.get('port', 'port-0');
    if (before === undefined) throw new Error('no port-0');
    const moved: Change = { op: 'put', kind: 'port', id: 'port-0', value: { ...before, 'binding:host_id': 'h3' } };
    applyChanges(state, [moved]);
    const deltas = compiler.apply([moved], state);
    expect(deltas.get(h2)?.deletes.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
      'endpoint port-0',
      'subnet sub',
      'policy big',
      'set big',
    ]);
    expect(deltas.get(h3)?.puts.map(({ kind, id }) => `${kind} ${id}`)).toEqual(['set big', 'policy big', 'subnet sub', 'endpoint port-0']);
    expect(deltas.has(h1)).toBe(false);
    expect(compiler.hostsOf('port-0')).toEqual([h3]);
    expect(compiler.hostState(h2)).toEqual(emptyHostState);
  });
});
