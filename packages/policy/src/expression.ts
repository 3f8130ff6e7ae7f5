/** Text with the values of target attributes in it: `%(project_id)s` is one attribute, `a-%(name)s` text and an attribute. */
export type Template = ReadonlyArray<string | { readonly attribute: string }>;

/** A rule, read. */
export type Expression =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'not'; readonly of: Expression }
  | { readonly kind: 'all'; readonly of: readonly Expression[] }
  | { readonly kind: 'any'; readonly of: readonly Expression[] }
  /** What another rule says. */
  | { readonly kind: 'rule'; readonly name: string; readonly column: number }
  | { readonly kind: 'role'; readonly match: Template }
  /** Something known of whoever asks, compared with the template. */
  | { readonly kind: 'credential'; readonly name: string; readonly match: Template }
  /** A fixed text, compared with the template. */
  | { readonly kind: 'literal'; readonly text: string; readonly match: Template }
  /** An attribute of the target, compared with a text or matched from its start. */
  | { readonly kind: 'field'; readonly collection: string; readonly field: string; readonly test: string | RegExp };

/** Rule names that the expression refers to, with the column of each. */
export function references(expression: Expression): Array<{ readonly name: string; readonly column: number }> {
  switch (expression.kind) {
    case 'rule':
      return [expression];
    case 'not':
      return references(expression.of);
    case 'all':
    case 'any':
      return expression.of.flatMap(references);
    case 'constant':
    case 'role':
    case 'credential':
    case 'literal':
    case 'field':
      return [];
  }
}

/** Whether anything in the expression itself (not in the rules it refers to) looks at the target. */
export function looksAtTarget(expression: Expression): boolean {
  switch (expression.kind) {
    case 'field':
      return true;
    case 'role':
    case 'credential':
    case 'literal':
      return expression.match.some((part) => typeof part !== 'string');
    case 'not':
      return looksAtTarget(expression.of);
    case 'all':
    case 'any':
      return expression.of.some(looksAtTarget);
    case 'constant':
    case 'rule':
      return false;
  }
}
