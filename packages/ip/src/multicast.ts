import { familyOf, type Ip, v4Of, v6Of } from './ip.js';
import { type Mac, macFromBytes } from './mac.js';
import { isMulticast } from './scope.js';
import { formatV6 } from './v6.js';

/**
 * The group on which neighbours ask for this IPv6 address: ff02::1:ff00:0/104 with its last 24 bits
 * (RFC 4291, section 2.7.1). A RangeError for an IPv4 address.
 */
export function solicitedNode(ip: Ip): Ip {
  if (familyOf(ip) === 4) throw new RangeError(`IPv4 has no solicited-node addresses: ${ip}`);
  const last = v6Of(ip)[3];
  return formatV6([0xff_02_00_00, 0, 1, (0xff_00_00_00 | (last & 0xff_ff_ff)) >>> 0]) as Ip;
}

/**
 * The Ethernet address a multicast group is sent to: 01:00:5e and the last 23 bits of an IPv4 group (RFC 1112,
 * section 6.4), 33:33 and the last 32 bits of an IPv6 group (RFC 2464, section 7). A RangeError for any other address.
 */
export function multicastMac(ip: Ip): Mac {
  if (!isMulticast(ip)) throw new RangeError(`not a multicast address: ${ip}`);
  if (familyOf(ip) === 4) {
    const group = v4Of(ip);
    return macFromBytes([0x01, 0x00, 0x5e, (group >>> 16) & 0x7f, (group >>> 8) & 0xff, group & 0xff]);
  }
  const group = v6Of(ip)[3];
  return macFromBytes([0x33, 0x33, group >>> 24, (group >>> 16) & 0xff, (group >>> 8) & 0xff, group & 0xff]);
}
