import type { Ip } from '@manx/ip';
import { concat, ipBytes } from './frames.js';

/**
 * What may stand between an IPv6 header and what it carries (RFC 8200, section 4), and IPv4's options of the same purpose. Each function
 * returns whole bytes; `next` is the protocol of what follows, and the number of the header itself is in `extensionHeaders`.
 */
export const extensionHeaders = { hopByHop: 0, routing: 43, fragment: 44, destination: 60 } as const;

/** An options header (hop-by-hop or destination) with nothing but padding. */
export const paddedHeader = (next: number): Uint8Array => new Uint8Array([next, 0, 1, 4, 0, 0, 0, 0]);

/** A fragment header; `offset` in bytes, a multiple of 8. Offset 0 without more is an atomic fragment (RFC 6946). */
export const fragmentHeader = (
  next: number,
  part: { readonly id: number; readonly offset: number; readonly hasMore: boolean },
): Uint8Array => {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, next);
  view.setUint16(2, part.offset | (part.hasMore ? 1 : 0));
  view.setUint32(4, part.id);
  return bytes;
};

/** A routing header that asks to be sent on to another address: type 0 is source routing (deprecated by RFC 5095), 2 mobile IPv6's. */
export const routingHeader = (next: number, { type, via }: { readonly type: number; readonly via: Ip }): Uint8Array =>
  concat([next, 2, type, 1, 0, 0, 0, 0], ipBytes(via));

/** IPv4's loose (131) or strict (137) source route by one more router, padded to whole words (RFC 791, page 18). */
export const sourceRoute = (kind: 131 | 137, via: Ip): Uint8Array => concat([kind, 7, 4], ipBytes(via), [0]);
