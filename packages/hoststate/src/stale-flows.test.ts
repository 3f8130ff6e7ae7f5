import type { Ip } from '@manx/ip';
import { describe, expect, it } from 'vitest';
import { FLAT_SPACE, type HostState } from './host-state.js';
import { staleJudge } from './stale-flows.js';
import { endpoint, forward, set, stateOf, subnet } from './testing/named-states.js';
import type { EstablishedFlow } from './translation.js';

const FLOATING = '203.0.113.8' as Ip;
const SNAT = '192.0.2.9' as Ip;
const OUTSIDE = '198.51.100.1' as Ip;
const web = endpoint('web', ['10.65.0.2']);
const flat = set(FLAT_SPACE, '10.65.0.0/24', '203.0.113.0/24');
const plain = stateOf(web, flat, subnet('sub'));
const floating = stateOf({ ...web, floating: [{ ip: FLOATING, fixed: '10.65.0.2' as Ip }] }, flat, subnet('sub'));
const forwarding = stateOf({ ...web, forwards: [forward('f')] }, flat, subnet('sub'));
const natted = stateOf(web, flat, { ...subnet('sub'), hasSnat: true });

const flow = (source: string, destination: string, from = destination, to = source): EstablishedFlow => ({
  protocol: 6,
  source: source as Ip,
  destination: destination as Ip,
  sport: 40_000,
  dport: 80,
  icmp: null,
  answers: { source: from as Ip, destination: to as Ip },
});

describe('S21 to S24: an agent that starts ends the flows that are translated as they would not be now', () => {
  const cases: readonly (readonly [string, HostState, EstablishedFlow, boolean])[] = [
    ['by the floating IP to the fixed IP', floating, flow(OUTSIDE, FLOATING, '10.65.0.2'), false],
    ['by the floating IP to what it stood for before', floating, flow(OUTSIDE, FLOATING, '10.65.0.7'), true],
    ['by a floating IP that is lost', plain, flow(OUTSIDE, '203.0.113.99', '10.65.0.2'), true],
    ['by a forward as it is', forwarding, flow(OUTSIDE, '203.0.113.9', '10.65.0.2'), false],
    ['out as the fixed IP, which has a floating IP now', floating, flow('10.65.0.2', OUTSIDE), true],
    ['out as the floating IP', floating, flow('10.65.0.2', OUTSIDE, OUTSIDE, FLOATING), false],
    ['out as a floating IP that is lost', plain, flow('10.65.0.2', OUTSIDE, OUTSIDE, '203.0.113.99'), true],
    ['out by source NAT', natted, flow('10.65.0.2', OUTSIDE, OUTSIDE, SNAT), false],
    ['out as the fixed IP, which has source NAT now', natted, flow('10.65.0.2', OUTSIDE), true],
    ['to an instance, as itself', natted, flow('10.65.0.2', '10.65.0.9'), false],
    ['into a fixed IP with source NAT', natted, flow(OUTSIDE, '10.65.0.2'), false],
    ["out as an address of the host's, by somebody else's masquerade", plain, flow('10.65.0.2', OUTSIDE, OUTSIDE, '192.0.2.77'), false],
    ['of the host itself', natted, flow('192.0.2.77', OUTSIDE), false],
  ];
  it.each(cases)('%s', (_, state, one, isStale) => {
    expect(staleJudge(state, { snat: SNAT, lost: new Set(['203.0.113.99' as Ip]) })(one)).toBe(isStale);
  });
});
