import type { Ip } from '@manx/ip';

/** A router that this host has a BGP session with. */
export type BirdPeer = {
  /** A letter, then letters, digits, `-` and `_`, 40 at most; each peer has its own. */
  readonly name: string;
  /** The session carries the routes of this address's family, and no others: name a router twice for both families. */
  readonly address: Ip;
  /** The peer's AS number, 1 to 4294967295. That of the host itself makes the session iBGP. */
  readonly asn: number;
  /** For TCP MD5 signatures (RFC 2385): 1 to 80 printable ASCII characters, no double quote. */
  readonly password?: string | undefined;
  /** Whether the two watch each other by BFD (RFC 5880): a peer that falls silent on a link that stays up is gone within a second. */
  readonly bfd?: boolean | undefined;
  /** The host's own end of the session; chosen by the kernel when not given. */
  readonly localAddress?: Ip | undefined;
};

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
};
