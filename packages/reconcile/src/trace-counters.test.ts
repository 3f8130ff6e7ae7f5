import { asIp } from '@manx/ip';
import { expect, it } from 'vitest';
import type { HostCounters } from './host-counters.js';
import { type CountedRule, traceCounters } from './trace-counters.js';

const count = (packets: number) => ({ packets, bytes: packets * 60 });
const drop = (at: string, reason: HostCounters['drops'][number]['reason'], packets: number) => ({ at, reason, ...count(packets) });
const before: HostCounters = {
  drops: [drop('tap1', 'source', 17), drop('203.0.113.7', 'floating-ingress-rate', 3)],
  rules: new Map([
    ['a', count(5)],
    ['b', count(7)],
    ['gone', count(1)],
  ]),
};
const after: HostCounters = {
  drops: [drop('tap1', 'source', 18), drop('tap2', 'source', 1), drop('203.0.113.7', 'floating-ingress-rate', 4)],
  rules: new Map([
    ['a', count(5)],
    ['b', count(8)],
    ['new', count(1)],
  ]),
};
const of = (rule: string | null, more: Partial<CountedRule> = {}) =>
  traceCounters(
    { table: 'manx', rule, iif: 'tap1', oif: 'tap2', source: asIp('10.65.0.2'), destination: asIp('203.0.113.7'), ...more },
    { before, after },
  );

it('S30: a rule of a group counts in the counter that it names, a map in one of its own: those that have grown first', () => {
  expect(of('ip saddr 10.0.0.0/8 tcp dport 80 counter name "rule-a" accept')).toEqual([{ name: 'rule-a', before: 5, after: 5 }]);
  expect(of('counter name tcp dport map { 80 : "rule-a", 443 : "rule-b", 444 : "rule-b", 22 : "rule-gone" } accept')).toEqual([
    { name: 'rule-b', before: 7, after: 8 },
    { name: 'rule-a', before: 5, after: 5 },
  ]);
  expect(of('counter name "rule-new" accept')).toEqual([{ name: 'rule-new', before: 0, after: 1 }]);
});

it('S30: a drop is counted for its tap, which has no number before the first, or for its floating IP', () => {
  expect(of('update @drop-source { iifname counter }')).toEqual([{ name: 'drop-source tap1', before: 17, after: 18 }]);
  expect(of('update @drop-source { iifname counter }', { iif: 'tap2' })).toEqual([{ name: 'drop-source tap2', before: 0, after: 1 }]);
  expect(of('update @drop-source { iifname counter }', { iif: 'tap3' })).toEqual([{ name: 'drop-source tap3', before: 0, after: 0 }]);
  expect(of('update @drop-floating-ingress-rate { ip daddr counter }')).toEqual([
    { name: 'drop-floating-ingress-rate 203.0.113.7', before: 3, after: 4 },
  ]);
});

it('nothing is said of what counts in none of ours, nor where it cannot be told in which', () => {
  expect(of('accept')).toEqual([]);
  expect(of(null)).toEqual([]);
  expect(of('counter name "rule-b" accept', { table: 'stranger' })).toEqual([]);
  expect(of('update @drop-source { iifname counter }', { iif: null })).toEqual([]);
  expect(of('update @sample-source { iifname limit rate 12/minute burst 5 packets } log prefix "source"')).toEqual([]);
  expect(of('update @drop-floating-ingress-rate { ip daddr counter }', { destination: asIp('203.0.113.8') })).toEqual([]);
});
