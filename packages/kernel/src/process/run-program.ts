import { spawn } from 'node:child_process';
import { Fault } from '../fault.js';

/** How a program ended; text as UTF-8. */
export type ProgramResult = { readonly status: number; readonly stdout: string; readonly stderr: string };

/** A program, its arguments (no shell reads them), what it reads, and the Debian package that has it. */
export type ProgramCall = {
  readonly program: string;
  readonly args: readonly string[];
  readonly input?: string;
  readonly debianPackage: string;
};

/** Runs a program to its end; a non-zero status is a result, not a fault. Throws Fault `missing` that names the package. */
export const runProgram = (call: ProgramCall): Promise<ProgramResult> =>
  new Promise((resolve, reject) => {
    const child = spawn(call.program, call.args, { stdio: 'pipe' });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // A program that ends without reading its input closes the pipe; its status says the rest.
    child.stdin.on('error', (error) => stderr.push(Buffer.from(`${error.message}\n`)));
    child.on('error', (cause) => {
      reject(missingProgram(call.program, call.debianPackage, cause));
    });
    child.on('close', (status) => {
      resolve({ status: status ?? 128, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
    });
    child.stdin.end(call.input ?? '');
  });

/** The fault of a program that could not be started. */
export const missingProgram = (program: string, debianPackage: string, cause?: unknown): Fault =>
  new Fault({ code: 'missing', op: 'run', subject: program, detail: `not found; install the Debian package ${debianPackage}`, cause });
