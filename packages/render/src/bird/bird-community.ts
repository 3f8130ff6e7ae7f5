/** A community in BIRD's words. */
export type BirdCommunity = { readonly attribute: 'bgp_community' | 'bgp_large_community'; readonly value: string };

/** Reads `65000:100` (RFC 1997: two numbers of 16 bits) or `65000:1:2` (RFC 8092: three of 32); null for anything else. */
export function birdCommunity(text: string): BirdCommunity | null {
  if (!/^(0|[1-9]\d{0,9})(:(0|[1-9]\d{0,9})){1,2}$/.test(text)) return null;
  const parts = text.split(':').map(Number);
  const most = parts.length === 2 ? 0xff_ff : 0xff_ff_ff_ff;
  if (parts.some((part) => part > most)) return null;
  return { attribute: parts.length === 2 ? 'bgp_community' : 'bgp_large_community', value: `(${parts.join(',')})` };
}
