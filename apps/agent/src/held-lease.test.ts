import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asCidr, asIp } from '@manx/ip';
import { afterAll, expect, it } from 'vitest';
import { TestHost } from './testing/test-host.js';
import { EGRESS, endpoint, GATEWAY, policy, portOf, SUBNET, stateOf } from './testing/test-states.js';

const STATEFUL = {
  ...SUBNET,
  id: 'subnet-6',
  cidr: asCidr('2001:db8:65::/64'),
  gateway: asIp('2001:db8:65::1'),
  raMode: 'dhcpv6-stateful',
  addressMode: 'dhcpv6-stateful',
} as const;
const ADDRESS = '2001:db8:65::23';
const port = endpoint(1);
const dual = { ...port, addresses: [...port.addresses, { ip: asIp(ADDRESS), subnet: STATEFUL.id }] };
const host = new TestHost('ag-duid', stateOf(SUBNET, STATEFUL, policy('open', { ...EGRESS, family: 4 }), dual));
const GUEST = 'ag-duid-g1';

afterAll(() => host.remove());

/** The address that a client gets which calls itself so (RFC 8415, section 11: the identifier of a link-layer address and a time). */
const leaseAs = (time: number): string => {
  const file = (name: string): string => join(host.folder, name);
  const duid =
    [1, 1, time].map((value, at) => value.toString(16).padStart(at === 2 ? 8 : 4, '0')).join('') + portOf(1).mac.replaceAll(':', '');
  const octal = duid.replace(/../g, (byte) => `\\${Number.parseInt(byte, 16).toString(8).padStart(3, '0')}`);
  writeFileSync(file('script'), '#!/bin/sh\nprintf "%s\\n" "$new_ip6_address"\n[ -z "$new_ip6_address" ] || kill "$PPID"\n', {
    mode: 0o755,
  });
  writeFileSync(file('leases'), `default-duid "${octal}";\n`);
  return host.inGuest(
    GUEST,
    'sh',
    '-c',
    `timeout 15 dhclient -6 -1 -d -sf ${file('script')} -lf ${file('leases')} -pf ${file('pid')} -cf /dev/null eth0 2>/dev/null; true`,
  );
};

it('S26: a rebuilt instance, which calls itself otherwise, gets the DHCPv6 address of its port', async () => {
  await host.serve();
  host.start();
  host.plug({ ...portOf(1), name: GUEST, gateway: GATEWAY });
  await host.status(portOf(1).id, ({ state }) => state === 'up');
  await host.until('first lease', () => (leaseAs(1).includes(ADDRESS) ? true : null));
  expect(leaseAs(2)).toContain(ADDRESS);
  expect(leaseAs(3)).toContain(ADDRESS);
  expect(host.countOf('dnsmasq')).toBeLessThanOrEqual(2);
}, 90_000);
