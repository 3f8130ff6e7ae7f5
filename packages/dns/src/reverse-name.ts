import { type Ip, ipFromValue, parseIp } from '@manx/ip';

const ARPA4 = '.in-addr.arpa';
const ARPA6 = '.ip6.arpa';

/** The address that a name asks the name of (RFC 1035, section 3.5; RFC 3596, section 2.5); null for any other name. */
export function reversedIp(name: string): Ip | null {
  if (name.endsWith(ARPA4)) return parseIp(name.slice(0, -ARPA4.length).split('.').toReversed().join('.'));
  if (!name.endsWith(ARPA6)) return null;
  const nibbles = name.slice(0, -ARPA6.length).split('.').toReversed();
  if (nibbles.length !== 32 || !nibbles.every((nibble) => /^[0-9a-f]$/.test(nibble))) return null;
  return ipFromValue(6, BigInt(`0x${nibbles.join('')}`));
}
