import type { Actor } from '@manx/model';

/** Why a request is not let in: answered 401 with the error document and `WWW-Authenticate`, or 503 when the judge is away. */
export type Refusal = {
  readonly kind: 'refused';
  readonly status: 401 | 503;
  readonly message: string;
  readonly wwwAuthenticate: string | null;
};

/** Request headers, names in lower case, as node gives them. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What is asked for: the method, and the path as it was sent, without the query. */
export type RequestLine = { readonly method: string; readonly path: string };

/** Says on whose behalf a request comes. Answers at once where it can (a value), or when it has asked (a promise). Never rejects for bad input. */
export type Authenticator = {
  readonly authenticate: (headers: RequestHeaders, request?: RequestLine) => Actor | Refusal | Promise<Actor | Refusal>;
};

/** Whether the answer is a refusal. */
export const isRefusal = (answer: Actor | Refusal): answer is Refusal => 'kind' in answer;
