import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyDelta, changeMembers, emptyHostState } from './apply-delta.js';
import { objectsOf } from './canonical-order.js';
import { diffHostStates, isEmptyDelta, isSameObject } from './diff-host-states.js';
import { encodeHostDelta, encodeHostObject, encodeHostState } from './encode.js';
import type { HostDelta, HostObject, HostState } from './host-state.js';
import { parseHostDelta } from './parse-host-delta.js';
import { isProblem } from './problem.js';
import { endpoint, policy, rule, set, stateOf, twoFriends } from './testing/named-states.js';
import { ADDRESSES, hostStates } from './testing/random-states.js';

const nothing: HostDelta = { deletes: [], puts: [], rules: [], members: [] };

function applied(state: HostState, delta: HostDelta): HostState {
  const after = applyDelta(state, delta);
  if (isProblem(after)) throw new Error(JSON.stringify(after));
  return after;
}

describe('difference and application', () => {
  it('any state becomes any other by their difference, and the difference survives the wire', () => {
    fc.assert(
      fc.property(hostStates, hostStates, (a, b) => {
        const delta = diffHostStates(a, b);
        expect(applied(a, delta)).toEqual(b);
        expect(parseHostDelta(JSON.parse(encodeHostDelta(delta)))).toEqual(delta);
        // Whoever keeps texts of objects writes the same bytes.
        const kept = new Map(delta.puts.map((object) => [object, encodeHostObject(object)]));
        expect(encodeHostDelta(delta, (object) => kept.get(object) ?? '')).toBe(encodeHostDelta(delta));
      }),
      { numRuns: 1000 },
    );
  });

  it('two states that say the same differ in nothing, even when no reference is shared', () => {
    fc.assert(
      fc.property(hostStates, (state) => {
        expect(isEmptyDelta(diffHostStates(state, structuredClone(state)))).toBe(true);
      }),
    );
  });

  it('two objects say the same exactly if their bytes are the same, whatever the order of their keys', () => {
    const turned = (value: unknown): unknown =>
      typeof value !== 'object' || value === null || Array.isArray(value)
        ? value
        : Object.fromEntries(
            Object.entries(value)
              .toReversed()
              .map(([name, one]) => [name, turned(one)]),
          );
    fc.assert(
      fc.property(hostStates, hostStates, (a, b) => {
        const objects = [...objectsOf(a), ...objectsOf(b)];
        for (const one of objects) {
          for (const other of objects) expect(isSameObject(one, other)).toBe(encodeHostObject(one) === encodeHostObject(other));
          expect(isSameObject(one, turned(one) as HostObject)).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('applying leaves the state as it was, and keeps the reference of every object that the delta does not name', () => {
    fc.assert(
      fc.property(hostStates, hostStates, (a, b) => {
        const before = encodeHostState(a);
        const delta = diffHostStates(a, b);
        const after = applied(a, delta);
        expect(encodeHostState(a)).toBe(before);
        const named = new Set([
          ...delta.puts.map(({ kind, id }) => `${kind} ${id}`),
          ...delta.rules.map((change) => `policy ${change.policy}`),
          ...delta.members.map((change) => `set ${change.set}`),
        ]);
        for (const kind of ['endpoints', 'policies', 'sets', 'subnets'] as const) {
          for (const [id, object] of after[kind]) {
            if (!named.has(`${object.kind} ${id}`)) expect(object).toBe(a[kind].get(id));
          }
        }
      }),
    );
  });

  it('an empty delta shares every map with the state', () => {
    const after = applied(twoFriends, nothing);
    expect(after.endpoints).toBe(twoFriends.endpoints);
    expect(after.sets).toBe(twoFriends.sets);
  });

  it('a join and a leave of a large set are two addresses in the difference, and the members stay sorted', () => {
    const ips = Array.from({ length: 500 }, (_, n) => `10.0.${n >> 8}.${n & 255}`);
    const before = stateOf(set('s', ...ips));
    const after = stateOf(set('s', ...ips.filter((ip) => ip !== '10.0.1.7'), '10.1.0.0'));
    const delta = diffHostStates(before, after);
    expect(delta).toEqual({ deletes: [], puts: [], rules: [], members: [{ set: 's', add: ['10.1.0.0'], remove: ['10.0.1.7'] }] });
    expect(applied(before, delta)).toEqual(after);
    const all = diffHostStates(stateOf(set('s')), before);
    expect(applied(stateOf(set('s')), all)).toEqual(before);
    expect(applied(before, diffHostStates(before, stateOf(set('s'))))).toEqual(stateOf(set('s')));
  });

  it('one rule more of a hundred, one less, and one that says something else are just these in the difference', () => {
    const rules = Array.from({ length: 100 }, (_, n) => rule(`r${n + 100}`));
    const before = stateOf(policy('p', ...rules));
    const other = rule('r150', { protocol: 17 });
    const after = stateOf(policy('p', ...rules.slice(1, 50), other, ...rules.slice(51), rule('r200')));
    const delta = diffHostStates(before, after);
    expect(delta).toEqual({ ...nothing, rules: [{ policy: 'p', remove: ['r100', 'r150'], add: [other, rule('r200')] }] });
    expect(applied(before, delta)).toEqual(after);
    expect(applied(before, delta).policies.get('p')?.rules[0]).toBe(rules[1]);
  });

  it('a policy whose memory of flows changes is put whole', () => {
    const before = stateOf(policy('p', rule('r')));
    const after = stateOf({ ...policy('p', rule('r')), isStateful: false });
    expect(diffHostStates(before, after)).toMatchObject({ puts: [{ kind: 'policy', id: 'p', isStateful: false }], rules: [] });
  });

  it('many members interleaved with the old ones are merged into one sorted list', () => {
    const even = Array.from({ length: 100 }, (_, n) => `10.0.0.${2 * n}`);
    const odd = Array.from({ length: 100 }, (_, n) => `10.0.0.${2 * n + 1}`);
    const change = { add: odd, remove: even.slice(10, 40) } as never;
    expect(changeMembers(set('s', ...even), change)).toEqual(
      set('s', ...Array.from({ length: 200 }, (_, n) => `10.0.0.${n}`).filter((ip) => !even.slice(10, 40).includes(ip))),
    );
  });
});

describe('a delta that does not fit the state is a problem, and nothing is applied', () => {
  const [first, second] = ADDRESSES;
  const state = stateOf(set('s', '10.65.0.2'), policy('p', rule('r')), endpoint('e', []));
  const cases: readonly (readonly [string, Partial<HostDelta>, string])[] = [
    ['deletes what is not there', { deletes: [{ kind: 'endpoint', id: 'x' }] }, 'endpoint x'],
    ['deletes an id of another kind', { deletes: [{ kind: 'policy', id: 'e' }] }, 'policy e'],
    [
      'deletes twice',
      {
        deletes: [
          { kind: 'endpoint', id: 'e' },
          { kind: 'endpoint', id: 'e' },
        ],
      },
      'endpoint e',
    ],
    ['deletes and puts', { deletes: [{ kind: 'endpoint', id: 'e' }], puts: [endpoint('e', [])] }, 'endpoint e'],
    ['puts twice', { puts: [policy('p'), policy('p')] }, 'policy p'],
    ['changes the members of a set that is not there', { members: [{ set: 'x', add: [], remove: [] }] }, 'set x'],
    [
      'changes the members of a set that it deletes',
      { deletes: [{ kind: 'set', id: 's' }], members: [{ set: 's', add: [], remove: [] }] },
      'set s',
    ],
    [
      'changes the members of a set twice',
      {
        members: [
          { set: 's', add: [], remove: [] },
          { set: 's', add: [], remove: [] },
        ],
      },
      'set s',
    ],
    ['changes the rules of a policy that is not there', { rules: [{ policy: 'x', remove: [], add: [] }] }, 'policy x'],
    [
      'changes the rules of a policy twice',
      {
        rules: [
          { policy: 'p', remove: [], add: [] },
          { policy: 'p', remove: [], add: [] },
        ],
      },
      'policy p',
    ],
    ['adds a rule that is there', { rules: [{ policy: 'p', remove: [], add: [rule('r')] }] }, 'policy p'],
    ['adds a rule twice', { rules: [{ policy: 'p', remove: [], add: [rule('s'), rule('s')] }] }, 'policy p'],
    ['removes a rule that is not there', { rules: [{ policy: 'p', remove: ['s'], add: [] }] }, 'policy p'],
    ['removes a rule twice', { rules: [{ policy: 'p', remove: ['r', 'r'], add: [] }] }, 'policy p'],
    ['adds a member that is there', { members: [{ set: 's', add: [first as never], remove: [] }] }, 'set s'],
    ['removes a member that is not there', { members: [{ set: 's', add: [], remove: [second as never] }] }, 'set s'],
    ['adds a member twice', { members: [{ set: 's', add: [second as never, second as never], remove: [] }] }, 'set s'],
    ['removes a member twice', { members: [{ set: 's', add: [], remove: [first as never, first as never] }] }, 'set s'],
  ];
  it.each(cases)('one that %s', (_, delta, subject) => {
    expect(applyDelta(state, { ...nothing, ...delta })).toMatchObject({ code: 'delta-does-not-fit', subject });
  });

  it('members may be changed of a set that the same delta puts', () => {
    const delta = { ...nothing, puts: [set('t', '10.65.0.2')], members: [{ set: 't', add: [second as never], remove: [] }] };
    expect(applied(emptyHostState, delta).sets.get('t')?.members).toEqual(['10.65.0.2', second]);
  });
});
