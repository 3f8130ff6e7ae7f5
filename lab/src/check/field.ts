import type { Ip } from '@manx/ip';
import type { Instance, RunningLab } from '../running-lab.js';

/** An instance of the check's own, with what every probe asks for. */
export type Guest = Instance & {
  readonly v4: Ip;
  readonly v6: Ip;
  /** The host's MAC on the instance's tap: where honest frames go. */
  readonly hostMac: string;
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
  /** A tenant network of the same project, host one, everything allowed in. */
  readonly tenant: Guest;
  /** A tenant network of another project, host two, everything allowed in. */
  readonly stranger: Guest;
  /** Only the project's default group: host one and host two. */
  readonly shy: Guest;
  readonly shyFar: Guest;
  /** A group of the check's own that the S16 rows change: host two. */
  readonly guarded: Guest;
  readonly guardedGroup: string;
  /** The group of near, mate, far and tenant. */
  readonly openGroup: string;
  /** The gateway of near, IPv4. */
  readonly gateway: string;
  /** An address of the near network that no port holds. */
  readonly spareAddress: string;
  /** The network, IPv4 subnet and prefix of near. */
  readonly nearNetwork: string;
  readonly nearSubnet: string;
  readonly nearCidr: string;
  readonly tenantNetwork: string;
  readonly hasTwoHosts: boolean;
};
