// `make clients`: programs of other languages go through the network API as their users' programs do, against a server with a real Keystone.
//   node tests/dist/clients/run-clients.js [gophercloud | openstacksdk]...
// The exit code is 0 when all of them found everything as it should be.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ClientsCloud, startClientsCloud } from './clients-cloud.js';

type Program = {
  readonly command: readonly [string, ...string[]];
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
};

const SOURCES = fileURLToPath(new URL('../../src/clients', import.meta.url));

/** What runs each client, in its folder: Debian's own Go and Python, with the libraries where Debian puts them. */
const PROGRAMS: Readonly<Record<string, Program>> = {
  gophercloud: {
    command: ['/usr/bin/go', 'run', '.'],
    folder: join(SOURCES, 'gophercloud'),
    env: { GO111MODULE: 'off', GOPATH: '/usr/share/gocode', CGO_ENABLED: '0' },
  },
  openstacksdk: { command: ['/usr/bin/python3', '-W', 'ignore', 'openstacksdk.py'], folder: SOURCES, env: {} },
};

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Runs one as a member of a project of its own; whether it ended well. */
const runProgram = async (cloud: ClientsCloud, name: string, { command: [file, ...args], folder, env }: Program): Promise<boolean> => {
  say(`==> ${name}`);
  const { PATH, HOME } = process.env;
  const everything = { PATH, HOME, ...env, ...(await cloud.member(name)) };
  const child = spawn(file, args, { cwd: folder, env: everything, stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = await once(child, 'close');
  return code === 0;
};

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(PROGRAMS).toSorted();
const unknown = names.filter((name) => !Object.hasOwn(PROGRAMS, name));
if (unknown.length > 0) throw new Error(`no such client: ${unknown.join(', ')}; there are ${Object.keys(PROGRAMS).toSorted().join(', ')}`);
const cloud = await startClientsCloud();
try {
  const failed: string[] = [];
  for (const name of names) {
    const program = PROGRAMS[name];
    if (program !== undefined && !(await runProgram(cloud, name, program))) failed.push(name);
  }
  say(failed.length === 0 ? `\n${names.length} clients passed` : `\nfailed: ${failed.join(', ')}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
} finally {
  await cloud.end();
}
