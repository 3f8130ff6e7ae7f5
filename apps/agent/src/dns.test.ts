import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostObject, HostState, PortNames } from '@manx/hoststate';
import { asIp } from '@manx/ip';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestHost } from './testing/test-host.js';
import { EGRESS, endpoint, GATEWAY, PING, policy, portOf, SUBNET, stateOf } from './testing/test-states.js';

const isUp = ({ state }: { readonly state: string }): boolean => state === 'up';
const [V4, V6] = ['169.254.169.254', 'fe80::a9fe:a9fe%eth0'] as const;

const names = (n: number, fqdn: string, more: Partial<PortNames> = {}): PortNames => ({
  kind: 'names',
  id: portOf(n).id,
  network: 'network-a',
  project: 'blue',
  records: [{ ip: asIp(portOf(n).ip), fqdn }],
  ...more,
});

const STREET: readonly HostObject[] = [
  SUBNET,
  policy('open', EGRESS, PING),
  endpoint(1),
  endpoint(2),
  { ...endpoint(3), isSecured: false, policies: [] },
  names(1, 'web.a.example'),
  names(2, 'secret.a.example', { project: 'red' }),
  names(3, 'open.a.example'),
];
const state = (...more: readonly HostObject[]): HostState => stateOf(...STREET, ...more);
const host = new TestHost('dns-host', state(), 'dns: {forwarders: [127.0.0.1], queries_per_second: 50, burst: 300}\n');
const folder = mkdtempSync(join(tmpdir(), 'manx-t-dns-'));
const guest = (n: number): { name: string; tap: string; mac: string; ip: string; gateway: string } => ({
  ...portOf(n),
  name: `dns-g${n}`,
  gateway: GATEWAY,
});

/** What dig says in a guest: each answer on a line, or the code and flags, unless told. */
const dig = async (n: number, ...args: readonly string[]): Promise<string> => {
  const child = host.spawnInGuest(`dns-g${n}`, 'dig', '+time=5', '+tries=1', ...args);
  let said = '';
  child.stdout?.on('data', (piece: Buffer) => (said += piece.toString()));
  await once(child, 'close');
  return said.trim();
};
const short = (n: number, ...args: readonly string[]): Promise<string> => dig(n, '+short', ...args);
/** Asks until the ninth port has the name. */
const resolves = async (name: string): Promise<void> => {
  while ((await short(1, '+time=1', `@${V4}`, name)) !== portOf(9).ip);
};
const header = async (n: number, ...args: readonly string[]): Promise<string> => {
  const said = await dig(n, ...args);
  const flags = /flags: ([a-z ]+);/.exec(said)?.[1] ?? 'no flags';
  return `${/status: ([A-Z]+)/.exec(said)?.[1] ?? 'no answer'} ${flags}`;
};

/** A resolver of the operator's, by dnsmasq: it knows `ext.example`, and a name with more addresses than one datagram takes. */
const LONG = Array.from({ length: 120 }, (_, index) => `198.51.100.${index + 1} long.example\n`).join('');
const startForwarder = async (): Promise<ChildProcess> => {
  writeFileSync(join(folder, 'hosts'), `203.0.113.7 ext.example\n2001:db8::7 ext.example\n${LONG}`);
  const args = ['--keep-in-foreground', '--no-resolv', '--no-hosts', '--pid-file', '--conf-file=/dev/null', '--listen-address=127.0.0.1'];
  const own = ['--bind-interfaces', `--addn-hosts=${join(folder, 'hosts')}`, '--local=/example/', '--log-facility=-', '--log-queries'];
  const child = spawn('ip', ['netns', 'exec', host.netns, 'dnsmasq', '--user=root', ...args, ...own], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (piece: Buffer) => {
      heard += piece.toString();
      if (heard.includes('read ')) resolve();
    });
    child.once('exit', () => reject(new Error(heard)));
  });
  return child;
};
let heard = '';
let forwarder: ChildProcess | null = null;
const stopForwarder = async (): Promise<void> => {
  const child = forwarder;
  forwarder = null;
  if (child === null || child.exitCode !== null) return;
  child.kill();
  await once(child, 'exit');
};

beforeAll(async () => {
  forwarder = await startForwarder();
  await host.serve();
  host.start();
  for (const n of [1, 2, 3]) host.plug(guest(n));
  for (const n of [1, 2, 3]) await host.status(portOf(n).id, isUp);
  await host.until('a link-local address', () => {
    const addresses = host.inGuest('dns-g1', 'ip', '-6', 'address', 'show', 'dev', 'eth0');
    return addresses.includes('fe80') && !addresses.includes('tentative') ? true : null;
  });
});

afterAll(async () => {
  await stopForwarder();
  await host.remove();
  rmSync(folder, { recursive: true });
});

describe('S28: names', () => {
  it.each([
    ['UDP over IPv4', V4, []],
    ['TCP over IPv4', V4, ['+tcp']],
    ['UDP over IPv6', V6, []],
    ['TCP over IPv6', V6, ['+tcp']],
  ] as const)('by %s an instance resolves names of its project on its network, and no others', async (_, server, more) => {
    expect(await short(1, `@${server}`, ...more, 'open.a.example', 'A', '-x', portOf(3).ip)).toBe(`${portOf(3).ip}\nopen.a.example.`);
    expect(await header(1, `@${server}`, ...more, 'open.a.example', 'AAAA')).toBe('NOERROR qr aa rd ra');
    expect(await header(1, `@${server}`, ...more, 'secret.a.example')).toBe('NXDOMAIN qr rd ra');
    expect(await short(2, `@${V4}`, ...more, 'secret.a.example', 'web.a.example')).toBe(portOf(2).ip);
    expect(await short(3, `@${server}`.replace(V6, V4), ...more, 'web.a.example')).toBe(portOf(1).ip);
  });

  it('what is nobody’s here is asked of the forwarders: by UDP, by TCP where it is longer, with nothing of the asker’s', async () => {
    expect(await short(1, `@${V4}`, 'ext.example', 'A', 'ext.example', 'AAAA')).toBe('203.0.113.7\n2001:db8::7');
    const long = await dig(1, `@${V4}`, '+subnet=192.0.2.0/24', 'long.example');
    expect(long).toContain('Truncated, retrying in TCP mode');
    expect(long.match(/198\.51\.100\./g)).toHaveLength(120);
    expect(long).not.toContain('CLIENT-SUBNET');
    expect(heard).toContain('query[A] ext.example from 127.0.0.1');
    expect(heard).not.toContain('query[A] open.a.example');
  });

  it('a name that comes, changes or goes is so at once, and is known to an agent that starts without a server', async () => {
    host.change(state(names(9, 'new.a.example')));
    await resolves('new.a.example');
    host.change(state(names(9, 'newer.a.example')));
    await resolves('newer.a.example');
    expect(await short(1, `@${V4}`, 'new.a.example')).toBe('');
    await host.until('a copy of the state', () =>
      readFileSync(join(host.folder, 'state', 'host-state.ndjson'), 'utf8').includes('newer') ? true : null,
    );
    await host.stop('SIGKILL');
    await host.leave();
    host.start();
    await resolves('newer.a.example');
    await host.serve();
  });

  it('S18: the agent’s own port is open to no instance, nor is the gateway’s port 53', async () => {
    for (const place of [`@${V4}`, `@${GATEWAY}`])
      expect(await dig(1, '+time=1', '-p', place === `@${V4}` ? '9753' : '53', place, 'web.a.example')).toContain('timed out');
  });

  it('garbage, long messages and answers harm nobody: no answer, or one that says what is wrong', async () => {
    const send = [
      'import socket,os,sys',
      "s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM);s.connect(('169.254.169.254',53))",
      'for n in list(range(0,60))+[512,1400,8000]: s.send(os.urandom(n))',
      "s.send(bytes.fromhex('0007818000010000000000000161000001' '0001'))",
      "s.send(bytes.fromhex('00070100000100000000' '0000' 'c00c00010001'))",
      // From port 0, to which no answer can be sent.
      "r=socket.socket(socket.AF_INET,socket.SOCK_RAW,17);q=bytes.fromhex('000801000001000000000000'+'0161'+'0000010001')",
      "r.sendto(bytes.fromhex('00000035')+(8+len(q)).to_bytes(2,'big')+bytes(2)+q,('169.254.169.254',53))",
      's.settimeout(2)',
      "while True:\n  m=s.recv(9000)\n  if m[:2]==b'\\0\\7': print(m.hex()); break",
    ].join('\n');
    expect(host.inGuest('dns-g2', 'python3', '-c', send).trim()).toBe('000781010000000000000000');
    expect(await short(2, `@${V4}`, 'secret.a.example')).toBe(portOf(2).ip);
  });

  it('who asks too often is cut off, which is counted, and others do not notice', async () => {
    const flood = [
      'import socket',
      "s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM);s.connect(('169.254.169.254',53));s.settimeout(0.5)",
      "q=bytes.fromhex('00010100000100000000000003776562016107' '6578616d706c65' '0000010001')",
      'for i in range(5000): s.send(q)',
      'n=0',
      'try:\n  while True: s.recv(512); n+=1',
      'except TimeoutError: print(n)',
    ].join('\n');
    const answered = Number(host.inGuest('dns-g1', 'python3', '-c', flood));
    expect(answered).toBeGreaterThan(50);
    expect(answered).toBeLessThan(1_000);
    expect(await short(3, `@${V4}`, 'web.a.example')).toBe(portOf(1).ip);
    const isIt = ({ reason, packets }: { readonly reason: string; readonly packets: number }): boolean =>
      reason === 'dns-rate' && packets > 4_000;
    expect(await host.until('drops', () => host.drops.find(isIt) ?? null)).toMatchObject({ endpoint: portOf(1).id });
  });

  it('while no forwarder answers instances get SERVFAIL for the rest of the world, and the host says why, until one does', async () => {
    await stopForwarder();
    for (let n = 0; n < 8; n++) expect(await header(3, `@${V4}`, 'ext.example')).toBe('SERVFAIL qr rd ra');
    expect(await short(3, `@${V4}`, 'web.a.example')).toBe(portOf(1).ip);
    const problem = await host.until('problem', () => host.agent?.problems.find(({ code }) => code === 'dns') ?? null);
    expect(problem.detail).toBe('no forwarder answers: 127.0.0.1');
    forwarder = await startForwarder();
    expect(await short(3, `@${V4}`, 'ext.example')).toBe('203.0.113.7');
    await host.until('no problem', () => (host.agent?.problems.some(({ code }) => code === 'dns') === false ? true : null));
  });
});
