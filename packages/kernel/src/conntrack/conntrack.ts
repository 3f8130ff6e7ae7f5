import type { Flow } from '@manx/hoststate';
import type { Ip } from '@manx/ip';
import type { Fault } from '../fault.js';

/** A flow that the kernel tracks, and the handle by which it is deleted. */
export type TrackedFlow = {
  /** As its first packet was, before any translation. */
  readonly flow: Flow;
  /** Opaque: what the kernel needs to name exactly this entry. */
  readonly handle: { readonly af: number; readonly attributes: Buffer };
};

/** The port to connection tracking in one network namespace. */
export type Conntrack = {
  /** The tracked flows that have one of these addresses as source or destination, each once. */
  readonly flows: (addresses: ReadonlySet<Ip>) => readonly TrackedFlow[];
  /** Forgets flows: null for each one that is gone now, else why not. */
  readonly forget: (flows: readonly TrackedFlow[]) => readonly (Fault | null)[];
  readonly close: () => void;
};
