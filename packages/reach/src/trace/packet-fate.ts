import { type DropReason, isDropReason, TRACE_CHAINS, TRACE_TABLE, type TracedPacket, type TraceHop } from '@manx/hoststate';

/** What a host did with a packet, by the kernel's account. */
export type Fate =
  /** Given to an interface, a tap or another. That is where the account ends: whoever is behind it may not have taken it. */
  | { readonly kind: 'sent'; readonly by: string; readonly isTap: boolean }
  /** Given to the host itself. */
  | { readonly kind: 'here' }
  /** By a rule, or at the end of a chain; `reason`: it was one of ours, and this is its name. */
  | { readonly kind: 'dropped'; readonly hop: TraceHop; readonly reason: DropReason | null }
  /** No rule of nftables dropped it, and yet it went nowhere: it has no route, or something else of the kernel took it after `hop`. */
  | { readonly kind: 'lost'; readonly hop: TraceHop };

/** What our tables are called. */
export const OURS = 'manx';
const DROP_CHAIN = 'drop-';

/** What became of a packet that met these rules; null for none, which no packet is. */
export function fateOf({ hops }: TracedPacket): Fate | null {
  const last = hops.at(-1);
  if (last === undefined) return null;
  const drop = hops.find(({ verdict }) => verdict === 'drop');
  if (drop !== undefined) return { kind: 'dropped', hop: drop, reason: reasonOf(drop) };
  const seenLast = (chain: string): TraceHop | undefined =>
    hops.findLast((hop) => hop.table === TRACE_TABLE && hop.chain === chain && hop.packet !== null);
  const left = seenLast(TRACE_CHAINS.left)?.oif ?? null;
  if (left !== null) return { kind: 'sent', by: left, isTap: left.startsWith('tap') };
  if (seenLast(TRACE_CHAINS.here) !== undefined) return { kind: 'here' };
  return { kind: 'lost', hop: last };
}

/** The reason by which a chain of ours drops. */
function reasonOf({ table, chain }: TraceHop): DropReason | null {
  const name = chain.startsWith(DROP_CHAIN) ? chain.slice(DROP_CHAIN.length) : '';
  return table === OURS && isDropReason(name) ? name : null;
}

/** Which way a packet goes: with the flow, or back; null where the kernel did not say what it was. */
export function directionOf({ hops }: TracedPacket, mark: number): 'forward' | 'reply' | null {
  const packet = hops.find((hop) => hop.packet !== null)?.packet ?? null;
  if (packet?.kind !== 'ip') return null;
  if (packet.icmp !== null) return ECHOES.has(packet.icmp.type) ? 'forward' : 'reply';
  return packet.sport === mark ? 'forward' : 'reply';
}

/** Echo requests of both families. */
const ECHOES: ReadonlySet<number> = new Set([8, 128]);
