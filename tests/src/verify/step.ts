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

/**
 * One thing done to the cloud, in plain data: what it is about is named by slots, so that a row of steps means the same whenever it is played on a fresh
 * cloud. A step about something that is not there does nothing.
 */
export type Step =
  | { readonly do: 'boot'; readonly guest: number; readonly host: number; readonly groups: readonly number[] }
  | { readonly do: 'delete'; readonly guest: number }
  /** Cold: bound elsewhere, plugged in there. */
  | { readonly do: 'move'; readonly guest: number; readonly host: number }
  /** Live: a second binding, activated when the tap is there. */
  | { readonly do: 'migrate'; readonly guest: number; readonly host: number }
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
  /** A fault; `meanwhile` is done while what was killed is away. */
  | { readonly do: 'fault'; readonly fault: FaultKind; readonly host: number; readonly meanwhile: Step | null };

/** One sequence: what is done before anybody looks, and then step by step. */
export type Sequence = { readonly opening: readonly Step[]; readonly steps: readonly Step[] };

/** A step in one line: what a failure's script is written in. */
export const stepText = (step: Step): string => JSON.stringify(step);
