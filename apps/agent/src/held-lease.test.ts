import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asCidr, asIp } from '@manx/ip';
import { afterAll, beforeAll, expect, it } from 'vitest';
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
const addressOf = (n: number): string => `2001:db8:65::2${n}`;
const guestOf = (n: number): string => `ag-duid-g${n}`;
const dual = (n: number) => {
  const port = endpoint(n);
  return { ...port, addresses: [...port.addresses, { ip: asIp(addressOf(n)), subnet: STATEFUL.id }] };
};
const host = new TestHost('ag-duid', stateOf(SUBNET, STATEFUL, policy('open', { ...EGRESS, family: 4 }), dual(1), dual(2)));

beforeAll(async () => {
  await host.serve();
  host.start();
  for (const n of [1, 2]) host.plug({ ...portOf(n), name: guestOf(n), gateway: GATEWAY });
  for (const n of [1, 2]) await host.status(portOf(n).id, ({ state }) => state === 'up');
});

afterAll(() => host.remove());

/** The address that a guest's client gets which calls itself so (RFC 8415, section 11: the identifier of a link-layer address and a time). */
const leaseAs = (n: number, time: number): string => {
  const file = (name: string): string => join(host.folder, name);
  const duid =
    [1, 1, time].map((value, at) => value.toString(16).padStart(at === 2 ? 8 : 4, '0')).join('') + portOf(n).mac.replaceAll(':', '');
  const octal = duid.replace(/../g, (byte) => `\\${Number.parseInt(byte, 16).toString(8).padStart(3, '0')}`);
  writeFileSync(file('script'), '#!/bin/sh\nprintf "%s\\n" "$new_ip6_address"\n[ -z "$new_ip6_address" ] || kill "$PPID"\n', {
    mode: 0o755,
  });
  writeFileSync(file('leases'), `default-duid "${octal}";\n`);
  return host.inGuest(
    guestOf(n),
    'sh',
    '-c',
    `timeout 15 dhclient -6 -1 -d -sf ${file('script')} -lf ${file('leases')} -pf ${file('pid')} -cf /dev/null eth0 2>/dev/null; true`,
  );
};

/** A guest's program that solicits ten times a second without asking for an address (RFC 8415, section 18.2.1: no IA), as another client each time. */
const SOLICITS = `
  const socket = require('node:dgram').createSocket('udp6');
  let n = 0;
  const solicit = () => {
    n += 1;
    const duid = Buffer.from([0, 3, 0, 1, 2, 0, 0, 0, n >> 8, n & 255]);
    socket.send(Buffer.concat([Buffer.from([1, 0, n >> 8, n & 255, 0, 1, 0, duid.length]), duid]), 547, 'ff02::1:2%eth0', (error) => {
      if (error === null) process.stdout.write('.');
    });
  };
  socket.bind(546, () => setInterval(solicit, 100));
`;

it('S26: a rebuilt instance, which calls itself otherwise, gets the DHCPv6 address of its port', async () => {
  await host.until('first lease', () => (leaseAs(1, 1).includes(addressOf(1)) ? true : null));
  expect(leaseAs(1, 2)).toContain(addressOf(1));
  expect(leaseAs(1, 3)).toContain(addressOf(1));
  expect(host.countOf('dnsmasq')).toBeLessThanOrEqual(2);
}, 90_000);

it('S26: a guest that makes its DHCP server refuse it over and over has it replaced a few times, and a rebuilt neighbour is helped all the same', async () => {
  expect(leaseAs(2, 1)).toContain(addressOf(2));
  const starts = (): number =>
    host.said.split('\n').filter((line) => line.includes('"dnsmasq"') && line.includes('program started')).length;
  const before = starts();
  const child = host.spawnInGuest(guestOf(1), process.execPath, '-e', SOLICITS);
  let sent = 0;
  child.stdout?.on('data', (piece: Buffer) => (sent += piece.length));
  const untilSent = async (count: number): Promise<true> => await host.until(`${count} solicits`, () => (sent >= count ? true : null));
  try {
    await untilSent(80);
    expect(leaseAs(2, 2)).toContain(addressOf(2));
    await untilSent(160);
  } finally {
    child.kill();
    await once(child, 'close');
  }
  // Once for the neighbour. The guest was refused more than a hundred times.
  expect(starts() - before).toBeGreaterThan(1);
  expect(starts() - before).toBeLessThanOrEqual(5);
}, 90_000);
