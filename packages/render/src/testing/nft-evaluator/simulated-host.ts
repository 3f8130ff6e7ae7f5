import { cidrContains, familyOf, type Ip, prefixLength } from '@manx/ip';
import type { HostPlan, NftTable, RoutePlan } from '../../host-plan.js';
import type { Fib, Packet, Tracked } from './packet.js';
import { type ChainResult, runBaseChain } from './run-chains.js';

/** The interface towards the fabric. */
export const FABRIC = 'eth0';

/** What a host remembers of a flow that it tracks: what its first packet asked for, and what became of that. */
export type FlowMemory = {
  readonly source: Ip;
  readonly destination: Ip;
  readonly sport: number | null;
  readonly dport: number | null;
  readonly dnat: { readonly ip: Ip; readonly port: number | null } | null;
  readonly snat: Ip | null;
};

/** Where a packet ended up on a host: out by an interface, with the host itself, or nowhere. */
export type Passing = {
  readonly fate: 'out' | 'host' | 'dropped';
  /** As it leaves. */
  readonly packet: Packet;
  /** Null: the host does not track the flow. */
  readonly memory: FlowMemory | null;
  /** Why, in the words of the rule. */
  readonly by: string;
};

/** What goes through a host: a packet, the memory of its flow if it has one, and which of several ways it takes. */
export type PassingThrough = {
  readonly packet: Packet;
  readonly memory?: FlowMemory | null;
  readonly choose?: (hops: readonly string[]) => string;
};

/** Where the kernel tracks flows, and where it translates answers back (include/uapi/linux/netfilter_ipv4.h: NF_IP_PRI_CONNTRACK, NF_IP_PRI_NAT_DST). */
const CONNTRACK: Base = { name: 'conntrack', type: 'kernel', priority: -200 };
const RESTORE: Base = { name: 'answers', type: 'kernel', priority: -100 };

/**
 * Takes a packet that comes in by an interface through a host as its plan has it: prerouting, conntrack, translation, the route, forward or
 * input, postrouting. `memory`: the packet is an answer to a flow that the host tracks. Throws for what `parseRule` does not know.
 */
export function passThrough(plan: HostPlan, { packet: first, memory = null, choose = firstOf }: PassingThrough): Passing {
  const [inet] = plan.tables;
  if (inet === undefined) throw new Error('a plan without tables');
  const isAnswer = memory !== null;
  let state: State = { packet: first, tracked: null, memory, by: 'nothing in the way' };
  const fib = fibOf(plan);
  const dropped = (result: ChainResult, at: State): Passing => ({ fate: 'dropped', packet: at.packet, memory: at.memory, by: result.by });
  let isNotrack = false;
  for (const chain of [...baseChains(inet, 'prerouting'), CONNTRACK, RESTORE].sort(byPriority)) {
    if (chain === CONNTRACK) state = isNotrack ? { ...state, memory: null } : trackedState(state, isAnswer);
    if (chain === RESTORE && isAnswer) state = restoredDestination(state);
    if (chain.type === 'kernel') continue;
    const result = chain.type === 'nat' ? translate(inet, chain.name, { state, fib, isAnswer }) : filter(inet, chain.name, { state, fib });
    if (result.verdict === 'drop') return dropped(result, state);
    isNotrack ||= result.isNotrack;
    state = result.state;
  }
  if (fib.isLocal(state.packet.destination)) return toHost(inet, state, fib);
  const oif = routeOf(plan, state.packet.destination, choose) ?? FABRIC;
  state = { ...state, packet: { ...state.packet, oif } };
  for (const { name } of baseChains(inet, 'forward')) {
    const result = filter(inet, name, { state, fib });
    if (result.verdict === 'drop') return dropped(result, state);
  }
  for (const { name, type } of baseChains(inet, 'postrouting')) {
    const result = type === 'nat' ? translate(inet, name, { state, fib, isAnswer }) : filter(inet, name, { state, fib });
    if (result.verdict === 'drop') return dropped(result, state);
    state = result.state;
  }
  if (isAnswer) state = restoredSource(state);
  return { fate: 'out', packet: state.packet, memory: state.memory, by: state.by };
}

type State = { readonly packet: Packet; readonly tracked: Tracked | null; readonly memory: FlowMemory | null; readonly by: string };

type At = { readonly state: State; readonly fib: Fib };

function toHost(inet: NftTable, state: State, fib: Fib): Passing {
  for (const { name } of baseChains(inet, 'input')) {
    const result = filter(inet, name, { state, fib });
    if (result.verdict === 'drop') return { fate: 'dropped', packet: state.packet, memory: state.memory, by: result.by };
  }
  return { fate: 'host', packet: state.packet, memory: state.memory, by: state.by };
}

function filter(inet: NftTable, name: string, { state, fib }: At): ChainResult & { readonly state: State } {
  const result = runBaseChain(inet, name, { packet: state.packet, tracked: state.tracked, fib });
  return { ...result, state: { ...state, by: result.by } };
}

/** A chain of type nat: only the first packet of a tracked flow gets to see it, and none of a hook where one has translated already; what it says is remembered. */
function translate(
  inet: NftTable,
  name: string,
  { state, fib, isAnswer }: At & { readonly isAnswer: boolean },
): ChainResult & { readonly state: State } {
  const untouched = { verdict: 'accept', isNotrack: false, by: name, nat: null, state } as const;
  const { tracked, memory, packet } = state;
  if (
    isAnswer ||
    tracked === null ||
    memory === null ||
    (inet.chains.get(name)?.hook?.hook === 'prerouting' ? memory.dnat : memory.snat) !== null
  )
    return untouched;
  const result = runBaseChain(inet, name, { packet, tracked, fib });
  if (result.nat === null) return { ...result, state };
  const ip = result.nat.to[0] as Ip;
  if (result.nat.what === 'snat')
    return { ...result, state: { ...state, packet: { ...packet, source: ip }, memory: { ...memory, snat: ip } } };
  const port = result.nat.to[1] === undefined ? packet.dport : Number(result.nat.to[1]);
  return {
    ...result,
    state: {
      ...state,
      packet: { ...packet, destination: ip, dport: port },
      tracked: { ...tracked, isDnat: true },
      memory: { ...memory, dnat: { ip, port } },
    },
  };
}

function trackedState(state: State, isAnswer: boolean): State {
  const { packet, memory } = state;
  if (isAnswer && memory !== null) {
    const tracked: Tracked = {
      state: 'established',
      direction: 'reply',
      isDnat: memory.dnat !== null,
      originalDestination: memory.destination,
    };
    return { ...state, tracked };
  }
  const { source, destination, sport, dport } = packet;
  const tracked: Tracked = { state: 'new', direction: 'original', isDnat: false, originalDestination: destination };
  return { ...state, tracked, memory: { source, destination, sport, dport, dnat: null, snat: null } };
}

/** An answer to what went out in another name is for whoever sent it: so before its route is chosen. */
function restoredDestination(state: State): State {
  const { memory, packet } = state;
  return memory?.snat === null || memory === null ? state : { ...state, packet: { ...packet, destination: memory.source } };
}

/** An answer from behind a translation comes from what was asked for: only when all chains of ours but postrouting are past. */
function restoredSource(state: State): State {
  const { memory, packet } = state;
  return memory?.dnat === null || memory === null
    ? state
    : { ...state, packet: { ...packet, source: memory.destination, sport: memory.dport } };
}

/** By which interface a destination is routed: the longest prefix among the routes of the plan; null for what the fabric is for. */
export function routeOf(plan: HostPlan, ip: Ip, choose: (hops: readonly string[]) => string = firstOf): string | null {
  let best: RoutePlan | null = null;
  for (const route of plan.routes.values()) {
    if (familyOf(route.destination) !== familyOf(ip) || !cidrContains(route.destination, ip)) continue;
    if (best === null || prefixLength(route.destination) > prefixLength(best.destination)) best = route;
  }
  return best === null ? null : choose(best.hops.map(({ dev }) => dev));
}

function firstOf(hops: readonly string[]): string {
  return hops[0] ?? FABRIC;
}

function fibOf(plan: HostPlan): Fib {
  const local = new Set([...plan.links.values()].flatMap(({ addresses }) => addresses.map(({ ip }) => ip)));
  return { isLocal: (ip) => local.has(ip), oifOf: (ip) => routeOf(plan, ip) ?? FABRIC };
}

type Base = { readonly name: string; readonly type: string; readonly priority: number };

function baseChains(table: NftTable, hook: string): readonly Base[] {
  const found = [...table.chains].flatMap(([name, chain]) =>
    chain.hook?.hook === hook ? [{ name, type: chain.hook.type, priority: chain.hook.priority }] : [],
  );
  return found.sort(byPriority);
}

function byPriority(a: Base, b: Base): number {
  return a.priority - b.priority;
}
