import { formatSettingsProblem, type SettingsProblem } from './settings-problem.js';

/** Thrown when a settings file cannot be used; its message is one `file:line:column: ...` line a problem, ready to print. */
export class SettingsFault extends Error {
  readonly code = 'settings';
  readonly op = 'read settings';
  readonly subject: string;
  readonly retry = false;
  readonly problems: readonly SettingsProblem[];

  constructor(subject: string, problems: readonly SettingsProblem[], cause?: unknown) {
    super(problems.map(formatSettingsProblem).join('\n'), cause === undefined ? undefined : { cause });
    this.name = 'SettingsFault';
    this.subject = subject;
    this.problems = problems;
  }
}
