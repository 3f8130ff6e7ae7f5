/**
 * What a rule is asked about: the value of each attribute that a rule may name (`project_id`, `network:project_id`, `shared`), and
 * undefined for what it has not. Asked only for what the rule in hand names.
 */
export type Target = (attribute: string) => unknown;

/** A target with these attributes. */
export function targetOf(attributes: { readonly [attribute: string]: unknown }): Target {
  return (attribute) => (Object.hasOwn(attributes, attribute) ? attributes[attribute] : undefined);
}

/** A value as rules write it, which is Python's way: `True`, `None`, numbers and text as they are. Null when it cannot be compared. */
export function ruleText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  return value === null ? 'None' : null;
}
