import { agentToken, type StatusReport } from '@manx/feed';
import { asHostName } from '@manx/hoststate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, clientOf, type Made } from './client.js';
import { makeServerFolder, SECRET, type ServerFolder, type ServerProcess, startServerProcess } from './server-process.js';

let folder: ServerFolder;
let server: ServerProcess;
let client: Client;
let network: Made;

beforeAll(async () => {
  folder = await makeServerFolder('log: {level: warn}');
  server = await startServerProcess(folder);
  client = clientOf(server.url);
  network = await client.make('networks', { name: 'n' });
  await client.make('subnets', { network_id: network.id, ip_version: 4, cidr: '10.50.0.0/24' });
});
afterAll(async () => {
  await server.end('SIGTERM');
  await folder.remove();
});

type Line = {
  readonly type: string;
  readonly revision?: number;
  readonly delta?: { readonly puts: readonly { readonly kind: string; readonly id: string }[] };
};

/** What an agent of the host does on the wire: one long answer, read line by line, and reports. */
const agentOf = async (host: string) => {
  const headers = { authorization: `Bearer ${agentToken(SECRET, asHostName(host))}` };
  const base = `${server.feedUrl}/feed/v1/hosts/${host}`;
  const stream = await fetch(`${base}/state`, { headers });
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const next = async (): Promise<Line> => {
    for (;;) {
      const end = text.indexOf('\n');
      if (end >= 0) {
        const line = text.slice(0, end);
        text = text.slice(end + 1);
        return JSON.parse(line) as Line;
      }
      const piece = await reader?.read();
      if (piece?.value === undefined) throw new Error('the stream ended');
      text += piece.value;
    }
  };
  const until = async (wanted: (line: Line) => boolean): Promise<Line> => {
    for (;;) {
      const line = await next();
      if (wanted(line)) return line;
    }
  };
  // Typed as agents have it: a field that both sides must know is missed by the compiler.
  const send = (said: Pick<StatusReport, 'revision' | 'endpoints' | 'agent'>): Promise<Response> => {
    const whole: StatusReport = { run: 'r1', isFull: false, claims: null, drops: null, samples: null, events: null, ...said };
    return fetch(`${base}/status`, { method: 'POST', headers, body: JSON.stringify(whole) });
  };
  const report = (id: string, state: 'up' | 'down' | 'error', revision: number): Promise<Response> =>
    send({ revision, endpoints: [{ id, state, revision, problem: null }], agent: null });
  /** What the agent says of its host, and of no port. */
  const name = (physicalNetworks: readonly string[]): Promise<Response> => {
    const drift = { repairs: 0, lastAt: null, last: null };
    const agent = {
      version: '1',
      startedAt: '2026-01-31T00:00:00Z',
      physicalNetworks,
      bgp: [],
      multicast: null,
      listeners: [],
      problems: [],
      drift,
    };
    return send({ revision: 0, endpoints: [], agent });
  };
  return { until, report, name, leave: () => reader?.cancel() };
};

const show = async (port: Made): Promise<unknown> => ((await client.call('GET', `/v2.0/ports/${port.id}`)).body as { port: unknown }).port;

describe('a port that is bound', () => {
  it('reaches the agent of its host, and is ACTIVE as soon as that has answered its report', async () => {
    const agent = await agentOf('h1');
    await agent.until(({ type }) => type === 'in-sync');
    const port = await client.make('ports', { network_id: network.id, 'binding:host_id': 'h1' });
    expect(port).toMatchObject({ 'binding:vif_type': 'tap', status: 'BUILD' });
    const { revision = 0 } = await agent.until(
      ({ delta }) => delta?.puts.some(({ kind, id }) => kind === 'endpoint' && id === port.id) ?? false,
    );
    expect((await agent.report(port.id, 'up', revision)).status).toBe(204);
    expect(await show(port)).toMatchObject({ status: 'ACTIVE' });
    await agent.leave();
  });

  it('stays as it is while the server is away, and an agent that comes back gets it whole', async () => {
    const before = await client.call('GET', '/v2.0/ports');
    await server.end('SIGKILL');
    server = await startServerProcess(folder);
    client = clientOf(server.url);
    expect((await client.call('GET', '/v2.0/ports')).body).toEqual(before.body);
    const agent = await agentOf('h1');
    expect(await agent.until(({ type }) => type === 'begin')).toMatchObject({ revision: expect.any(Number) as unknown });
    await agent.until(({ type }) => type === 'in-sync');
    await agent.leave();
  });

  it('is a failed binding where no agent is alive', async () => {
    const port = await client.make('ports', { network_id: network.id, 'binding:host_id': 'nowhere' });
    expect(port).toMatchObject({ 'binding:vif_type': 'binding_failed', status: 'DOWN' });
  });
});

describe('a port of a routed provider network', () => {
  it('waits for its host, and has an address of the rack that the host’s agent names', async () => {
    const flat = { 'provider:network_type': 'flat', 'provider:physical_network': 'rack1' };
    const routed = await client.make('networks', { name: 'racks', ...flat });
    const { body } = await client.call('GET', `/v2.0/segments?network_id=${routed.id}`);
    const [first] = (body as { segments: readonly Made[] }).segments;
    const second = await client.make('segments', { network_id: routed.id, network_type: 'flat', physical_network: 'rack2' });
    for (const [at, segment] of [first, second].entries()) {
      await client.make('subnets', { network_id: routed.id, ip_version: 4, cidr: `10.6${at}.0.0/24`, segment_id: segment?.id });
    }
    const port = await client.make('ports', { network_id: routed.id });
    expect(port).toMatchObject({ fixed_ips: [], ip_allocation: 'deferred' });
    const agent = await agentOf('r2');
    await agent.until(({ type }) => type === 'in-sync');
    const bind = (): ReturnType<Client['call']> =>
      client.call('PUT', `/v2.0/ports/${port.id}`, { body: { port: { 'binding:host_id': 'r2', device_owner: 'compute:nova' } } });
    expect(await bind()).toMatchObject({ status: 409, body: { NeutronError: { type: 'HostNotConnectedToAnySegment' } } });
    expect((await agent.name(['rack2'])).status).toBe(204);
    expect((await bind()).status).toBe(200);
    expect(await show(port)).toMatchObject({
      status: 'BUILD',
      'binding:vif_type': 'tap',
      fixed_ips: [{ ip_address: expect.stringMatching(/^10\.61\./) as unknown }],
    });
    await agent.leave();
  });
});
