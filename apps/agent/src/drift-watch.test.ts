import type { IfName } from '@manx/hoststate';
import { emptyHostState } from '@manx/hoststate';
import { asMac } from '@manx/ip';
import type { HostFacts, Step } from '@manx/reconcile';
import { expect, it } from 'vitest';
import { DriftWatch } from './drift-watch.js';

const TAP = 'tap1' as IfName;
const facts = (index: number, isUp = true): HostFacts => ({
  links: new Map([[TAP, { index, mac: asMac('fe:16:3e:00:00:01'), isUp, mtu: 1500, addresses: [] }]]),
  routes: [],
  limits: new Map(),
  neighbours: [],
  sysctls: new Map(),
  tables: [],
  files: { dnsmasq: new Map(), bird: new Map() },
});
const MAC: Step = { kind: 'set-mac', ifname: TAP, mac: asMac('fe:16:3e:00:00:01') };
const NFT: Step = { kind: 'apply-nft', script: 'x\n' };
const REVIEW: Step = { kind: 'review-flows', addresses: [] };
const state = emptyHostState;
const turn = { state, facts: facts(7), steps: [MAC, NFT, REVIEW], isSettled: true };

it('what is done for a state the first time, for another state, or for an interface that is new is work', () => {
  const watch = new DriftWatch();
  expect(watch.take(turn, 'now')).toEqual([]);
  expect(watch.take({ ...turn, state: { ...state } }, 'now')).toEqual([]);
  expect(watch.take({ ...turn, steps: [MAC], facts: facts(8) }, 'now')).toEqual([]);
  expect(watch.drift).toEqual({ repairs: 0, lastAt: null, last: null });
});

it('what is done again for the same state on the same interfaces is repair, and is counted; a review of flows never is', () => {
  const watch = new DriftWatch();
  watch.take(turn, 'monday');
  expect(watch.take(turn, 'tuesday')).toHaveLength(2);
  expect(watch.take({ ...turn, steps: [] }, 'wednesday')).toEqual([]);
  expect(watch.drift).toEqual({ repairs: 2, lastAt: 'tuesday', last: 'set mac of tap1 to fe:16:3e:00:00:01' });
});

it('what a tap is given as it comes up, and the IPv6 MTU that the kernel sets itself, is work', () => {
  const watch = new DriftWatch();
  watch.take({ ...turn, facts: facts(7, false) }, 'monday');
  expect(watch.take({ ...turn, steps: [MAC] }, 'tuesday')).toEqual([]);
  const mtu: Step = { kind: 'write-sysctl', path: 'net/ipv6/conf/tap1/mtu', value: '1400', ifname: TAP };
  expect(watch.take({ ...turn, steps: [mtu] }, 'wednesday')).toEqual([]);
});

it('what the tables are given for a tap that came or went, or was made anew, is work', () => {
  const watch = new DriftWatch();
  watch.take({ ...turn, facts: { ...facts(7), links: new Map() } }, 'monday');
  expect(watch.take({ ...turn, steps: [NFT] }, 'tuesday')).toEqual([]);
  expect(watch.take({ ...turn, steps: [NFT], facts: facts(8) }, 'wednesday')).toEqual([]);
  expect(watch.take({ ...turn, steps: [NFT], facts: facts(8) }, 'thursday')).toHaveLength(1);
});

it('while a state has not been programmed in full, what is tried again is work', () => {
  const watch = new DriftWatch();
  watch.take({ ...turn, isSettled: false }, 'monday');
  expect(watch.take(turn, 'tuesday')).toEqual([]);
});
