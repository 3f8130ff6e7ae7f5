import type { NftChain, NftMeter } from '../host-plan.js';
import { METADATA_IPV4, METADATA_IPV6 } from '../metadata.js';
import type { RenderSettings } from '../settings.js';
import { drop } from './drop-chains.js';

type DnsSettings = NonNullable<RenderSettings['dns']>;

/** The set in which packets to the host's DNS are counted by tap, so that what is beyond its share is dropped. */
const QUERIES = 'dns-queries';

/** A tap whose guest has been silent for a minute has all of its share again. */
export const DNS_METERS: ReadonlyArray<readonly [string, NftMeter]> = [[QUERIES, { type: 'ifname', size: 65_535, timeoutS: 60 }]];

/**
 * DNS (S28): port 53 of the service addresses is the agent's port, which the operator chooses, so that a resolver of the host's own is in
 * nobody's way. A guest that asks too often is cut off by the kernel: neither the agent nor another guest has any work with it.
 */
export function dnsChains({ port, packetsPerSecond, burst }: DnsSettings): ReadonlyArray<readonly [string, NftChain]> {
  const over = `limit rate over ${packetsPerSecond}/second burst ${burst} packets`;
  return [
    [
      'dns-in',
      {
        hook: { type: 'nat', hook: 'prerouting', priority: -100, policy: 'accept' },
        rules: (['udp', 'tcp'] as const).flatMap((protocol) => [
          `iifname "tap*" ip daddr ${METADATA_IPV4} ${protocol} dport 53 dnat ip to ${METADATA_IPV4}:${port}`,
          `iifname "tap*" ip6 daddr ${METADATA_IPV6} ${protocol} dport 53 dnat ip6 to [${METADATA_IPV6}]:${port}`,
        ]),
      },
    ],
    ['dns', { hook: null, rules: [`update @${QUERIES} { iifname ${over} } ${drop('dns-rate')}`, 'ct status dnat accept'] }],
  ];
}

/** What of it may enter the host, its destination translated. Every packet counts, those of known flows too. */
export function dnsInput({ port }: DnsSettings): readonly string[] {
  return (['udp', 'tcp'] as const).flatMap((protocol) => [
    `ip daddr ${METADATA_IPV4} ${protocol} dport ${port} jump dns`,
    `ip6 daddr ${METADATA_IPV6} ${protocol} dport ${port} jump dns`,
  ]);
}

/** What a guest may send to its host from a link-local address: looked at before translation. */
export const DNS_FROM_LINK_LOCAL: readonly string[] = ['udp', 'tcp'].map(
  (protocol) => `ip6 daddr ${METADATA_IPV6} ${protocol} dport 53 accept`,
);
