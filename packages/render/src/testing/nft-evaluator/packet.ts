import type { Ip } from '@manx/ip';

/** A packet as a hook sees it. `iif` and `oif` null: the host itself. Ports, type and code are null where the protocol has none. */
export type Packet = {
  readonly iif: string | null;
  readonly oif: string | null;
  /** Null on links without Ethernet, and for what the host makes itself. */
  readonly etherSource: string | null;
  readonly source: Ip;
  readonly destination: Ip;
  readonly protocol: number;
  readonly sport: number | null;
  readonly dport: number | null;
  readonly icmp: { readonly type: number; readonly code: number } | null;
  /** Of TCP: whether it begins a connection (SYN alone). */
  readonly isSyn: boolean;
};

/** What conntrack knows of the packet's flow; null before its hook, and for what is not tracked. */
export type Tracked = {
  readonly state: 'new' | 'established';
  readonly direction: 'original' | 'reply';
  readonly isDnat: boolean;
  /** The destination that the first packet asked for. */
  readonly originalDestination: Ip;
};

/** What a host knows beside its tables: which addresses are its own, and by which interface it routes. */
export type Fib = { readonly isLocal: (ip: Ip) => boolean; readonly oifOf: (ip: Ip) => string | null };

/** Everything that a rule can look at. */
export type Sight = { readonly packet: Packet; readonly tracked: Tracked | null; readonly fib: Fib };
