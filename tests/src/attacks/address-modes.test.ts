import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clientFor, execIn, type Guest, waitUntil } from '@manx/lab/attack-kit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { guestForAWhile } from './guest-for-a-while.js';
import { projects } from './range.js';

const { hosts, groups } = inject('range');
const [host = ''] = hosts;
const client = clientFor(projects.wendy);
const nameServer = '2001:4860::1111';

/** Says what the client was given, and ends it. */
const SCRIPT = `#!/bin/sh
case "$reason" in BOUND6|RENEW6) env | grep ^new_; kill $PPID ;; esac
`;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manx-dhcp6-'));
  await writeFile(join(folder, 'script'), SCRIPT, { mode: 0o755 });
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs a real DHCPv6 client in the instance; what it was given, nothing when nobody answered. */
const dhclient6 = async ({ netns }: Guest, ...args: string[]): Promise<string> => {
  const files = ['-sf', join(folder, 'script'), '-lf', join(folder, netns), '-pf', join(folder, `${netns}.pid`), '-cf', '/dev/null'];
  return (await execIn(netns, ['timeout', '10', 'dhclient', '-6', '-1', '-d', ...args, ...files, 'eth0'])).stdout;
};

/** A guest on a network of its own, its IPv6 subnet with an address mode and no mode of advertisements, for as long as `look` takes. */
const withMode = async (mode: string, [cidr4, cidr]: readonly [string, string], look: (guest: Guest) => Promise<void>): Promise<void> => {
  const network = await client.create('networks', 'network', { name: mode, project_id: projects.wendy });
  await client.create('subnets', 'subnet', { network_id: network.id, ip_version: 4, cidr: cidr4 });
  const body = { network_id: network.id, ip_version: 6, cidr, ipv6_address_mode: mode, dns_nameservers: [nameServer] };
  const subnet = await client.create('subnets', 'subnet', body);
  expect([subnet['ipv6_ra_mode'], subnet['ipv6_address_mode']]).toEqual([null, mode]);
  const boot = { name: mode, project: projects.wendy, host, groups: [groups.witness] };
  const { guest, end } = await guestForAWhile({ network: network.id }, boot);
  try {
    await look(guest);
    await waitUntil(`${mode}: the host to be heard of as a router`, async () =>
      (await execIn(guest.netns, ['ip', '-6', 'route', 'show', 'default', 'proto', 'ra'])).stdout.includes(`via ${guest.router} `),
    );
  } finally {
    await end();
    await client.remove('networks', network.id);
  }
};

const formed = async ({ netns }: Guest): Promise<string> =>
  (await execIn(netns, ['ip', '-6', 'addr', 'show', 'dev', 'eth0', 'scope', 'global', 'mngtmpaddr'])).stdout;

describe('S26: an IPv6 address mode alone is served', () => {
  it('dhcpv6-stateful: a DHCPv6 client gets the address that the API shows, and the name server', () =>
    withMode('dhcpv6-stateful', ['10.0.91.0/24', 'fd00:91::/64'], async (guest) => {
      const given = await dhclient6(guest);
      expect(given).toContain(`new_ip6_address=${guest.v6}\n`);
      expect(given).toContain(`new_dhcp6_name_servers=${nameServer}\n`);
    }));

  it('dhcpv6-stateless: the address makes itself, a DHCPv6 client gets the name server', () =>
    withMode('dhcpv6-stateless', ['10.0.92.0/24', 'fd00:92::/64'], async (guest) => {
      expect(await formed(guest)).toContain(`inet6 ${guest.v6}/64`);
      const given = await dhclient6(guest, '-S');
      expect(given).toContain(`new_dhcp6_name_servers=${nameServer}\n`);
      expect(given).not.toContain('new_ip6_address');
    }));

  it('slaac: the address makes itself', () =>
    withMode('slaac', ['10.0.93.0/24', 'fd00:93::/64'], async (guest) => {
      expect(await formed(guest)).toContain(`inet6 ${guest.v6}/64`);
    }));
});
