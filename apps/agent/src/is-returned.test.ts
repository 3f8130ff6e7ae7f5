import type { EstablishedFlow } from '@manx/hoststate';
import { asIp } from '@manx/ip';
import { describe, expect, it } from 'vitest';
import { isReturned } from './is-returned.js';

const [a, b, floating] = ['10.0.0.1', '10.0.0.2', '203.0.113.5'].map(asIp) as [
  ReturnType<typeof asIp>,
  ReturnType<typeof asIp>,
  ReturnType<typeof asIp>,
];
const udp: EstablishedFlow = {
  protocol: 17,
  source: a,
  destination: b,
  sport: 6000,
  dport: 53,
  icmp: null,
  answers: { source: b, destination: a },
};
const answer: EstablishedFlow = { ...udp, source: b, destination: a, sport: 53, dport: 6000, answers: { source: a, destination: b } };

describe('S16: what an answer under way begins', () => {
  it('is its flow the other way round, and nothing else', () => {
    expect(isReturned(udp, answer)).toBe(true);
    expect(isReturned(udp, udp)).toBe(false);
    expect(isReturned(udp, { ...answer, dport: 6001 })).toBe(false);
    expect(isReturned(udp, { ...answer, sport: 54 })).toBe(false);
    expect(isReturned(udp, { ...answer, protocol: 136 })).toBe(false);
  });

  it('of a flow to a floating IP comes from the fixed one, whatever its port there', () => {
    const asked = { ...udp, destination: floating };
    expect(isReturned(asked, { ...answer, sport: 5353 })).toBe(true);
    expect(isReturned(asked, { ...answer, source: floating })).toBe(false);
  });

  it('is nothing where an answer cannot begin a flow', () => {
    for (const protocol of [1, 6, 58, 132]) expect(isReturned({ ...udp, protocol }, { ...answer, protocol })).toBe(false);
  });
});
