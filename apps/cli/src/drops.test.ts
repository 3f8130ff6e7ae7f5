import { createInterface } from 'node:readline';
import { lifeSign } from '@manx/feed/testing/reports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DropRow } from './format-drops.js';
import type { LoggedRow } from './format-logged.js';
import { openTestServer, type TestServer } from './testing/test-server.js';

let server: TestServer;
let port = '';
const manx: TestServer['manx'] = async (...argv) => await server.manx(...argv);

/** What the agent of `h1` says: so many packets of the port were dropped since it runs. */
const report = async (packets: number): Promise<void> => {
  const drop = { endpoint: port, at: 'tap1', reason: 'source', packets, bytes: 84 * packets, rate: 1, firstAgeMs: 0, lastAgeMs: 0 };
  await server.post('status', { ...lifeSign, revision: 1, drops: [drop] });
};

/** The same of packets that were accepted, with their number in that run. */
const tellLogged = async (number: number, logs: readonly string[]): Promise<void> => {
  const ends = { kind: 'ip', source: '10.1.0.9', destination: '10.1.0.10', protocol: 6, sport: 4, dport: 22, icmp: null };
  const packet = { ...ends, tcpFlags: 2, length: 60 };
  const event = { number, endpoint: port, direction: 'ingress', reason: null, logs, policy: null, rule: null, packet, ageMs: 0 };
  await server.post('status', { ...lifeSign, revision: 1, events: [event] });
};

beforeAll(async () => {
  server = await openTestServer('drops');
  const network = await server.create('network', { name: 'n' });
  await server.create('subnet', { network_id: network, ip_version: 4, cidr: '10.1.0.0/24' });
  port = await server.create('port', { network_id: network, name: 'web-1', 'binding:host_id': 'h1' });
});
afterAll(() => server.close());

describe('what is dropped, asked of a server', () => {
  it('a port without drops says so; where there is no such port that is said, with status 1', async () => {
    expect(await manx('why-dropped', 'web-1')).toMatchObject({ code: 0, said: expect.stringContaining('Nothing of it was dropped') });
    expect(await manx('drops')).toMatchObject({ code: 0, said: 'Nothing is dropped that the hosts told of.\n' });
    expect(await manx('why-dropped', 'web-9')).toMatchObject({ code: 1, said: expect.stringContaining('"web-9"') });
    expect((await manx('why-dropped', 'web-1', '-o', 'xml')).code).toBe(2);
  });

  it('followed, each change is a line of JSON; what does not change is not repeated', async () => {
    await report(1);
    const child = server.start('drops', '--follow', '--every', '1', '-o', 'json');
    const packets: number[] = [];
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      packets.push((JSON.parse(line) as DropRow).packets);
      if (packets.length === 1) await report(5);
      if (packets.length === 2) await report(5).then(() => report(6));
      if (packets.length === 3) break;
    }
    child.kill();
    expect(packets).toEqual([1, 5, 6]);
  });

  it('what logs asked for is a line each; followed, what comes; a port that is not there is said', async () => {
    expect(await manx('logged')).toMatchObject({ code: 0, said: 'Nothing is logged that the hosts told of.\n' });
    const log = { resource_type: 'security_group', target_id: port, event: 'ALL' };
    const logs = [await server.create('log/log', log)];
    await tellLogged(1, logs);
    const { said } = await manx('logged', '--port', 'web-1');
    expect(said).toMatch(/^\S+Z {2}ACCEPT {2}to web-1 {2}TCP .*10\.1\.0\.9.* on h1\n$/);
    const child = server.start('logged', '--follow', '--every', '1', '-o', 'json');
    const ports: string[] = [];
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      ports.push((JSON.parse(line) as LoggedRow).text);
      if (ports.length === 1) await tellLogged(2, logs);
      if (ports.length === 2) break;
    }
    child.kill();
    expect(ports.every((text) => text.includes('10.1.0.9'))).toBe(true);
    expect((await manx('logged', '--port', 'web-9')).code).toBe(1);
  });

  it('a port with drops: by which host, why, and what to do', async () => {
    await report(7);
    const { code, said } = await manx('why-dropped', 'web-1');
    expect(code).toBe(0);
    expect(said).toMatch(/h1 +tap1 +source +7 +588/);
    expect(said).toContain('--allowed-address');
    const { drops } = JSON.parse((await manx('why-dropped', port, '-o', 'json')).said) as {
      readonly drops: readonly DropRow[];
    };
    expect(drops.map(({ reason }) => reason)).toEqual(['source']);
  });
});
