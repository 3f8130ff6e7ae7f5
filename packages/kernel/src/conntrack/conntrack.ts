import type { EstablishedFlow, Member } from '@manx/hoststate';
import type { Fault } from '../fault.js';

/** A flow that the kernel tracks, and the handle by which it is deleted. */
export type TrackedFlow = {
  /** As its first packet was, before any translation, and whence and whither its answers go. */
  readonly flow: EstablishedFlow;
  /** Opaque: what the kernel needs to name exactly this entry. */
  readonly handle: { readonly af: number; readonly attributes: Buffer };
};

/** The port to connection tracking in one network namespace. */
export type Conntrack = {
  /** The tracked flows whose first packet had one of these addresses, or one in these prefixes, as source or destination; each once. */
  readonly flows: (addresses: ReadonlySet<Member>) => readonly TrackedFlow[];
  /** Forgets flows: null for each one that is gone now, else why not. */
  readonly forget: (flows: readonly TrackedFlow[]) => readonly (Fault | null)[];
  readonly close: () => void;
};
