import type { BgpPeer, Endpoint } from '@manx/hoststate';
import type { Tally } from './tally.js';

/** What one host has, and how often its endpoints (and the policies of those) refer to each shared object. */
export type HostUse = {
  readonly endpoints: Map<string, Endpoint>;
  /** Whom it speaks BGP with, beside those of its own file. */
  bgpPeers: ReadonlyMap<string, BgpPeer>;
  readonly policies: Tally<string>;
  readonly subnets: Tally<string>;
  /** By how many of its endpoints names of each zone may be asked for. */
  readonly zones: Tally<string>;
  /** By how many of the host's policies each set is asked, and the flat space by how many of its endpoints with floating IPs and subnets with source NAT. */
  readonly sets: Tally<string>;
};

/** The use of a host that nothing is bound to. */
export function emptyHostUse(): HostUse {
  return { endpoints: new Map(), bgpPeers: new Map(), policies: new Map(), subnets: new Map(), zones: new Map(), sets: new Map() };
}
