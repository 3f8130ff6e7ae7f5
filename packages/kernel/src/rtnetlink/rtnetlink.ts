import type { Fault } from '../fault.js';
import type { RtChange } from './change.js';
import type { HostAddress, Link, Neighbour, Qdisc, Route } from './facts.js';
import type { Netconf } from './netconf-codec.js';
import type { RouteFilter } from './route-codec.js';

/**
 * The port to links, addresses, routes, neighbours and limits of bandwidth of one network namespace. Lists are one consistent view each, in the kernel's
 * order, empty where there is nothing. Nothing may be called after `close`.
 */
export type Rtnetlink = {
  readonly links: () => readonly Link[];
  /** One by name or index; null when it is not there. */
  readonly link: (which: string | number) => Link | null;
  /** At the root of every interface, and the places of filters for what comes in. */
  readonly qdiscs: () => readonly Qdisc[];
  /** Where filters lead all that comes in by an interface: the indexes of those interfaces, 0 for one that is gone. */
  readonly redirects: (ifindex: number) => readonly number[];
  /** Of all interfaces, or of one. An interface that is gone has none. */
  readonly addresses: (ifindex?: number) => readonly HostAddress[];
  readonly routes: (filter: RouteFilter) => readonly Route[];
  /** Of all interfaces, or of one; proxy entries are not among them. */
  readonly neighbours: (ifindex?: number) => readonly Neighbour[];
  /** Applies changes in order, in as few system calls as possible: null for each one that is so now, else why not. One refusal does not stop the rest. */
  readonly apply: (changes: readonly RtChange[]) => readonly (Fault | null)[];
  readonly close: () => void;
};

/** What happened to a link, address, route, neighbour, limit or setting, whoever did it. */
export type RtEvent =
  | { readonly kind: 'link'; readonly isGone: boolean; readonly link: Link }
  | { readonly kind: 'address'; readonly isGone: boolean; readonly address: HostAddress }
  | { readonly kind: 'route'; readonly isGone: boolean; readonly route: Route }
  | { readonly kind: 'neighbour'; readonly isGone: boolean; readonly neighbour: Neighbour }
  /** A root discipline, or filters of what comes in, were changed on this interface: which is to be looked up. */
  | { readonly kind: 'limits'; readonly ifindex: number }
  | { readonly kind: 'netconf'; readonly netconf: Netconf };
