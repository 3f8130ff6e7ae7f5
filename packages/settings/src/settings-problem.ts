/** Something wrong in a settings file, at the place where a person would fix it. */
export type SettingsProblem = {
  readonly code: 'unreadable' | 'yaml' | 'unknown-key' | 'missing-key' | 'bad-value';
  readonly file: string;
  /** Counted from 1, as editors do. */
  readonly line: number;
  readonly column: number;
  /** Where in the tree, `bgp.peers.0.address`; empty for the whole file. */
  readonly subject: string;
  readonly detail: string;
};

/** One line as compilers write it, which editors can jump to: `agent.yaml:4:7: bgp.asn: must be a whole number`. */
export const formatSettingsProblem = (problem: SettingsProblem): string =>
  `${problem.file}:${problem.line}:${problem.column}: ${problem.subject === '' ? '' : `${problem.subject}: `}${problem.detail}`;
