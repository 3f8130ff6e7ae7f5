import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, TestHost } from './testing/test-host.js';
import { EGRESS, endpoint, GATEWAY, PING, policy, portOf, SUBNET, stateOf } from './testing/test-states.js';

const OPEN = policy('open', EGRESS, PING);
const host = new TestHost('ag-refused', stateOf(SUBNET, OPEN, endpoint(1)));
const isUp = ({ state }: { readonly state: string }): boolean => state === 'up';
const plug = (n: number): void => host.plug({ ...portOf(n), name: `ag-r${n}`, gateway: GATEWAY });
/** As the agent sees its files: it has a mount namespace of its own. */
const before = (...command: readonly string[]): string => {
  const { pid } = JSON.parse(host.said.split('\n')[0] ?? '') as { readonly pid: number };
  return run('nsenter', '-t', String(pid), '-m', '-n', ...command);
};
const told = (subject: RegExp): Promise<string> =>
  host.until(`problem ${subject}`, () => host.agent?.problems.find((problem) => subject.test(problem.subject))?.detail ?? null);
const over = (): Promise<true> => host.until('no problem', () => (host.agent?.problems.length === 0 ? true : null));

beforeAll(async () => {
  plug(1);
  await host.serve();
  host.start();
  await host.status(portOf(1).id, isUp);
});
afterAll(() => host.remove());

describe('S20: what the host refuses', () => {
  it('a sysctl of one port: is named with the kernel’s words, holds up no other port, and is set once it can be', async () => {
    const path = `/proc/sys/net/ipv4/conf/${portOf(1).tap}`;
    before('mount', '--bind', '-o', 'ro', path, path);
    host.exec('sysctl', '-q', '-w', `net.ipv4.conf.${portOf(1).tap}.rp_filter=1`);
    expect(await told(/rp_filter/)).toMatch(/EROFS|read-only/i);
    plug(2);
    host.change(stateOf(SUBNET, OPEN, endpoint(1), endpoint(2)));
    await host.status(portOf(2).id, isUp);
    expect(host.inGuest('ag-r1', 'ping', '-n', '-c', '1', '-W', '1', portOf(2).ip)).toContain(' 0% packet loss');
    before('umount', path);
    await over();
    expect(host.exec('sysctl', '-n', `net.ipv4.conf.${portOf(1).tap}.rp_filter`).trim()).toBe('0');
  });

  it('a file of dnsmasq: is named, holds up no port’s packets, and is written once it can be', async () => {
    const folder = join(host.folder, 'run/dnsmasq');
    before('mount', '--bind', '-o', 'ro', folder, folder);
    plug(3);
    host.change(stateOf(SUBNET, OPEN, endpoint(1), endpoint(2), endpoint(3)));
    await told(/dnsmasq/);
    await host.until('route', () => (host.exec('ip', 'route', 'show', 'proto', '80').includes(portOf(3).ip) ? true : null));
    expect(host.inGuest('ag-r1', 'ping', '-n', '-c', '1', '-W', '1', portOf(3).ip)).toContain(' 0% packet loss');
    before('umount', folder);
    await over();
    expect(readFileSync(join(folder, 'hosts'), 'utf8')).toContain(portOf(3).mac);
    await host.status(portOf(3).id, isUp);
  });

  it('a route that a stranger’s takes the place of again and again: ours is back each time, and others are not touched', async () => {
    const routeOf = (n: number): string => host.exec('ip', 'route', 'show', portOf(n).ip);
    for (let flap = 0; flap < 20; flap += 1) {
      if (flap % 2 === 0) host.exec('ip', 'route', 'delete', portOf(1).ip);
      else host.exec('ip', 'route', 'replace', portOf(1).ip, 'dev', portOf(2).tap, 'proto', '80', 'metric', '1024');
      await host.until('our route', () => (routeOf(1).includes(`dev ${portOf(1).tap}`) ? true : null));
    }
    expect(routeOf(2)).toContain(`dev ${portOf(2).tap}`);
    expect(host.inGuest('ag-r2', 'ping', '-n', '-c', '1', '-W', '1', portOf(1).ip)).toContain(' 0% packet loss');
  });
});
