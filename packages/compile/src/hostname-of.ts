import { familyOf, type Ip } from '@manx/ip';

/** How much of a port's id names an instance that has no address. */
const ID_LENGTH = 8;

/**
 * The DNS label that DHCP gives, as Neutron makes it: `host-` and the first IPv4 address (the first address, where there is
 * none) with dashes. A label cannot end in a dash, so an address that ends in `::` gets the zero that it stands for.
 */
export function hostnameOf(portId: string, addresses: readonly Ip[]): string {
  const ip = addresses.find((address) => familyOf(address) === 4) ?? addresses[0];
  const label = `host-${(ip ?? portId.slice(0, ID_LENGTH)).toLowerCase().replaceAll(/[^a-z0-9]/g, '-')}`;
  return label.endsWith('-') ? `${label}0` : label;
}
