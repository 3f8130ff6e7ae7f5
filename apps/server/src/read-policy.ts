import { readFile } from 'node:fs/promises';
import { createPolicy, defaultPolicy, isPolicy, type Policy, type PolicyProblem, parsePolicyFile } from '@manx/policy';
import { SettingsFault, type SettingsProblem } from '@manx/settings';
import { StartFault } from './start-fault.js';

/** Told of what in a policy file has no effect, or not under the name that it is written with. */
export type TellWarning = (warning: string) => void;

/**
 * The policy: Neutron's default with what the operator's file says otherwise; without a file the default alone. Throws SettingsFault
 * with a line for each mistake in the file, StartFault when it cannot be read.
 */
export const readPolicy = async (file: string | undefined, warn: TellWarning): Promise<Policy> => {
  if (file === undefined) return defaultPolicy;
  const { overrides, lines, problems, warnings } = parsePolicyFile(await textOf(file));
  const policy = createPolicy({ overrides, lines });
  const mistakes = [...problems, ...(isPolicy(policy) ? [] : policy)].toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
  if (mistakes.length > 0 || !isPolicy(policy)) {
    throw new SettingsFault(
      file,
      mistakes.map((mistake) => asMistake(file, mistake)),
    );
  }
  for (const { line, subject, detail } of warnings) warn(`${file}:${line}: ${subject}: ${detail}`);
  return policy;
};

const textOf = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const errno = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new StartFault(
      'policy-unreadable',
      file,
      `policy.file: ${file} cannot be read (${errno}). Leave policy out for the default.`,
      cause,
    );
  }
};

/** A mistake in a rule has a column within the rule, which is not a column of the file. */
const asMistake = (file: string, { code, subject, detail, line, column }: PolicyProblem): SettingsProblem => ({
  code: 'bad-value',
  file,
  line: line ?? 1,
  column: code === 'wrong-shape' ? column : 1,
  subject,
  detail: code === 'wrong-shape' || code === 'unknown-name' ? detail : `at character ${column} of the rule: ${detail}`,
});
