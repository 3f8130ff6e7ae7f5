import { release } from 'node:os';
import { findProgram, type Lack, probe } from './probe.js';
import { runProgram } from './process/run-program.js';

/** The programs that the agent runs, how each says its version, and the Debian package that has it. */
const PROGRAMS: ReadonlyArray<readonly [string, string]> = [
  ['nft', 'nftables'],
  ['dnsmasq', 'dnsmasq-base'],
  ['bird', 'bird2'],
];

/** From this kernel on tables can be held for their owner (decision 13). */
const HOLDS_TABLES = [6, 9] as const;

/** What a host has and lacks. */
export type HostDescription = {
  /** As `uname -r`. */
  readonly kernel: string;
  /** Version by program, in its own words; null for one that is not there or does not say. */
  readonly programs: ReadonlyMap<string, string | null>;
  /** Whether strangers can be kept from our nftables tables; else they are written again after the event. */
  readonly holdsTables: boolean;
  /** What an agent cannot do without; empty when it can run. */
  readonly lacks: readonly Lack[];
};

/** Looks what there is, changing nothing. */
export const describeHost = async (): Promise<HostDescription> => {
  const kernel = release();
  const versions = await Promise.all(PROGRAMS.map(async ([name, pkg]) => [name, await versionOf(name, pkg)] as const));
  return { kernel, programs: new Map(versions), holdsTables: isAtLeast(kernel, HOLDS_TABLES), lacks: await probe() };
};

const versionOf = async (name: string, debianPackage: string): Promise<string | null> => {
  const program = findProgram(name);
  if (program === null) return null;
  const { stdout, stderr } = await runProgram({ program, args: ['--version'], debianPackage });
  return /\d+(?:\.\d+)+\S*/.exec(`${stdout}${stderr}`)?.[0] ?? null;
};

const isAtLeast = (version: string, [major, minor]: readonly [number, number]): boolean => {
  const [found = 0, below = 0] = version.split('.').map(Number);
  return found > major || (found === major && below >= minor);
};
