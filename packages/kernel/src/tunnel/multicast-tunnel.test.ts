import { asIp } from '@manx/ip';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTestNetns, type TestNetns } from '../testing/test-netns.js';
import { MulticastTunnel } from './multicast-tunnel.js';

const [one, two] = [asIp('192.0.2.1'), asIp('192.0.2.2')];
let netns: TestNetns;
let tunnel: MulticastTunnel;

beforeAll(() => {
  netns = makeTestNetns('tunnel');
  tunnel = netns.inside(() => new MulticastTunnel({ address: asIp('192.0.2.9'), port: 9776 }));
});
afterAll(() => {
  tunnel.close();
  netns.remove();
});

const ends = (): readonly string[] =>
  [...netns.exec('bridge', 'fdb', 'show', 'dev', 'manx-mcast').matchAll(/(\S+) dst (\S+)/g)]
    .map(([, mac, dst]) => `${mac} ${dst}`)
    .toSorted();

describe('S10: the device that carries multicast to other hosts', () => {
  it('has an end for each host, and doing it twice changes nothing', () => {
    expect(tunnel.sync(new Set([one, two])).changes).toBe(3);
    expect(ends()).toEqual(['02:4d:c0:00:02:01 192.0.2.1', '02:4d:c0:00:02:02 192.0.2.2']);
    expect(netns.exec('ip', '-d', 'link', 'show', 'manx-mcast')).toMatch(/local 192\.0\.2\.9 .*dstport 9776 .*nolearning/);
    expect(netns.exec('ip', 'route', 'show', 'proto', '81')).toMatch(/^240\.0\.0\.0\/4 dev manx-mcast scope link metric 1024/);
    expect(tunnel.sync(new Set([one, two])).changes).toBe(0);
    expect(tunnel.sync(new Set([two])).changes).toBe(1);
    expect(ends()).toEqual(['02:4d:c0:00:02:02 192.0.2.2']);
    expect(netns.exec('ip', '-6', 'route', 'show', 'proto', '81')).toMatch(/^fd4d:616e:7800::c000:202 via \S+ dev manx-mcast metric 1024/);
  });

  it.each([
    ['the device was deleted', ['ip', 'link', 'delete', 'manx-mcast'], 2],
    ['it was set down', ['ip', 'link', 'set', 'manx-mcast', 'down'], 2],
    ['an end was deleted', ['bridge', 'fdb', 'delete', '02:4d:c0:00:02:02', 'dev', 'manx-mcast', 'dst', '192.0.2.2'], 1],
    ['a neighbour was deleted', ['ip', 'neighbour', 'delete', '240.0.2.2', 'dev', 'manx-mcast'], 1],
    ['the route was deleted', ['ip', 'route', 'delete', '240.0.0.0/4'], 0],
  ])('is repaired when %s', (_, command, changes) => {
    netns.exec(...(command as [string, ...string[]]));
    expect(tunnel.sync(new Set([two])).changes).toBe(changes);
    expect(ends()).toEqual(['02:4d:c0:00:02:02 192.0.2.2']);
    expect(netns.exec('ip', 'route')).toContain('240.0.0.0/4 dev manx-mcast');
  });

  it('has no rule of routing, of which a single one makes the kernel look up each packet that it forwards in more tables', () => {
    expect(netns.exec('ip', 'rule').trim().split('\n')).toHaveLength(3);
  });

  it('refuses two hosts that it could not tell apart, and changes nothing', () => {
    const twins = new Set([asIp('10.0.0.1'), asIp('26.0.0.1')]);
    expect(() => tunnel.sync(twins)).toThrow(/10\.0\.0\.1 and 26\.0\.0\.1 differ in the first four bits only/);
    expect(ends()).toEqual(['02:4d:c0:00:02:02 192.0.2.2']);
  });

  it('goes without a trace', () => {
    expect(tunnel.remove()).toBe(1);
    expect(tunnel.remove()).toBe(0);
    expect(netns.exec('ip', 'link') + netns.exec('ip', 'route')).not.toContain('manx-mcast');
  });
});
