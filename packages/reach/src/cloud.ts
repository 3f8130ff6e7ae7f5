import type { Endpoint, HostName, HostState, Membership } from '@manx/hoststate';
import type { Ip } from '@manx/ip';

/** An endpoint, the host that it is on, and that host's whole state. */
export type Place = { readonly host: HostName; readonly state: HostState; readonly endpoint: Endpoint };

/** How things are called in sentences, by id. Whoever must not know a name says something else here. */
export type Words = {
  /** A port: `web-1`. */
  readonly endpoint: (id: string) => string;
  /** A security group; null for one that the asker may not know: then neither its id nor its rules are told. */
  readonly policy: (id: string) => string | null;
  /** The members of a remote or address group. */
  readonly set: (id: string) => string;
};

/** What one endpoint listens to. */
export type Listener = { readonly endpoint: string; readonly membership: Membership };

/** What is known of an endpoint beside its host's desired state; null where nothing is. */
export type Condition = {
  /** Whether the host's agent has been heard of lately. */
  readonly isHostAlive: boolean;
  /** Whether the host has said that the endpoint is programmed. */
  readonly isProgrammed: boolean;
  /** What of it is administratively down: the port, its network, or both; ids. */
  readonly down: readonly { readonly kind: 'port' | 'network'; readonly id: string }[];
};

/**
 * The compiled host states of a cloud, as far as the asker may see them: what is not shown to him is as if it were not there, so that no answer
 * can depend on it.
 */
export type Cloud = {
  /** Every endpoint that has the address: as its own, in a pair, as a floating IP or with forwarded ports; in no particular order. */
  readonly placesOf: (ip: Ip) => readonly Place[];
  readonly placeOf: (endpoint: string) => Place | undefined;
  /**
   * The address by which a host sends what leaves the flat space from subnets with source NAT (S24); null: it has none. Undefined where that is not
   * known: it is an operator's setting on the host.
   */
  readonly snatOf: (host: HostName) => Ip | null | undefined;
  /** Who listens to a multicast group, as the hosts have heard it (S10); in no particular order. */
  readonly listenersOf: (group: Ip) => readonly Listener[];
  /** Whether multicast goes from the host to others and comes from them: an operator's setting on the host. */
  readonly hasTunnel: (host: HostName) => boolean;
  /** Whether the address is of the flat space: in some subnet of the deployment. */
  readonly isInside: (ip: Ip) => boolean;
  /** False: there are endpoints that are not shown. An address of the flat space without a place may be one of theirs. */
  readonly isWhole: boolean;
  /** Whether answers name hosts. */
  readonly showsHosts: boolean;
  readonly words: Words;
  readonly conditionOf: (endpoint: string) => Condition | null;
  /** In how many ports a group is: a change to the smallest opens least. Equal for all where nobody counts. */
  readonly portsIn: (policy: string) => number;
};
