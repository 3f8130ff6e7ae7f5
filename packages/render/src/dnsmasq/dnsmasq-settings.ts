/** What the operator decides about DHCP and router advertisements on a host. */
export type DnsmasqSettings = {
  /** Absolute path of the folder that the plan's files are in; `user` must be able to read it, also after start. */
  readonly directory: string;
  /** Who dnsmasq is once its sockets are open; it keeps CAP_NET_ADMIN, CAP_NET_RAW and CAP_NET_BIND_SERVICE. */
  readonly user: string;
  readonly group: string;
  /** The domain that instances are told (option 15; the search list of IPv6) in place of that of their DNS names; null: that one. */
  readonly domain: string | null;
  /** Whether instances have metadata: where a subnet has no gateway they are told that its address is on the link. */
  readonly hasMetadata: boolean;
  /** Whether the host answers DNS (S28): it is the name server of subnets that have none of their own, but not of those that say `0.0.0.0` or `::`. */
  readonly hasDns: boolean;
  /** How long an address is lent, and how long a prefix stays valid, in seconds, 120 at least. Neutron's default is 86400. */
  readonly leaseSeconds: number;
};
