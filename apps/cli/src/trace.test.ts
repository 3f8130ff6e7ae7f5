import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'manx-t-trace-'));
const running: ChildProcess[] = [];
let [api, feed, token, tap] = ['', '', '', ''];
/** The interface by which the host of the test says that it has sent the packet. */
let leftBy = 'eth0';
let hangUp = (): unknown => undefined;

const start = (...argv: readonly string[]): ChildProcess => {
  const child = spawn(process.execPath, [main, ...argv], {
    env: { ...process.env, OS_AUTH_TYPE: 'none', OS_ENDPOINT: api },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  return child;
};
const manx = async (...argv: readonly string[]): Promise<{ readonly code: unknown; readonly said: string; readonly out: string }> => {
  const child = start(...argv);
  let [said, out] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'close')) as readonly unknown[];
  return { code, said: `${out}${said}`, out };
};
const create = async (kind: string, body: object): Promise<string> => {
  const answer = await fetch(`${api}/v2.0/${kind}s`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ [kind]: body }),
  });
  return ((await answer.json()) as Record<string, { readonly id: string }>)[kind]?.id ?? '';
};
const headers = (): Record<string, string> => ({ authorization: `Bearer ${token}` });
const post = async (what: 'status' | 'trace', body: object): Promise<void> => {
  const { status } = await fetch(`${feed}/feed/v1/hosts/h1/${what}`, { method: 'POST', headers: headers(), body: JSON.stringify(body) });
  expect(status).toBe(204);
};

type Order = { readonly type: string; readonly trace: string; readonly flow?: { readonly mark: number } };

/** An agent of `h1` that does what it is told of traces, and says that the packet left by `leftBy`; resolves when it is in sync. */
const playAgent = async (): Promise<void> => {
  const request = get(`${feed}/feed/v1/hosts/h1/state`, { headers: headers() });
  hangUp = () => request.destroy();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const lines = createInterface({ input: response });
  // It is hung up on while it speaks.
  for (const one of [request, response, lines]) one.on('error', () => undefined);
  let mark = 0;
  const inSync = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      const order = JSON.parse(line) as Order;
      if (order.type === 'in-sync') resolve();
      mark = order.flow?.mark ?? mark;
      if (order.type.startsWith('trace-')) void post('trace', answerTo(order, mark));
    });
  });
  await inSync;
};
const answerTo = ({ trace, type }: Order, mark: number): object => {
  const packet = {
    kind: 'ip',
    source: '10.1.0.5',
    destination: '192.0.2.1',
    protocol: 6,
    sport: mark,
    dport: 80,
    icmp: null,
    tcpFlags: 2,
    length: 40,
  };
  const hop = { family: 'inet', handle: null, rule: null, verdict: 'continue', target: null, iif: tap, counters: [] };
  const hops = [
    {
      ...hop,
      table: 'manx',
      chain: 'forward-from',
      kind: 'rule',
      handle: 7,
      rule: 'iifname vmap @egress',
      counters: [{ name: 'rule-any', before: 17, after: 18 }],
      verdict: 'goto',
      target: `from-${tap}`,
      oif: leftBy,
      packet,
    },
    { ...hop, table: 'manx-trace', chain: 'left', kind: 'return', oif: leftBy, packet },
  ];
  const chains = [{ family: 'inet', table: 'manx', chain: 'forward-from', text: 'chain forward-from {\n}' }];
  const account = { revision: 1, version: '1', kernel: '6.18', isComplete: true, packets: [{ hops }], chains };
  return { trace, order: type, problem: null, account: type === 'trace-end' ? account : null };
};

beforeAll(async () => {
  const config = join(folder, 'server.yaml');
  writeFileSync(join(folder, 'secret'), 'a secret for this test alone');
  const listen = { api: { address: '127.0.0.1', port: 0 }, feed: { address: '127.0.0.1', port: 0 } };
  const rest = { auth: { kind: 'none' }, store: { kind: 'memory' }, agents: { secret_file: 'secret' }, log: { level: 'silent' } };
  writeFileSync(config, JSON.stringify({ listen, ...rest }));
  const server = start('server', '--config', config);
  const [line] = (await once(createInterface({ input: server.stdout as NodeJS.ReadableStream }), 'line')) as readonly string[];
  [, api = '', feed = ''] = /API (\S+) .*agents (\S+),/.exec(line ?? '') ?? [];
  token = (await manx('server', 'token', '--config', config, '--host', 'h1')).out.trim();
  await post('status', {
    run: 'r1',
    revision: 0,
    isFull: false,
    endpoints: [],
    claims: null,
    drops: null,
    samples: null,
    events: null,
    agent: null,
  });
  const network = await create('network', { name: 'n' });
  await create('subnet', { network_id: network, ip_version: 4, cidr: '10.1.0.0/24' });
  const port = await create('port', {
    network_id: network,
    name: 'web-1',
    'binding:host_id': 'h1',
    fixed_ips: [{ ip_address: '10.1.0.5' }],
  });
  tap = `tap${port.slice(0, 11)}`;
});
afterAll(() => {
  hangUp();
  for (const child of running) child.kill();
  rmSync(folder, { recursive: true });
});

describe('manx trace', () => {
  it('ends with 2 where it cannot be tried, and says why', async () => {
    const away = await manx('trace', 'web-1', '192.0.2.1', '--tcp', '80');
    expect(away.code).toBe(2);
    expect(away.out).toContain('its agent is not connected to this server');
    const wrong = await manx('trace', '192.0.2.1', 'web-1', '--tcp', '80');
    expect(wrong).toMatchObject({ code: 2, out: '' });
    expect(wrong.said).toContain('has to be a port on a host');
  });

  it('ends with 0 where the kernels agree: a line a host, and the rules that the packet met', async () => {
    await playAgent();
    const { code, out } = await manx('trace', 'web-1', '192.0.2.1', '--tcp', '80', '--from-port', '50000');
    expect(out.split('\n')).toEqual([
      'TCP port 80, 10.1.0.5 (web-1) -> 192.0.2.1, from port 50000: allowed, and the kernels agree',
      '  h1  ok  sent it on by eth0',
      `      inet manx forward-from  iifname vmap @egress  -> goto from-${tap}  packets 17 -> 18`,
      '  note: no answer of 192.0.2.1 was seen: nothing listens there, or it does not answer this; the way back was not tried',
      '',
    ]);
    expect(code).toBe(0);
  });

  it('ends with 1 where one disagrees: then all that a bug report needs follows; as data with -o json', async () => {
    leftBy = 'tap-of-nobody';
    const { code, out } = await manx('trace', 'web-1', '192.0.2.1', '--tcp', '80');
    expect(code).toBe(1);
    expect(out).toContain('h1  NO  but it: gave it to tap-of-nobody');
    const report = JSON.parse(out.slice(out.indexOf('for a bug report:') + 'for a bug report:'.length)) as { readonly hosts: object[] };
    expect(report.hosts).toMatchObject([{ account: { kernel: '6.18', chains: [{ text: 'chain forward-from {\n}' }] } }]);
    const asData = await manx('trace', 'web-1', '192.0.2.1', '--tcp', '80', '-o', 'json');
    expect(asData.code).toBe(1);
    expect(JSON.parse(asData.out)).toMatchObject({ connectivity: { traces: [{ verdict: 'disagree' }] } });
  });
});
