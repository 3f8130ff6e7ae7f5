/** One line of `lab check`: a promise, what was done to test it, what was seen, and whether that is what was promised. */
export type Row = { readonly promise: string; readonly did: string; readonly saw: string; readonly ok: boolean };

/** A row under way: `saw` is filled in by whoever looks. */
export const row = (promise: string, did: string, seen: { readonly saw: string; readonly ok: boolean }): Row => ({ promise, did, ...seen });
