/** A rule of a security group, as the API takes it; remote ends by slot. */
export type RuleWish = {
  readonly direction: 'ingress' | 'egress';
  readonly ethertype: 'IPv4' | 'IPv6';
  readonly protocol?: string;
  readonly port_range_min?: number;
  readonly port_range_max?: number;
  readonly remote_ip_prefix?: string;
  readonly remoteGroup?: number;
  readonly remoteAddressGroup?: number;
};

/** Something that breaks on a host, or that a stranger does there, and that has to make no difference. */
export type FaultKind =
  | 'agent-killed'
  | 'agents-killed'
  | 'server-killed'
  | 'bird-killed'
  | 'dnsmasq-killed'
  | 'link-cut'
  | 'foreign-table'
  | 'rules-flushed'
  | 'routes-flushed'
  | 'neighbours-flushed'
  | 'conntrack-flushed'
  | 'rules-flushed-unwatched';

/** Live, moment by moment, with looks in between. What comes out of its order does nothing. */
export type LiveStep =
  /** The target is told to expect the guest, by a second binding or by the port's profile, and its tap is plugged in there. */
  | { readonly do: 'live'; readonly guest: number; readonly host: number; readonly by: 'binding' | 'profile' }
  /** The guest goes on at the target, and says so. */
  | { readonly do: 'arrive'; readonly guest: number; readonly word: 'rarp' | 'arp' | 'nd' }
  /** Nova makes the target's binding the one in use, whether or not the guest was heard there. */
  | { readonly do: 'activate'; readonly guest: number }
  /** Nova unplugs what is left on the former host, and ends its binding. */
  | { readonly do: 'leave'; readonly guest: number }
  /** Nova gives up: the guest goes on where it was, and says so or not, and the target knows nothing of it any more; after `activate` straight back. */
  | { readonly do: 'turn-back'; readonly guest: number; readonly isHeard: boolean };

/**
 * One thing done to the cloud, in plain data: what it is about is named by slots, so that a row of steps means the same whenever it is played on a fresh
 * cloud. A step about something that is not there does nothing.
 */
export type Step =
  | { readonly do: 'boot'; readonly guest: number; readonly host: number; readonly groups: readonly number[] }
  | { readonly do: 'delete'; readonly guest: number }
  /** Cold: bound elsewhere, plugged in there. */
  | { readonly do: 'move'; readonly guest: number; readonly host: number }
  /** Live, in one go: a second binding, activated when the tap is there. */
  | { readonly do: 'migrate'; readonly guest: number; readonly host: number }
  | LiveStep
  | { readonly do: 'rule'; readonly group: number; readonly rule: RuleWish }
  /** The rule at this place of its group's list, modulo its length; the rules that a group is born with are on it. */
  | { readonly do: 'unrule'; readonly group: number; readonly at: number }
  | { readonly do: 'groups'; readonly guest: number; readonly groups: readonly number[] }
  | { readonly do: 'security'; readonly guest: number; readonly on: boolean }
  | { readonly do: 'up'; readonly guest: number; readonly on: boolean }
  | { readonly do: 'network-up'; readonly network: number; readonly on: boolean }
  | { readonly do: 'router-up'; readonly on: boolean }
  | { readonly do: 'snat'; readonly on: boolean }
  | { readonly do: 'pairs'; readonly guest: number; readonly pairs: readonly number[] }
  /** A guest announces the address of a pair, by ARP or neighbour discovery. */
  | { readonly do: 'claim'; readonly guest: number; readonly pair: number }
  /** To a guest, or to none; made when there is none. */
  | { readonly do: 'float'; readonly floating: number; readonly guest: number | null }
  | { readonly do: 'unfloat'; readonly floating: number }
  | {
      readonly do: 'forward';
      readonly floating: number;
      readonly guest: number;
      readonly protocol: 'tcp' | 'udp';
      readonly external: number;
      readonly internal: number;
    }
  | { readonly do: 'unforward'; readonly floating: number; readonly at: number }
  | { readonly do: 'addresses'; readonly group: number; readonly add: boolean; readonly addresses: readonly string[] }
  | { readonly do: 'qos'; readonly guest: number; readonly on: boolean }
  /** Limits of packets or of bandwidth, that no look exceeds, at a floating IP. */
  | { readonly do: 'float-qos'; readonly floating: number; readonly on: boolean }
  /** Other fixed addresses for a guest: the first or the second that its slot has. */
  | { readonly do: 'renumber'; readonly guest: number; readonly to: 0 | 1 }
  /** A network's IPv4 subnet is on the router, or not: who has a floating IP through it keeps it there. */
  | { readonly do: 'interface'; readonly network: number; readonly on: boolean }
  /** What instances are told of a subnet and hosts do not route by: host routes, DNS servers. */
  | { readonly do: 'told'; readonly network: number; readonly on: boolean }
  /** A network is everybody's, or of its project and, by RBAC, of the other. */
  | { readonly do: 'share'; readonly network: number; readonly by: 'all' | 'rbac' }
  /** Packets of a group's ports are logged, or not. */
  | { readonly do: 'log'; readonly group: number; readonly on: boolean }
  /** A fault; `meanwhile` is done while what was killed is away. */
  | { readonly do: 'fault'; readonly fault: FaultKind; readonly host: number; readonly meanwhile: Step | null };

/** One sequence: what is done before anybody looks, and then step by step. */
export type Sequence = { readonly opening: readonly Step[]; readonly steps: readonly Step[] };

/** A step in one line: what a failure's script is written in. */
export const stepText = (step: Step): string => JSON.stringify(step);
