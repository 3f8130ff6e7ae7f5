import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** The whole lab, as its user has it: the real command, real hosts and fabric, real packets. */

const manx = fileURLToPath(new URL('../../../manx', import.meta.url));
const run = promisify(execFile);

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

const lab = async (...argv: readonly string[]): Promise<Ended> => {
  try {
    return { code: 0, ...(await run(manx, ['lab', ...argv], { maxBuffer: 16 << 20 })) };
  } catch (error) {
    const { code = 1, stdout = '', stderr = '' } = error as Partial<Ended>;
    return { code, stdout, stderr };
  }
};

const json = async <T>(...argv: readonly string[]): Promise<T> => {
  const { code, stdout, stderr } = await lab(...argv, '-o', 'json');
  if (code !== 0 && stdout === '') throw new Error(`lab ${argv.join(' ')} failed: ${stderr}`);
  return JSON.parse(stdout) as T;
};

type Row = { readonly promise: string; readonly did: string; readonly saw: string; readonly ok: boolean };
type Check = { readonly rows: readonly Row[]; readonly passed: number; readonly failed: number };
type Lab = {
  readonly api: string;
  readonly hosts: readonly string[];
  readonly instances: readonly { readonly name: string; readonly host: string }[];
};

/** What the machine itself shows of links, routes, rules and namespaces: a lab must not change it, but for its namespaces while it is up. */
const machine = async (): Promise<string> => {
  const views = [
    ['ip', '-o', 'link'],
    ['ip', 'route', 'show', 'table', 'all'],
    ['ip', '-6', 'route', 'show', 'table', 'all'],
    ['nft', 'list', 'ruleset'],
    ['sysctl', 'net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding'],
  ];
  const shown = await Promise.all(views.map(async ([program = '', ...argv]) => (await run(program, argv)).stdout));
  return shown.join('\n');
};

/** The promises that the issue of the first slice names for `lab check`. */
const promises = ['S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'S12', 'S13', 'S15', 'S16', 'S17', 'S18', 'S19', 'S20', 'S26'];

const proves = (name: string, up: readonly string[]): void => {
  describe(name, () => {
    let check: Check = { rows: [], passed: 0, failed: 0 };
    beforeAll(async () => {
      await json('up', ...up);
      check = await json<Check>('check');
    }, 180_000);
    afterAll(async () => {
      await lab('down');
    }, 60_000);

    it('S1 to S26: every promise is tried with packets, and every row of lab check passes', () => {
      expect(check.rows.filter(({ ok }) => !ok)).toEqual([]);
      expect(check.passed).toBe(check.rows.length);
      expect(new Set(check.rows.map(({ promise }) => promise))).toEqual(
        expect.toSatisfy((seen: Set<string>) => promises.every((one) => seen.has(one))),
      );
    });
  });
};

describe.sequential('a cloud in one command', () => {
  let before = '';
  beforeAll(async () => {
    const { stdout } = await lab('list');
    if (stdout !== '') throw new Error('A lab is up on this machine; these tests need its place. End it first: ./manx lab down');
    before = await machine();
  });

  proves('the default cloud', []);

  it('S5, S6: two networks without a router: 10.65.0.2 reaches 172.18.3.23, which sees 10.65.0.2', async () => {
    await json('up', '--file', fileURLToPath(new URL('../../../lab/clouds/flat-space.yaml', import.meta.url)));
    const { rows } = await json<Check>('check');
    const told = rows.filter(({ promise }) => promise === 'file');
    expect(told.some(({ did, saw, ok }) => ok && /source 10\.65\.0\.2/.test(did) && saw.includes('source 10.65.0.2'))).toBe(true);
    expect(rows.filter(({ ok }) => !ok)).toEqual([]);
  }, 180_000);

  it('a lab that is up already is said, and left alone', async () => {
    const { code, stderr } = await lab('up');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/already/);
    expect((await json<Lab>('list')).instances).not.toEqual([]);
  }, 60_000);

  it('boot, move, exec and delete do what they say, and refuse what cannot be', async () => {
    const booted = await json<{
      readonly name: string;
      readonly host: string;
      readonly addresses: readonly string[];
      readonly ms_to_active: number;
    }>('boot', 'extra', '--network', 'a', '--host', 'h1');
    expect(booted).toMatchObject({ name: 'extra', host: 'h1', netns: 'manx-vm-extra' });
    expect(booted.addresses).toHaveLength(1);
    const moved = await json<{ readonly host: string; readonly addresses: readonly string[] }>('move', 'extra', '--host', 'h2');
    expect(moved).toMatchObject({ host: 'h2', addresses: booted.addresses });
    const shown = await lab('exec', 'extra', '--', 'ip', '-4', '-o', 'addr', 'show', 'dev', 'eth0');
    expect(shown.stdout).toContain(booted.addresses[0]);
    expect((await lab('exec', 'extra', '--', 'sh', '-c', 'exit 7')).code).toBe(7);
    expect((await lab('boot', 'extra', '--network', 'a')).stderr).toMatch(/already/);
    expect((await lab('boot', 'other', '--network', 'nowhere')).stderr).toMatch(/nowhere/);
    expect((await lab('delete', 'extra')).code).toBe(0);
    expect((await lab('delete', 'extra')).stderr).toMatch(/extra/);
  }, 120_000);

  it('down leaves nothing behind, however the lab died', async () => {
    // The worst death: every process of every namespace at once.
    const { stdout } = await run('sh', [
      '-c',
      "ip netns list | awk '/^manx-(host|fab|out|vm)/ { print $1 }' | xargs -n1 ip netns pids | xargs -r kill -9",
    ]);
    expect(stdout).toBe('');
    expect((await lab('down')).code).toBe(0);
    expect((await run('ip', ['netns', 'list'])).stdout).not.toMatch(/^manx-(host|fab|vm)-|^manx-out/m);
    await expect(run('test', ['-e', '/run/manx-lab'])).rejects.toThrow();
    expect(await machine()).toBe(before);
    expect((await lab('down')).code).toBe(0);
  }, 60_000);
});
