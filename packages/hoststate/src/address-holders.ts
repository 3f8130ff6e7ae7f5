import { type Cidr, cidrContains, cidrFirst, type Ip, prefixLength } from '@manx/ip';
import type { Endpoint } from './host-state.js';
import { isPrefix, memberOf } from './sorted-members.js';

/** A pair that is a prefix, and whose. */
type PrefixHolder = { readonly cidr: Cidr; readonly isRouted: boolean; readonly endpoint: Endpoint };

/**
 * Which of some endpoints of a host send from an address, and which receive what is sent to it: those that have it as their own
 * (several only where the API was made to allow it), else those that have it in a pair. Routes lead to those that are up: give it these.
 */
export class AddressHolders {
  readonly #own = new Map<Ip, Endpoint[]>();
  readonly #pairs = new Map<Ip, { readonly isRouted: boolean; readonly endpoint: Endpoint }[]>();
  readonly #claims = new Map<Ip, Endpoint[]>();
  /** Longest first. */
  readonly #prefixes: PrefixHolder[] = [];

  constructor(endpoints: Iterable<Endpoint>) {
    for (const endpoint of endpoints) {
      for (const { ip } of endpoint.addresses) listOf(this.#own, ip).push(endpoint);
      for (const ip of endpoint.claims) listOf(this.#claims, ip).push(endpoint);
      for (const { cidr, ...pair } of endpoint.pairs) {
        const isRouted = pair.isRouted && !pair.isYielded;
        if (isPrefix(memberOf(cidr))) this.#prefixes.push({ cidr, isRouted, endpoint });
        else listOf(this.#pairs, cidrFirst(cidr)).push({ isRouted, endpoint });
      }
    }
    this.#prefixes.sort((a, b) => prefixLength(b.cidr) - prefixLength(a.cidr));
  }

  /** Those that may send from the address: its owners, or where it is nobody's own, all that have it in a pair. */
  senders(ip: Ip): readonly Endpoint[] {
    const own = this.#own.get(ip);
    if (own !== undefined) return own;
    const covering = this.#prefixes.filter(({ cidr }) => cidrContains(cidr, ip));
    return [...(this.#pairs.get(ip) ?? []), ...covering].map(({ endpoint }) => endpoint);
  }

  /**
   * Those that packets to the address are routed to: its owners, or who has claimed it, or the holders of the pair, or of the longest
   * prefix around it.
   */
  receivers(ip: Ip): readonly Endpoint[] {
    const own = this.#own.get(ip) ?? this.#claims.get(ip);
    if (own !== undefined) return own;
    const exact = (this.#pairs.get(ip) ?? []).filter(({ isRouted }) => isRouted);
    if (exact.length > 0) return exact.map(({ endpoint }) => endpoint);
    const covering = this.#prefixes.filter(({ cidr, isRouted }) => isRouted && cidrContains(cidr, ip));
    return covering.filter(({ cidr }) => cidr === covering[0]?.cidr).map(({ endpoint }) => endpoint);
  }
}

function listOf<V>(map: Map<Ip, V[]>, ip: Ip): V[] {
  const list = map.get(ip) ?? [];
  map.set(ip, list);
  return list;
}
