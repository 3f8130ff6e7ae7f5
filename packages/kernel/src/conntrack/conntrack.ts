import type { EstablishedFlow, Member, Target } from '@manx/hoststate';
import type { Fault } from '../fault.js';

/** A flow that the kernel tracks, and the handle by which it is deleted. */
export type TrackedFlow = {
  /** As its first packet was, before any translation, and whence and whither its answers go. */
  readonly flow: EstablishedFlow;
  /** Opaque: what the kernel needs to name exactly this entry; and, of an open connection, to make it anew. */
  readonly handle: { readonly af: number; readonly attributes: Buffer; readonly anew: Buffer | null };
};

/** A connection, and where it goes from now on: the destination of its packets as they are once translated. */
export type CarriedFlow = { readonly tracked: TrackedFlow; readonly target: Target };

/** The port to connection tracking in one network namespace. */
export type Conntrack = {
  /** The tracked flows whose first packet had one of these addresses, or one in these prefixes, as source or destination; each once. */
  readonly flows: (addresses: ReadonlySet<Member>) => readonly TrackedFlow[];
  /** Forgets flows: null for each one that is gone now, else why not. */
  readonly forget: (flows: readonly TrackedFlow[]) => readonly (Fault | null)[];
  /**
   * Has open TCP connections (`isOpen`) of IPv4 go on, translated to another destination, or not at all where the target is what they ask for. Null for each one that does, or that
   * has ended meanwhile; else why not, and then it is forgotten.
   */
  readonly carry: (flows: readonly CarriedFlow[]) => readonly (Fault | null)[];
  readonly close: () => void;
};
