import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { demandRoot } from '../requirements.js';
import { instanceNamed, readRunningLab } from '../running-lab.js';
import { type Output, sayJson } from '../say.js';

type Ending = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** The exit status as shells give it: 128 and the signal's number for a signal. */
const statusOf = (code: number | null, signal: NodeJS.Signals | null): number =>
  code ?? 128 + (signal === null ? 0 : constants.signals[signal]);

const run = async (netns: string, argv: readonly string[], output: Output): Promise<Ending> =>
  await new Promise((resolve, reject) => {
    const stdio = output === 'json' ? (['inherit', 'pipe', 'pipe'] as const) : 'inherit';
    const child = spawn('ip', ['netns', 'exec', netns, ...argv], { stdio: typeof stdio === 'string' ? stdio : [...stdio] });
    const said = { stdout: '', stderr: '' };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said.stderr += text;
    });
    // The terminal signals the whole foreground group; this process waits for the program's own answer to it.
    const stay = () => undefined;
    process.on('SIGINT', stay);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGINT', stay);
      resolve({ code: statusOf(code, signal), ...said });
    });
  });

/**
 * `./manx lab exec`: runs a program in an instance with this terminal; resolves with its exit status. With `-o json` what it says is
 * gathered into the answer.
 */
export const labExec = async (name: string, argv: readonly string[], output: Output): Promise<number> => {
  demandRoot();
  const { netns } = instanceNamed(await readRunningLab(), name);
  const { code, stdout, stderr } = await run(netns, argv, output);
  if (output === 'json') sayJson({ name, command: argv, exit_code: code, stdout, stderr });
  return code;
};
