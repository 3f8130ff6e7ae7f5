/** What dnsmasq says when it has no address for a DHCPv6 client, whatever its settings (`rfc3315.c`): the tap is in the parentheses. */
const NO_ADDRESS = /\bDHCP(?:ADVERTISE|REPLY)\((tap[\w-]{1,12})\) .*no addresses available$/;

/**
 * The tap whose guest was refused, by a line that dnsmasq wrote, an address that is its by the file `hosts`; null when the line tells of nothing
 * such. dnsmasq remembers who had an address last by the client's identifier (DUID), which a rebuilt instance, or a boot loader's successor,
 * has not. The line is no proof: dnsmasq says the same to a client that asks for no address at all.
 */
export function refusedTap(line: string, hosts: string): string | null {
  const tap = NO_ADDRESS.exec(line)?.[1];
  const isServed = hosts.split('\n').some((entry) => entry.includes(`,tag:${tap},`) && entry.includes(',['));
  return tap !== undefined && isServed ? tap : null;
}
