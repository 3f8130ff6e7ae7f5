import type { Ip } from '@manx/ip';
import type { NftChain, NftHook } from '../host-plan.js';
import { drop, FROM_NOBODY } from './drop-chains.js';

const hook = (type: NftHook['type'], name: string, priority: number): NftHook => ({ type, hook: name, priority, policy: 'accept' });

/**
 * Before connection tracking (priority -200): flows of stateless groups get no entry. One with an endpoint here whose flows are
 * remembered does, since that one needs it; and so does one with the host itself, and one that source NAT may translate.
 */
export function untrackedChains(hasSnat: boolean): ReadonlyArray<readonly [string, NftChain]> {
  const ofSnat = (rule: string): string[] => (hasSnat ? [rule] : []);
  return [
    [
      'untracked',
      {
        hook: hook('filter', 'prerouting', -250),
        rules: ['iifname @untracked goto from-untracked', 'iifname "tap*" accept', 'jump to-untracked'],
      },
    ],
    [
      'from-untracked',
      {
        hook: null,
        rules: [
          'fib daddr type local accept',
          ...ofSnat('ip saddr @snat-nets ip daddr != @flat-space accept'),
          'jump to-untracked',
          'fib daddr oifname "tap*" accept',
          'notrack',
        ],
      },
    ],
    [
      'to-untracked',
      {
        hook: null,
        rules: [
          ...ofSnat('ip daddr @snat-nets ip saddr != @flat-space accept'),
          ...['@untracked-v4', '@untracked-v6', '@untracked-nets-v4', '@untracked-nets-v6'].map(
            (set) => `${set.endsWith('4') ? 'ip' : 'ip6'} daddr ${set} notrack accept`,
          ),
        ],
      },
    ],
  ];
}

/**
 * Source NAT (S24), after floating IPs have had their turn: what leaves the host and the flat space from a subnet with it goes out as
 * the host's own address for that, and to other instances never (S6).
 */
export function snatChains(address: Ip): ReadonlyArray<readonly [string, NftChain]> {
  const rule = `oifname != "tap*" ip saddr @snat-nets ip daddr != @flat-space snat ip to ${address}`;
  return [['snat-out', { hook: hook('nat', 'postrouting', 101), rules: [rule] }]];
}

/**
 * Limits of floating IPs: what comes for one before it is translated, and what leaves as one after that. Both ways of every flow, whoever
 * began it, and traffic of the same host as well.
 */
export const LIMIT_CHAINS: ReadonlyArray<readonly [string, NftChain]> = [
  ['limits-in', { hook: hook('filter', 'prerouting', -160), rules: ['ip daddr vmap @limits-in'] }],
  ['limits-out', { hook: hook('filter', 'postrouting', 150), rules: ['ip saddr vmap @limits-out'] }],
];

const TRANSLATE_IN: readonly string[] = [
  'dnat ip to ip daddr . meta l4proto . th dport map @forwards',
  'dnat ip to ip daddr . meta l4proto . th dport map @forward-ranges',
  'dnat ip to ip daddr map @floating-in',
];

/**
 * Floating IPs and forwards. The sender's own egress policy is asked before the address is translated, as it would be on another host
 * (`floating-egress`); the receiver's sees the fixed IP and the sender's own address (S6, S21). Out of the flat space a fixed
 * IP sends as its floating IP (S22). Who asks for himself hears himself as the floating IP, and what is forwarded to
 * another host has to come back by this one: both are translated on the other side as well.
 */
export function floatingChains(hasFlatSpace: boolean): ReadonlyArray<readonly [string, NftChain]> {
  return [
    [
      'floating-egress',
      {
        hook: hook('filter', 'prerouting', -150),
        rules: [
          'iifname != "tap*" accept',
          'ip daddr != @floating accept',
          'meta nfproto ipv6 accept',
          'iifname vmap @egress',
          ...FROM_NOBODY,
        ],
      },
    ],
    ['floating-in', { hook: hook('nat', 'prerouting', -100), rules: TRANSLATE_IN }],
    ['floating-from-host', { hook: hook('nat', 'output', -100), rules: TRANSLATE_IN }],
    [
      'floating-out',
      {
        hook: hook('nat', 'postrouting', 100),
        rules: [
          'ip saddr . ip daddr @hairpins snat ip to ct original ip daddr map @floating-self',
          'oifname != "tap*" snat ip to ct original ip daddr map @floating-self',
          ...(hasFlatSpace ? [`ip daddr != @flat-space snat ip to ip saddr map @floating-out`] : []),
        ],
      },
    ],
  ];
}

/** What was asked for by its floating IP has passed its sender's policy already (`floating-egress`). */
export const FORWARDED_ALREADY = 'ct direction original ct status dnat accept';

/** What is sent to an address of which it is no translated port stays outside. */
export const NOT_TRANSLATED = `ip daddr @floating ${drop('floating-port')}`;
