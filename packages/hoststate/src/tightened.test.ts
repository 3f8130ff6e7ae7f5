import type { Ip } from '@manx/ip';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Flow, isFlowAllowed } from './flow.js';
import type { HostObject, HostState, Policy } from './host-state.js';
import { endpoint, policy, rule, set, stateOf, subnet, twoFriends } from './testing/named-states.js';
import { flows, hostStates } from './testing/random-states.js';
import { endpointsTightened, flowCutter } from './tightened.js';

const friends = twoFriends.policies.get('friends') as Policy;

function changed(...objects: readonly HostObject[]): HostState {
  return stateOf(
    ...twoFriends.endpoints.values(),
    ...twoFriends.policies.values(),
    ...twoFriends.sets.values(),
    ...twoFriends.subnets.values(),
    ...objects,
  );
}

function holdersOf(state: HostState, flow: Flow): readonly string[] {
  return [...state.endpoints.values()]
    .filter(({ addresses }) => addresses.some(({ ip }) => ip === flow.source || ip === flow.destination))
    .map(({ id }) => id);
}

describe('S16: which endpoints have flows that may have to be cut', () => {
  const all = ['web-1', 'web-2'];
  const table: readonly (readonly [string, HostState, readonly string[]])[] = [
    ['nothing changed', twoFriends, []],
    ['everything is equal and no reference is', structuredClone(twoFriends), []],
    ['a rule is gone', changed({ ...friends, rules: friends.rules.slice(1) }), all],
    [
      'a rule is narrower',
      changed({ ...friends, rules: [rule('r1', { protocol: 6, ports: { from: 22, to: 22 }, family: 6 }), ...friends.rules.slice(1)] }),
      all,
    ],
    ['a rule is new', changed({ ...friends, rules: [...friends.rules, rule('r5')] }), []],
    ['the group is taken from one', changed(endpoint('web-1', ['10.65.0.2', 'fd00:65::2@sub6'])), ['web-1']],
    ['a group is given to one', changed(endpoint('web-2', ['10.65.0.3'], ['friends', 'more']), policy('more', rule('x'))), []],
    ['a member leaves the set', changed(set('friends', '10.65.0.2', '10.65.0.3', 'fd00:65::2')), all],
    ['a member joins the set', changed(set('friends', '10.65.0.2', '10.65.0.3', '10.65.9.8', '10.65.9.9', 'fd00:65::2')), []],
    ['the set is gone, though a rule still asks it', { ...twoFriends, sets: new Map() }, all],
    ['the policy is gone, though endpoints still name it', { ...twoFriends, policies: new Map() }, all],
    ['one goes down', changed({ ...endpoint('web-2', ['10.65.0.3'], ['friends']), isUp: false }), ['web-2']],
    ['one loses an address', changed(endpoint('web-1', ['10.65.0.2'], ['friends'])), ['web-1']],
    ['one gains an address, which others may have had', changed(endpoint('web-2', ['10.65.0.3', '10.65.0.4'], ['friends'])), ['web-2']],
    ['one comes', changed(endpoint('web-3', ['10.65.9.9'], ['friends'])), ['web-3']],
    ['the subnet changes', changed(subnet('sub', '10.65.0.0/16')), []],
  ];
  it.each(table)('%s', (_, after, tightened) => {
    expect([...endpointsTightened(twoFriends, after)].sort()).toEqual(tightened);
  });

  it('one that is gone is named', () => {
    const after = { ...twoFriends, endpoints: new Map([...twoFriends.endpoints].slice(0, 1)) };
    expect([...endpointsTightened(twoFriends, after)]).toEqual(['web-2']);
  });

  it('no flow that was allowed and no longer is goes unnoticed: an endpoint at one of its ends is named', () => {
    let noticed = 0;
    fc.assert(
      fc.property(hostStates, hostStates, fc.array(flows, { minLength: 30, maxLength: 30 }), (before, after, list) => {
        const tightened = endpointsTightened(before, after);
        for (const flow of list) {
          if (!isFlowAllowed(before, flow) || isFlowAllowed(after, flow)) continue;
          noticed++;
          const ends = [...holdersOf(before, flow), ...holdersOf(after, flow)];
          expect(ends.some((id) => tightened.has(id))).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
    expect(noticed).toBeGreaterThan(100);
  });

  it('of the flows that were allowed, exactly those are cut that no longer are or whose end lost its address', () => {
    let cut = 0;
    fc.assert(
      fc.property(hostStates, hostStates, fc.array(flows, { minLength: 30, maxLength: 30 }), (before, after, list) => {
        const { addresses, isCut } = flowCutter(before, after);
        const holds = (state: HostState, id: string, ip: Ip): boolean =>
          state.endpoints.get(id)?.addresses.some((a) => a.ip === ip) ?? false;
        for (const flow of list.filter((f) => isFlowAllowed(before, f))) {
          const isLost = [...before.endpoints.keys()].some((id) =>
            [flow.source, flow.destination].some((ip) => holds(before, id, ip) && !holds(after, id, ip)),
          );
          expect(isCut(flow)).toBe(isLost || !isFlowAllowed(after, flow));
          if (!isCut(flow)) continue;
          cut++;
          expect(addresses.has(flow.source) || addresses.has(flow.destination)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
    expect(cut).toBeGreaterThan(100);
  });
});
