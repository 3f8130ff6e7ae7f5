import { TRACE_CHAINS, TRACE_TABLE, type TraceHop } from '@manx/hoststate';
import type { TraceEvent } from './decode-trace.js';

/** The rules that one packet met, in order; interfaces by index, 0 for none. */
export type GatheredPacket = { readonly hops: readonly TraceEvent[] };

/**
 * Sorts what the kernel told by packet. Its number for a packet is made of where the packet is in memory and of its flow, so that the next one of the flow
 * may have the same: it is another where it begins anew, in a chain of ours that sees a packet before all others. Packets that somebody else traces on the host, which no
 * rule of ours has marked, are left out.
 */
export const gatherPackets = (events: readonly TraceEvent[]): readonly GatheredPacket[] => {
  const packets: { hops: TraceEvent[] }[] = [];
  const open = new Map<number, { hops: TraceEvent[] }>();
  for (const event of events) {
    const known = open.get(event.id);
    const packet = known === undefined || beginsAnew(event, known.hops) ? { hops: [] } : known;
    if (packet !== known) {
      open.set(event.id, packet);
      packets.push(packet);
    }
    packet.hops.push(event);
  }
  return packets.filter(({ hops }) => hops.some(isMarkedByUs));
};

const isMarkedByUs = ({ table, kind }: TraceEvent): boolean => table === TRACE_TABLE && kind === 'rule';

const beginsAnew = (event: TraceEvent, before: readonly TraceEvent[]): boolean => {
  if (!isMarkedByUs(event)) return false;
  const { chain } = event;
  if (chain === TRACE_CHAINS.came) return before.some(({ family }) => family !== 'netdev');
  return chain === TRACE_CHAINS.tap || chain === TRACE_CHAINS.sent;
};

/** The chains that packets visited, each once, in the order of the first visit. */
export const visitedChains = (packets: readonly GatheredPacket[]): readonly Pick<TraceHop, 'family' | 'table' | 'chain'>[] => {
  const chains = packets.flatMap(({ hops }) => hops.map(({ family, table, chain }) => ({ family, table, chain })));
  return [...new Map(chains.map((chain) => [`${chain.family} ${chain.table} ${chain.chain}`, chain])).values()].filter(
    ({ table }) => table !== TRACE_TABLE,
  );
};
