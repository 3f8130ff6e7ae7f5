import { expect, it } from 'vitest';
import { refusedTap } from './held-lease.js';

const HOSTS = 'fa:16:3e:00:00:01,tag:tap-a,10.0.0.1,[2001:db8::1],a\nfa:16:3e:00:00:02,tag:tap-b,10.0.0.2,b\n';
const DUID = '00:01:00:01:30:bc:de:01';
const said = (text: string) => refusedTap(`dnsmasq-dhcp: ${text}`, HOSTS);

it('S26: an address that its own port is refused is told from one that a port does not have', () => {
  expect(said(`DHCPADVERTISE(tap-a) ${DUID} no addresses available`)).toBe('tap-a');
  expect(said(`DHCPREPLY(tap-a) ${DUID} no addresses available`)).toBe('tap-a');
  expect(said(`DHCPADVERTISE(tap-b) ${DUID} no addresses available`)).toBeNull();
  expect(said(`DHCPADVERTISE(tap-c) ${DUID} no addresses available`)).toBeNull();
  expect(said(`DHCPADVERTISE(tap-a) 2001:db8::1 ${DUID} a`)).toBeNull();
});
