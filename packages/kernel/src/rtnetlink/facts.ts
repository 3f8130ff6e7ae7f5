import type { Cidr, Ip, Mac } from '@manx/ip';
import type { TokenBucket } from '@manx/render';

/** A network interface as the kernel has it now. */
export type Link = {
  readonly ifindex: number;
  readonly ifname: string;
  /** Null for an interface without an Ethernet address (a tunnel, for instance). */
  readonly mac: Mac | null;
  /** Administratively up (IFF_UP). */
  readonly isUp: boolean;
  /** There is carrier (IFF_RUNNING). */
  readonly isRunning: boolean;
  readonly mtu: number;
  /** What makes it, `veth` or `ifb` for instance; null for one that is a device of its own, or where the kernel does not say. */
  readonly kind: string | null;
  /** The root queueing discipline, `noqueue`; null where the kernel does not say. */
  readonly qdisc: string | null;
};

/** A queueing discipline at the root of an interface, or the place where filters see what comes in. */
export type Qdisc = {
  readonly ifindex: number;
  readonly kind: string;
  readonly isIngress: boolean;
  /** Of a root discipline that is ours; null for any other. The burst is as exact as the kernel keeps it, to a thousandth. */
  readonly bucket: TokenBucket | null;
  /** Packets that it dropped. */
  readonly drops: number;
};

/** An address of the host on an interface. */
export type HostAddress = {
  readonly ifindex: number;
  readonly ip: Ip;
  readonly prefixLength: number;
  /** Bits of IFA_F_*, include/uapi/linux/if_addr.h. */
  readonly flags: number;
};

/** A unicast route, or a blackhole, which has no ways. */
export type Route = {
  readonly destination: Cidr;
  /** In the kernel's order; the gateway of an IPv4 route may be an IPv6 address. */
  readonly hops: readonly { readonly ifindex: number | null; readonly via: Ip | null }[];
  readonly metric: number;
  readonly protocol: number;
  readonly table: number;
  /** 253 is link, 0 global (RT_SCOPE_*, include/uapi/linux/rtnetlink.h); always 0 for IPv6. */
  readonly scope: number;
};

/** An entry of the neighbour table. */
export type Neighbour = {
  readonly ifindex: number;
  readonly ip: Ip;
  readonly mac: Mac | null;
  /** NUD_* bits; 0x80 is permanent (include/uapi/linux/neighbour.h). */
  readonly state: number;
  /** True for a `proxy` entry: an address the host answers for. */
  readonly isProxy: boolean;
};

/** RT_TABLE_MAIN. */
export const MAIN_TABLE = 254;

/** NUD_PERMANENT. */
export const NUD_PERMANENT = 0x80;

/** IFA_F_DADFAILED: another one on the link has the address. */
export const IFA_F_DADFAILED = 0x08;

/** IFA_F_TENTATIVE: whether another one on the link has the address is still being found out. */
export const IFA_F_TENTATIVE = 0x40;
