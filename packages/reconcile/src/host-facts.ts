import type { IfName } from '@manx/hoststate';
import type { Cidr, Ip, Mac } from '@manx/ip';
import type { NftHook, TokenBucket } from '@manx/render';

/** A chain as found: the mark of each rule in order (the comment that `diffTables` wrote), null for a rule without one. */
export type ObservedChain = { readonly hook: NftHook | null; readonly marks: ReadonlyArray<string | null> };

/** A named set as found; `shape` is its type, flags and all else that cannot change without making it anew. */
export type ObservedSet = { readonly shape: string; readonly elements: ReadonlySet<string> };

/** A named map as found, with the meaning of `ObservedSet`. */
export type ObservedMap = { readonly shape: string; readonly elements: ReadonlyMap<string, string> };

/** One table of ours as the kernel has it. */
export type ObservedTable = {
  readonly family: 'inet' | 'ip' | 'ip6' | 'arp' | 'netdev';
  readonly name: string;
  readonly sets: ReadonlyMap<string, ObservedSet>;
  readonly maps: ReadonlyMap<string, ObservedMap>;
  /** Sets that packets fill, by name: their shape only. */
  readonly meters: ReadonlyMap<string, string>;
  /** Names of counters. */
  readonly counters: ReadonlySet<string>;
  readonly chains: ReadonlyMap<string, ObservedChain>;
  /** It holds something that we never write and cannot take away piece by piece: the whole table is written anew. */
  readonly isStrange: boolean;
};

/** An address on a link, with its prefix length. */
export type AddressFact = { readonly ip: Ip; readonly prefixLength: number };

/**
 * An address as found on a tap. Tentative (IFA_F_TENTATIVE or IFA_F_DADFAILED): the kernel gave it and does not answer for
 * it for a second or more; absent means that it stands.
 */
export type LinkAddressFact = AddressFact & { readonly isTentative?: boolean };

/** A tap as found. */
export type LinkFact = {
  readonly index: number;
  readonly mac: Mac;
  /** Administratively up (IFF_UP): the kernel takes routes through it. */
  readonly isUp: boolean;
  /** Bytes. */
  readonly mtu: number;
  readonly addresses: readonly LinkAddressFact[];
};

/** How bandwidth is limited on a tap, as found. */
export type LimitFact = {
  /** Our own root discipline of the tap; null where there is none of ours. */
  readonly toGuest: TokenBucket | null;
  /** That of the tap's shaper (`shaperName`), which is up; null otherwise. */
  readonly fromGuest: TokenBucket | null;
  /** There is a shaper, of whatever state. */
  readonly hasShaper: boolean;
  /** Where what the guest sends is led: through its shaper, through nothing, or to what is not there (any more). */
  readonly led: 'through' | 'past' | 'astray';
};

/** A way of a route as found; `dev` null for an interface that is none of ours. */
export type HopFact = { readonly dev: IfName | null; readonly via: Ip | null };

/** A route as found, its ways in any order; none for one that goes nowhere (blackhole). */
export type RouteFact = { readonly destination: Cidr; readonly hops: readonly HopFact[]; readonly metric: number };

/** A permanent neighbour entry as found. */
export type NeighbourFact = { readonly ip: Ip; readonly mac: Mac; readonly dev: IfName };

/** The programs that the agent runs beside itself. */
export type Program = 'dnsmasq' | 'bird';

/** What the agent read of the host, as far as it concerns us. Whatever could not be read is left out, and is written again. */
export type HostFacts = {
  /** Interfaces named `tap*`; others are ignored. */
  readonly links: ReadonlyMap<IfName, LinkFact>;
  /** By tap, of those that are limited, or have a shaper; the tap itself may be gone. */
  readonly limits: ReadonlyMap<IfName, LimitFact>;
  /** Routes of the main table with protocol MANX_ROUTE_PROTOCOL, both families; never anyone else's. */
  readonly routes: readonly RouteFact[];
  /** Permanent entries on interfaces named `tap*`, both families. */
  readonly neighbours: readonly NeighbourFact[];
  /** Values by path below /proc/sys, without the newline. */
  readonly sysctls: ReadonlyMap<string, string>;
  /** The tables `manx` of all our families, where they exist. */
  readonly tables: readonly ObservedTable[];
  /** Files by name below each program's own folder. */
  readonly files: Readonly<Record<Program, ReadonlyMap<string, string>>>;
};
