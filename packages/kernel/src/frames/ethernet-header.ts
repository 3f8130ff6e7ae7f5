import { type Mac, macBytes } from '@manx/ip';

/** The 14 bytes before a packet of Ethernet. */
export const ethernetHeader = (to: Mac, from: Mac, etherType: number): Buffer =>
  Buffer.from([...macBytes(to), ...macBytes(from), etherType >> 8, etherType & 0xff]);
