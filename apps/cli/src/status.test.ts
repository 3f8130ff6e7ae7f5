import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Asked, formatStatus, problemsOf } from './format-status.js';

const main = fileURLToPath(new URL('main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'manx-t-status-'));
const NOON = Date.parse('2026-01-31T12:00:00Z');

const manx = (...argv: readonly string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [main, ...argv], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });

const host = {
  host: 'compute-1',
  isAlive: true,
  heardAt: '2026-01-31T11:59:58Z',
  ports: 40,
  version: '1',
  sessions: { up: 2, all: 2 },
  repairs: 0,
};
const problem = {
  where: 'compute-1',
  code: 'tap_mtu',
  subject: 'tap1',
  detail: 'carries less. Plug it again',
  since: '2026-01-31T11:56:00Z',
};
const cloud: Asked = { kind: 'server', where: 'http://127.0.0.1:9696', answer: { revision: 7, ports: 40, hosts: [host], problems: [] } };
const ill: Asked = { kind: 'server', where: 'b', answer: { revision: 7, ports: 40, hosts: [host], problems: [problem] } };
const agent: Asked = {
  kind: 'agent',
  where: '/run/manx/agent.sock',
  answer: {
    host: 'compute-1',
    server: { url: 'http://198.19.0.1:9697', isConnected: false, since: '2026-01-31T10:00:00Z', problem: 'connect ECONNREFUSED' },
    revision: { wanted: 7, applied: 7 },
    endpoints: { up: 40, down: 0, error: 0 },
    work: { turnMs: null, isDue: false, lostAddresses: 0 },
    agent: {
      version: '1',
      startedAt: '2026-01-31T09:00:00Z',
      physicalNetworks: [],
      bgp: [{ name: 'tor1', state: 'Active' }],
      problems: [],
      multicast: null,
      listeners: [],
      drift: { repairs: 0, lastAt: null, last: null },
    },
  },
};

describe('one screen', () => {
  it('of a cloud that is well says so', () => {
    expect(formatStatus([cloud], NOON)).toBe(
      [
        'server http://127.0.0.1:9696: revision 7, 1 of 1 hosts alive, 40 ports bound',
        '',
        'HOST       AGENT  HEARD    PORTS  SESSIONS  PUT BACK  PROBLEMS',
        'compute-1  alive  2 s ago  40     2/2       0         0',
        '',
        'nothing is wrong',
        '',
      ].join('\n'),
    );
  });

  it('says what is wrong, since when, and what to do; what two servers say, once', () => {
    const text = formatStatus([ill, ill], NOON);
    expect(text).toContain('\ncompute-1: tap1 (tap_mtu) since 2026-01-31 11:56:00 UTC (4 min)\n    carries less. Plug it again\n');
    expect(problemsOf([ill, ill])).toEqual([problem]);
  });

  it('of an agent that is without its server says so, and of its sessions', () => {
    expect(problemsOf([agent]).map(({ code }) => code)).toEqual(['server_away', 'bgp_down']);
    expect(formatStatus([agent], NOON)).toContain(
      'agent compute-1: without its server http://198.19.0.1:9697 since 2026-01-31 10:00:00 UTC (2 h)',
    );
  });

  it('of what does not answer says that', () => {
    expect(problemsOf([{ kind: 'server', where: 'here', answer: { problem: 'no answer within 5 s' } }])).toMatchObject([
      { code: 'no_answer', subject: 'here' },
    ]);
  });
});

describe('./manx status', () => {
  let server: Server;
  let answer: unknown = { revision: 1, ports: 0, hosts: [], problems: [] };
  let url = '';
  beforeAll(async () => {
    server = createServer((_request, response) => void (answer === null ? undefined : response.end(JSON.stringify(answer))));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  it('exits with 0 when nothing is wrong, and with 1 when something is, in text and as data', async () => {
    expect(await manx('status', '--server', url)).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing is wrong') as string });
    answer = { revision: 1, ports: 0, hosts: [], problems: [problem] };
    expect(await manx('status', '--server', url)).toMatchObject({ code: 1, stdout: expect.stringContaining('Plug it again') as string });
    const { code, stdout } = await manx('status', '--server', url, '-o', 'json');
    expect([code, (JSON.parse(stdout) as { problems: unknown }).problems]).toEqual([1, [problem]]);
  });

  it('a server or an agent that is not there, or does not answer (a stopped process), is something wrong', async () => {
    writeFileSync(join(folder, 'agent.yaml'), `host: h1\nserver: {url: "http://127.0.0.1:1", token_file: /x}\nrun_dir: ${folder}\n`);
    answer = null;
    const { code, stdout } = await manx('status', '--server', url, 'http://127.0.0.1:1', '--agent-config', join(folder, 'agent.yaml'));
    expect(code).toBe(1);
    expect(stdout.match(/: no answer$/gm)).toHaveLength(3);
    expect(stdout).toContain('no answer within 5 s');
  });
});
