import { type Cidr, type Family, familyOf } from '@manx/ip';
import type { BirdPeer, BirdSettings } from './bird-settings.js';

/** What no peer may teach a host: addresses that never leave a link or a machine, the metadata address among them. */
const NEVER = {
  4: ['0.0.0.0/8{8,32}', '127.0.0.0/8+', '169.254.0.0/16+', '224.0.0.0/3+'],
  6: ['::/127+', '::ffff:0:0/96+', 'fe80::/10+', 'ff00::/8+'],
} as const;

const DEFAULT_ROUTE = { 4: '0.0.0.0/0', 6: '::/0' } as const;

/**
 * The statements that decide about a route which this peer teaches, the last of them for those that nothing was said of. First what is
 * never taken: NEVER, and the address of a peer on a link, which is where the link says it is; then what the peer may teach.
 */
export function acceptLines(peer: BirdPeer, settings: BirdSettings): string[] {
  const family = familyOf(peer.address);
  const accept = peer.accept ?? (isInternal(peer, settings) ? ['any'] : ['default']);
  const onLink = settings.peers
    .filter((one) => familyOf(one.address) === family && isOnLink(one, settings))
    .map(({ address }) => hostRoute(address));
  const allowed = [
    ...(accept.includes('default') ? [DEFAULT_ROUTE[family]] : []),
    ...accept.flatMap((one) => (one === 'default' || one === 'any' ? [] : within(family, one))),
  ];
  const isAny = accept.includes('any');
  const guarded = (settings.protectedPrefixes ?? []).flatMap((prefix) => within(family, prefix));
  return [
    `if net ~ ${set([...NEVER[family], ...onLink])} then reject;`,
    ...(allowed.length === 0 ? [] : [`if net ~ ${set(allowed)} then accept;`]),
    ...(isAny && guarded.length > 0 ? [`if net ~ ${set(guarded)} then reject;`] : []),
    isAny ? 'accept;' : 'reject;',
  ];
}

/** An external peer without `multihop`: BIRD speaks with it on a link of the host alone. */
export function isOnLink(peer: BirdPeer, settings: Pick<BirdSettings, 'asn'>): boolean {
  return !isInternal(peer, settings) && peer.multihop === undefined;
}

/** A peer of the AS that the host has towards it (iBGP). */
export function isInternal({ asn, localAsn }: BirdPeer, settings: Pick<BirdSettings, 'asn'>): boolean {
  return asn === (localAsn ?? settings.asn);
}

function hostRoute(address: BirdPeer['address']): string {
  return `${address}/${familyOf(address) === 4 ? 32 : 128}`;
}

/** A prefix and everything in it; nothing when it is of the other family. */
function within(family: Family, prefix: Cidr): string[] {
  return familyOf(prefix) === family ? [`${prefix}+`] : [];
}

/** BIRD's sets may overlap; sorted, so that the order of settings changes no file. */
function set(patterns: readonly string[]): string {
  return `[ ${[...new Set(patterns)].sort().join(', ')} ]`;
}
