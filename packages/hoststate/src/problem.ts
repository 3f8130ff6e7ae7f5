/** What the world or the user got wrong, as a value: a stable code to ask by, whom it concerns, and what to tell a person. */
export type Problem = { readonly code: string; readonly subject: string; readonly detail: string };

/** Whether a result is a problem; no other type of this room has a `code`. */
export function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'subject' in value && 'detail' in value;
}

/** A value as it may be shown in a problem's detail: JSON, cut to 64 characters. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 64 ? `${text.slice(0, 64)}…` : text;
}
