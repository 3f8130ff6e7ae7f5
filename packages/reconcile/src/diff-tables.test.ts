import { type NftTable, renderHost } from '@manx/render';
import { arbitraryState } from '@manx/render/testing/arbitrary-state';
import { endpoint, NAMED_STATES, policy, SNAT_SETTINGS, stateOf } from '@manx/render/testing/states';
import { makeTestNetns, type TestNetns } from '@manx/render/testing/test-netns';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { diffTables } from './diff-tables.js';
import { observedOf } from './table-shape.js';
import { readTables } from './testing/host-in-netns.js';
import { contentsOf, NftModel } from './testing/nft-model.js';

const tablesOf = (state: Parameters<typeof renderHost>[0]): readonly NftTable[] => renderHost(state, SNAT_SETTINGS).tables;
const observed = (tables: readonly NftTable[]) => tables.map(observedOf);

describe('a difference of tables', () => {
  it('turns any state into any other, by the model', () => {
    fc.assert(
      fc.property(arbitraryState, arbitraryState, (from, to) => {
        const [a, b] = [tablesOf(from), tablesOf(to)];
        const walked = new NftModel();
        walked.apply(diffTables([], a));
        walked.apply(diffTables(observed(a), b));
        const fresh = new NftModel();
        fresh.apply(diffTables([], b));
        expect(walked.contents()).toEqual(fresh.contents());
      }),
      { numRuns: 300 },
    );
  });

  it('is empty between equal states, and for equal tables that were rendered twice', () => {
    fc.assert(
      fc.property(arbitraryState, (state) => {
        const again = { ...state, policies: new Map([...state.policies].map(([id, one]) => [id, { ...one }])) };
        expect(diffTables(observed(tablesOf(state)), tablesOf(again))).toBe('');
      }),
    );
  });

  it('is one element of the set when one address joins a remote group', () => {
    const state = NAMED_STATES.get('web-and-db') ?? stateOf([]);
    const set = state.sets.get('web');
    const joined = {
      ...state,
      sets: new Map([['web', { kind: 'set', id: 'web', members: [...(set?.members ?? []), '2001:db8:65::9' as never] } as const]]),
    };
    expect(diffTables(observed(tablesOf(state)), tablesOf(joined))).toBe('add element inet manx group-web-v6 { 2001:db8:65::9 }\n');
  });

  it('of one new port with a known group names only that port', () => {
    const state = NAMED_STATES.get('web-and-db') ?? stateOf([]);
    const port = endpoint('9a1b2c3d-4e', 9, { ips: ['10.65.0.99'], policies: ['web'] });
    const lines = diffTables(observed(tablesOf(state)), tablesOf({ ...state, endpoints: new Map([...state.endpoints, [port.id, port]]) }))
      .trim()
      .split('\n');
    expect(lines.filter((line) => !line.includes('tap9a1b2c3d-4e'))).toEqual([]);
    expect(lines.length).toBe(20);
  });

  it('of one changed group rewrites its two chains at most', () => {
    const state = NAMED_STATES.get('web-and-db') ?? stateOf([]);
    const changed = { ...state, policies: new Map([...state.policies, ['db', policy('db', [])]]) };
    expect(
      diffTables(observed(tablesOf(state)), tablesOf(changed))
        .trim()
        .split('\n'),
    ).toEqual([
      'flush chain inet manx egress-db',
      'flush chain inet manx ingress-db',
      ...['rule-d1', 'rule-d2', 'rule-d3'].map((counter) => `delete counter inet manx ${counter}`),
    ]);
  });
});

describe('the kernel', () => {
  let netns: TestNetns;
  const load = (script: string): void => void netns.run(['nft', '-f', '-'], { input: script });
  beforeAll(() => {
    netns = makeTestNetns('diff');
  });
  beforeEach(() => load('flush ruleset'));
  afterAll(() => netns.remove());

  it.each([...NAMED_STATES])('reports %s exactly as it was written', (_, state) => {
    const tables = tablesOf(state);
    load(diffTables([], tables));
    expect(contentsOf(readTables(netns))).toEqual(contentsOf(observed(tables)));
  });

  it('goes from any state to any other by what it reports itself', () => {
    fc.assert(
      fc.property(fc.array(arbitraryState, { minLength: 2, maxLength: 4 }), (states) => {
        for (const state of states) {
          const tables = tablesOf(state);
          load(diffTables(readTables(netns), tables));
          expect(contentsOf(readTables(netns))).toEqual(contentsOf(observed(tables)));
        }
      }),
      { numRuns: 25 },
    );
  });

  it.each([
    ['a rule was deleted', 'flush chain inet manx ingress-web'],
    ['a rule was added', 'insert rule inet manx from-tap0a1b2c3d-4e accept'],
    ['a rule was added in front of a base chain', 'insert rule inet manx prerouting accept'],
    ['an element was added', 'add element inet manx sources-v4 { "tap0a1b2c3d-4e" . fa:16:3e:00:00:01 . 192.0.2.1 }'],
    ['an element was deleted', 'delete element inet manx taps { "tap0a1b2c3d-4e" }'],
    ['an entry of a map was deleted', 'delete element inet manx ingress { "tap0a1b2c3d-4e" }'],
    ['a chain was added', 'add chain inet manx mine { type filter hook input priority 5; policy drop; }'],
    ['a set was added', 'add set inet manx mine { type ipv4_addr; flags interval; elements = { 10.0.0.0/8 }; }'],
    ['a counter was added', 'add counter inet manx mine'],
    [
      'a set of drops has another shape',
      'delete table arp manx; add table arp manx; add set arp manx drop-arp { type ifname; flags timeout; }',
    ],
    ['a chain of a device was deleted', 'delete chain netdev manx from-tap0a1b2c3d-4e'],
    ['a base chain has another policy', 'add chain inet manx input { policy drop; }'],
    ['a table was deleted', 'delete table inet manx'],
    ['a table was emptied', 'flush table inet manx'],
    ['everything was flushed', 'flush ruleset'],
  ])('is repaired when %s', (_, damage) => {
    const tables = tablesOf(NAMED_STATES.get('web-and-db') ?? stateOf([]));
    load(diffTables([], tables));
    load(damage);
    const repair = diffTables(readTables(netns), tables);
    expect(repair).not.toBe('');
    load(repair);
    expect(contentsOf(readTables(netns))).toEqual(contentsOf(observed(tables)));
  });
});
