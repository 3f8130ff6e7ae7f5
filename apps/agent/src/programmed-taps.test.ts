import type { EndpointStatus } from '@manx/hoststate';
import { expect, it } from 'vitest';
import { programmedTaps } from './programmed-taps.js';
import { endpoint, portOf, stateOf } from './testing/test-states.js';

const numbers = [1, 2, 3, 4, 5];
const state = stateOf(...numbers.map((n) => endpoint(n)));
const states: readonly EndpointStatus['state'][] = ['up', 'arrived', 'down', 'error', 'up'];
const endpoints = numbers.map((n, at) => ({ id: portOf(n).id, state: states[at] ?? 'down', revision: 1, problem: null }));

it('S27, S28: an instance is served where it is programmed, from the moment on at which it has come by live migration', () => {
  const taps = programmedTaps({ state, endpoints }, { indexOf: (ifname) => (ifname === portOf(5).tap ? null : 7) });
  expect(taps.map(({ endpoint: { id }, index }) => [id, index])).toEqual([
    [portOf(1).id, 7],
    [portOf(2).id, 7],
  ]);
});
