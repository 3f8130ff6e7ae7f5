import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the agents' tokens of these servers are made from. */
export const SECRET = 'a secret for this test alone';

const PROGRAM = fileURLToPath(new URL('server-main.js', import.meta.url));

/** A real server in a process of its own. */
export type ServerProcess = {
  readonly url: string;
  readonly feedUrl: string;
  readonly child: ChildProcess;
  /** Everything that it has said on standard error: its log. */
  readonly log: () => string;
  /** Resolves with the first log line that contains the text. */
  readonly logged: (text: string) => Promise<string>;
  /** Resolves with the exit code when it has ended, null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Sends the signal and waits for the end. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | null>;
};

/** A folder with a `server.yaml` for a server on free ports, its secret and its store. */
export type ServerFolder = { readonly path: string; readonly config: string; readonly remove: () => Promise<void> };

/** What a server's settings say beside the usual: more YAML, where the API listens, its `auth` line. */
type FolderOptions = { readonly extra?: string; readonly api?: string; readonly auth?: string };

/** Makes a folder. The test removes it. */
export const makeServerFolder = async (options: FolderOptions | string = {}): Promise<ServerFolder> => {
  const {
    extra = '',
    api = '{address: 127.0.0.1, port: 0}',
    auth = 'auth: {kind: none}',
  } = typeof options === 'string' ? { extra: options } : options;
  const path = await mkdtemp(join(tmpdir(), 'manx-neutron-'));
  const config = join(path, 'server.yaml');
  const lines = [
    `listen: {api: ${api}, feed: {address: 127.0.0.1, port: 0}}`,
    auth,
    'store: {kind: sqlite, path: state.db}',
    'agents: {secret_file: secret}',
    extra,
  ];
  await writeFile(join(path, 'secret'), `${SECRET}\n`);
  await writeFile(config, `${lines.join('\n')}\n`);
  return { path, config, remove: () => rm(path, { recursive: true, force: true }) };
};

/** Starts a server and waits for its line; `through` is a command that ends by executing the one that follows it. Rejects with what it said when it ends before. */
export const startServerProcess = async (folder: ServerFolder, through: readonly string[] = []): Promise<ServerProcess> => {
  const [command, ...args] = [...through, process.execPath, PROGRAM, folder.config];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const line = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      if (text.includes('\n')) resolve(text);
    });
    ended.then(() => reject(new Error(`the server ended: ${log}`)), reject);
  });
  const [, url = '', feedUrl = ''] = /API (\S+) .*agents (\S+),/.exec(line) ?? [];
  const end = (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    return ended;
  };
  const logged = async (text: string): Promise<string> => {
    for (;;) {
      const line = log
        .split('\n')
        .slice(0, -1)
        .find((candidate) => candidate.includes(text));
      if (line !== undefined) return line;
      if (child.stderr !== null) await once(child.stderr, 'data');
    }
  };
  return { url, feedUrl, child, log: () => log, logged, ended, end };
};
