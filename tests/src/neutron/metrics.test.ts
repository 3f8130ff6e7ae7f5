import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { openSim } from '@manx/sim';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientOf } from './client.js';
import { makeServerFolder, SECRET, type ServerFolder, type ServerProcess, startServerProcess } from './server-process.js';

let folder: ServerFolder;
let server: ServerProcess | null = null;

beforeEach(async () => {
  folder = await makeServerFolder('log: {level: warn}');
});
afterEach(async () => {
  await server?.end('SIGTERM');
  server = null;
  await folder.remove();
});

/** Every sample of the text format by its name and labels. */
const samplesOf = async (url: string): Promise<ReadonlyMap<string, number>> => {
  const answer = await fetch(`${url}/metrics`);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
};

/** Looks again until a sample is so: each look is an answer of the server. */
const untilSample = async (url: string, name: string, value: number): Promise<ReadonlyMap<string, number>> => {
  for (;;) {
    const samples = await samplesOf(url);
    if (samples.get(name) === value) return samples;
  }
};

describe('/metrics of a real server', () => {
  it('shows what clients did, what was committed, what there is, and how the hosts are', async () => {
    server = await startServerProcess(folder);
    const client = clientOf(server.url);
    const network = await client.make('networks', { name: 'n' });
    await client.make('subnets', { network_id: network.id, ip_version: 4, cidr: '10.50.0.0/24' });
    await client.call('GET', `/v2.0/networks/${network.id}`);
    await client.call('GET', '/v2.0/networks/nothing');
    const sim = openSim({ url: server.feedUrl, secret: SECRET, hosts: 3 });
    // Each has said first what it has: what it says of a port from now on is news.
    await untilSample(server.url, 'manx_status_reports_total{content="full"}', 3);
    await client.make('ports', { network_id: network.id, 'binding:host_id': 'sim-2' });
    // The host's word is a commit as well.
    await untilSample(server.url, 'manx_status_reports_total{content="changes"}', 1);
    const samples = await untilSample(server.url, 'manx_feed_lag_revisions', 0);
    const seen = Object.fromEntries(samples);
    expect(seen).toMatchObject({
      'manx_http_requests_total{method="POST",route="/v2.0/networks",status="201"}': 1,
      'manx_http_requests_total{method="GET",route="/v2.0/networks/:id",status="200"}': 1,
      'manx_http_requests_total{method="GET",route="/v2.0/networks/:id",status="404"}': 1,
      'manx_resources{kind="network"}': 1,
      'manx_resources{kind="port"}': 1,
      manx_hosts_alive: 3,
      manx_feed_sessions: 3,
      manx_compile_problems: 0,
    });
    expect(samples.get('manx_head_revision')).toBe(samples.get('manx_commits_total'));
    for (const name of ['process_resident_memory_bytes', 'nodejs_eventloop_lag_p99_seconds', 'manx_store_append_seconds_sum'])
      expect(samples.get(name)).toBeGreaterThan(0);
    await sim.close();
    await untilSample(server.url, 'manx_feed_sessions', 0);
  });

  it('is on its own listener alone when there is one', async () => {
    const port = await freePort();
    const config = await readFile(folder.config, 'utf8');
    await writeFile(folder.config, config.replace('listen: {', `listen: {metrics: {address: 127.0.0.1, port: ${port}}, `));
    server = await startServerProcess(folder);
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
    expect((await samplesOf(`http://127.0.0.1:${port}`)).get('manx_head_revision')).toBe(0);
    expect((await fetch(`http://127.0.0.1:${port}/v2.0/networks`)).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${port}/metrics`, { method: 'POST' })).status).toBe(405);
  });
});

const freePort = async (): Promise<number> => {
  const socket = createServer().listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address() as AddressInfo;
  socket.close();
  await once(socket, 'close');
  return port;
};
