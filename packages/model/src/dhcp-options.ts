/**
 * What an option's value is: addresses (one or more, of the option's IP version), names (one or more domain names), routes (prefix and
 * next hop by turns), a number of so many bits, or a word (printable text that no file of the DHCP server could take for anything else).
 */
export type DhcpOptionKind = 'addresses' | 'names' | 'routes' | 'uint8' | 'uint16' | 'uint32' | 'int32' | 'word';

/** One DHCP option that a port may be given: its number on the wire, and what its values are. */
export type DhcpOption = { readonly number: number; readonly kind: DhcpOptionKind };

type Table = { readonly [name: string]: readonly [number: number, kind: DhcpOptionKind] };

/**
 * DHCPv4 options by dnsmasq's names (`dnsmasq --help dhcp`), which are Neutron's. Absent is what the host itself says of the address
 * that it gives (netmask, lease, server), what would turn the instance into a router, and what dnsmasq fills in from the request.
 * 255 is dnsmasq's own number for the header's next server (`siaddr`).
 */
const V4: Table = {
  'time-offset': [2, 'int32'],
  router: [3, 'addresses'],
  'dns-server': [6, 'addresses'],
  'log-server': [7, 'addresses'],
  'lpr-server': [9, 'addresses'],
  'boot-file-size': [13, 'uint16'],
  'domain-name': [15, 'names'],
  'swap-server': [16, 'addresses'],
  'root-path': [17, 'word'],
  'extension-path': [18, 'word'],
  'default-ttl': [23, 'uint8'],
  mtu: [26, 'uint16'],
  'arp-timeout': [35, 'uint32'],
  'tcp-ttl': [37, 'uint8'],
  'tcp-keepalive': [38, 'uint32'],
  'nis-domain': [40, 'word'],
  'nis-server': [41, 'addresses'],
  'ntp-server': [42, 'addresses'],
  'netbios-ns': [44, 'addresses'],
  'netbios-dd': [45, 'addresses'],
  'netbios-nodetype': [46, 'uint8'],
  'netbios-scope': [47, 'word'],
  'x-windows-fs': [48, 'addresses'],
  'x-windows-dm': [49, 'addresses'],
  'vendor-class': [60, 'word'],
  'nis+-domain': [64, 'word'],
  'nis+-server': [65, 'addresses'],
  'tftp-server': [66, 'word'],
  'bootfile-name': [67, 'word'],
  'smtp-server': [69, 'addresses'],
  'pop3-server': [70, 'addresses'],
  'nntp-server': [71, 'addresses'],
  'irc-server': [74, 'addresses'],
  'posix-timezone': [100, 'word'],
  'tzdb-timezone': [101, 'word'],
  'ipv6-only': [108, 'uint32'],
  'domain-search': [119, 'names'],
  'classless-static-route': [121, 'routes'],
  'tftp-server-address': [150, 'addresses'],
  'server-ip-address': [255, 'addresses'],
};

/**
 * The first of the numbers that stand for what DHCPv6 says in other words: wire numbers have 16 bits. DHCPv6 has neither a next server
 * nor a name of a TFTP server: both say where the boot file is, whose URL DHCPv6 has (option 59, RFC 5970).
 */
const IN_OTHER_WORDS = 0x1_0000;

/** The boot file's URL in DHCPv6: RFC 5970, section 3.1. */
export const BOOT_URL_V6 = 59;

/** What stands for the server in the URL of a boot file, the one to be preferred first, as boot loaders do with DHCPv4. */
export const BOOT_SERVERS_V6 = ['server-ip-address', 'tftp-server'] as const;

/**
 * DHCPv6 options by dnsmasq's names (`dnsmasq --help dhcp6`), and those of DHCPv4 that clients give an IPv6 port to boot from: a boot
 * file's name is its URL, or with a server a part of one.
 */
const V6: Table = {
  'sip-server-domain': [21, 'names'],
  'sip-server': [22, 'addresses'],
  'dns-server': [23, 'addresses'],
  'domain-search': [24, 'names'],
  'nis-server': [27, 'addresses'],
  'nis+-server': [28, 'addresses'],
  'nis-domain': [29, 'names'],
  'nis+-domain': [30, 'names'],
  'sntp-server': [31, 'addresses'],
  'information-refresh-time': [32, 'uint32'],
  'posix-timezone': [41, 'word'],
  'tzdb-timezone': [42, 'word'],
  'bootfile-url': [BOOT_URL_V6, 'word'],
  'bootfile-name': [BOOT_URL_V6, 'word'],
  'bootfile-param': [60, 'word'],
  'tftp-server': [IN_OTHER_WORDS + 66, 'word'],
  'server-ip-address': [IN_OTHER_WORDS + 255, 'addresses'],
};

const NAMED = { 4: V4, 6: V6 } as const;

/** Numbers that may be given beside the named ones, for what vendors and boot loaders made of them: RFC 3942, RFC 5071; RFC 8415. */
const FREE_NUMBERS: { readonly [V in 4 | 6]: (number: number) => boolean } = {
  4: (number) => number === 43 || number === 114 || number === 128 || (number >= 129 && number <= 135) || (number >= 160 && number <= 254),
  6: (number) => number >= 61 && number <= 255 && number !== 82,
};

/** The option that a name, or a number in text, stands for; null for none that a port may be given. */
export function dhcpOption(name: string, version: 4 | 6): DhcpOption | null {
  const table = NAMED[version];
  const named = Object.hasOwn(table, name) ? table[name] : undefined;
  if (named !== undefined) return { number: named[0], kind: named[1] };
  if (!/^[1-9]\d{0,2}$/.test(name)) return null;
  const number = Number(name);
  const known = number === 255 ? undefined : Object.values(table).find(([known]) => known === number);
  if (known !== undefined) return { number, kind: known[1] };
  return FREE_NUMBERS[version](number) ? { number, kind: 'word' } : null;
}
