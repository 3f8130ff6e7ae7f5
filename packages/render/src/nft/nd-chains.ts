import type { NftChain } from '../host-plan.js';
import { drop } from './drop-chains.js';

/** Router solicitation, neighbour solicitation, neighbour advertisement (RFC 4861): what a guest may say of neighbour discovery. */
export const NEIGHBOUR_DISCOVERY = '133, 135, 136';

/** The link-layer address of an option at so many bits into the ICMPv6 message: of kind 1 (source) or 2 (target), one unit of 8 bytes long. */
const isOwnMacAt = (bits: number, kind: 1 | 2): string =>
  `@th,${bits},16 0x0${kind}01 iifname . ether saddr . @th,${bits + 16},48 @nd-macs`;

/**
 * Neighbour discovery (S17) is believed by a host, and by those who claim addresses by it (S9), so that a guest speaks in it only for itself: for
 * addresses of its own, with its own MAC in the Ethernet header and in the option. It has none of the headers before it or fragments that
 * could hide it from others on the way (RFC 6980), comes from the link (RFC 4861, section 7.1), and at most one option: that MAC, or
 * the nonce of a probe (RFC 7527). nft 1.0.6 has no names for these fields: `@th,64,128` is the target address.
 */
export const ND_CHAINS: ReadonlyArray<readonly [string, NftChain]> = [
  [
    'nd',
    {
      hook: null,
      rules: [
        `iifname @down ${drop('port-down')}`,
        `iifname != @taps ${drop('unknown-tap')}`,
        `ip6 nexthdr != 58 ${drop('nd')}`,
        `ip6 hoplimit != 255 ${drop('nd')}`,
        'icmpv6 type 136 jump nd-target',
        'icmpv6 type 133 ip6 length 8 return',
        'icmpv6 type { 135, 136 } ip6 length 24 return',
        `icmpv6 type 133 ip6 length 16 ${isOwnMacAt(64, 1)} return`,
        `icmpv6 type 135 ip6 length 32 ${isOwnMacAt(192, 1)} return`,
        'icmpv6 type 135 ip6 length 32 ip6 saddr :: @th,192,16 0x0e01 return',
        `icmpv6 type 136 ip6 length 32 ${isOwnMacAt(192, 2)} return`,
        drop('nd'),
      ],
    },
  ],
  [
    'nd-target',
    {
      hook: null,
      rules: [
        'iifname . ether saddr . @th,64,128 @nd-targets return',
        'iifname . ether saddr . @th,64,128 @nd-target-nets return',
        // Link-local: guests may make theirs up, see `unaddressed`.
        '@th,64,64 0xfe80000000000000 iifname . ether saddr @macs return',
        drop('nd'),
      ],
    },
  ],
];
