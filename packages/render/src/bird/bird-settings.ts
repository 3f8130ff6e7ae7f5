import type { Cidr, Ip } from '@manx/ip';

/** What a peer may teach a host: the default route, all that no host must refuse, or a prefix and everything inside it. */
export type BirdAccept = 'default' | 'any' | Cidr;

/** What happens when a peer has taught as many routes as it may. */
export const BIRD_LIMIT_ACTIONS = ['block', 'restart', 'disable', 'warn'] as const;
export type BirdLimitAction = (typeof BIRD_LIMIT_ACTIONS)[number];

/** A router that this host has a BGP session with. */
export type BirdPeer = {
  /** A letter, then letters, digits, `-` and `_`, 40 at most; each peer has its own. */
  readonly name: string;
  /** The session carries the routes of this address's family, and no others: name a router twice for both families. */
  readonly address: Ip;
  /** The peer's AS number, 1 to 4294967295. That of the host itself makes the session iBGP. */
  readonly asn: number;
  /** The host's AS number towards this peer; that of the settings when not given. */
  readonly localAsn?: number | undefined;
  /** For TCP MD5 signatures (RFC 2385): 1 to 80 printable ASCII characters, no double quote. */
  readonly password?: string | undefined;
  /** The host's own end of the session; chosen by the kernel when not given. */
  readonly localAddress?: Ip | undefined;
  /** What it may teach; prefixes of the other family say nothing here. Not given: `default` of an external peer, `any` of an internal one. */
  readonly accept?: readonly BirdAccept[] | undefined;
  /** How many routes it may teach, 1 to 10000000, and what then; BIRD_MAX_PREFIX when not given. */
  readonly maxPrefix?: BirdMaxPrefix | undefined;
  /** What of the host's routes it is told: those inside these prefixes; all of them when not given. */
  readonly announced?: readonly Cidr[] | undefined;
  /** Added to what is announced: `65000:100` (RFC 1997) or `65000:1:2` (RFC 8092). */
  readonly communities?: readonly string[] | undefined;
  /** Bidirectional forwarding detection (RFC 5880): a peer that cannot be reached is known within the detection time. Off a link it takes `localAddress`. */
  readonly hasBfd?: boolean | undefined;
  /** The most hops to an external peer that is not on a link of the host, 2 to 255. Internal peers may be anywhere. */
  readonly multihop?: number | undefined;
  /** Generalized TTL security (RFC 5082), for peers on a link, who need it set as well: packets from further away are dropped. */
  readonly hasTtlSecurity?: boolean | undefined;
};

/** What this host decides about its sessions with peers of the API, which say no more than who they are. */
export type ApiPeerSettings = Pick<BirdPeer, 'accept' | 'maxPrefix' | 'communities' | 'hasBfd' | 'multihop' | 'hasTtlSecurity'> & {
  /** The host's own, by which others know it as a peer: one of them is no peer of its own, and sessions that may go over routers come from the first of the family. */
  readonly localAddresses?: readonly Ip[] | undefined;
};

/** Routes, and the action when there would be more: `block` keeps those it has and takes no others. */
export type BirdMaxPrefix = { readonly limit: number; readonly action: BirdLimitAction };

/** More than the host routes of a cloud of 100,000 ports, far less than what troubles a host. */
export const BIRD_MAX_PREFIX: BirdMaxPrefix = { limit: 250_000, action: 'block' };

/** How often BFD packets are sent and expected, in milliseconds (10 to 60000), and how many may be lost in a row (2 to 255). */
export type BirdBfd = { readonly intervalMs: number; readonly multiplier: number };

/** Silence of 600 ms ends a session, and its routes with it: what a dead host had goes elsewhere within a second (S8). */
export const BIRD_BFD: BirdBfd = { intervalMs: 150, multiplier: 4 };

/** How a host speaks BGP. */
export type BirdSettings = {
  /** Absolute path of the folder that the plan's files are in. With passwords in them, only root and `group` should read it. */
  readonly directory: string;
  /** Absolute path of BIRD's control socket, 107 bytes at most (unix(7)). */
  readonly controlSocket: string;
  /** Who BIRD is after its start; it keeps CAP_NET_ADMIN, CAP_NET_RAW and CAP_NET_BIND_SERVICE. It reads its file again as this user. */
  readonly user: string;
  readonly group: string;
  readonly asn: number;
  /** An IPv4 address that is this host's alone (RFC 6286); no session uses it. */
  readonly routerId: Ip;
  readonly peers: readonly BirdPeer[];
  readonly apiPeers?: ApiPeerSettings | undefined;
  /** Used with the peers that have it; BIRD_BFD when not given. */
  readonly bfd?: BirdBfd | undefined;
  /** What `any` does not mean: management and fabric, whose routes a peer teaches only where a prefix of `accept` says so. */
  readonly protectedPrefixes?: readonly Cidr[] | undefined;
};
