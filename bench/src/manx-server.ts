import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answersHttp, startBackgroundProgram, stopProgram } from './background-program.js';
import type { Cleanup } from './cleanup.js';
import { makeTempFolder } from './temp-folder.js';

const main = fileURLToPath(new URL('../../apps/cli/dist/main.js', import.meta.url));

/** What the agents of these servers prove themselves with. */
export const agentSecret = 'nobody has to guess this one';

const settings = `listen: {api: {address: 127.0.0.1, port: 0}, feed: {address: 127.0.0.1, port: 0}}
auth: {kind: none}
store: {kind: sqlite, path: store.db}
agents: {secret_file: secret}
log: {level: warn}
`;

/** Our server, in a process of its own. */
export type ManxServer = {
  readonly url: string;
  readonly feedUrl: string;
  readonly pid: number;
  /** From starting the process until it says that it is ready. */
  readonly startMs: number;
  /** Ends the process; its store stays. */
  readonly stop: () => Promise<void>;
};

/** A folder for a server: its settings, its secret, its store. The clean-up removes it. */
export const makeManxFolder = async (cleanup: Cleanup): Promise<string> => {
  const folder = await makeTempFolder('manx', cleanup);
  await Promise.all([writeFile(join(folder, 'server.yaml'), settings), writeFile(join(folder, 'secret'), agentSecret, { mode: 0o600 })]);
  return folder;
};

/** Starts our server with the durable store of a folder, on loopback. The clean-up ends it. */
export const startManxServer = async (folder: string, cleanup: Cleanup): Promise<ManxServer> => {
  const log = join(folder, `server-${Date.now()}.log`);
  let found: RegExpExecArray | null = null;
  const isReady = async (): Promise<boolean> => {
    found = /API (http:\S+) .*agents (http:[^\s,]+)/.exec(await readFile(log, 'utf8'));
    return found !== null && (await answersHttp(`${found[1]}/readyz`));
  };
  const from = performance.now();
  const child = await startBackgroundProgram(
    { argv: [process.execPath, main, 'server', '--config', join(folder, 'server.yaml')], log, isReady, limitMs: 120_000 },
    cleanup,
  );
  const startMs = performance.now() - from;
  const [, url = '', feedUrl = ''] = found ?? [];
  return { url, feedUrl, pid: child.pid ?? 0, startMs, stop: () => stopProgram(child) };
};
