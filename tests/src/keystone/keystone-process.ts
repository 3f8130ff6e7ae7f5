import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Debian's real Keystone in processes of its own: a folder in the temporary one, SQLite, a free port of loopback. */
export type KeystoneProcess = {
  /** `http://127.0.0.1:PORT/v3`. */
  readonly url: string;
  /** Of the user `admin`, project `admin`, domain `Default`. */
  readonly adminPassword: string;
  readonly folder: string;
  /** Ends it and waits for that; it can be started again. */
  readonly stop: () => Promise<void>;
  /** Starts it again, on the same port with the same data; new tokens then live for as long as is told. */
  readonly restart: (options?: KeystoneProcessOptions) => Promise<void>;
  /** Ends it and removes its folder. Ending twice is fine. */
  readonly end: () => Promise<void>;
};

/** What can be set: how long tokens live. */
export type KeystoneProcessOptions = { readonly tokenSeconds?: number };

/** Two processes, so that a server may ask while it is asked; connections are closed, and clients are told so. */
const UWSGI = [
  '[uwsgi]',
  'wsgi-file = /usr/bin/keystone-wsgi-public',
  'need-app = true',
  'master = true',
  'processes = 2',
  'die-on-term = true',
  'no-orphans = true',
  'worker-reload-mercy = 1',
  'buffer-size = 65535',
  'disable-logging = true',
  'add-header = Connection: close',
  '',
];
const TOKEN_SECONDS = 3600;
/** Only what hangs is given up: on a machine that is busy with other tests a start takes many times what it takes alone. */
const START_LIMIT_MS = 120_000;
/** Python must neither write beside Debian's files nor read the user's. */
const PYTHON_ENV = { PATH: process.env['PATH'] ?? '', PYTHONDONTWRITEBYTECODE: '1', PYTHONNOUSERSITE: '1', LANG: 'C.UTF-8' };

/** Makes a new Keystone and waits until it answers: some five seconds. Rejects with what it said when it does not. */
export const startKeystoneProcess = async ({ tokenSeconds = TOKEN_SECONDS }: KeystoneProcessOptions = {}): Promise<KeystoneProcess> => {
  const folder = await mkdtemp(join(tmpdir(), 'manx-keystone-'));
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/v3`;
    const adminPassword = randomBytes(16).toString('hex');
    await makeKeys(folder);
    const config = await writeConfig(folder, tokenSeconds);
    await manage(config, ['db_sync']);
    // Keystone leaves read transactions open between requests: without this, its other process could not write.
    await run('sqlite3', [join(folder, 'keystone.db'), 'PRAGMA journal_mode=WAL']);
    // Side by side, each takes seconds; neither is left alone when the other fails.
    const [bootstrapped, served] = await Promise.allSettled([
      manage(config, ['bootstrap', ...bootstrapArguments(url)], { OS_BOOTSTRAP_PASSWORD: adminPassword }),
      serve(folder, port),
    ]);
    if (served.status === 'rejected') throw served.reason;
    let child = served.value;
    if (bootstrapped.status === 'rejected') {
      await endChild(child);
      throw bootstrapped.reason;
    }
    let isRunning = true;
    const stop = async (): Promise<void> => {
      if (!isRunning) return;
      isRunning = false;
      await endChild(child);
    };
    const restart: KeystoneProcess['restart'] = async (changed = {}) => {
      await stop();
      await writeConfig(folder, changed.tokenSeconds ?? tokenSeconds);
      child = await serve(folder, port);
      isRunning = true;
    };
    const end = async (): Promise<void> => {
      await stop();
      await removeFolder();
    };
    return { url, adminPassword, folder, stop, restart, end };
  } catch (error) {
    await removeFolder();
    throw error;
  }
};

/**
 * A port that nobody listens on now, below those that the kernel gives by itself (32768 and above): so nobody gets it by chance between this and
 * the start, nor while Keystone is stopped.
 */
const freePort = async (): Promise<number> => {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(20_000, 32_768);
    const server = createServer();
    const listening = once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.listen(port, '127.0.0.1');
    if (!(await listening)) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
  throw new Error('no free port on 127.0.0.1');
};

const makeKeys = async (folder: string): Promise<void> => {
  for (const name of ['fernet', 'credential']) {
    await mkdir(join(folder, name), { mode: 0o700 });
    // What `keystone-manage fernet_setup` makes, two seconds sooner: 0 is the next key, 1 the one in use (32 bytes each).
    for (const key of ['0', '1']) await writeFile(join(folder, name, key), fernetKey(), { mode: 0o600 });
  }
};

const writeConfig = async (folder: string, tokenSeconds: number): Promise<string> => {
  const config = join(folder, 'keystone.conf');
  const lines = [
    '[DEFAULT]',
    `log_file = ${join(folder, 'keystone.log')}`,
    '[database]',
    `connection = sqlite:///${join(folder, 'keystone.db')}`,
    '[fernet_tokens]',
    `key_repository = ${join(folder, 'fernet')}`,
    // Receipts have a folder of their own, by default in /etc: Debian makes that only when debconf asked how Keystone is to be installed.
    '[fernet_receipts]',
    `key_repository = ${join(folder, 'fernet')}`,
    '[credential]',
    `key_repository = ${join(folder, 'credential')}`,
    '[token]',
    `expiration = ${tokenSeconds}`,
    '[identity]',
    // The least that bcrypt knows: passwords of tests are no secrets, and each hash would take a quarter of a second.
    'password_hash_rounds = 4',
  ];
  await writeFile(config, `${lines.join('\n')}\n`);
  return config;
};

const fernetKey = (): string => randomBytes(32).toString('base64').replaceAll('+', '-').replaceAll('/', '_');

const bootstrapArguments = (url: string): readonly string[] => {
  const urls = ['public', 'internal', 'admin'].flatMap((name) => [`--bootstrap-${name}-url`, url]);
  return ['--bootstrap-username', 'admin', '--bootstrap-project-name', 'admin', '--bootstrap-region-id', 'RegionOne', ...urls];
};

const manage = async (config: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> => {
  await run('keystone-manage', ['--config-file', config, ...args], { env: { ...PYTHON_ENV, ...env } });
};

const serve = async (folder: string, port: number): Promise<ChildProcess> => {
  const settings = join(folder, 'uwsgi.ini');
  await writeFile(settings, UWSGI.join('\n'));
  const args = ['--ini', settings, '--http-socket', `127.0.0.1:${port}`, '--pyargv', `--config-file ${join(folder, 'keystone.conf')}`];
  // It ends with us, also when we are killed.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', 'uwsgi_python3', ...args], {
    env: PYTHON_ENV,
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: folder,
  });
  let said = '';
  const listen = (text: Buffer): void => {
    said = `${said}${text.toString()}`.slice(-10_000);
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  const limit = Date.now() + START_LIMIT_MS;
  while (!(await answers(`http://127.0.0.1:${port}/v3`))) {
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > limit) {
      await endChild(child);
      const log = await readFile(join(folder, 'keystone.log'), 'utf8').catch(() => '');
      throw new Error(`keystone did not start: ${said}\n${log.slice(-5_000)}`);
    }
    await delay(50);
  }
  return child;
};

const answers = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(START_LIMIT_MS) })).ok;
  } catch {
    return false;
  }
};

const endChild = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
};
