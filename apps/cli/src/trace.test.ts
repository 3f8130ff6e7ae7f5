import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestServer, type TestServer } from './testing/test-server.js';

let server: TestServer;
let tap = '';
/** The interface by which the host of the test says that it has sent the packet. */
let leftBy = 'eth0';
let hangUp = (): unknown => undefined;
const manx: TestServer['manx'] = async (...argv) => await server.manx(...argv);

type Order = { readonly type: string; readonly trace: string; readonly flow?: { readonly mark: number } };

/** An agent of `h1` that does what it is told of traces, and says that the packet left by `leftBy`; resolves when it is in sync. */
const playAgent = async (): Promise<void> => {
  const request = get(`${server.feed}/feed/v1/hosts/h1/state`, { headers: server.headers });
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
      if (order.type.startsWith('trace-')) void server.post('trace', answerTo(order, mark));
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
  server = await openTestServer('trace');
  const network = await server.create('network', { name: 'n' });
  await server.create('subnet', { network_id: network, ip_version: 4, cidr: '10.1.0.0/24' });
  const port = await server.create('port', {
    network_id: network,
    name: 'web-1',
    'binding:host_id': 'h1',
    fixed_ips: [{ ip_address: '10.1.0.5' }],
  });
  tap = `tap${port.slice(0, 11)}`;
});
afterAll(() => {
  hangUp();
  server.close();
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
