import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openSim, type Sim, type SimOptions, type SimProgress } from '@manx/sim';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, clientOf, type Made } from './client.js';
import { makeServerFolder, SECRET, type ServerFolder, type ServerProcess, startServerProcess } from './server-process.js';

const MANX = fileURLToPath(new URL('../../../apps/cli/dist/main.js', import.meta.url));
const HOSTS = 50;

let folder: ServerFolder;
let server: ServerProcess;
let client: Client;
let network: Made;

beforeAll(async () => {
  folder = await makeServerFolder('log: {level: warn}');
  server = await startServerProcess(folder);
  // The same place for agents after a restart.
  const config = await readFile(folder.config, 'utf8');
  await writeFile(
    folder.config,
    config.replace('feed: {address: 127.0.0.1, port: 0}', `feed: {address: 127.0.0.1, port: ${new URL(server.feedUrl).port}}`),
  );
  client = clientOf(server.url);
  network = await client.make('networks', { name: 'n' });
  await client.make('subnets', { network_id: network.id, ip_version: 4, cidr: '10.50.0.0/20' });
});
afterAll(async () => {
  await server.end('SIGTERM');
  await folder.remove();
});

/** Simulated hosts of this process, and a way to wait until they are as wanted. */
const simulate = (
  options: Partial<SimOptions> = {},
): Sim & { readonly until: (isSo: (progress: SimProgress) => boolean) => Promise<SimProgress> } => {
  const waiting = new Set<() => void>();
  const sim = openSim({
    url: server.feedUrl,
    secret: SECRET,
    hosts: HOSTS,
    ...options,
    onChange: () => {
      for (const look of waiting) look();
    },
  });
  const until = (isSo: (progress: SimProgress) => boolean): Promise<SimProgress> =>
    new Promise((resolve) => {
      const look = (): void => {
        const progress = sim.progress();
        if (!isSo(progress)) return;
        waiting.delete(look);
        resolve(progress);
      };
      waiting.add(look);
      look();
    });
  return { ...sim, until };
};

const bindOneToEach = async (prefix: string, count = HOSTS): Promise<readonly string[]> => {
  const ports = Array.from({ length: count }, (_, index) => ({ network_id: network.id, 'binding:host_id': `${prefix}${index + 1}` }));
  const { status, body } = await client.call('POST', '/v2.0/ports', { body: { ports } });
  expect(status).toBe(201);
  return (body as { readonly ports: readonly Made[] }).ports.map(({ id }) => id);
};

const statuses = async (host?: string): Promise<readonly unknown[]> => {
  const where = host === undefined ? '' : `&binding:host_id=${host}`;
  const { body } = await client.call('GET', `/v2.0/ports?fields=status${where}`);
  return (body as { readonly ports: readonly Made[] }).ports.map(({ status }) => status);
};

/** Asks until every port is so; the test's own time limit ends a wait in vain. */
const untilAll = async (status: string, host?: string): Promise<void> => {
  for (;;) {
    const said = await statuses(host);
    if (said.length > 0 && said.every((one) => one === status)) return;
  }
};

describe('simulated hosts', () => {
  it('a port that is bound to one becomes ACTIVE; a restart of the server reconnects them all, and the next port does too', {
    timeout: 60_000,
  }, async () => {
    const sim = simulate();
    await sim.until(({ connected }) => connected === HOSTS);
    await bindOneToEach('sim-');
    expect(await sim.until(({ up }) => up === HOSTS)).toEqual({
      hosts: HOSTS,
      connected: HOSTS,
      ports: HOSTS,
      up: HOSTS,
      failed: 0,
      problem: null,
    });
    await untilAll('ACTIVE');

    await server.end('SIGKILL');
    expect((await sim.until(({ connected }) => connected === 0)).problem).not.toBeNull();
    server = await startServerProcess(folder);
    client = clientOf(server.url);
    await sim.until(({ connected }) => connected === HOSTS);
    await bindOneToEach('sim-');
    await sim.until(({ up }) => up === 2 * HOSTS);
    await untilAll('ACTIVE');
    await sim.close();
  });

  it('one whose kernel refuses every port says so: the ports are in ERROR', { timeout: 60_000 }, async () => {
    const sim = simulate({ hosts: 2, prefix: 'bad-', failRate: 1 });
    await sim.until(({ connected }) => connected === 2);
    await bindOneToEach('bad-', 2);
    expect(await sim.until(({ failed }) => failed === 2)).toMatchObject({ up: 0, ports: 2 });
    await untilAll('ERROR', 'bad-1');
    await sim.close();
  });

  it('a wrong secret is said, and connects nobody', async () => {
    const sim = simulate({ hosts: 1, secret: 'another secret altogether' });
    const { connected, problem } = await sim.until((progress) => progress.problem !== null);
    expect([connected, problem]).toEqual([0, expect.stringMatching(/^the server answered 401/)]);
    await sim.close();
  });

  it('./manx sim -o json: a line a change, and an orderly end on SIGINT', { timeout: 60_000 }, async () => {
    const argv = ['sim', '--server', server.feedUrl, '--hosts', '20', '--prefix', 'cli-', '--config', folder.config, '-o', 'json'];
    const child = spawn(process.execPath, [MANX, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = once(child, 'exit');
    let last: Partial<SimProgress> = {};
    for await (const line of createInterface({ input: child.stdout })) {
      last = JSON.parse(line) as SimProgress;
      if (last.connected === 20) child.kill('SIGINT');
    }
    expect(last).toMatchObject({ hosts: 20, connected: 20, ports: 0, problem: null });
    expect(await exit).toEqual([0, null]);
  });
});
