import type { Cidr, Family, Ip, Mac } from '@manx/ip';

/** A Linux interface name: 1 to 15 bytes (IFNAMSIZ, include/uapi/linux/if.h). */
export type IfName = string & { readonly __brand: 'IfName' };

/** A compute host's name, as Nova writes it into `binding:host_id`. */
export type HostName = string & { readonly __brand: 'HostName' };

/** A position in the server's one order of commits; 0 is the empty state. */
export type Revision = number;

/** One address that the API shows on a port, and the subnet whose services it gets. */
export type EndpointAddress = { readonly ip: Ip; readonly subnet: string };

/** What an instance may also send from, beside its own addresses (S17). */
export type AddressPair = {
  readonly cidr: Cidr;
  /** The MAC that frames from these addresses have, and that packets to them are given. */
  readonly mac: Mac;
  /** True: packets to it are routed to the port, shared with every other holder (S8). False: it is somebody else's to receive. */
  readonly isRouted: boolean;
  /** True: another port has claimed this address, and packets to it go there, not here, until this port claims it (S9). */
  readonly isYielded: boolean;
};

/** An address of an external network that stands for one fixed IP of the port (S21, S22). IPv4. */
export type FloatingAddress = { readonly ip: Ip; readonly fixed: Ip };

/** What may pass through one floating IP, by itself or by its forwards: bytes, in either direction. IPv4. */
export type FloatingLimit = { readonly ip: Ip; readonly limits: readonly RateLimit[] };

/**
 * Some ports of an address of an external network that stand for ports of a fixed IP (S23). IPv4. The fixed IP may be another
 * port's, here or elsewhere: all forwards of one address are with one endpoint, whose host announces it.
 */
export type PortForward = {
  /** The Neutron port forwarding's id. */
  readonly id: string;
  readonly ip: Ip;
  /** TCP, UDP or SCTP, as IANA numbers. */
  readonly protocol: 6 | 17 | 132;
  /** Inclusive ports of `ip`. */
  readonly from: number;
  readonly to: number;
  readonly fixed: Ip;
  /** Inclusive ports of `fixed`: as many as outside, in the same order, or one for all. */
  readonly fixedFrom: number;
  readonly fixedTo: number;
};

/** The most of one thing that may pass in a direction. */
export type RateLimit = {
  /** From the instance's view. */
  readonly direction: 'ingress' | 'egress';
  readonly unit: 'bytes' | 'packets';
  /** Units per second. */
  readonly rate: number;
  /** Units that may pass at once. */
  readonly burst: number;
};

/** How traffic of an endpoint is treated beside being allowed. */
export type Qos = {
  /** The DSCP mark of what it sends, 0 to 63 (RFC 2474); null: as the instance sets it. */
  readonly dscp: number | null;
  /** Sorted by direction, then unit; at most one for both. */
  readonly limits: readonly RateLimit[];
};

/** What a DHCP option says; `none`: the option is not sent, though the subnet would have it. */
export type DhcpValue =
  | { readonly kind: 'none' }
  | { readonly kind: 'ips'; readonly ips: readonly Ip[] }
  /** Domain names. */
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'routes'; readonly routes: readonly { readonly destination: Cidr; readonly nexthop: Ip }[] }
  | { readonly kind: 'number'; readonly bytes: 1 | 2 | 4; readonly number: number }
  /** Two bytes or more, in lower-case hexadecimal with colons between: `01:04:c0`. */
  | { readonly kind: 'hex'; readonly hex: string }
  /** Printable ASCII without blanks, commas, quotes, backslashes, backquotes and `#`. */
  | { readonly kind: 'word'; readonly word: string };

/** A DHCP option for one port, which takes the place of the subnet's (S26). */
export type DhcpOption = {
  readonly family: Family;
  /** The option's number; 255 with IPv4 is the next server of the header (`siaddr`). */
  readonly code: number;
  readonly value: DhcpValue;
};

/** A wish to have what happens at an endpoint written down: Neutron's `log` resource. */
export type EndpointLog = {
  /** The Neutron log's id, and its project. */
  readonly id: string;
  readonly project: string;
  /** `accept`: packets that a rule lets begin a flow, and each packet where flows are not remembered; `drop`: those that are dropped. */
  readonly event: 'accept' | 'drop' | 'all';
  /** The policy whose accepting is meant, one of the endpoint's; null: all of them. Drops are of no single policy. */
  readonly policy: string | null;
};

/** Whom Nova knows an endpoint as: what its metadata requests are signed for (S27). */
export type Owner = {
  /** The instance's id: the port's `device_id`. */
  readonly instance: string;
  readonly project: string;
};

/**
 * What a port is to this host while it may move by live migration. `home`: it runs here, as far as the server knows. `incoming`: it may come;
 * everything is programmed, but nothing is routed to it, until it announces itself at its tap. `arrived`: it has, and the server does not
 * call it at home here yet, or has only just. `left`: it runs elsewhere now, and what is left of it here is silent.
 */
export type Phase = 'home' | 'incoming' | 'arrived' | 'left';

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
  readonly phase: Phase;
  /** True: TCP connections that began before it came here go on, where its policies would let them begin. */
  readonly picksUp: boolean;
  /** Sorted by `compareIps`; empty for a port without addresses. */
  readonly addresses: readonly EndpointAddress[];
  /** False: port security is off, neither source checks nor policies apply to what is forwarded (S19); the host stays shut (S18). */
  readonly isSecured: boolean;
  /** Sorted by `compareCidrs`, then MAC. */
  readonly pairs: readonly AddressPair[];
  /** Addresses within its pairs that it has claimed by an announcement: packets to them go to it alone (S9). Sorted by `compareIps`. */
  readonly claims: readonly Ip[];
  /** Ids of the policies that apply, sorted; empty means that nothing is allowed in or out (S16). */
  readonly policies: readonly string[];
  /** Sorted by `ip`; a fixed IP with several sends from the first. */
  readonly floating: readonly FloatingAddress[];
  /** Sorted by id; no two have a port of an address in common. */
  readonly forwards: readonly PortForward[];
  /** Sorted by `ip`; only addresses of `floating` and `forwards`, each with a limit at least. */
  readonly floatingLimits: readonly FloatingLimit[];
  readonly qos: Qos;
  /** Sorted by family, then code, each once. */
  readonly dhcpOptions: readonly DhcpOption[];
  /** Sorted by id. */
  readonly logs: readonly EndpointLog[];
  /** The host name that DHCP gives, one DNS label, as Neutron makes it: `host-10-65-0-2`. */
  readonly hostname: string;
  /** Null: a port that is no instance's, which gets no metadata. */
  readonly owner: Owner | null;
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
  /** False: its ports have no memory of flows, and answers need rules of their own. One such policy makes the endpoint so. */
  readonly isStateful: boolean;
  /** Sorted by id. */
  readonly rules: readonly PolicyRule[];
};

/** One address, or all addresses of a prefix; a prefix of one address is written as the address. */
export type Member = Ip | Cidr;

/**
 * A set of addresses: of a remote group (every fixed IP and pair of every port in it, anywhere in the deployment), of an address
 * group, or the flat space (`FLAT_SPACE`).
 */
export type AddressSet = {
  readonly kind: 'set';
  readonly id: string;
  /** Sorted by `compareMembers`: addresses, then prefixes; both families, no duplicates. Prefixes may lie in one another. */
  readonly members: readonly Member[];
};

/**
 * The id of the set of all subnets' prefixes, which a host has while an endpoint there has a floating IP or an address in a subnet with
 * source NAT: what goes there keeps its fixed IP (S6, S22, S24).
 */
export const FLAT_SPACE = 'flat-space';

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
  /** True while a router gives its instances a way out by source NAT, where their host has an address for that (S24). IPv4. */
  readonly hasSnat: boolean;
  readonly isDhcpEnabled: boolean;
  readonly dnsServers: readonly Ip[];
  readonly hostRoutes: readonly { readonly destination: Cidr; readonly nexthop: Ip }[];
  /** Bytes (S29). */
  readonly mtu: number;
  readonly raMode: Ipv6Mode | null;
  readonly addressMode: Ipv6Mode | null;
};

/** A router that the host has a BGP session with, beside those of its own file: a peer of a speaker that the host speaks for. */
export type BgpPeer = {
  readonly kind: 'bgp-peer';
  /** The Neutron BGP peer's id. */
  readonly id: string;
  /** The session carries the routes of this address's family. */
  readonly address: Ip;
  /** The peer's AS number, and the host's own towards it: alike in an internal session. */
  readonly asn: number;
  readonly localAsn: number;
  /** A secret, for TCP MD5 signatures (RFC 2385); null: none. 1 to 80 printable ASCII characters, no double quote, no backslash. */
  readonly password: string | null;
  /** What of the host's routes the peer is told: those inside these prefixes, sorted by `compareCidrs`, each once; null: all of them. */
  readonly announced: readonly Cidr[] | null;
};

/** One address of a port, and its name in the DNS. */
export type NameRecord = {
  readonly ip: Ip;
  /** Fully qualified, in lower case, without the dot at the end: `web.example.org`. */
  readonly fqdn: string;
};

/**
 * The names of one port of the deployment in the DNS (S28). A host has those of its own endpoints, and of every port that somebody has given a name and
 * that one of them may resolve: the ports of the same project on the same network, wherever they are.
 */
export type PortNames = {
  readonly kind: 'names';
  /** The Neutron port's id. */
  readonly id: string;
  readonly network: string;
  readonly project: string;
  /** Sorted by `compareIps`, each address once; one at least. */
  readonly records: readonly NameRecord[];
};

/** Everything the server tells a host, one keyed object at a time. */
export type HostObject = Endpoint | Policy | AddressSet | Subnet | PortNames | BgpPeer;

/** The complete desired state of one host. Objects are shared between states and never mutated: same reference, same meaning. */
export type HostState = {
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  readonly policies: ReadonlyMap<string, Policy>;
  readonly sets: ReadonlyMap<string, AddressSet>;
  readonly subnets: ReadonlyMap<string, Subnet>;
  readonly bgpPeers: ReadonlyMap<string, BgpPeer>;
  /** By port. */
  readonly names: ReadonlyMap<string, PortNames>;
};

/**
 * A change of one host's state. Applied as: deletes, then puts, then rules and members. An object is named at most once in
 * `deletes` and `puts` together; `rules` names only policies, and `members` only sets, that exist after `puts`.
 */
export type HostDelta = {
  readonly deletes: readonly { readonly kind: HostObject['kind']; readonly id: string }[];
  readonly puts: readonly HostObject[];
  /** Rules that go (by id), then come (whole), of policies that stay, sorted: one rule more of a hundred is one rule on the wire. */
  readonly rules: readonly { readonly policy: string; readonly remove: readonly string[]; readonly add: readonly PolicyRule[] }[];
  /** Membership changes of sets that stay, sorted: a join of a group of 10,000 is one address on the wire. */
  readonly members: readonly { readonly set: string; readonly add: readonly Member[]; readonly remove: readonly Member[] }[];
};

/** What a host found when it programmed an endpoint, as of the host state at `revision`. */
export type EndpointStatus = {
  readonly id: string;
  /** `up`: read back as programmed. `arrived`: up, and it has come here by live migration. `down`: no such interface, or the port is off. `error`: the host refused it; see `problem`. */
  readonly state: 'up' | 'arrived' | 'down' | 'error';
  readonly revision: Revision;
  readonly problem: string | null;
};
