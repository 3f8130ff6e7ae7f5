import { type Cidr, prefixLength } from './cidr.js';
import { familyOf, type Ip, v6Of } from './ip.js';
import { type Mac, macBytes } from './mac.js';
import { formatV6 } from './v6.js';

const LINK_LOCAL = 'fe80::/64' as Cidr;

/**
 * The address a host gives itself in this prefix from its MAC: the modified EUI-64 interface identifier (RFC 4291,
 * appendix A), as in stateless autoconfiguration (RFC 4862; RFC 2464, section 4).
 * A RangeError unless the prefix is an IPv6 /64.
 */
export function eui64(prefix: Cidr, mac: Mac): Ip {
  if (familyOf(prefix) !== 6 || prefixLength(prefix) !== 64) throw new RangeError(`not an IPv6 /64: ${prefix}`);
  const words = v6Of(prefix, prefix.indexOf('/'));
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = macBytes(mac);
  // The universal/local bit is inverted, and ff:fe goes between the two halves of the MAC.
  const high = ((a ^ 0x02) << 24) | (b << 16) | (c << 8) | 0xff;
  const low = (0xfe << 24) | (d << 16) | (e << 8) | f;
  return formatV6([words[0], words[1], high >>> 0, low >>> 0]) as Ip;
}

/** The link-local address a host gives itself from its MAC (fe80::/64, RFC 4862, section 5.3). */
export function linkLocalFor(mac: Mac): Ip {
  return eui64(LINK_LOCAL, mac);
}
