import { expect, it } from 'vitest';
import { Quarantine } from './quarantine.js';
import { EGRESS, endpoint, PING, policy, portOf, stateOf } from './testing/test-states.js';

const bad = portOf(1).id;
const one = endpoint(1);
const open = policy('open', EGRESS);
const state = stateOf(one, open);
const refused = new Map([[bad, 'the kernel says no']]);

it("S20: a refused endpoint stays shut, with the kernel's words, until its time comes", () => {
  const quarantine = new Quarantine();
  quarantine.add(refused, state, 0);
  expect(quarantine.review(state, 999)).toEqual(refused);
  expect(quarantine.nextRetryAt).toBe(1000);
  expect(quarantine.review(state, 1000).size).toBe(0);
  expect(quarantine.nextRetryAt).toBeNull();
});

it('each refusal in a row doubles the pause, up to a minute', () => {
  const quarantine = new Quarantine();
  const pauses: number[] = [];
  let now = 0;
  for (let times = 0; times < 9; times += 1) {
    quarantine.add(refused, state, now);
    const next = quarantine.nextRetryAt ?? 0;
    pauses.push(next - now);
    now = next;
    quarantine.review(state, now);
  }
  expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((s) => s * 1000));
});

it('a change of the endpoint or of a policy of its is tried at once, one of others is not', () => {
  for (const changed of [stateOf(endpoint(1), open), stateOf(one, policy('open', PING)), stateOf(open)]) {
    const quarantine = new Quarantine();
    quarantine.add(refused, state, 0);
    expect(quarantine.review(changed, 1).size).toBe(0);
  }
  const quarantine = new Quarantine();
  quarantine.add(refused, state, 0);
  expect(quarantine.review(stateOf(one, open, endpoint(2)), 1).size).toBe(1);
});
