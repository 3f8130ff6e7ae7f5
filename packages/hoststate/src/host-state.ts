import type { Cidr, Family, Ip, Mac } from '@manx/ip';

/** A Linux interface name: 1 to 15 bytes (IFNAMSIZ, include/uapi/linux/if.h). */
export type IfName = string & { readonly __brand: 'IfName' };

/** A compute host's name, as Nova writes it into `binding:host_id`. */
export type HostName = string & { readonly __brand: 'HostName' };

/** A position in the server's one order of commits; 0 is the empty state. */
export type Revision = number;

/** One address that the API shows on a port, and the subnet whose services it gets. */
export type EndpointAddress = { readonly ip: Ip; readonly subnet: string };

/** One port bound to this host: what may leave it, what may reach it, and where it is plugged in. */
export type Endpoint = {
  readonly kind: 'endpoint';
  /** The Neutron port's id. */
  readonly id: string;
  readonly ifname: IfName;
  /** The guest's own MAC; the host's side of the tap has another (see `render`). */
  readonly mac: Mac;
  /** False when the port or its network is administratively down: nothing passes (S19). */
  readonly isUp: boolean;
  /** Sorted by `compareIps`; empty for a port without addresses. */
  readonly addresses: readonly EndpointAddress[];
  /** Ids of the policies that apply, sorted; empty means that nothing is allowed in or out (S16). */
  readonly policies: readonly string[];
  /** The host name that DHCP gives, one DNS label, as Neutron makes it: `host-10-65-0-2`. */
  readonly hostname: string;
};

/** Whom a rule speaks of, seen from the instance: the other end of the flow. */
export type PolicyPeer =
  | { readonly kind: 'any' }
  | { readonly kind: 'cidr'; readonly cidr: Cidr }
  | { readonly kind: 'set'; readonly set: string };

/** One allowance; what no rule allows is dropped. */
export type PolicyRule = {
  /** The Neutron security group rule's id: an explanation ends here. */
  readonly id: string;
  readonly direction: 'ingress' | 'egress';
  readonly family: Family;
  /** IANA protocol number, 0 to 255; null: every protocol. */
  readonly protocol: number | null;
  /** Inclusive destination ports; only with TCP, UDP, DCCP, SCTP, UDP-Lite. */
  readonly ports: { readonly from: number; readonly to: number } | null;
  /** ICMP type, and code within it; only with protocol 1 (v4) or 58 (v6). */
  readonly icmp: { readonly type: number; readonly code: number | null } | null;
  readonly peer: PolicyPeer;
};

/** A security group, shared by all its ports on the host. */
export type Policy = {
  readonly kind: 'policy';
  readonly id: string;
  /** Sorted by id. */
  readonly rules: readonly PolicyRule[];
};

/** The addresses of a remote group: every fixed IP of every port in it, anywhere in the deployment. */
export type AddressSet = {
  readonly kind: 'set';
  readonly id: string;
  /** Sorted by `compareIps`, both families, no duplicates. */
  readonly members: readonly Ip[];
};

/** How a v6 subnet's instances get addresses (RFC 4861, RFC 4862, RFC 8415); null: nobody here advertises. */
export type Ipv6Mode = 'slaac' | 'dhcpv6-stateful' | 'dhcpv6-stateless';

/** What DHCP and router advertisements say to the endpoints with an address in this subnet (S26). */
export type Subnet = {
  readonly kind: 'subnet';
  readonly id: string;
  readonly network: string;
  readonly cidr: Cidr;
  readonly gateway: Ip | null;
  /** True while an instance somewhere (a router made of a VM) holds the gateway's address: hosts do not answer for it meanwhile. */
  readonly isGatewayHeld: boolean;
  readonly isDhcpEnabled: boolean;
  readonly dnsServers: readonly Ip[];
  readonly hostRoutes: readonly { readonly destination: Cidr; readonly nexthop: Ip }[];
  /** Bytes (S29). */
  readonly mtu: number;
  readonly raMode: Ipv6Mode | null;
  readonly addressMode: Ipv6Mode | null;
};

/** Everything the server tells a host, one keyed object at a time. */
export type HostObject = Endpoint | Policy | AddressSet | Subnet;

/** The complete desired state of one host. Objects are shared between states and never mutated: same reference, same meaning. */
export type HostState = {
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  readonly policies: ReadonlyMap<string, Policy>;
  readonly sets: ReadonlyMap<string, AddressSet>;
  readonly subnets: ReadonlyMap<string, Subnet>;
};

/**
 * A change of one host's state. Applied as: deletes, then puts, then members. An object is named at most once in
 * `deletes` and `puts` together; `members` names only sets that exist after `puts`.
 */
export type HostDelta = {
  readonly deletes: readonly { readonly kind: HostObject['kind']; readonly id: string }[];
  readonly puts: readonly HostObject[];
  /** Membership changes of sets that stay, sorted addresses: a join of a group of 10,000 is one address on the wire. */
  readonly members: readonly { readonly set: string; readonly add: readonly Ip[]; readonly remove: readonly Ip[] }[];
};

/** What a host found when it programmed an endpoint, as of the host state at `revision`. */
export type EndpointStatus = {
  readonly id: string;
  /** `up`: read back as programmed. `down`: no such interface, or the port is off. `error`: the host refused it; see `problem`. */
  readonly state: 'up' | 'down' | 'error';
  readonly revision: Revision;
  readonly problem: string | null;
};
