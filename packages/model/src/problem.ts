import { ERROR_TABLE, type ErrorCode } from './error-table.js';

/** What the world or the user got wrong: a value, never thrown. */
export type Problem = {
  readonly kind: 'problem';
  readonly code: ErrorCode;
  /** What it is about: an id, an attribute, an address; empty when it is about the request as a whole. */
  readonly subject: string;
  /** The whole message for the user, in Neutron's words. */
  readonly detail: string;
};

/** The names between braces in a message. */
type ParametersIn<M extends string> = M extends `${string}{${infer P}}${infer Rest}` ? P | ParametersIn<Rest> : never;

/** What a code's message needs. */
export type ErrorParameters<C extends ErrorCode> = { readonly [P in ParametersIn<(typeof ERROR_TABLE)[C]['message']>]: string | number };

/** The problem with this code; the parameters fill the message, and the first of them is the subject. */
export function problem<C extends ErrorCode>(code: C, parameters: ErrorParameters<C>): Problem {
  const values: { readonly [name: string]: string | number } = parameters;
  const detail = ERROR_TABLE[code].message.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
  return { kind: 'problem', code, subject: String(Object.values(values)[0] ?? ''), detail };
}

/** A malformed body or query: 400 with Neutron's type for what its API layer refuses by itself. */
export function badRequest(reason: string): Problem {
  return problem('HTTPBadRequest', { reason });
}

/** Whether a value is a problem; everything that may be one is told apart by this alone. */
export function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'problem';
}

/** An error answer as Neutron writes it: the HTTP status, and the body. */
export type ErrorAnswer = {
  readonly status: number;
  readonly body: { readonly NeutronError: { readonly type: string; readonly message: string; readonly detail: string } };
};

/** What the API answers for a problem. */
export function errorAnswer(p: Problem): ErrorAnswer {
  const entry: { readonly status: number; readonly type?: string } = ERROR_TABLE[p.code];
  return { status: entry.status, body: { NeutronError: { type: entry.type ?? p.code, message: p.detail, detail: '' } } };
}
