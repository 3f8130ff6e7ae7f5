import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { LabError } from './lab-error.js';

/** Runs a program to its end, with text on its standard input if given. LabError with its own words when it fails, unless they match `ignore`. */
export const runProgram = async (
  argv: readonly string[],
  options: { readonly stdin?: string; readonly ignore?: RegExp } = {},
): Promise<void> => {
  const [program = '', ...args] = argv;
  await new Promise<void>((resolve, reject) => {
    const child = spawn(program, args, { stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0 || options.ignore?.test(stderr)) resolve();
      else reject(new LabError('program-failed', `${argv.join(' ')} failed: ${stderr.trim() || `exit status ${code}`}`));
    });
    // A program that ends early says why by its exit status, not by its closed input.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.stdin);
  });
};

/** A program's standard output; LabError with its own words when it fails. */
export const execOut = async ([program = '', ...args]: readonly string[]): Promise<string> => {
  try {
    return (await promisify(execFile)(program, args, { maxBuffer: 16 << 20 })).stdout;
  } catch (error) {
    const { stderr = '', message } = error as { readonly stderr?: string; readonly message: string };
    throw new LabError('program-failed', `${[program, ...args].join(' ')} failed: ${stderr.trim() || message}`);
  }
};
