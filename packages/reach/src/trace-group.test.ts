import type { HostName, HostState, Membership } from '@manx/hoststate';
import { asIp } from '@manx/ip';
import { addressSet, endpoint, policy, rule, stateOf, subnet } from '@manx/render/testing/states';
import { describe, expect, it } from 'vitest';
import { type CloudParts, cloudOf } from './cloud-of.js';
import { explain } from './explain.js';
import { formatExplanation } from './format-explanation.js';

const [H1, H2] = ['h1', 'h2'] as readonly string[] as readonly [HostName, HostName];
const GROUP = asIp('239.1.1.1');
const SHARED = [
  subnet('sub4', '10.65.0.0/24', '10.65.0.1'),
  policy('club', [
    rule('out', { direction: 'egress' }),
    rule('in', { protocol: 17, ports: { from: 5000, to: 5000 }, peer: { kind: 'set', set: 'club' } }),
  ]),
  policy('shy', [rule('out', { direction: 'egress' })]),
  policy('mute', [rule('in', {})]),
  addressSet('club', ['10.65.0.10']),
];
const at = (id: string, number: number, last: number, group: string) =>
  endpoint(id, number, { ips: [`10.65.0.${last}`], policies: [group] });
const STATES: ReadonlyMap<HostName, HostState> = new Map([
  [H1, stateOf([...SHARED, at('sender', 1, 10, 'club'), at('near', 2, 20, 'club'), at('mute', 3, 30, 'mute')])],
  [H2, stateOf([...SHARED, at('far', 4, 40, 'club'), at('shut', 5, 50, 'shy')])],
]);
const everyone: Pick<Membership, 'mode' | 'sources'> = { mode: 'exclude', sources: [] };

const ask = (
  listeners: Readonly<Record<string, Pick<Membership, 'mode' | 'sources'>>>,
  { from = '10.65.0.10', port = 5000, ...parts }: Partial<CloudParts> & { readonly from?: string; readonly port?: number } = {},
) => {
  const all = Object.entries(listeners).map(([id, one]) => ({ endpoint: id, membership: { group: GROUP, ...one } }));
  const cloud = cloudOf(STATES, { ...parts, listenersOf: (group) => (group === GROUP ? all : []) });
  return explain(cloud, {
    source: { ip: asIp(from), endpoint: null, absence: null },
    destination: { ip: GROUP, endpoint: null, absence: null },
    protocol: 17,
    port,
    fromPort: null,
    icmp: null,
  });
};
const ways = (explanation: ReturnType<typeof ask>): readonly string[] =>
  explanation.ways.map(({ destination, blockers }) =>
    [destination.endpoint ?? destination.kind, ...blockers.map(({ code }) => code)].join(' '),
  );

describe('S10: a datagram to a multicast group', () => {
  it('has a way to each who listens, on its host and on others, and says of each why it gets it or not; never to the sender', () => {
    const explanation = ask({ sender: everyone, near: everyone, far: everyone, shut: everyone });
    expect(ways(explanation)).toEqual(['far', 'near', 'shut no-rule']);
    expect(explanation.answer).toBe('mixed');
    expect(explanation.ways[0]?.reply).toBeNull();
    expect(explanation.ways[0]?.forward.steps.map(({ kind, host, policy: group, rule: id }) => [kind, host, group, id])).toEqual([
      ['tap', 'h1', null, null],
      ['source-check', 'h1', null, null],
      ['policy', 'h1', 'club', 'out'],
      ['fabric', 'h1', null, null],
      ['route', 'h2', null, null],
      ['policy', 'h2', 'club', 'in'],
      ['tap', 'h2', null, null],
    ]);
    expect(explanation.ways[1]?.forward.steps.some(({ kind }) => kind === 'fabric')).toBe(false);
    expect(formatExplanation(explanation)[0]).toBe('UDP port 5000, 10.65.0.10 -> 239.1.1.1: some of its listeners get it');
  });

  it('the sender’s own rules are asked for the group, the receiver’s for the sender’s address and the port', () => {
    expect(ways(ask({ near: everyone }, { from: '10.65.0.30' }))).toEqual(['near no-rule no-rule']);
    expect(ways(ask({ near: everyone }, { port: 5001 }))).toEqual(['near no-rule']);
  });

  it('sources that a listener has not named, or has excluded, do not reach it', () => {
    const named = (mode: Membership['mode'], source: string) => ({ near: { mode, sources: [asIp(source)] } });
    expect(ways(ask(named('include', '10.65.0.10')))).toEqual(['near']);
    expect(ways(ask(named('include', '10.65.0.40')))).toEqual(['near source-not-wanted']);
    expect(ways(ask(named('exclude', '10.65.0.10')))).toEqual(['near source-not-wanted']);
    expect(ways(ask(named('exclude', '10.65.0.40')))).toEqual(['near']);
  });

  it('goes to no other host where one of the two has no tunnel', () => {
    for (const shut of [H1, H2])
      expect(ways(ask({ near: everyone, far: everyone }, { hasTunnel: (host) => host !== shut }))).toEqual(['far no-tunnel', 'near']);
  });

  it('nobody listens: it says so; and to whom not all is shown, not even that', () => {
    expect(ways(ask({}))).toEqual(['nobody no-listener']);
    const isVisible = (id: string): boolean => id === 'sender' || id === 'near';
    expect(ways(ask({ far: everyone }, { isVisible }))).toEqual(['elsewhere']);
    expect(ask({ far: everyone }, { isVisible })).toEqual(ask({}, { isVisible }));
    expect(ways(ask({ near: everyone, far: everyone }, { isVisible }))).toEqual(['near']);
  });
});
