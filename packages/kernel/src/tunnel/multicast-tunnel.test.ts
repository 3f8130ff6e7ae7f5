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
    expect(netns.exec('ip', 'rule')).toMatch(/9776:\s+from all oif manx-mcast lookup 9776/);
    expect(tunnel.sync(new Set([one, two])).changes).toBe(0);
    expect(tunnel.sync(new Set([two])).changes).toBe(1);
    expect(ends()).toEqual(['02:4d:c0:00:02:02 192.0.2.2']);
    expect(netns.exec('ip', '-6', 'route', 'show', 'proto', '81')).toMatch(/^fd4d:616e:7800::c000:202 via \S+ dev manx-mcast metric 1024/);
  });

  it.each([
    ['the device was deleted', ['ip', 'link', 'delete', 'manx-mcast'], 2],
    ['it was set down', ['ip', 'link', 'set', 'manx-mcast', 'down'], 2],
    ['an end was deleted', ['bridge', 'fdb', 'delete', '02:4d:c0:00:02:02', 'dev', 'manx-mcast', 'dst', '192.0.2.2'], 1],
    ['a neighbour was deleted', ['ip', 'neighbour', 'delete', '192.0.2.2', 'dev', 'manx-mcast'], 1],
    ['the rule was deleted', ['ip', 'rule', 'delete', 'priority', '9776'], 0],
  ])('is repaired when %s', (_, command, changes) => {
    netns.exec(...(command as [string, ...string[]]));
    expect(tunnel.sync(new Set([two])).changes).toBe(changes);
    expect(ends()).toEqual(['02:4d:c0:00:02:02 192.0.2.2']);
    expect(netns.exec('ip', 'rule')).toContain('manx-mcast');
    expect(netns.exec('ip', 'route', 'show', 'table', '9776')).toContain('default dev manx-mcast');
  });

  it('goes without a trace', () => {
    expect(tunnel.remove()).toBe(1);
    expect(tunnel.remove()).toBe(0);
    expect(netns.exec('ip', 'link') + netns.exec('ip', 'rule')).not.toContain('manx-mcast');
  });
});
