import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentState } from './agent-state.js';
import { TestHost } from './testing/test-host.js';
import { EGRESS, endpoint, GATEWAY, PING, policy, portOf, SUBNET, stateOf } from './testing/test-states.js';

const METRICS = 'metrics: {address: 127.0.0.1, port: 9698}\n';
const host = new TestHost('ag-doctor', stateOf(SUBNET, policy('open', EGRESS, PING), endpoint(1)), METRICS);
afterAll(() => host.remove());

/** What is answered on the agent's Unix socket. */
const ask = (path: string): Promise<{ readonly status: number | undefined; readonly text: string }> =>
  new Promise((resolve, reject) => {
    const asked = request({ socketPath: join(host.folder, 'run/agent.sock'), path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    asked.on('error', reject).end();
  });
const stateNow = async (): Promise<AgentState> => JSON.parse((await ask('/debug/state')).text) as AgentState;

/** The problem that is about this, once there is one; what the server is told is what people see. */
const told = (subject: string): Promise<{ code: string; detail: string }> =>
  host.until(`a problem of ${subject}`, () => host.agent?.problems.find((problem) => problem.subject === subject) ?? null);
const over = (subject: string): Promise<true> =>
  host.until(`an end of ${subject}`, () => (host.agent?.problems.some((problem) => problem.subject === subject) === false ? true : null));

beforeAll(async () => {
  host.exec('ip', 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'up1');
  host.exec('ip', 'link', 'set', 'up0', 'mtu', '1450', 'up');
  host.exec('ip', 'link', 'set', 'up1', 'up');
  host.exec('ip', 'address', 'add', '198.18.0.1/24', 'dev', 'up0');
  host.exec('ip', 'route', 'add', 'default', 'via', '198.18.0.2');
  host.exec('nft', 'add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }');
  host.plug({ ...portOf(1), name: 'ag-o1', gateway: GATEWAY });
  await host.serve();
  host.start();
  await host.status(portOf(1).id, ({ state }) => state === 'up');
});

describe('S20: what keeps instances from the network is said in words', () => {
  it('an uplink that carries less than guests are told', async () => {
    // On a slow machine the first look is before the agent itself has let the uplink forward.
    const only = await host.until('one problem of up0', () => {
      const [one, ...others] = host.agent?.problems.filter(({ subject }) => subject === 'up0') ?? [];
      return others.length === 0 && one?.code === 'uplink_mtu' ? one : null;
    });
    expect(only.detail).toContain('carries 1450 bytes, and guests are told 1500');
  });

  it('a foreign chain with policy drop is named, and is no longer when it lets taps pass', async () => {
    expect((await told('chain FORWARD of table ip filter')).code).toBe('foreign_rules');
    host.exec('nft', 'add rule ip filter FORWARD iifname "tap*" accept');
    await over('chain FORWARD of table ip filter');
  });

  it('a foreign chain that ends in a rule that rejects all is named, also as iptables-nft and firewalld write it', async () => {
    host.exec('nft', 'add table inet firewalld; add chain inet firewalld f { type filter hook forward priority 10; policy accept; }');
    host.exec('nft', 'add rule inet firewalld f ct state established accept; add rule inet firewalld f reject with icmpx admin-prohibited');
    await told('chain f of table inet firewalld');
    host.exec('nft', 'delete table inet firewalld');
    await over('chain f of table inet firewalld');
    // The server of this test is on the host itself.
    host.exec('iptables-nft', '-A', 'INPUT', '-i', 'lo', '-j', 'ACCEPT');
    host.exec('iptables-nft', '-P', 'INPUT', 'DROP');
    expect((await told('chain INPUT of table ip filter')).detail).toContain('policy drop (hook input)');
    host.exec('iptables-nft', '-P', 'INPUT', 'ACCEPT');
    await over('chain INPUT of table ip filter');
  });

  it('legacy iptables, which nft does not list, are looked at too', async () => {
    host.exec('iptables-legacy', '-P', 'FORWARD', 'DROP');
    // No event tells of them: any change of nftables makes the agent look.
    host.exec('nft', 'add table ip other');
    await told('chain FORWARD of table ip filter (iptables-legacy)');
    host.exec('iptables-legacy', '-P', 'FORWARD', 'ACCEPT');
    host.exec('nft', 'delete table ip other');
    await over('chain FORWARD of table ip filter (iptables-legacy)');
  });

  it('a tap that carries less than its guest is told', async () => {
    host.exec('ip', 'link', 'set', portOf(1).tap, 'mtu', '1400');
    host.exec('nft', 'add table ip other');
    expect((await told(portOf(1).tap)).detail).toContain('carries 1400 bytes');
    host.exec('ip', 'link', 'set', portOf(1).tap, 'mtu', '1500');
    host.exec('nft', 'delete table ip other');
    await over(portOf(1).tap);
  });
});

describe('S20: a queueing discipline that a stranger set on a tap', () => {
  it('is named, with what to do, and no longer when that is done', async () => {
    host.exec('tc', 'qdisc', 'replace', 'dev', portOf(1).tap, 'root', 'tbf', 'rate', '1mbit', 'burst', '32kbit', 'latency', '400ms');
    host.exec('nft', 'add table ip other');
    expect(await told(portOf(1).tap)).toMatchObject({ code: 'tap_qdisc', detail: expect.stringContaining('tbf') as string });
    host.exec('tc', 'qdisc', 'delete', 'dev', portOf(1).tap, 'root');
    host.exec('nft', 'delete table ip other');
    await over(portOf(1).tap);
  });
});

describe('an agent can be looked into', () => {
  it('what it knows of itself is on a socket that root alone may open', async () => {
    const state = await stateNow();
    expect(state).toMatchObject({ host: 'h1', endpoints: { up: 1, down: 0, error: 0 }, server: { isConnected: true, problem: null } });
    expect(state.agent.problems.map(({ subject }) => subject)).toEqual(['up0']);
    expect(host.exec('stat', '-c', '%a', join(host.folder, 'run/agent.sock')).trim()).toBe('600');
    expect((await ask('/healthz')).status).toBe(200);
    expect((await ask('/other')).status).toBe(404);
  });

  it('drift is counted, in the state, in the metrics and in what the server is told', async () => {
    const before = (await stateNow()).agent.drift.repairs;
    host.exec('sysctl', '-q', '-w', `net.ipv4.conf.${portOf(1).tap}.proxy_arp=0`);
    const drift = await host.until('drift', () => (host.agent !== null && host.agent.drift.repairs > before ? host.agent.drift : null));
    expect(drift.last).toBe(`write sysctl net/ipv4/conf/${portOf(1).tap}/proxy_arp = 1`);
    const text = host.exec(
      process.execPath,
      '-e',
      'fetch("http://127.0.0.1:9698/metrics").then((r) => r.text()).then((t) => console.log(t))',
    );
    expect(text).toContain(`manx_agent_drift_repairs_total ${drift.repairs}\n`);
    expect(text).toContain('manx_agent_problems{code="uplink_mtu"} 1\n');
    expect(text).toContain('manx_agent_endpoints{status="up"} 1\n');
  });

  it('a server that is away is said, with since when, and is no illness', async () => {
    await host.leave();
    await host.until('away', () => (host.said.includes('the server is away') ? true : null));
    const { server } = await stateNow();
    expect(server.isConnected).toBe(false);
    expect(Date.parse(server.since)).toBeGreaterThan(Date.parse((await stateNow()).agent.startedAt));
    expect((await ask('/healthz')).status).toBe(200);
  });
});
