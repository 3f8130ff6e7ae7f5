import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentToken } from '@manx/feed';
import { asHostName } from '@manx/hoststate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runServer } from './run-server.js';
import { printServerToken } from './server-token.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manx-server-'));
  await writeFile(join(folder, 'secret'), 'a secret for this test alone');
});
afterEach(() => rm(folder, { recursive: true }));

const config = async (changes: Readonly<Record<string, unknown>> = {}): Promise<string> => {
  const settings = {
    listen: { api: { address: '127.0.0.1', port: 0 }, feed: { address: '127.0.0.1', port: 0 } },
    auth: { kind: 'none' },
    store: { kind: 'memory' },
    agents: { secret_file: 'secret' },
    log: { level: 'silent' },
    ...changes,
  };
  const path = join(folder, 'server.yaml');
  await writeFile(path, JSON.stringify(settings));
  return path;
};
const sink = (): { text: string; write: (text: string) => void } => {
  const into = {
    text: '',
    write: (text: string) => {
      into.text += text;
    },
  };
  return into;
};

/** Runs a server until its line is out, looks at it with `look`, and ends it. */
const withServer = async (path: string, look: (line: string) => Promise<void>): Promise<number> => {
  const controller = new AbortController();
  const stderr = sink();
  let isUp = (_line: string): void => undefined;
  const up = new Promise<string>((resolve) => {
    isUp = resolve;
  });
  const code = runServer({ config: path, stdout: { write: (line: string) => isUp(line) }, stderr, signal: controller.signal });
  await Promise.race([up.then(look), code.then(() => Promise.reject(new Error(stderr.text)))]);
  controller.abort();
  return code;
};
const refusalOf = async (path: string): Promise<{ code: number; text: string }> => {
  const stderr = sink();
  const code = await runServer({ config: path, stdout: sink(), stderr });
  return { code, text: stderr.text.replaceAll(`${folder}/`, '') };
};

/** A port that nobody listens on. */
const closedPort = async (): Promise<number> => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  other.close();
  await once(other, 'close');
  return port;
};

describe('runServer', () => {
  it('says in one line where it listens, where its store is, at which revision; serves; ends with 0', async () => {
    const code = await withServer(await config(), async (line) => {
      expect(line).toMatch(
        /^manx server: API http:\/\/127\.0\.0\.1:\d+ \(auth: none\), agents http:\/\/127\.0\.0\.1:\d+, store memory .*, revision 0\n$/,
      );
      const [, url] = /API (\S+)/.exec(line) ?? [];
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
    });
    expect(code).toBe(0);
  });

  it('serves agents on the other listener, with their tokens only', async () => {
    await withServer(await config(), async (line) => {
      const [, url] = /agents (\S+),/.exec(line) ?? [];
      const state = `${url}/feed/v1/hosts/h1/state`;
      const refused = await fetch(state, { headers: { authorization: 'Bearer nonsense' } });
      expect(refused.status).toBe(401);
      // A lease: who reports late need not connect anew.
      expect(refused.headers.get('keep-alive')).toBe('timeout=15');
      const token = agentToken('a secret for this test alone', asHostName('h1'));
      const taken = await fetch(state, { headers: { authorization: `Bearer ${token}` } });
      expect(taken.status).toBe(200);
      await taken.body?.cancel();
    });
  });

  it('has its state again after a restart', async () => {
    const path = await config({ store: { kind: 'sqlite', path: 'state.db' } });
    await withServer(path, async (line) => {
      const [, url] = /API (\S+)/.exec(line) ?? [];
      const answer = await fetch(`${url}/v2.0/networks`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"network":{"name":"kept"}}',
      });
      expect(answer.status).toBe(201);
    });
    await withServer(path, async (line) => {
      expect(line).toMatch(/store .*\/state\.db, revision 1\n$/);
      const [, url] = /API (\S+)/.exec(line) ?? [];
      expect(await (await fetch(`${url}/v2.0/networks?fields=name`)).json()).toEqual({ networks: [{ name: 'kept' }] });
    });
  });

  it.each([['0.0.0.0'], ['::'], ['192.0.2.1'], ['::ffff:10.0.0.1']])(
    'auth: none on %s is refused: everybody would have every right',
    async (address) => {
      const { code, text } = await refusalOf(
        await config({ listen: { api: { address, port: 0 }, feed: { address: '127.0.0.1', port: 0 } } }),
      );
      expect(code).toBe(1);
      expect(text).toMatch(
        /^manx server: auth: \{kind: none\} .*only possible on a loopback address; .* is not one\. Set listen\.api\.address/,
      );
    },
  );

  it('auth: keystone may listen anywhere, needs no Keystone to start, says in /readyz that there is none, and never the password', async () => {
    const port = await closedPort();
    const auth = {
      kind: 'keystone',
      auth_url: `http://127.0.0.1:${port}`,
      username: 'neutron',
      password_file: 'password',
      project_name: 'service',
      user_domain_name: 'Default',
      project_domain_name: 'Default',
    };
    await writeFile(join(folder, 'password'), 'hunter2\n');
    const path = await config({ auth, listen: { api: { address: '0.0.0.0', port: 0 }, feed: { address: '127.0.0.1', port: 0 } } });
    await withServer(path, async (line) => {
      expect(line).toContain(`(auth: keystone http://127.0.0.1:${port}/v3)`);
      const url = (/API (\S+)/.exec(line)?.[1] ?? '').replace('0.0.0.0', '127.0.0.1');
      const answer = await fetch(`${url}/v2.0/networks`, { headers: { 'x-auth-token': 'token' } });
      expect(answer.status).toBe(503);
      const ready = await fetch(`${url}/readyz`);
      const text = await ready.text();
      expect([ready.status, text]).toEqual([503, expect.stringContaining('cannot be reached (ECONNREFUSED)')]);
      expect(line + text).not.toContain('hunter2');
    });
  });

  it('a port that is taken is named, with what to do, and nothing is left half-started', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    for (const name of ['api', 'feed']) {
      const listen = {
        api: { address: '127.0.0.1', port: 0 },
        feed: { address: '127.0.0.1', port: 0 },
        [name]: { address: '127.0.0.1', port },
      };
      const { code, text } = await refusalOf(await config({ listen }));
      expect([code, text]).toEqual([1, expect.stringContaining(`listen.${name}: 127.0.0.1:${port} is taken`)]);
    }
    other.close();
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    [
      'an address that this machine has not',
      { listen: { api: { address: '127.0.0.1', port: 0 }, feed: { address: '192.0.2.1', port: 0 } } },
      /listen\.feed: this machine has no address 192\.0\.2\.1:0/,
    ],
    [
      'a descriptor that is no socket',
      { listen: { api: { fd: 99 }, feed: { address: '127.0.0.1', port: 0 } } },
      /listen\.api: file descriptor 99 is not a listening socket/,
    ],
    [
      'a secret that is not there',
      { agents: { secret_file: 'none' } },
      /agents\.secret_file: none cannot be read \(ENOENT\)\. Make one: openssl rand/,
    ],
    [
      'a password file that is not there',
      {
        auth: {
          kind: 'keystone',
          auth_url: 'http://127.0.0.1:1/v3',
          username: 'u',
          password_file: 'none',
          project_name: 'p',
          user_domain_name: 'd',
          project_domain_name: 'd',
        },
      },
      /auth\.password_file: none cannot be read \(ENOENT\)/,
    ],
    ['a store in a folder that is not there', { store: { kind: 'sqlite', path: 'no/state.db' } }, /no\/state\.db: .*create the directory/],
    ['a store that is something else', { store: { kind: 'sqlite', path: 'secret' } }, /secret: .*nothing in it was changed/],
  ])('%s ends the start with a paragraph that says so', async (_title, changes, message) => {
    const { code, text } = await refusalOf(await config(changes));
    expect(code).toBe(1);
    expect(text).toMatch(message);
    expect(text.trimEnd().split('\n')).toHaveLength(1);
  });

  it('a secret that is too short is refused', async () => {
    await writeFile(join(folder, 'secret'), 'short\n');
    expect((await refusalOf(await config())).text).toMatch(/fewer than 16 bytes/);
  });

  it('settings that are wrong end with 2, a line for each mistake', async () => {
    const { code, text } = await refusalOf(await config({ mtu: 1, auht: {} }));
    expect(code).toBe(2);
    expect(text.trimEnd().split('\n')).toHaveLength(2);
  });
});

describe('printServerToken', () => {
  it('prints the token that the feed takes for that host', async () => {
    const stdout = sink();
    expect(await printServerToken({ config: await config(), host: 'h1', stdout })).toBe(0);
    expect(stdout.text).toBe(`${agentToken('a secret for this test alone', asHostName('h1'))}\n`);
  });

  it('refuses what is no host name', async () => {
    const stderr = sink();
    expect(await printServerToken({ config: await config(), host: '../h1', stderr })).toBe(1);
    expect(stderr.text).toBe('manx server token: "../h1" is not a host name.\n');
  });
});
