import type { Ip } from '@manx/ip';
import type { Port } from './port.js';
import type { StateReader } from './state-reader.js';

/** The names of one address of a port in the DNS. */
export type DnsAssignment = { readonly ip_address: Ip; readonly hostname: string; readonly fqdn: string };

/**
 * The DNS names of a port's addresses: its `dns_name` for all of them, or for each one `host-` and the address with dashes; in the
 * port's domain, its network's, or the deployment's, whichever is first named. A name that ends in a dot is whole, and so is every `fqdn`.
 */
export function dnsAssignment(port: Port, state: StateReader): DnsAssignment[] {
  const domain = port.dns_domain || state.get('network', port.network_id)?.dns_domain || state.dnsDomain;
  return port.fixed_ips.map(({ ip_address }) => {
    const hostname = port.dns_name === '' ? addressName(ip_address) : port.dns_name;
    return { ip_address, hostname, fqdn: hostname.endsWith('.') ? hostname : `${hostname}.${domain}` };
  });
}

/** A label cannot end in a dash (RFC 1123, section 2.1): an address that ends in `::` gets the zero that it stands for. */
function addressName(ip: Ip): string {
  const label = `host-${ip.replaceAll(/[.:]/g, '-')}`;
  return label.endsWith('-') ? `${label}0` : label;
}
