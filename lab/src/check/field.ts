import type { Cidr, Ip } from '@manx/ip';
import type { Instance, RunningLab } from '../running-lab.js';

/** An instance of the check's own, with what every probe asks for. */
export type Guest = Instance & {
  readonly v4: Ip;
  readonly v6: Ip;
  readonly linkLocal: Ip;
  /** The host's MAC on the instance's tap, where honest frames go, and its link-local address there, the default router. */
  readonly hostMac: string;
  readonly router: Ip;
  /** The gateway of its IPv6 subnet: an address of the host. */
  readonly gateway6: Ip;
};

/** The check's own cloud, made beside whatever the lab runs, on one host or two. */
export type Field = {
  readonly lab: RunningLab;
  /** Provider network, host one, everything allowed in. */
  readonly near: Guest;
  /** The same network, host and group. */
  readonly mate: Guest;
  /** The same network and group, host two (host one, in a lab of one). */
  readonly far: Guest;
  /** A tenant network of the same project, of another MTU, host one, everything allowed in. */
  readonly tenant: Guest;
  /** A tenant network of another project, host two, everything allowed in. */
  readonly stranger: Guest;
  /** Only the project's default group: host one and host two. */
  readonly shy: Guest;
  readonly shyFar: Guest;
  /** A group of the check's own that the S16 rows change: host two. */
  readonly guarded: Guest;
  readonly guardedGroup: string;
  /** Another such, for flows that are cut: host two. */
  readonly cutter: Guest;
  readonly cutterGroup: string;
  /** The group of near, mate, far and tenant. */
  readonly openGroup: string;
  /** A group that nobody is in at first. */
  readonly clubGroup: string;
  /** The IPv4 gateway of near, and of tenant. */
  readonly gateway: string;
  readonly tenantGateway: string;
  /** Addresses of the near network that no port holds. */
  readonly spareAddress: string;
  readonly spareAddress6: string;
  /** The network, subnets and prefixes of near. */
  readonly nearNetwork: string;
  readonly nearSubnet: string;
  readonly nearSubnet6: string;
  readonly nearCidr: Cidr;
  readonly nearCidr6: Cidr;
  /** A prefix that no subnet has. */
  readonly spareCidr: Cidr;
  /** Prefixes of IPv6 that no subnet has: for a stateful network and a stateless one. */
  readonly dhcp6Cidrs: readonly [Cidr, Cidr];
  readonly tenantNetwork: string;
  readonly tenantCidr: Cidr;
  /** The IPv4 subnet of tenant. */
  readonly tenantSubnet: string;
  /** A prefix that no subnet has, for an external network. */
  readonly streetCidr: Cidr;
  readonly tenantProject: string;
  readonly hasTwoHosts: boolean;
};
