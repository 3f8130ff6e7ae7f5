/** A JSON Schema (2020-12), as OpenAPI 3.1 takes them. */
export type Schema = { readonly [keyword: string]: unknown };

/** What a route that no declaration speaks of says of itself, beside its handler: `app.get(url, { config: { doc } }, handler)`. */
export type OperationDoc = {
  /** What it does, one sentence. */
  readonly summary: string;
  /** Which group of the document it is in. */
  readonly tag: string;
  /** True: nobody needs a token. */
  readonly isOpen?: boolean;
  /** The names of its query parameters, and what they are. */
  readonly query?: { readonly [name: string]: Schema };
  /** The JSON body; absent: none. */
  readonly body?: Schema;
  /** What it answers when it does what it is asked, by status; null: no body. Refusals are the same everywhere. */
  readonly answers: { readonly [status: string]: Schema | null };
  /** Of the answers' bodies, where it is not JSON. */
  readonly contentType?: string;
};

declare module 'fastify' {
  interface FastifyContextConfig {
    doc?: OperationDoc;
  }
}
