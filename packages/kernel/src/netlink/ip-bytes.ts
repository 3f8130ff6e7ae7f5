import { type Family, type Ip, ipFromValue, ipValue } from '@manx/ip';

/** AF_INET and AF_INET6 (include/linux/socket.h). */
export const AF_OF_FAMILY: Readonly<Record<Family, number>> = { 4: 2, 6: 10 };

/** The family of an AF number, or null for one that is not IP. */
export const familyOfAf = (af: number): Family | null => (af === 2 ? 4 : af === 10 ? 6 : null);

/** An address in network order: 4 or 16 bytes. */
export const ipBytes = (ip: Ip): Buffer => {
  if (!ip.includes(':')) return Buffer.from(ip.split('.').map(Number));
  return Buffer.from(ipValue(ip).toString(16).padStart(32, '0'), 'hex');
};

/** The address of 4 or 16 bytes in network order; null for any other length. */
export const ipFromBytes = (bytes: Buffer): Ip | null => {
  // Four numbers from 0 to 255 joined by dots are canonical as they are.
  if (bytes.length === 4) return bytes.join('.') as Ip;
  return bytes.length === 16 ? ipFromValue(6, BigInt(`0x${bytes.toString('hex')}`)) : null;
};
