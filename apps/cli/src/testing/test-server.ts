import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { lifeSign } from '@manx/feed/testing/reports';
import { expect } from 'vitest';

/** A run of the command that has ended: its status, what came on standard output, and that with standard error after it. */
export type Ran = { readonly code: unknown; readonly out: string; readonly said: string };

/** A `manx server` with a store in memory that one host, `h1`, has been heard of; and the command, which asks it. */
export type TestServer = {
  /** Where agents speak to it, and what they show there. */
  readonly feed: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Starts the command; what still runs is killed with the server. */
  readonly start: (...argv: readonly string[]) => ChildProcess;
  readonly manx: (...argv: readonly string[]) => Promise<Ran>;
  /** Makes something by the API (`port`, `log/log`) and tells its id; '' where it is refused. */
  readonly create: (kind: string, body: object) => Promise<string>;
  /** Says something as the agent of `h1`. */
  readonly post: (what: 'status' | 'trace', body: object) => Promise<void>;
  readonly close: () => void;
};

const main = fileURLToPath(new URL('../main.js', import.meta.url));

/** Starts it. `name` tells its folder from those of other tests. */
export const openTestServer = async (name: string): Promise<TestServer> => {
  const folder = mkdtempSync(join(tmpdir(), `manx-t-${name}-`));
  const running: ChildProcess[] = [];
  let api = '';
  const start = (...argv: readonly string[]): ChildProcess => {
    const child = spawn(process.execPath, [main, ...argv], {
      env: { ...process.env, OS_AUTH_TYPE: 'none', OS_ENDPOINT: api },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.push(child);
    return child;
  };
  const manx = async (...argv: readonly string[]): Promise<Ran> => {
    const child = start(...argv);
    let [out, problem] = ['', ''];
    child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (problem += chunk.toString()));
    const [code] = (await once(child, 'close')) as readonly unknown[];
    return { code, out, said: `${out}${problem}` };
  };
  const config = join(folder, 'server.yaml');
  writeFileSync(join(folder, 'secret'), 'a secret for this test alone');
  const listen = { api: { address: '127.0.0.1', port: 0 }, feed: { address: '127.0.0.1', port: 0 } };
  const rest = { auth: { kind: 'none' }, store: { kind: 'memory' }, agents: { secret_file: 'secret' }, log: { level: 'silent' } };
  writeFileSync(config, JSON.stringify({ listen, ...rest }));
  const server = start('server', '--config', config);
  const [line] = (await once(createInterface({ input: server.stdout as NodeJS.ReadableStream }), 'line')) as readonly string[];
  const [, atApi = '', feed = ''] = /API (\S+) .*agents (\S+),/.exec(line ?? '') ?? [];
  api = atApi;
  const token = (await manx('server', 'token', '--config', config, '--host', 'h1')).out.trim();
  const headers = { authorization: `Bearer ${token}` };
  const post = async (what: 'status' | 'trace', body: object): Promise<void> => {
    const { status } = await fetch(`${feed}/feed/v1/hosts/h1/${what}`, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(status).toBe(204);
  };
  // The host is heard of first: a port is bound to none that is away.
  await post('status', lifeSign);
  const create = async (kind: string, body: object): Promise<string> => {
    const word = kind.slice(kind.lastIndexOf('/') + 1);
    const answer = await fetch(`${api}/v2.0/${kind}s`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ [word]: body }),
    });
    return ((await answer.json()) as Record<string, { readonly id: string }>)[word]?.id ?? '';
  };
  const close = (): void => {
    for (const child of running) child.kill();
    rmSync(folder, { recursive: true });
  };
  return { feed, headers, start, manx, create, post, close };
};
