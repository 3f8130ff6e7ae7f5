import { type Ip, parseIp } from '@manx/ip';

const PREFIX = 'host-';

/**
 * The address that a label says which Neutron makes of it: `host-10-65-0-2`, `host-fd00-65--2`; null for any other label. A label cannot end
 * in a dash: an address that ends in `::` has the zero that it stands for.
 */
export function madeIp(label: string): Ip | null {
  if (!label.startsWith(PREFIX)) return null;
  const rest = label.slice(PREFIX.length);
  const ip = parseIp(rest.replaceAll('-', /^\d+(?:-\d+){3}$/.test(rest) ? '.' : ':'));
  return ip !== null && madeLabel(ip) === label ? ip : null;
}

function madeLabel(ip: Ip): string {
  const label = `${PREFIX}${ip.replaceAll(/[.:]/g, '-')}`;
  return label.endsWith('-') ? `${label}0` : label;
}
