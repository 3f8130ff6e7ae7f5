import { errorAnswer, type Problem } from '@manx/model';

/** What goes back to the client: a status, and JSON text (null: no body); a list's comes as `bytes` in place of text. */
export type Answer = { readonly status: number; readonly text: string | null; readonly bytes?: Buffer };

/** The answer that refuses a request, in Neutron's words. */
export const refusal = (problem: Problem): Answer => {
  const { status, body } = errorAnswer(problem);
  return { status, text: JSON.stringify(body) };
};
