/** What is wrong with a policy: a value, never thrown. */
export type PolicyProblem = {
  readonly kind: 'policy-problem';
  readonly code:
    | 'syntax'
    | 'unknown-check'
    | 'unknown-credential'
    | 'unknown-rule'
    | 'cyclic-rule'
    | 'unknown-name'
    | 'wrong-shape'
    | 'deprecated'
    | 'not-served';
  /** The rule's name; empty when it is about the file as a whole. */
  readonly subject: string;
  readonly detail: string;
  /** Line of the file, from 1; null where there is no file. */
  readonly line: number | null;
  /** Character of the rule's text (for `wrong-shape`, of the line), from 1. */
  readonly column: number;
};

/** The problem in one line: `policy.yaml:3: create_network: column 7: ...`. */
export function formatPolicyProblem({ subject, detail, line, column }: PolicyProblem, file: string): string {
  const place = line === null ? file : `${file}:${line}`;
  return `${place}: ${subject === '' ? '' : `${subject}: `}column ${column}: ${detail}`;
}
