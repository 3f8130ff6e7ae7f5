import type { Ip } from '@manx/ip';
import { describe, expect, it } from 'vitest';
import { flowJudge, isFlowAllowed } from './flow.js';
import type { PolicyRule } from './host-state.js';
import { endpoint, paired, policy, rule, set, stateOf, subnet, twoFriends } from './testing/named-states.js';
import type { Flow } from './translation.js';
import { type PolicyQuery, verdict } from './verdict.js';

/** `tcp 80`, `icmp 8/0`, `47`: protocol, and port or type/code. */
function query(text: string, more: Partial<PolicyQuery> = {}): PolicyQuery {
  const [name = '', rest] = text.split(' ');
  const protocol = { tcp: 6, udp: 17, icmp: 1, icmp6: 58, sctp: 132 }[name] ?? Number(name);
  const [type, code] = (rest ?? '').split('/').map(Number);
  const isIcmp = protocol === 1 || protocol === 58;
  return {
    endpoint: 'e',
    direction: 'ingress',
    protocol,
    peer: (protocol === 58 ? 'fd00:65::9' : '10.65.0.9') as Ip,
    port: isIcmp || rest === undefined ? null : Number(rest),
    icmp: isIcmp && type !== undefined && code !== undefined ? { type, code } : null,
    ...more,
  };
}

function oneRule(more: Partial<PolicyRule>): Parameters<typeof verdict>[0] {
  return stateOf(endpoint('e', ['10.65.0.2'], ['p']), policy('p', rule('r', more)), set('s', '10.65.0.9', 'fd00:65::9'), subnet('sub'));
}

const allow = { kind: 'allow', policy: 'p', rule: 'r' };
const denied = { kind: 'deny', reason: 'no-rule' };

describe('S16: a flow passes when a rule names it, and only then', () => {
  const table: readonly (readonly [string, Partial<PolicyRule>, PolicyQuery, boolean])[] = [
    ['any protocol', {}, query('tcp 80'), true],
    ['any protocol', {}, query('47'), true],
    ['any protocol, other direction', { direction: 'egress' }, query('tcp 80'), false],
    ['any protocol of IPv6, IPv4 flow', { family: 6 }, query('tcp 80'), false],
    ['any protocol of IPv6', { family: 6 }, query('icmp6 128/0'), true],
    ['tcp', { protocol: 6 }, query('tcp 80'), true],
    ['tcp', { protocol: 6 }, query('udp 80'), false],
    ['protocol 0', { protocol: 0 }, query('tcp 80'), false],
    ['tcp 22-80, below', { protocol: 6, ports: { from: 22, to: 80 } }, query('tcp 21'), false],
    ['tcp 22-80, first', { protocol: 6, ports: { from: 22, to: 80 } }, query('tcp 22'), true],
    ['tcp 22-80, last', { protocol: 6, ports: { from: 22, to: 80 } }, query('tcp 80'), true],
    ['tcp 22-80, above', { protocol: 6, ports: { from: 22, to: 80 } }, query('tcp 81'), false],
    ['tcp 22-80, port unknown', { protocol: 6, ports: { from: 22, to: 80 } }, query('tcp'), false],
    ['tcp 0', { protocol: 6, ports: { from: 0, to: 0 } }, query('tcp 0'), true],
    ['icmp', { protocol: 1 }, query('icmp 8/0'), true],
    ['icmp 8', { protocol: 1, icmp: { type: 8, code: null } }, query('icmp 8/0'), true],
    ['icmp 8', { protocol: 1, icmp: { type: 8, code: null } }, query('icmp 8/3'), true],
    ['icmp 8', { protocol: 1, icmp: { type: 8, code: null } }, query('icmp 0/0'), false],
    ['icmp 3/4', { protocol: 1, icmp: { type: 3, code: 4 } }, query('icmp 3/4'), true],
    ['icmp 3/4', { protocol: 1, icmp: { type: 3, code: 4 } }, query('icmp 3/1'), false],
    ['icmp 0/0', { protocol: 1, icmp: { type: 0, code: 0 } }, query('icmp 0/0'), true],
    ['icmp 8, type unknown', { protocol: 1, icmp: { type: 8, code: null } }, query('icmp'), false],
    ['prefix', { peer: { kind: 'cidr', cidr: '10.65.0.8/29' as never } }, query('tcp 80'), true],
    ['prefix, outside', { peer: { kind: 'cidr', cidr: '10.65.0.0/29' as never } }, query('tcp 80'), false],
    ['set', { peer: { kind: 'set', set: 's' } }, query('tcp 80'), true],
    ['set, v6 member, v6 rule', { family: 6, peer: { kind: 'set', set: 's' } }, query('icmp6 128/0'), true],
    ['set, not a member', { peer: { kind: 'set', set: 's' } }, query('tcp 80', { peer: '10.65.0.8' as Ip }), false],
    ['set that is missing', { peer: { kind: 'set', set: 'gone' } }, query('tcp 80'), false],
  ];
  it.each(table)('rule %s %j, flow %j: %s', (_, more, flow, isAllowed) => {
    expect(verdict(oneRule(more), flow)).toEqual(isAllowed ? allow : denied);
  });

  it('nothing passes without an endpoint, with the endpoint down (S19), without a group, with a group that is missing', () => {
    const p = policy('p', rule('r'));
    const e = endpoint('e', [], ['p']);
    expect(verdict(stateOf(e, p), query('tcp 80'))).toEqual(allow);
    expect(verdict(stateOf(p), query('tcp 80'))).toEqual({ kind: 'deny', reason: 'unknown-endpoint' });
    expect(verdict(stateOf({ ...e, isUp: false }, p), query('tcp 80'))).toEqual({ kind: 'deny', reason: 'endpoint-down' });
    expect(verdict(stateOf(endpoint('e', []), p), query('tcp 80'))).toEqual({ kind: 'deny', reason: 'no-policy' });
    expect(verdict(stateOf(e), query('tcp 80'))).toEqual(denied);
  });

  it('any rule of any group is enough, and the first by id is named', () => {
    const e = endpoint('e', [], ['a', 'b', 'c']);
    const state = stateOf(e, policy('a'), policy('b', rule('r1', { protocol: 17 }), rule('r2'), rule('r3')), policy('c', rule('r0')));
    expect(verdict(state, query('tcp 80'))).toEqual({ kind: 'allow', policy: 'b', rule: 'r2' });
    expect(verdict(state, query('udp 53'))).toEqual({ kind: 'allow', policy: 'b', rule: 'r1' });
  });
});

describe('S16: an established flow is judged at both of its ends that are here', () => {
  const flow = (source: string, destination: string, dport = 22): Flow => ({
    protocol: 6,
    source: source as Ip,
    destination: destination as Ip,
    sport: 40_000,
    dport,
    icmp: null,
  });
  const table: readonly (readonly [string, Flow, boolean])[] = [
    ['between friends, any port', flow('10.65.0.2', '10.65.0.3', 9), true],
    ['from a stranger, the open port', flow('198.51.100.1', '10.65.0.2', 22), true],
    ['from a stranger, another port', flow('198.51.100.1', '10.65.0.2', 23), false],
    ['to a stranger', flow('10.65.0.2', '198.51.100.1', 443), true],
    ['from a friend elsewhere', flow('10.65.9.9', '10.65.0.3', 9), true],
    ['between strangers', flow('198.51.100.1', '198.51.100.2'), true],
    ['IPv6 to a stranger', flow('fd00:65::2', '2001:db8::1', 443), true],
    ['IPv6 from a stranger', flow('2001:db8::1', 'fd00:65::2', 22), false],
  ];
  it.each(table)('%s: %j: %s', (_, f, isAllowed) => {
    expect(isFlowAllowed(twoFriends, f)).toBe(isAllowed);
  });

  it('a flow that its source may not send is not allowed, however open the destination is', () => {
    const mute = stateOf(
      endpoint('mute', ['10.65.0.2'], ['in']),
      endpoint('open', ['10.65.0.3'], ['in']),
      policy('in', rule('r')),
      subnet('sub'),
    );
    expect(isFlowAllowed(mute, flow('10.65.0.2', '10.65.0.3'))).toBe(false);
    expect(isFlowAllowed(mute, flow('10.65.0.9', '10.65.0.3'))).toBe(true);
  });

  it('an instance that talks to itself over its own address needs both directions', () => {
    expect(flowJudge(twoFriends)(flow('10.65.0.2', '10.65.0.2', 9))).toBe(true);
  });

  it('of the holders of an address only those that are up are asked, as routes lead to no other (S8, S19)', () => {
    const vip = '10.65.0.9/32';
    const live = paired(endpoint('live', ['10.65.0.2'], ['in']), vip);
    const down = { ...paired(endpoint('down', ['10.65.0.3'], ['in']), vip, '10.65.0.8/30'), isUp: false };
    const net = paired(endpoint('net', ['10.65.0.4'], ['mute']), '10.65.0.8/29');
    const policies = [policy('in', rule('r'), rule('s', { direction: 'egress' })), policy('mute'), subnet('sub')];
    const [toVip, toNet] = [flow('198.51.100.1', '10.65.0.9'), flow('198.51.100.1', '10.65.0.10')];
    expect(isFlowAllowed(stateOf(live, down, ...policies), toVip)).toBe(true);
    expect(isFlowAllowed(stateOf(live, down, ...policies), flow('10.65.0.9', '198.51.100.1'))).toBe(true);
    expect(isFlowAllowed(stateOf({ ...live, isUp: false }, down, ...policies), flow('198.51.100.1', '10.65.0.2'))).toBe(false);
    expect(isFlowAllowed(stateOf({ ...net, policies: ['in'] }, down, ...policies), toNet)).toBe(true);
    expect(isFlowAllowed(stateOf(net, { ...down, isUp: true }, ...policies), toNet)).toBe(true);
    expect(isFlowAllowed(stateOf(net, down, ...policies), toNet)).toBe(false);
  });
});
