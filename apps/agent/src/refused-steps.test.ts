import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asCidr, asIp } from '@manx/ip';
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

  it('S20: an IPv6 route and neighbour entry, where the kernel has no IPv6 on the tap: they are named, others work, and they are set once they can be', async () => {
    const six = { ip: asIp('2001:db8::5'), subnet: 'subnet-six' };
    const { tap, ip } = portOf(4);
    plug(4);
    host.exec('sysctl', '-q', '-w', `net.ipv6.conf.${tap}.disable_ipv6=1`);
    const path = `/proc/sys/net/ipv6/conf/${tap}`;
    before('mount', '--bind', '-o', 'ro', path, path);
    const both = { ...endpoint(4), addresses: [...endpoint(4).addresses, six] };
    const subnet = { ...SUBNET, id: six.subnet, cidr: asCidr('2001:db8::/64'), gateway: asIp('2001:db8::1') };
    host.change(stateOf(SUBNET, subnet, OPEN, endpoint(1), endpoint(2), both));
    expect(await told(/^set route 2001:db8::5/)).toMatch(/2001:db8::5\/128.*: .*[A-Z]{4,}/);
    expect(await told(/^set neighbour 2001:db8::5/)).toContain('2001:db8::5');
    expect((await host.status(portOf(4).id, ({ state }) => state === 'error')).problem).not.toBe('');
    expect(host.exec('ip', 'route', 'show', 'proto', '80')).toContain(ip);
    expect(host.inGuest('ag-r1', 'ping', '-n', '-c', '1', '-W', '1', portOf(2).ip)).toContain(' 0% packet loss');
    before('umount', path);
    await over();
    await host.status(portOf(4).id, isUp);
    expect(host.exec('ip', '-6', 'route', 'show', '2001:db8::5')).toContain(`dev ${tap} proto 80`);
  });

  it('S12: an address that a second port has as well: the first keeps it, the second is told; it goes over when the first one is gone, and back', async () => {
    const second = { ...endpoint(6), addresses: endpoint(5).addresses };
    for (const n of [5, 6]) host.plug({ ...portOf(n), ip: portOf(5).ip, name: `ag-r${n}`, gateway: GATEWAY });
    const both = stateOf(SUBNET, OPEN, endpoint(1), endpoint(5), second);
    const holder = (): string => /dev (\S+)/.exec(host.exec('ip', 'route', 'show', portOf(5).ip))?.[1] ?? '';
    const answers = (): string => host.inGuest('ag-r1', 'ping', '-n', '-c', '1', '-W', '1', portOf(5).ip);
    for (const [state, has, up, out] of [
      [both, 5, 5, 6],
      [stateOf(SUBNET, OPEN, endpoint(1), second), 6, 6, null],
      [both, 5, 5, 6],
    ] as const) {
      host.forgetStatuses();
      host.change(state);
      await host.status(portOf(up).id, isUp);
      if (out !== null)
        expect((await host.status(portOf(out).id, (it) => it.state === 'error')).problem).toContain(`already on ${portOf(has).tap}`);
      expect(holder()).toBe(portOf(has).tap);
      expect(host.exec('ip', 'neigh', 'show', portOf(5).ip, 'dev', portOf(has).tap)).toContain(portOf(has).mac);
      expect(answers()).toContain(' 0% packet loss');
    }
  });
});
