/** Numbers of the DNS (RFC 1035, RFC 3596, RFC 6891; IANA's registry of DNS parameters). */

export const TYPE = { a: 1, ptr: 12, aaaa: 28, opt: 41, any: 255 } as const;

export const CLASS = { in: 1, any: 255 } as const;

export const RCODE = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
  /** An EDNS version that is not known; its upper bits are in the OPT record. */
  badVersion: 16,
} as const;

export type Rcode = (typeof RCODE)[keyof typeof RCODE];

export const FLAG = {
  response: 0x80_00,
  opcode: 0x78_00,
  authoritative: 0x04_00,
  truncated: 0x02_00,
  recursionDesired: 0x01_00,
  recursionAvailable: 0x00_80,
  checkingDisabled: 0x00_10,
} as const;

export const HEADER_BYTES = 12;

/** What every resolver takes over UDP (RFC 1035, section 4.2.1), and the most that passes any path without fragments (DNS flag day 2020). */
export const UDP_BYTES = 512;
export const EDNS_BYTES = 1232;
