import type { Cidr, Ip, Mac } from '@manx/ip';
import type { TokenBucket } from '@manx/render';

/**
 * One change of links, addresses, routes, neighbours or limits of bandwidth. All are said so that doing them twice is the same as once: `put` replaces
 * what is there, `delete` of what is not there is done already.
 */
export type RtChange =
  | { readonly kind: 'set-link'; readonly ifindex: number; readonly mac?: Mac; readonly isUp?: boolean }
  /** An interface of the kernel's own that needs only a name: `ifb`. */
  | { readonly kind: 'put-link'; readonly ifname: string; readonly type: 'ifb' }
  | { readonly kind: 'delete-link'; readonly ifname: string }
  /** The root discipline of an interface, in place of any other; `delete` takes away ours only. */
  | { readonly kind: 'put-bucket'; readonly ifindex: number; readonly bucket: TokenBucket }
  | { readonly kind: 'delete-bucket'; readonly ifindex: number }
  /** The place of filters for what comes in by an interface, with all that are there; and the one that leads everything to another interface. */
  | { readonly kind: 'put-ingress' | 'delete-ingress'; readonly ifindex: number }
  | { readonly kind: 'put-redirect'; readonly ifindex: number; readonly to: number }
  /** The place of filters for what goes out by an interface; and the one that lets everything come in by another interface in place of that. */
  | { readonly kind: 'put-egress'; readonly ifindex: number }
  | { readonly kind: 'put-injection'; readonly ifindex: number; readonly to: number }
  | { readonly kind: 'put-address' | 'delete-address'; readonly ifindex: number; readonly ip: Ip; readonly prefixLength: number }
  | ({ readonly kind: 'put-route' | 'delete-route' } & RouteKey)
  | { readonly kind: 'put-neighbour'; readonly ifindex: number; readonly ip: Ip; readonly mac: Mac }
  | { readonly kind: 'delete-neighbour'; readonly ifindex: number; readonly ip: Ip };

/** One way of a route: straight to an interface, or by an IPv6 link-local address on it, which carries IPv4 as well (RFC 8950). */
export type RouteHop = { readonly ifindex: number; readonly via: Ip | null };

/** A route of one owner in the main table: over one interface (`scope link` when straight), spread over several, or a blackhole without a way. */
export type RouteKey = {
  readonly destination: Cidr;
  /** To delete: none, or any of several, means whatever ways it goes. */
  readonly hops: readonly RouteHop[];
  readonly metric: number;
  /** Who owns it (RTPROT_*). */
  readonly protocol: number;
};
