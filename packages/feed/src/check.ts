import type { Problem } from '@manx/hoststate';

/** Looks at an untrusted JSON value found at a path: null when it is right, else where it is wrong and what belongs there. */
export type Check = (value: unknown, at: string) => string | null;

/** An object with exactly these fields. */
export function exactly(fields: Readonly<Record<string, Check>>): Check {
  const names = Object.keys(fields);
  return (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${at}: expected an object`;
    const stranger = Object.keys(value).find((name) => !Object.hasOwn(fields, name));
    if (stranger !== undefined) return `${at}: unknown field ${JSON.stringify(stranger.slice(0, 64))}`;
    for (const name of names) {
      if (!Object.hasOwn(value, name)) return `${at}.${name}: is missing`;
      const complaint = fields[name]?.((value as Record<string, unknown>)[name], `${at}.${name}`);
      if (typeof complaint === 'string') return complaint;
    }
    return null;
  };
}

/** A list of at most `max` such items. */
export function listOf(item: Check, max: number): Check {
  return (value, at) => {
    if (!Array.isArray(value)) return `${at}: expected a list`;
    if (value.length > max) return `${at}: more than ${max} items`;
    for (const [index, element] of value.entries()) {
      const complaint = item(element, `${at}[${index}]`);
      if (complaint !== null) return complaint;
    }
    return null;
  };
}

/** Text of 1 to `max` UTF-16 units that matches. */
export function text(max: number, pattern?: RegExp): Check {
  return (value, at) => {
    if (typeof value !== 'string') return `${at}: expected text`;
    if (value.length === 0 || value.length > max) return `${at}: expected 1 to ${max} characters`;
    return pattern === undefined || pattern.test(value) ? null : `${at}: does not match ${pattern.source}`;
  };
}

/** One of these values. */
export function oneOf(...allowed: readonly (string | boolean)[]): Check {
  return (value, at) => (allowed.some((one) => one === value) ? null : `${at}: expected one of ${allowed.join(', ')}`);
}

/** The value, or null. */
export function nullable(check: Check): Check {
  return (value, at) => (value === null ? null : check(value, at));
}

/** A whole number from 0 on: `what` it is, in words. */
export function whole(what: string): Check {
  return (value, at) => (Number.isSafeInteger(value) && Number(value) >= 0 ? null : `${at}: expected ${what}`);
}

/** A position in the order of commits. */
export const revision = whole('a revision');

/** Reads JSON of which nothing is trusted: what it says, which is as the check wants it; or a Problem, about `subject`, of what is wrong with it. */
export function readJson(json: string, check: Check, subject: string): { readonly value: unknown } | Problem {
  const malformed = (detail: string): Problem => ({ code: 'malformed', subject, detail });
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return malformed('not JSON');
  }
  const complaint = check(value, subject);
  return complaint === null ? { value } : malformed(complaint);
}

/** Anything: another reader looks at it. */
export const anything: Check = () => null;
