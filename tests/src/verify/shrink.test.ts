import { describe, expect, it } from 'vitest';
import { randomSequence } from './random-steps.js';
import { shrink } from './shrink.js';
import type { Sequence, Step } from './step.js';

const unplug: Step = { do: 'delete', guest: 3 };
const move: Step = { do: 'move', guest: 1, host: 2 };
const killed: Step = { do: 'fault', fault: 'agent-killed', host: 0, meanwhile: { do: 'qos', guest: 2, on: true } };

/** Fails for whoever has both: a fault of a kind, and after it a step. */
const hasBoth = async ({ opening, steps }: Sequence): Promise<boolean> => {
  const all = [...opening, ...steps];
  const fault = all.findIndex((step) => step.do === 'fault');
  return fault >= 0 && all.slice(fault).some((step) => step.do === 'move');
};

describe('a sequence that fails', () => {
  it('is shortened to the steps without which it does not', async () => {
    const long = {
      opening: [unplug, unplug],
      steps: [unplug, killed, unplug, unplug, move, unplug],
    };
    expect(await shrink(long, hasBoth, 100)).toEqual({ opening: [], steps: [{ ...killed, meanwhile: null }, move] });
  });

  it('stays as it is when there are no tries, and the order of its steps is never another', async () => {
    const long = { opening: [unplug], steps: [killed, move] };
    expect(await shrink(long, hasBoth, 0)).toEqual(long);
    expect(await shrink({ opening: [], steps: [move, killed, move] }, hasBoth, 100)).toEqual({
      opening: [],
      steps: [{ ...killed, meanwhile: null }, move],
    });
  });
});

it('a seed is always the same sequence, and another seed another', () => {
  expect(randomSequence(5, 20)).toEqual(randomSequence(5, 20));
  expect(randomSequence(5, 20)).not.toEqual(randomSequence(6, 20));
});
