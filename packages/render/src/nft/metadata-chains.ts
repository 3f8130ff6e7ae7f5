import type { NftChain } from '../host-plan.js';
import { METADATA_IPV4, METADATA_IPV6 } from '../metadata.js';

/**
 * Metadata (S27): port 80 of the metadata addresses is the proxy's port, which the operator chooses, so that a web server of the host's own
 * is in nobody's way. The proxy's port itself is open to nobody who does not come by port 80.
 */
export function metadataChains(port: number): ReadonlyArray<readonly [string, NftChain]> {
  return [
    [
      'metadata-in',
      {
        hook: { type: 'nat', hook: 'prerouting', priority: -100, policy: 'accept' },
        rules: [
          `iifname "tap*" ip daddr ${METADATA_IPV4} tcp dport 80 dnat ip to ${METADATA_IPV4}:${port}`,
          `iifname "tap*" ip6 daddr ${METADATA_IPV6} tcp dport 80 dnat ip6 to [${METADATA_IPV6}]:${port}`,
        ],
      },
    ],
  ];
}

/** What of it may enter the host, its destination translated. */
export function metadataInput(port: number): readonly string[] {
  return [
    `ip daddr ${METADATA_IPV4} tcp dport ${port} ct status dnat accept`,
    `ip6 daddr ${METADATA_IPV6} tcp dport ${port} ct status dnat accept`,
  ];
}

/** What a guest may send to its host from a link-local address: looked at before translation. */
export const METADATA_FROM_LINK_LOCAL = `ip6 daddr ${METADATA_IPV6} tcp dport 80 accept`;
