import { expect, it } from 'vitest';
import { isLeaseHeld } from './held-lease.js';

const HOSTS = 'fa:16:3e:00:00:01,tag:tap-a,10.0.0.1,[2001:db8::1],a\nfa:16:3e:00:00:02,tag:tap-b,10.0.0.2,b\n';
const said = (text: string): boolean => isLeaseHeld(text, HOSTS);

it('S26: an address that its own port is refused is told from one that a port does not have', () => {
  expect(said('dnsmasq-dhcp: DHCPADVERTISE(tap-a) 00:01:00:01:30:bc:de:01 no addresses available')).toBe(true);
  expect(said('dnsmasq-dhcp: DHCPREPLY(tap-a) 00:01:00:01:30:bc:de:01 no addresses available')).toBe(true);
  expect(said('dnsmasq-dhcp: DHCPADVERTISE(tap-b) 00:01:00:01:30:bc:de:01 no addresses available')).toBe(false);
  expect(said('dnsmasq-dhcp: DHCPADVERTISE(tap-c) 00:01:00:01:30:bc:de:01 no addresses available')).toBe(false);
  expect(said('dnsmasq-dhcp: DHCPADVERTISE(tap-a) 2001:db8::1 00:01:00:01:30:bc:de:01 a')).toBe(false);
});
