/** Tests of Tempest that cannot pass here: a regular expression of their full names, and why. What is not listed must pass. */
export type Exception = { readonly tests: RegExp; readonly reason: string };

/** Every exception. `docs/reference/conformance.md` lists the same; a test holds the two together. */
const EXCEPTIONS: readonly Exception[] = [];

/** Why this test may fail or be skipped; null when it must pass. */
export const exceptionFor = (test: string): Exception | null => EXCEPTIONS.find(({ tests }) => tests.test(test)) ?? null;
