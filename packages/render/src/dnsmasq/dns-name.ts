import type { PortNames } from '@manx/hoststate';
import type { Ip } from '@manx/ip';

/** An instance's own name, and the domain that it is in; null: none that is known. */
type DnsName = { readonly label: string | null; readonly domain: string | null };

/** The parts of a port's DNS name: that of the address, or of its first address where it has none for this one. */
export function dnsNameOf(names: PortNames | undefined, ip: Ip | null): DnsName {
  const record = names?.records.find((one) => one.ip === ip) ?? names?.records[0];
  if (record === undefined) return { label: null, domain: null };
  const [label = '', ...domain] = record.fqdn.split('.');
  return { label, domain: domain.length === 0 ? null : domain.join('.') };
}
