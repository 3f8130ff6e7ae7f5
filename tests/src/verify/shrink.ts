import type { Sequence, Step } from './step.js';

/** Whether a sequence still fails. */
export type Fails = (sequence: Sequence) => Promise<boolean>;

type Placed = { readonly step: Step; readonly isOpening: boolean };

const sequenceOf = (placed: readonly Placed[]): Sequence => ({
  opening: placed.filter(({ isOpening }) => isOpening).map(({ step }) => step),
  steps: placed.filter(({ isOpening }) => !isOpening).map(({ step }) => step),
});

/**
 * A shorter sequence that fails as well: parts are left out, halves first and then less, for as long as it goes on failing and at most `most` tries are
 * not used up. A fault's `meanwhile` is tried to be left out too. The sequence itself is known to fail.
 */
export const shrink = async (sequence: Sequence, fails: Fails, most: number): Promise<Sequence> => {
  let tries = 0;
  let best: readonly Placed[] = [
    ...sequence.opening.map((step) => ({ step, isOpening: true })),
    ...sequence.steps.map((step) => ({ step, isOpening: false })),
  ];
  const stillFails = async (candidate: readonly Placed[]): Promise<boolean> => {
    if (tries >= most) return false;
    tries += 1;
    return await fails(sequenceOf(candidate));
  };
  for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length; ) {
      const without = [...best.slice(0, at), ...best.slice(at + size)];
      if (without.length < best.length && (await stillFails(without))) best = without;
      else at += size;
    }
  }
  for (const [at, { step, isOpening }] of best.entries()) {
    if (step.do !== 'fault' || step.meanwhile === null) continue;
    const simpler = best.with(at, { step: { ...step, meanwhile: null }, isOpening });
    if (await stillFails(simpler)) best = simpler;
  }
  return sequenceOf(best);
};
