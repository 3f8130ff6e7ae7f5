/** What dnsmasq says when it has no address for a DHCPv6 client, whatever its settings (`rfc3315.c`): the tap is in the parentheses. */
const NO_ADDRESS = /\bDHCP(?:ADVERTISE|REPLY)\((tap[\w-]{1,12})\) .*no addresses available$/;

/**
 * Whether a line that dnsmasq wrote tells that it kept an address from the one whose it is by its file `hosts`: it remembers who had
 * it last by the client's identifier (DUID), which a rebuilt instance, or a boot loader's successor, has not.
 */
export function isLeaseHeld(line: string, hosts: string): boolean {
  const tap = NO_ADDRESS.exec(line)?.[1];
  return tap !== undefined && hosts.split('\n').some((entry) => entry.includes(`,tag:${tap},`) && entry.includes(',['));
}
