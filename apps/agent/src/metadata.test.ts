import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inNetns } from '@manx/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestHost } from './testing/test-host.js';
import { EGRESS, endpoint, GATEWAY, PING, policy, portOf, SUBNET, stateOf } from './testing/test-states.js';

const SECRET = 'what Nova knows too';
const NOVA_PORT = 8775;
const isUp = ({ state }: { readonly state: string }): boolean => state === 'up';
const owner = (n: number): { instance: string; project: string } => ({ instance: `vm-${n}`, project: `project-${n}` });
const state = stateOf(
  SUBNET,
  policy('open', EGRESS, PING),
  { ...endpoint(1), owner: owner(1) },
  { ...endpoint(2), owner: owner(2) },
  endpoint(3),
  { ...endpoint(4), owner: owner(4), isSecured: false, policies: [] },
);
const folder = mkdtempSync(join(tmpdir(), 'manx-t-metadata-'));
const secretFile = join(folder, 'secret');
const host = new TestHost(
  'md-host',
  state,
  `metadata: {nova_url: "http://127.0.0.1:${NOVA_PORT}", shared_secret_file: ${secretFile}, requests_per_second: 1, burst: 40}\n`,
);
const guest = (n: number): { name: string; tap: string; mac: string; ip: string; gateway: string } => ({
  ...portOf(n),
  name: `md-g${n}`,
  gateway: GATEWAY,
});
const IPV6 = 'http://[fe80::a9fe:a9fe%25eth0]';
const IPV4 = 'http://169.254.169.254';

/** What curl says in a guest, and how it ends; Nova answers in this very process meanwhile. */
const curl = async (n: number, ...args: readonly string[]): Promise<{ code: number; said: string }> => {
  const child = host.spawnInGuest(`md-g${n}`, 'curl', '-s', '-m', '10', ...args);
  let said = '';
  child.stdout?.on('data', (piece: Buffer) => (said += piece.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, said };
};

/** What a guest gets: the status, and the answer's text. */
const ask = async (n: number, url: string, ...more: readonly string[]): Promise<{ status: string; text: string }> => {
  const { said } = await curl(n, '-g', '-w', '\n%{http_code}', ...more, url);
  const at = said.lastIndexOf('\n');
  return { status: said.slice(at + 1), text: said.slice(0, at) };
};

const said = (request: IncomingMessage, header: string): string => String(request.headers[header]);

const heard: IncomingMessage[] = [];

/** A metadata service that believes a request as Nova does: by its signature. */
const nova = (): Server =>
  createServer((request, response) => {
    heard.push(request);
    const id = said(request, 'x-instance-id');
    const right = createHmac('sha256', SECRET).update(id).digest('hex');
    if (request.headers['x-instance-id-signature'] !== right) return void response.writeHead(403).end('bad signature');
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      response.setHeader('Content-Type', 'text/plain');
      response.end(
        `${request.method} ${request.url} ${id} ${said(request, 'x-tenant-id')} ${said(request, 'x-forwarded-for')} ${body.length}`,
      );
    });
  });

const listen = async (port: number, server: Server): Promise<Server> => {
  inNetns(`/run/netns/${host.netns}`, () => server.listen(port));
  await once(server, 'listening');
  return server;
};

/** A guest speaks IPv6 once nobody has objected to its address. */
const hasLinkLocal = (n: number): boolean => {
  const addresses = host.inGuest(`md-g${n}`, 'ip', '-6', 'address', 'show', 'dev', 'eth0');
  return addresses.includes('fe80') && !addresses.includes('tentative');
};

let service: Server | null = null;
let webServer: Server | null = null;

beforeAll(async () => {
  writeFileSync(secretFile, `${SECRET}\n`, { mode: 0o600 });
  service = await listen(NOVA_PORT, nova());
  // A web server of the host's own on port 80 of every address is in nobody's way.
  webServer = await listen(
    80,
    createServer((_request, response) => response.end('the web server of the host')),
  );
  await host.serve();
  host.start();
  for (const n of [1, 2, 3, 4]) host.plug(guest(n));
  for (const n of [1, 2, 3, 4]) {
    await host.status(portOf(n).id, isUp);
    await host.until('a link-local address', () => (hasLinkLocal(n) ? true : null));
  }
});

afterAll(async () => {
  for (const server of [service, webServer]) {
    server?.closeAllConnections();
    server?.close();
  }
  await host.remove();
  rmSync(folder, { recursive: true });
});

describe('S27: metadata', () => {
  it.each([
    ['IPv4', IPV4],
    ['IPv6', IPV6],
  ])('over %s each instance is itself to Nova, signed', async (_, url) => {
    expect(await ask(1, `${url}/openstack/latest/meta_data.json`)).toEqual({
      status: '200',
      text: 'GET /openstack/latest/meta_data.json vm-1 project-1 10.65.0.2 0',
    });
    expect(await ask(2, `${url}/latest?x=1`)).toEqual({ status: '200', text: 'GET /latest?x=1 vm-2 project-2 10.65.0.3 0' });
  });

  it('without port security an instance is itself as well', async () => {
    for (const url of [IPV4, IPV6]) expect((await ask(4, `${url}/a`)).text).toBe('GET /a vm-4 project-4 10.65.0.5 0');
  });

  it('headers of a guest make it nobody else, and do not reach Nova', async () => {
    const lies = {
      'X-Instance-ID': 'vm-2',
      'X-Tenant-ID': 'project-2',
      'X-Forwarded-For': '10.65.0.3',
      'X-Instance-ID-Signature': 'ff',
      'X-Other': '1',
    };
    const { text } = await ask(1, `${IPV4}/`, ...Object.entries(lies).flatMap(([name, value]) => ['-H', `${name}: ${value}`]));
    expect(text).toBe('GET / vm-1 project-1 10.65.0.2 0');
    expect(heard.at(-1)?.headers).not.toHaveProperty('x-other');
  });

  it('a body is carried (Nova takes encrypted passwords), and a long one is refused', async () => {
    const url = `${IPV4}/openstack/latest/password`;
    expect((await ask(1, url, '-d', 'x'.repeat(300))).text).toBe('POST /openstack/latest/password vm-1 project-1 10.65.0.2 300');
    writeFileSync(join(folder, 'long'), 'x'.repeat(200_000));
    expect((await ask(1, url, '--data-binary', `@${join(folder, 'long')}`)).status).toBe('413');
    expect((await ask(1, `${IPV4}/after`)).status).toBe('200');
  });

  it('a port that is no instance’s gets 404, and a method that Nova has not gets 405', async () => {
    expect((await ask(3, `${IPV4}/`)).status).toBe('404');
    expect((await ask(1, `${IPV4}/`, '-X', 'DELETE')).status).toBe('405');
  });

  it('S18: the proxy’s own port, and the host’s web server on port 80, are open to no instance', async () => {
    const urls = ['http://169.254.169.254:9775/', 'http://[fe80::a9fe:a9fe%25eth0]:9775/', `http://${GATEWAY}/`, `http://${GATEWAY}:9775/`];
    for (const url of urls) expect(await curl(1, '-g', '--connect-timeout', '0.3', url)).toEqual({ code: 28, said: '' });
  });

  it('who asks too often is refused, in words, and others do not notice', async () => {
    const { said } = await curl(1, '-Z', '--parallel-max', '30', '-o', '/dev/null', '-w', '%{http_code}\n', `${IPV4}/[1-200]`);
    const statuses = said.trim().split('\n');
    expect(statuses).toHaveLength(200);
    expect(new Set(statuses)).toEqual(new Set(['200', '429']));
    expect(statuses.filter((status) => status === '429').length).toBeGreaterThan(100);
    expect((await ask(2, `${IPV4}/`)).status).toBe('200');
  });

  it('S20: an agent that is killed and started again serves at once', async () => {
    await host.stop('SIGKILL');
    host.forgetStatuses();
    host.start();
    await host.status(portOf(2).id, isUp);
    expect((await ask(2, `${IPV4}/`)).status).toBe('200');
  });

  it('a tap that is made anew is served anew', async () => {
    host.exec('ip', 'link', 'delete', portOf(2).tap);
    await host.status(portOf(2).id, ({ state }) => state === 'down');
    host.plug(guest(2));
    await host.status(portOf(2).id, isUp);
    expect((await ask(2, `${IPV4}/`)).status).toBe('200');
  });

  it('a connection that Nova closes just as it is used again is no failure', async () => {
    expect((await ask(2, `${IPV4}/`)).status).toBe('200');
    const closed: string[] = [];
    const close = ({ socket, url }: IncomingMessage): void => {
      closed.push(url ?? '');
      socket.destroy();
    };
    service?.prependOnceListener('request', close);
    expect((await ask(2, `${IPV4}/again`)).text).toBe('GET /again vm-2 project-2 10.65.0.3 0');
    expect(closed).toEqual(['/again']);
  });

  it('while Nova does not answer a guest gets 502, and the host says why, until it does', async () => {
    service?.closeAllConnections();
    await new Promise((resolve) => service?.close(resolve));
    expect((await ask(2, `${IPV4}/`)).status).toBe('502');
    const problem = await host.until('problem', () => host.agent?.problems.find(({ code }) => code === 'metadata') ?? null);
    expect(problem.detail).toContain(`http://127.0.0.1:${NOVA_PORT} does not answer: connect ECONNREFUSED`);
    service = await listen(NOVA_PORT, nova());
    expect((await ask(2, `${IPV4}/`)).status).toBe('200');
    await host.until('no problem', () => (host.agent?.problems.length === 0 ? true : null));
  });

  it('the secret is in nothing that the agent says', () => {
    expect(host.said).not.toContain(SECRET);
  });
});
