import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, TestHost } from './testing/test-host.js';
import { EGRESS, endpoint, GATEWAY, PING, policy, portOf, SUBNET, stateOf } from './testing/test-states.js';

const BGP = 'bgp: {asn: 65001, router_id: 198.18.0.9, peers: [{name: tor1, address: 127.0.0.9, asn: 64600}]}\n';
const OPEN = policy('open', EGRESS, PING);
const host = new TestHost('ag-hung', stateOf(SUBNET, OPEN, endpoint(1)), BGP);
/** The agent, which has a mount namespace of its own. */
const agentPid = (): number => (JSON.parse(host.said.split('\n')[0] ?? '') as { readonly pid: number }).pid;
const pidOf = (program: string): number => Number(readFileSync(join(host.folder, 'run', `${program}.pid`), 'utf8'));
const guest = (n: number): { name: string; tap: string; mac: string; ip: string; gateway: string } => ({
  ...portOf(n),
  name: `ag-h${n}`,
  gateway: GATEWAY,
});

beforeAll(async () => {
  host.plug(guest(1));
  await host.serve();
  host.start();
  await host.status(portOf(1).id, ({ state }) => state === 'up');
  for (const program of ['dnsmasq', 'bird']) await host.until(program, () => (host.countOf(program) === 1 ? true : null));
});
afterAll(() => host.remove());

describe('S20: a program that hangs', () => {
  it.each(['dnsmasq', 'bird'])('%s, stopped by a signal, is named as a problem and replaced', async (program) => {
    const hung = pidOf(program);
    process.kill(hung, 'SIGSTOP');
    const problem = await host.until('problem', () => host.agent?.problems.find(({ subject }) => subject === program) ?? null);
    expect(problem).toMatchObject({ code: 'program', detail: expect.stringContaining('is stopped by a signal') as string });
    await host.until('another', () => (pidOf(program) !== hung && host.countOf(program) === 1 ? true : null));
    await host.until('end of the problem', () => (host.agent?.problems.length === 0 ? true : null));
  });

  it('one that goes on by itself in time is not replaced', async () => {
    const before = pidOf('dnsmasq');
    process.kill(before, 'SIGSTOP');
    await host.until('problem', () => host.agent?.problems.find(({ subject }) => subject === 'dnsmasq') ?? null);
    process.kill(before, 'SIGCONT');
    await host.until('end of the problem', () => (host.agent?.problems.length === 0 ? true : null));
    expect(pidOf('dnsmasq')).toBe(before);
  });

  it('holds up no port: one that is plugged meanwhile is up, and the program has it when it works again', async () => {
    const hung = pidOf('dnsmasq');
    process.kill(hung, 'SIGSTOP');
    host.plug(guest(2));
    host.change(stateOf(SUBNET, OPEN, endpoint(1), endpoint(2)));
    await host.status(portOf(2).id, ({ state }) => state === 'up');
    expect(host.inGuest('ag-h1', 'ping', '-n', '-c', '1', '-W', '1', portOf(2).ip)).toContain(' 0% packet loss');
    await host.until('another', () => (pidOf('dnsmasq') !== hung && host.countOf('dnsmasq') === 1 ? true : null));
    expect(readFileSync(join(host.folder, 'run/dnsmasq/hosts'), 'utf8')).toContain(portOf(2).mac);
  });

  it('that does not stay up, start after start, is named with its last words and what becomes of it, until it runs again', async () => {
    const path = host.exec('sh', '-c', 'command -v dnsmasq').trim();
    const before = (...command: readonly string[]): string => run('nsenter', '-t', String(agentPid()), '-m', ...command);
    before('mount', '--bind', '/bin/false', path);
    process.kill(pidOf('dnsmasq'), 'SIGKILL');
    const problem = await host.until('problem', () => host.agent?.problems.find(({ detail }) => /in a row/.test(detail)) ?? null);
    expect(problem).toMatchObject({ code: 'program', subject: 'dnsmasq', detail: expect.stringContaining('ended by itself') as string });
    before('umount', path);
    await host.until('end of the problem', () => (host.agent?.problems.length === 0 ? true : null), 30);
    expect(host.countOf('dnsmasq')).toBe(1);
  });
});
