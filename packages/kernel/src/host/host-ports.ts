import type { Program } from '@manx/reconcile';
import type { Conntrack } from '../conntrack/conntrack.js';
import type { Nftables } from '../nftables/nftables.js';
import type { Rtnetlink } from '../rtnetlink/rtnetlink.js';
import type { ProgramPort } from './program-port.js';

/** All by which a host is read and changed. */
export type HostPorts = {
  readonly rtnetlink: Rtnetlink;
  readonly nftables: Nftables;
  readonly conntrack: Conntrack;
  readonly programs: Readonly<Record<Program, ProgramPort>>;
};
