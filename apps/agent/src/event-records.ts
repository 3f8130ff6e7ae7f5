import { type Endpoint, type EndpointLog, type HostState, type SeenPacket, verdict } from '@manx/hoststate';
import type { PacketEvent } from '@manx/kernel';

/** What is written down of one packet, for the logs of one project. Keys as in Neutron's own log, and its resources. */
export type EventRecord = {
  readonly action: 'ACCEPT' | 'DROP';
  readonly project_id: string;
  readonly log_resource_ids: readonly string[];
  readonly vm_port: string;
  readonly direction: 'egress' | 'ingress';
  /** Why it was dropped (docs/reference/drop-reasons.md); null: it was accepted. */
  readonly reason: string | null;
  /** The group and rule that let it pass; null where it was dropped, or the rules are others by now. */
  readonly security_group_id: string | null;
  readonly security_group_rule_id: string | null;
  /** Its headers. */
  readonly packet: SeenPacket;
};

/** The records that the logs of a port ask for of one packet: one a project. None where the logs were taken back in the meantime. */
export const eventRecords = (
  event: Pick<PacketEvent, 'direction' | 'reason' | 'packet'>,
  endpoint: Endpoint,
  state: HostState,
): readonly EventRecord[] => {
  const { direction, reason, packet } = event;
  const allowed = reason === null ? allowedBy(event, endpoint, state) : null;
  const isMeant = (log: EndpointLog): boolean =>
    reason !== null
      ? log.event !== 'accept'
      : log.event !== 'drop' && (log.policy === null || allowed === null || log.policy === allowed.policy);
  const meant = endpoint.logs.filter(isMeant);
  return [...new Set(meant.map(({ project }) => project))].map((project) => ({
    action: reason === null ? 'ACCEPT' : 'DROP',
    project_id: project,
    log_resource_ids: meant.filter((log) => log.project === project).map(({ id }) => id),
    vm_port: endpoint.id,
    direction,
    reason,
    security_group_id: allowed?.policy ?? null,
    security_group_rule_id: allowed?.rule ?? null,
    packet,
  }));
};

/** By which group and rule it passes now. */
const allowedBy = (
  { direction, packet }: Pick<PacketEvent, 'direction' | 'packet'>,
  endpoint: Endpoint,
  state: HostState,
): { readonly policy: string; readonly rule: string } | null => {
  if (packet.kind !== 'ip') return null;
  const { source, destination, protocol, dport: port, icmp } = packet;
  const peer = direction === 'egress' ? destination : source;
  const answer = verdict(state, { endpoint: endpoint.id, direction, peer, protocol, port, icmp });
  return answer.kind === 'allow' && answer.policy !== null ? answer : null;
};
