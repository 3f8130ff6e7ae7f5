import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Endpoint, Subnet } from '@manx/hoststate';
import { asCidr, asIp, asMac, eui64 } from '@manx/ip';
import { afterAll, describe, expect, it } from 'vitest';
import { TestHost } from './testing/test-host.js';
import { EGRESS, endpoint, GATEWAY, policy, portOf, SUBNET, stateOf } from './testing/test-states.js';

const { id, tap, mac, ip } = portOf(1);
const PREFIX = asCidr('2001:db8:65::/64');
const OWN6 = eui64(PREFIX, asMac(mac));
const at = (mtu: number): Subnet[] => [
  { ...SUBNET, mtu },
  { ...SUBNET, id: 'subnet-6', cidr: PREFIX, gateway: asIp('2001:db8:65::1'), mtu, raMode: 'slaac', addressMode: 'slaac' },
];
const both: Endpoint = { ...endpoint(1), addresses: [...endpoint(1).addresses, { ip: OWN6, subnet: 'subnet-6' }] };
const stateAt = (mtu: number) => stateOf(...at(mtu), policy('open', EGRESS), both);

const host = new TestHost('ag-mtu', stateAt(1400));
const GUEST = 'ag-mtu-g1';
const script = join(host.folder, 'client.sh');
writeFileSync(script, '#!/bin/sh\n[ "$1" = bound ] && echo "mtu $mtu"\nexit 0\n', { mode: 0o755 });
const lease = (): string =>
  host.inGuest(GUEST, 'udhcpc', '-i', 'eth0', '-n', '-q', '-f', '-O', 'mtu', '-t', '5', '-T', '1', '-s', script).trim();
const heardByRa = (): string => host.inGuest(GUEST, 'sysctl', '-n', 'net.ipv6.conf.eth0.mtu').trim();
/** A guest that comes up asks at once; what it heard before is forgotten. */
const solicit = (): void => {
  host.inGuest(GUEST, 'ip', 'link', 'set', 'eth0', 'down');
  host.inGuest(GUEST, 'ip', 'link', 'set', 'eth0', 'up');
};

afterAll(() => host.remove());

describe('the MTU of a network, as a guest hears it from its host', () => {
  it('S26, S29: DHCP option 26 and router advertisements both say 1400', async () => {
    await host.serve();
    host.start();
    await host.until('start', () => (host.said.includes('in sync') ? true : null));
    host.plug({ name: GUEST, tap, mac, ip, gateway: GATEWAY });
    await host.status(id, ({ state }) => state === 'up');
    expect(lease()).toBe('mtu 1400');
    await host.until('MTU', () => (host.exec('sysctl', '-n', `net.ipv6.conf.${tap}.mtu`).trim() === '1400' ? true : null));
    solicit();
    expect(await host.until('advertisement', () => (heardByRa() === '1400' ? '1400' : null))).toBe('1400');
  });

  it('S26, S29: another MTU is told too, also after the tap got one that would not do', async () => {
    host.exec('ip', 'link', 'set', tap, 'mtu', '1450');
    const revision = host.change(stateAt(1300));
    await host.status(id, (status) => status.revision >= revision || status.state === 'up');
    await host.until('MTU', () => (host.exec('sysctl', '-n', `net.ipv6.conf.${tap}.mtu`).trim() === '1300' ? true : null));
    expect(lease()).toBe('mtu 1300');
    solicit();
    expect(await host.until('advertisement', () => (heardByRa() === '1300' ? '1300' : null))).toBe('1300');
    // The kernel sets the MTU of IPv6 anew with that of the tap: without a change of the state it is put right again.
    host.exec('ip', 'link', 'set', tap, 'mtu', '1480');
    await host.until('MTU', () => (host.exec('sysctl', '-n', `net.ipv6.conf.${tap}.mtu`).trim() === '1300' ? true : null));
  });
});
