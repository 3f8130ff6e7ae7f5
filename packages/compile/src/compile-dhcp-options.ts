import { type DhcpOption, type DhcpValue, isProblem, parseDhcpOption } from '@manx/hoststate';
import { parseCidr, parseIp } from '@manx/ip';
import { BOOT_SERVERS_V6, BOOT_URL_V6, type DhcpOptionKind, dhcpOption, type ExtraDhcpOption, type Port } from '@manx/model';

const HEX = /^[0-9a-f]{2}(?::[0-9a-f]{2})+$/i;

/** The DHCP options of a port in the host's words, sorted; `bad` is told of those that cannot be said, which are not sent. */
export function compileDhcpOptions(port: Port, bad: (name: string) => void): readonly DhcpOption[] {
  const options = new Map<string, DhcpOption>();
  const said = port.extra_dhcp_opts.filter((extra) => !isBootPart(extra));
  const boot = bootUrl(port.extra_dhcp_opts.filter(isBootPart));
  for (const extra of boot === null ? said : [...said, boot]) {
    const option = compileOption(extra);
    if (option === null) bad(extra.opt_name);
    else options.set(`${option.family} ${option.code}`, option);
  }
  return [...options.values()].sort((a, b) => a.family - b.family || a.code - b.code);
}

/** Whether this is a piece of the URL that an IPv6 port boots from. */
function isBootPart({ opt_name: name, ip_version: family }: ExtraDhcpOption): boolean {
  return family === 6 && (dhcpOption(name, 6)?.number === BOOT_URL_V6 || isBootServer(name));
}

function isBootServer(name: string): boolean {
  return BOOT_SERVERS_V6.some((server) => server === name);
}

/** The boot file's URL of the pieces: a name that is a URL is it; any other is a file of the server that is told, by TFTP. */
function bootUrl(parts: readonly ExtraDhcpOption[]): ExtraDhcpOption | null {
  const file = parts.find(({ opt_name: name }) => !isBootServer(name));
  const server = BOOT_SERVERS_V6.map((name) => parts.find((part) => part.opt_name === name)).find((part) => part !== undefined);
  if (server === undefined || file?.opt_value.includes('://')) return file ?? null;
  const host = server.opt_value.split(',')[0] ?? '';
  const authority = parseIp(host) !== null && host.includes(':') ? `[${host}]` : host;
  return { opt_name: 'bootfile-url', opt_value: `tftp://${authority}/${(file?.opt_value ?? '').replace(/^\/+/, '')}`, ip_version: 6 };
}

function compileOption({ opt_name: name, opt_value: text, ip_version: family }: ExtraDhcpOption): DhcpOption | null {
  const known = dhcpOption(name, family);
  if (known === null) return null;
  const value: DhcpValue | null = text === '' ? { kind: 'none' } : VALUES[known.kind](text, name);
  const option = value === null ? null : parseDhcpOption({ family, code: known.number, value });
  return option === null || isProblem(option) ? null : option;
}

/** Reads of a value what its kind says; the reader of host objects has the last word on it. */
const VALUES: { readonly [K in DhcpOptionKind]: (text: string, name: string) => DhcpValue | null } = {
  addresses: (text) => {
    const ips = text.split(',').map(parseIp);
    return ips.some((ip) => ip === null) ? null : { kind: 'ips', ips: ips.filter((ip) => ip !== null) };
  },
  names: (text) => ({ kind: 'names', names: text.split(',') }),
  routes: (text) => {
    const parts = text.split(',');
    const routes = parts.flatMap((part, at) => {
      const [cidr, nexthop] = at % 2 === 0 ? [parseCidr(part), parseIp(parts[at + 1] ?? '')] : [null, null];
      return cidr === null || nexthop === null ? [] : [{ destination: cidr.cidr, nexthop }];
    });
    return routes.length * 2 === parts.length ? { kind: 'routes', routes } : null;
  },
  uint8: (text) => numberOf(text, 1),
  uint16: (text) => numberOf(text, 2),
  uint32: (text) => numberOf(text, 4),
  int32: (text) => numberOf(text, 4),
  // Of an option that has no name nobody knows what it is: bytes are what looks like bytes, as dnsmasq has it for Neutron.
  word: (text, name) => (/^\d/.test(name) && HEX.test(text) ? { kind: 'hex', hex: text.toLowerCase() } : { kind: 'word', word: text }),
};

function numberOf(text: string, bytes: 1 | 2 | 4): DhcpValue | null {
  return /^-?\d{1,10}$/.test(text) ? { kind: 'number', bytes, number: Number(text) } : null;
}
