import type { IfName } from '@manx/hoststate';
import type { Cidr, Ip, Mac } from '@manx/ip';

/** Where the kernel calls a base chain: `priority` as a number, lower is earlier. `hook` of netdev names its device: `ingress device "tap0"`. */
export type NftHook = {
  readonly type: 'filter' | 'nat' | 'route';
  readonly hook: string;
  readonly priority: number;
  readonly policy: 'accept' | 'drop';
};

/** A chain: its hook (base chains only), and its rules as nft text without handles, in order. */
export type NftChain = {
  readonly hook: NftHook | null;
  readonly rules: readonly string[];
};

/** A named set: element texts exactly as `nft list` prints them, `"tap0" . 10.65.0.2` for instance. */
export type NftSet = {
  readonly type: string;
  /** The expressions that the set is made for, where nft has no name for the type of one of them (`integer`). */
  readonly typeof?: string;
  readonly flags: readonly string[];
  readonly elements: ReadonlySet<string>;
};

/**
 * A set that packets fill, with a counter, or a count of connections, for each element. What it holds is nobody's to want: a difference leaves it alone. It keeps
 * an element until nothing was counted for `timeoutS` (null: until it has no connections), and no more than `size` of them.
 */
export type NftMeter = {
  readonly type: string;
  /** As in `NftSet`. */
  readonly typeof?: string;
  readonly size: number;
  readonly timeoutS: number | null;
};

/** A named map or verdict map: key text to value text. */
export type NftMap = {
  readonly type: string;
  readonly value: string;
  readonly flags: readonly string[];
  readonly elements: ReadonlyMap<string, string>;
};

/** One table of ours, whole. Values that did not change keep their reference between renders. */
export type NftTable = {
  readonly family: 'inet' | 'ip' | 'ip6' | 'arp' | 'netdev';
  readonly name: string;
  readonly sets: ReadonlyMap<string, NftSet>;
  readonly maps: ReadonlyMap<string, NftMap>;
  readonly meters: ReadonlyMap<string, NftMeter>;
  /** Names of counters that rules refer to; they keep their value when the rules are written anew. */
  readonly counters: ReadonlySet<string>;
  readonly chains: ReadonlyMap<string, NftChain>;
};

/** The most that an interface lets through (tc-tbf(8)), counted with Ethernet headers. What is beyond it waits. */
export type TokenBucket = {
  /** Bytes per second. */
  readonly rate: number;
  /** Bytes that may pass at once, after a pause. */
  readonly burst: number;
  /** Bytes that may wait; more is dropped. */
  readonly queue: number;
};

/** What a tap of ours must look like. */
export type LinkPlan = {
  readonly ifname: IfName;
  /** The host's side: `fe` and the tail of the guest's MAC (Neutron's `vif_details`). */
  readonly mac: Mac;
  /**
   * Addresses of the host on the tap, each with its prefix length. Only the link-local one brings a route for its prefix along:
   * the prefix of any other is not on this link (IFA_F_NOPREFIXROUTE).
   */
  readonly addresses: readonly { readonly ip: Ip; readonly prefixLength: number }[];
  /**
   * Path below /proc/sys to value, `net/ipv4/conf/tapX/proxy_arp` for instance. Of `net/ipv6/conf/tapX/mtu` the value is the
   * most there may be: the kernel takes no more than the tap's own MTU.
   */
  readonly sysctls: ReadonlyMap<string, string>;
  /** The most that the guest is sent; null: no limit. */
  readonly toGuest: TokenBucket | null;
  /** The most that the guest sends; null: no limit. */
  readonly fromGuest: TokenBucket | null;
};

/**
 * One way of a route: straight to a tap (`scope link`), or by a link-local address on it that a permanent neighbour entry resolves:
 * so a whole prefix is sent to one MAC, and IPv6 takes it as one of several ways.
 */
export type RouteHop = { readonly dev: IfName; readonly via: Ip | null };

/** A route of ours, protocol MANX_ROUTE_PROTOCOL, on one tap, spread over several, or to nowhere (blackhole). */
export type RoutePlan = {
  readonly destination: Cidr;
  /** Sorted by interface, each interface once; none: what comes for it is dropped. */
  readonly hops: readonly RouteHop[];
  readonly metric: number;
};

/** A permanent neighbour entry of ours on a tap. */
export type NeighbourPlan = { readonly ip: Ip; readonly mac: Mac; readonly dev: IfName };

/** Text files for one of the programs that the agent runs; keys are file names below the program's own folder. */
export type ProgramPlan = { readonly files: ReadonlyMap<string, string> };

/**
 * What could not be said in the kernel's words. It fails closed: the endpoint (or the rule) is left out, so nothing passes by it.
 * `subject` is the id of an endpoint, a policy or a BGP peer, or the setting of the host that it is about.
 */
export type RenderProblem = {
  readonly code: 'bad_name' | 'name_taken' | 'address_taken' | 'unknown_policy' | 'unknown_set' | 'bad_rule' | 'bad_peer';
  readonly subject: string;
  readonly detail: string;
};

/** A host state, said in the kernel's words: all that must be so, nothing about how to get there. */
export type HostPlan = {
  readonly tables: readonly NftTable[];
  readonly links: ReadonlyMap<IfName, LinkPlan>;
  /** Keyed by destination and metric. */
  readonly routes: ReadonlyMap<string, RoutePlan>;
  /** Keyed by interface and address. */
  readonly neighbours: ReadonlyMap<string, NeighbourPlan>;
  /** Host-wide sysctls, path below /proc/sys to value. */
  readonly sysctls: ReadonlyMap<string, string>;
  readonly dnsmasq: ProgramPlan;
  readonly bird: ProgramPlan;
  /** Sorted by subject; empty when all of the state is programmed. */
  readonly problems: readonly RenderProblem[];
};
