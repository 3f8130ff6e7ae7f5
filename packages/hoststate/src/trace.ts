import type { Ip } from '@manx/ip';
import type { Revision } from './host-state.js';
import type { SeenPacket } from './seen-packet.js';

/**
 * The packets of one flow, both ways, as any host on its way may see them: from one of the sources to one of the destinations, before and after
 * translation. What nobody else uses at the time tells it from what the guests send: a port of the sender's, or an identifier of an echo, that was chosen for it.
 */
export type TraceFlow = {
  /** TCP, UDP, ICMP, ICMP for IPv6. */
  readonly protocol: 1 | 6 | 17 | 58;
  /** All of one family; one at least, and no more than `MAX_TRACED_ADDRESSES`. */
  readonly sources: readonly Ip[];
  readonly destinations: readonly Ip[];
  /** Ports of the destination, before and after translation; none for a ping. */
  readonly ports: readonly number[];
  /** The sender's port, or the identifier of its echo. */
  readonly mark: number;
};

/** What the sender's host puts in at its tap, as if the instance had sent it. */
export type TraceSender = {
  readonly endpoint: string;
  readonly source: Ip;
  readonly destination: Ip;
  readonly port: number | null;
};

/** The most addresses that a traced flow goes by at either end. */
export const MAX_TRACED_ADDRESSES = 16;

/** The table that exists while a flow is traced, and its chains: before all others at the tap, where packets come, are sent by the host, and go. */
export const TRACE_TABLE = 'manx-trace';
export const TRACE_CHAINS = { tap: 'tap', came: 'came', sent: 'sent', here: 'here', left: 'left' } as const;

/** What a rule, or the end of a chain, decided (include/uapi/linux/netfilter/nf_tables.h, enum nft_verdicts, and netfilter.h). */
export const TRACE_VERDICTS = ['drop', 'accept', 'stolen', 'queue', 'repeat', 'continue', 'break', 'jump', 'goto', 'return'] as const;
export type TraceVerdict = (typeof TRACE_VERDICTS)[number];

/** A counter of a rule that a packet met: how many packets it showed before the traced one was sent, and after. It counts those of others as well. */
export type TraceCounter = { readonly name: string; readonly before: number; readonly after: number };

/** One rule that a packet met, in the kernel's account: only those that matched, and what ended a chain without one. */
export type TraceHop = {
  /** The table's family and name, and the chain. */
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  /** `rule`: it matched; `return`: the rules of the chain came to their end; `policy`: so they did, in a base chain, which then decides by its policy. */
  readonly kind: 'rule' | 'return' | 'policy';
  /** By which `nft -a list` shows the rule; null for none. */
  readonly handle: number | null;
  /** The rule's text as nft prints it; null where it could not be read. */
  readonly rule: string | null;
  readonly verdict: TraceVerdict;
  /** The chain that it went to. */
  readonly target: string | null;
  /** Interfaces that the packet came by, and is to leave by; null for none, or where the kernel does not say: it does so once a base chain. */
  readonly iif: string | null;
  readonly oif: string | null;
  /** The headers as they were then; null where the kernel does not say. */
  readonly packet: SeenPacket | null;
  /** Those of which the rule counts in one; of many, in a map, those first that have grown. None where it counts in none of ours. */
  readonly counters: readonly TraceCounter[];
};

/** One packet's way through a host: what it met, in order. */
export type TracedPacket = { readonly hops: readonly TraceHop[] };

/** A chain that a traced packet visited, as nft prints it. */
export type TracedChain = { readonly family: string; readonly table: string; readonly chain: string; readonly text: string };

/** What a host has seen of a traced flow. */
export type TraceAccount = {
  /** The host state that was programmed at the time; null: none yet. */
  readonly revision: Revision | null;
  /** Of the agent, and the kernel's release. */
  readonly version: string;
  readonly kernel: string;
  /** False: the kernel told more than was kept. */
  readonly isComplete: boolean;
  /** In the order in which they came. */
  readonly packets: readonly TracedPacket[];
  readonly chains: readonly TracedChain[];
};
