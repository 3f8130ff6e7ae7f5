/** One thing that Nova is told of (Compute API, "Run Events"): about a port, the tag, of an instance. */
export type NovaEvent = {
  readonly name: 'network-vif-plugged' | 'network-vif-unplugged' | 'network-vif-deleted' | 'network-changed';
  readonly server_uuid: string;
  /** The port's id. */
  readonly tag: string;
  /** Absent: Nova takes it for `completed`. */
  readonly status?: 'completed' | 'failed';
};
