import type { Ip } from '@manx/ip';
import { describe, expect, it } from 'vitest';
import { flowCarrier } from './flow-carrier.js';
import { FLAT_SPACE, type HostState } from './host-state.js';
import { silenced } from './phase.js';
import { endpoint, forward, policy, rule, set, stateOf, subnet } from './testing/named-states.js';
import { flowCutter } from './tightened.js';
import type { EstablishedFlow } from './translation.js';

/** `web` has a floating IP and a forward, and moves; `peer` is an instance that stays here. */
const FLOATING = '203.0.113.8' as Ip;
const FORWARDED = '203.0.113.9' as Ip;
const WEB = '10.65.0.2' as Ip;
const PEER = '10.65.0.7' as Ip;
const web = { ...endpoint('web', [WEB], ['open']), floating: [{ ip: FLOATING, fixed: WEB }], forwards: [forward('f')] };
const peer = endpoint('peer', [PEER], ['open']);
const open = policy('open', rule('in'), rule('out', { direction: 'egress' }));
const rest = [peer, open, set(FLAT_SPACE, '10.65.0.0/24', '203.0.113.0/24'), subnet('sub')] as const;
const states = {
  home: stateOf(web, ...rest),
  left: stateOf(silenced({ ...web, phase: 'incoming' }), ...rest),
  arrived: stateOf({ ...web, phase: 'arrived', picksUp: true }, ...rest),
  settled: stateOf({ ...web, phase: 'home', picksUp: false }, ...rest),
  gone: stateOf(...rest),
} satisfies Record<string, HostState>;

const flow = (to: Ip, more: Partial<EstablishedFlow> = {}): EstablishedFlow => ({
  protocol: 6,
  source: PEER,
  destination: to,
  sport: 40_000,
  dport: 80,
  icmp: null,
  answers: { source: to, destination: PEER },
  isOpen: true,
  ...more,
});
const carriedTo = (before: HostState, after: HostState, one: EstablishedFlow) => flowCarrier(before, after, null).carriedTo(one);

describe('live: connections of an instance here by a floating IP or forward, when what stands behind it moves', () => {
  const translated = flow(FLOATING, { answers: { source: WEB, destination: PEER } });

  it('go on untranslated at the host that it leaves, before a route leads them away', () => {
    expect(flowCarrier(states.home, states.left, null).leaving).toEqual([FLOATING, FORWARDED]);
    expect(carriedTo(states.home, states.left, translated)).toEqual({ ip: FLOATING, port: 80 });
  });

  it('go on translated at the host to which it comes, from awaited or from nowhere', () => {
    for (const before of [states.left, states.gone]) {
      expect(flowCarrier(before, states.arrived, null).leaving).toEqual([]);
      expect(carriedTo(before, states.arrived, flow(FLOATING))).toEqual({ ip: WEB, port: 80 });
    }
    const { from, fixed, fixedFrom } = forward('f');
    expect(carriedTo(states.left, states.arrived, flow(FORWARDED, { dport: from }))).toEqual({ ip: fixed, port: fixedFrom });
  });

  it('S21: are cut, as ever, where nothing moved: the floating IP was taken away, or came by itself', () => {
    expect(carriedTo(states.home, states.gone, translated)).toBeNull();
    expect(carriedTo(states.home, stateOf({ ...web, floating: [] }, ...rest), translated)).toBeNull();
    expect(carriedTo(stateOf({ ...web, floating: [] }, ...rest), states.settled, flow(FLOATING))).toBeNull();
    expect(carriedTo(states.arrived, states.settled, flow(FLOATING))).toBeNull();
  });

  it('S16: are cut where the policies would not let them begin now', () => {
    const shut = { ...web, phase: 'arrived', picksUp: true, policies: ['none'] } as const;
    expect(carriedTo(states.left, stateOf(shut, policy('none'), ...rest), flow(FLOATING))).toBeNull();
  });

  it('what it went on with as itself, and nobody has answered, is forgotten when it has arrived: it may be known by its floating IP', () => {
    const { addresses, isCut } = flowCutter(states.left, states.arrived, null);
    const own = flow(PEER, { source: WEB, answers: { source: PEER, destination: WEB }, isPickedUp: true });
    const unanswered: { isOpen?: true } & Omit<EstablishedFlow, 'isOpen'> = { ...own };
    delete unanswered.isOpen;
    expect(addresses.has(WEB)).toBe(true);
    expect([unanswered, own, { ...unanswered, protocol: 17 }].map(isCut)).toEqual([true, false, false]);
  });

  it.each([
    ['of UDP', flow(FLOATING, { protocol: 17 })],
    ['that are not open', { ...flow(FLOATING), isOpen: undefined }],
    ['of nobody here', flow(FLOATING, { source: '10.65.0.99' as Ip, answers: { source: FLOATING, destination: '10.65.0.99' as Ip } })],
    ['whose source is translated', flow(FLOATING, { answers: { source: FLOATING, destination: '192.0.2.9' as Ip } })],
    ['by another address', flow('203.0.113.77' as Ip)],
  ])('those %s are not carried', (_, one) => {
    expect(carriedTo(states.left, states.arrived, one as EstablishedFlow)).toBeNull();
  });
});
