import type { Fault } from '../fault.js';
import type { RtChange } from './change.js';
import type { HostAddress, Link, Neighbour, Route } from './facts.js';
import type { Netconf } from './netconf-codec.js';
import type { RouteFilter } from './route-codec.js';

/**
 * The port to links, addresses, routes and neighbours of one network namespace. Lists are one consistent view each, in the kernel's
 * order, empty where there is nothing. Nothing may be called after `close`.
 */
export type Rtnetlink = {
  readonly links: () => readonly Link[];
  /** Of all interfaces, or of one. An interface that is gone has none. */
  readonly addresses: (ifindex?: number) => readonly HostAddress[];
  readonly routes: (filter: RouteFilter) => readonly Route[];
  /** Of all interfaces, or of one; proxy entries are not among them. */
  readonly neighbours: (ifindex?: number) => readonly Neighbour[];
  /** Applies changes in order, in as few system calls as possible: null for each one that is so now, else why not. One refusal does not stop the rest. */
  readonly apply: (changes: readonly RtChange[]) => readonly (Fault | null)[];
  readonly close: () => void;
};

/** What happened to a link, address, route, neighbour or setting, whoever did it. */
export type RtEvent =
  | { readonly kind: 'link'; readonly isGone: boolean; readonly link: Link }
  | { readonly kind: 'address'; readonly isGone: boolean; readonly address: HostAddress }
  | { readonly kind: 'route'; readonly isGone: boolean; readonly route: Route }
  | { readonly kind: 'neighbour'; readonly isGone: boolean; readonly neighbour: Neighbour }
  | { readonly kind: 'netconf'; readonly netconf: Netconf };
