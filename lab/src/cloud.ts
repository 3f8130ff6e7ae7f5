/** A cloud as `cloud.yaml` describes it, read and checked: names are resolved, rules and expectations taken apart. */

/** One security group rule as the API takes it, but for a remote group's name in place of its id. */
export type CloudRule = {
  readonly direction: 'ingress' | 'egress';
  readonly ethertype: 'IPv4' | 'IPv6';
  readonly protocol?: string;
  readonly port_range_min?: number;
  readonly port_range_max?: number;
  readonly remote_ip_prefix?: string;
  /** A group of the same file and project. */
  readonly remoteGroup?: string;
};

export type CloudNetwork = {
  readonly name: string;
  readonly project: string;
  readonly shared: boolean;
  readonly subnets: readonly string[];
};

export type CloudGroup = { readonly name: string; readonly project: string; readonly rules: readonly CloudRule[] };

export type CloudInstance = {
  readonly name: string;
  readonly project: string;
  readonly network: string;
  /** Null: the lab chooses. */
  readonly host: string | null;
  /** Empty: the project's default group. */
  readonly groups: readonly string[];
  /** Null: the server chooses. */
  readonly address: string | null;
};

/** What a flow is tried with. */
export type CloudService =
  | { readonly kind: 'ping'; readonly family: 4 | 6 }
  | { readonly kind: 'tcp' | 'udp'; readonly family: 4 | 6; readonly port: number };

export type Expectation = {
  /** As it stands in the file: `web -> db tcp/5432: allowed`. */
  readonly text: string;
  readonly from: string;
  readonly to: string;
  readonly service: CloudService;
  readonly isAllowed: boolean;
  /** The source address that the receiver must see; null: the sender's own, of which S6 takes care. */
  readonly source: string | null;
};

export type Cloud = {
  readonly hosts: readonly string[];
  readonly networks: readonly CloudNetwork[];
  readonly groups: readonly CloudGroup[];
  readonly instances: readonly CloudInstance[];
  readonly expectations: readonly Expectation[];
};

/** The far side of an expectation that is no instance. */
export const outsideName = 'outside';
