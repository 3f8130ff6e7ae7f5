import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Commit } from '@manx/model';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { putPort, sampleCommit } from './sample-commit.js';
import { makeScratchDirectory } from './scratch-directory.js';
import { openSqliteStore } from './sqlite-store.js';
import type { Store } from './store.js';
import { StoreFault } from './store-fault.js';

let directory = '';
let path = '';
let remove = (): void => undefined;

beforeEach(() => {
  const scratch = makeScratchDirectory();
  directory = scratch.path;
  path = join(directory, 'store.db');
  remove = scratch.remove;
});
afterEach(() => remove());

const faultOf = async (promise: Promise<unknown>): Promise<StoreFault> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof StoreFault) return error;
    throw error;
  }
  throw new Error('no fault');
};

/** A sound store with a few hundred kilobytes in it, closed. */
const makeStore = async (): Promise<void> => {
  const store = await openSqliteStore({ path });
  const commits = Array.from({ length: 300 }, (_, index) =>
    sampleCommit(index + 1, [putPort(`port-${index}`, { filler: 'x'.repeat(500) })]),
  );
  await store.append(0, commits);
  await store.close();
};

const readHistory = async (store: Store): Promise<Commit[]> => {
  const commits: Commit[] = [];
  for await (const commit of store.history(0)) commits.push(commit);
  return commits;
};

const changeFile = (sql: string): void => {
  const db = new Database(path);
  db.exec(sql);
  db.close();
};

describe('a place that cannot hold a store is named, with what to do', () => {
  it('a missing directory', async () => {
    const fault = await faultOf(openSqliteStore({ path: join(directory, 'missing', 'store.db') }));
    expect(fault).toMatchObject({
      code: 'directory-missing',
      op: 'open',
      subject: join(directory, 'missing', 'store.db'),
      errno: 'ENOENT',
    });
    expect(fault.message).toContain(`the directory ${join(directory, 'missing')} does not exist; create the directory`);
  });

  it('a file where the directory should be', async () => {
    writeFileSync(join(directory, 'file'), '');
    const fault = await faultOf(openSqliteStore({ path: join(directory, 'file', 'store.db') }));
    expect(fault.code).toBe('directory-missing');
  });

  it('a directory where the file should be', async () => {
    mkdirSync(path);
    expect((await faultOf(openSqliteStore({ path }))).code).toBe('not-ours');
  });
});

describe('a file that is not a store of ours is refused and left as it is', () => {
  it('a text file', async () => {
    writeFileSync(path, 'dear diary, '.repeat(1000));
    const fault = await faultOf(openSqliteStore({ path }));
    expect(fault.code).toBe('not-ours');
    expect(fault.message).toContain(path);
    expect(readFileSync(path, 'utf8')).toBe('dear diary, '.repeat(1000));
  });

  it("somebody else's SQLite database", async () => {
    changeFile("CREATE TABLE diary (day TEXT); INSERT INTO diary VALUES ('monday')");
    const before = readFileSync(path);
    expect((await faultOf(openSqliteStore({ path }))).code).toBe('not-ours');
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('a store of a newer version', async () => {
    await makeStore();
    changeFile('PRAGMA user_version = 99');
    const fault = await faultOf(openSqliteStore({ path }));
    expect(fault.code).toBe('newer');
    expect(fault.message).toMatch(/version 99.*knows 1.*run the newer version/);
    changeFile('PRAGMA user_version = 1');
    const store = await openSqliteStore({ path });
    expect(await store.head()).toBe(300);
    await store.close();
  });

  it('an empty file, in contrast, becomes a store', async () => {
    writeFileSync(path, '');
    const store = await openSqliteStore({ path });
    expect(await store.append(0, [sampleCommit(1)])).toEqual({ kind: 'appended', head: 1 });
    await store.close();
  });
});

describe('one file has one server', () => {
  it('a second one in the same process is told so, and the first goes on', async () => {
    const first = await openSqliteStore({ path });
    expect(await faultOf(openSqliteStore({ path }))).toMatchObject({ code: 'locked', retry: true });
    expect(await first.append(0, [sampleCommit(1)])).toEqual({ kind: 'appended', head: 1 });
    await first.close();
    const second = await openSqliteStore({ path });
    expect(await second.head()).toBe(1);
    await second.close();
  });

  it('one in another process keeps this one out until it is gone, even when it was killed', async () => {
    const program = fileURLToPath(new URL('./crash-writer.js', import.meta.url));
    const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    await once(createInterface({ input: child.stdout }), 'line');
    const fault = await faultOf(openSqliteStore({ path }));
    child.kill('SIGKILL');
    await exited;
    expect(fault.code).toBe('locked');
    expect(fault.message).toContain('stop the other server');
    const store = await openSqliteStore({ path });
    expect(await store.head()).toBeGreaterThan(0);
    await store.close();
  });

  it('the file is readable by its owner alone', async () => {
    await makeStore();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});

describe('a transaction that fails in its midst', () => {
  it('leaves nothing behind, rejects all that it carried, and the next one works', async () => {
    const store = await openSqliteStore({ path });
    const bad = sampleCommit(2, [putPort('half'), putPort(null as never)]);
    // The first is a group of its own; the other two are the next.
    const [first, second, third] = await Promise.allSettled([
      store.append(0, [sampleCommit(1)]),
      store.append(1, [bad]),
      store.append(2, [sampleCommit(3)]),
    ]);
    expect([first.status, second.status, third.status]).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(await faultOf(store.append(1, [bad]))).toMatchObject({ code: 'failed', op: 'append', errno: 'SQLITE_CONSTRAINT_NOTNULL' });
    expect(await store.append(1, [sampleCommit(2)])).toEqual({ kind: 'appended', head: 2 });
    expect([...(await store.load()).puts].map((change) => change.id)).toEqual(['port-1', 'port-2']);
    await store.close();
  });
});

describe('a damaged file is noticed before anything is served from it', () => {
  const overwrite = (offset: number, length: number): void => {
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(length, 0xa5), 0, length, offset);
    closeSync(file);
  };

  it('pages overwritten in the middle', async () => {
    await makeStore();
    overwrite(8192, 40_000);
    const fault = await faultOf(openSqliteStore({ path }));
    expect(fault.code).toBe('corrupt');
    expect(fault.message).toContain('restore the last backup');
  });

  it('a file cut in half', async () => {
    await makeStore();
    truncateSync(path, 65_536);
    expect((await faultOf(openSqliteStore({ path }))).code).toBe('corrupt');
  });

  it('a log with a gap', async () => {
    await makeStore();
    changeFile('DELETE FROM commits WHERE revision = 150');
    const fault = await faultOf(openSqliteStore({ path }));
    expect(fault.code).toBe('corrupt');
    expect(fault.message).toContain('299 commits between 1 and 300');
  });

  it('a record that is not JSON', async () => {
    await makeStore();
    changeFile("UPDATE objects SET body = 'not JSON' WHERE id = 'port-7'; UPDATE commits SET body = 'not JSON' WHERE revision = 7");
    const store = await openSqliteStore({ path });
    expect((await faultOf(store.load())).code).toBe('corrupt');
    expect((await faultOf(readHistory(store))).code).toBe('corrupt');
    await store.close();
  });
});

/** Runs the program in a mount namespace of its own, with the file system of the test mounted there by `mount`. */
const runMounted = async (mount: string): Promise<{ readonly out: string; readonly status: number | null }> => {
  const program = fileURLToPath(new URL('./full-disk-writer.js', import.meta.url));
  const script = `mount -t tmpfs ${mount} tmpfs "$1" && exec "$2" "$3" "$1"`;
  const child = spawn('unshare', ['--mount', 'sh', '-c', script, 'sh', directory, process.execPath, program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const out = await text(child.stdout);
  return { out, status: (await exited)[0] };
};

describe.skipIf(process.getuid?.() !== 0)('a file system that takes no more (needs root, for a mount of its own)', () => {
  it('a full disk fails the append and nothing else; what was acknowledged is there, and with space again it goes on', async () => {
    const { out, status } = await runMounted('-o size=4m');
    expect(JSON.parse(out)).toEqual({
      fault: { code: 'full', op: 'append', retry: true },
      isHeadKept: true,
      isStateKept: true,
      afterwards: 'appended',
      isReopenedWhole: true,
    });
    expect(status).toBe(0);
    expect(existsSync(path)).toBe(false);
  });

  it('a read-only file system is a lack of permission', async () => {
    const { out } = await runMounted('-o ro');
    expect(JSON.parse(out)).toMatchObject({ opening: { code: 'no-permission', errno: 'EROFS' } });
  });
});
