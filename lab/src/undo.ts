import { LabError } from './lab-error.js';

/** Says how to take back what was just done. */
export type Undo = (step: () => Promise<unknown>) => void;

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Does work that tells, step by step, how to take it back. When it fails the steps are done, last first, and its error is thrown on;
 * a step that fails as well does not hold up the others, and the error then says what is left.
 */
export const withUndo = async <T>(work: (undo: Undo) => Promise<T>): Promise<T> => {
  const steps: (() => Promise<unknown>)[] = [];
  try {
    return await work((step) => {
      steps.push(step);
    });
  } catch (error) {
    const left: string[] = [];
    for (const step of steps.toReversed()) await step().catch((failure: unknown) => left.push(wordsOf(failure)));
    if (left.length === 0) throw error;
    throw new LabError('half-done', `${wordsOf(error)}\nAnd it could not all be taken back: ${left.join('; ')}`);
  }
};
