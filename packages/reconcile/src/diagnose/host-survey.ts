import type { ForeignChain } from './foreign-chain.js';

/** Something that fills: how much of it is used, and where it ends. */
export type Fill = { readonly used: number; readonly limit: number };

/** An interface by which the host reaches the fabric. */
export type UplinkFact = {
  readonly ifname: string;
  /** Bytes. */
  readonly mtu: number;
  /** Families of which a default route goes by it. */
  readonly families: ReadonlyArray<4 | 6>;
  /** Whether the kernel forwards what comes in by it; null where the kernel does not say. */
  readonly isForwarding: Readonly<Record<4 | 6, boolean | null>>;
  /** The reverse path filter in force: the stricter of its own and that of all interfaces; null where the kernel does not say. */
  readonly rpFilter: number | null;
};

/** Something that the kernel can do elsewhere and not here: its module, and what does not work without it. */
export type MissingFeature = { readonly feature: string; readonly lost: string };

/** What there is of a host that is not the agent's to set, and that instances depend on; null for what the kernel does not tell here. */
export type HostSurvey = {
  readonly conntrack: Fill | null;
  /** Entries that the kernel may throw out, by family: permanent ones do not count. */
  readonly neighbours: Readonly<Record<4 | 6, Fill | null>>;
  /** Bytes of memory that are in use and cannot be had back, of all. */
  readonly memory: Fill | null;
  readonly uplinks: readonly UplinkFact[];
  /** MTU of each tap, by its name. */
  readonly tapMtus: ReadonlyMap<string, number>;
  /** The root queueing discipline of each tap, by its name. */
  readonly tapQdiscs: ReadonlyMap<string, string>;
  readonly foreignChains: readonly ForeignChain[];
  readonly missingFeatures: readonly MissingFeature[];
};
