import type { DhcpOption, DhcpValue } from '@manx/hoststate';

/** Classless routes, and the number under which older Windows asks for them, as Neutron sends both. */
const CLASSLESS_ROUTES = 121;
const CLASSLESS_ROUTES_OF_WINDOWS = 249;

/** dnsmasq's own number for the next server of the header, which only its name stands for (`option.c`). */
const NEXT_SERVER = 255;

/** A port's own option as lines of `dhcp-optsfile`, without their tag; without a value an option is not sent. */
export function extraOption({ family, code, value }: DhcpOption): Array<{ readonly key: string; readonly text: string }> {
  const text = valueText(value);
  const line = (number: number): { readonly key: string; readonly text: string } => ({
    key: `${family} ${number}`,
    text: [nameOf(family, number), ...(text === null ? [] : [text])].join(','),
  });
  return family === 4 && code === CLASSLESS_ROUTES ? [line(code), line(CLASSLESS_ROUTES_OF_WINDOWS)] : [line(code)];
}

function nameOf(family: 4 | 6, code: number): string {
  if (family === 6) return `option6:${code}`;
  return code === NEXT_SERVER ? 'option:server-ip-address' : String(code);
}

/** The value as dnsmasq reads it. A word is in quotes, so that one that looks like an address or a number stays text. */
function valueText(value: DhcpValue): string | null {
  switch (value.kind) {
    case 'none':
      return null;
    case 'ips':
      return value.ips.map((ip) => (ip.includes(':') ? `[${ip}]` : ip)).join(',');
    case 'names':
      return value.names.join(',');
    case 'routes':
      return value.routes.map(({ destination, nexthop }) => `${destination},${nexthop}`).join(',');
    case 'number':
      return String(value.number);
    case 'hex':
      return value.hex;
    case 'word':
      return `"${value.word}"`;
    default:
      return value satisfies never;
  }
}
