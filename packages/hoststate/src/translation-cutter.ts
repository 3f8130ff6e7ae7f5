import type { Ip } from '@manx/ip';
import { type Flow, type FlowJudge, isForwarded } from './flow.js';
import { type Endpoint, FLAT_SPACE, type HostState, type PortForward } from './host-state.js';
import { coversIp } from './sorted-members.js';

/** Who an address stands for: the endpoint, and its fixed IP. */
type Holder = { readonly endpoint: string; readonly fixed: Ip };

/**
 * Which established flows are translated otherwise by `after` than by `before`: those that asked for a floating IP or a forwarded port
 * that came, went or changed its target, and those that began with a fixed IP that sent as a floating IP which it no longer has.
 * Conntrack would go on translating them as they were.
 */
export function translationCutter(before: HostState, after: HostState): { readonly addresses: ReadonlySet<Ip>; readonly isCut: FlowJudge } {
  const moved = changed(floatingOf(before), floatingOf(after), (a, b) => a.endpoint === b.endpoint && a.fixed === b.fixed);
  const forwards = changed(forwardsOf(before), forwardsOf(after), isSameForward);
  const [sentBefore, sendsNow] = [sendersOf(before), sendersOf(after)];
  const resent = new Set([...sentBefore].filter(([fixed, ip]) => sendsNow.get(fixed) !== ip).map(([fixed]) => fixed));
  const flat = (before.sets.get(FLAT_SPACE) ?? after.sets.get(FLAT_SPACE))?.members ?? [];
  const isForward = (flow: Flow): boolean => [...forwards.values()].flat().some((forward) => isForwarded(forward, flow));
  const forwarded = [...forwards.values()].flat().map(({ ip }) => ip);
  return {
    addresses: new Set([...moved.keys(), ...forwarded, ...resent]),
    isCut: (flow) => moved.has(flow.destination) || isForward(flow) || (resent.has(flow.source) && !coversIp(flat, flow.destination)),
  };
}

function* ups(state: HostState): Iterable<Endpoint> {
  for (const endpoint of state.endpoints.values()) if (endpoint.isUp) yield endpoint;
}

function floatingOf(state: HostState): ReadonlyMap<Ip, Holder> {
  const floating = new Map<Ip, Holder>();
  for (const { id, floating: own } of ups(state)) for (const { ip, fixed } of own) floating.set(ip, { endpoint: id, fixed });
  return floating;
}

/** Which floating IP each fixed IP sends as. */
function sendersOf(state: HostState): ReadonlyMap<Ip, Ip> {
  const senders = new Map<Ip, Ip>();
  for (const { floating } of ups(state)) for (const { ip, fixed } of floating) if (!senders.has(fixed)) senders.set(fixed, ip);
  return senders;
}

function forwardsOf(state: HostState): ReadonlyMap<string, PortForward> {
  const forwards = new Map<string, PortForward>();
  for (const endpoint of ups(state)) for (const forward of endpoint.forwards) forwards.set(forward.id, forward);
  return forwards;
}

function isSameForward(a: PortForward, b: PortForward): boolean {
  return a === b || Object.entries(a).every(([field, value]) => b[field as keyof PortForward] === value);
}

/** What came, went or changed, by key: as it was, as it is, or both. */
function changed<K, V>(before: ReadonlyMap<K, V>, after: ReadonlyMap<K, V>, isSame: (a: V, b: V) => boolean): ReadonlyMap<K, readonly V[]> {
  const keys = new Set([...before.keys(), ...after.keys()]);
  const found = new Map<K, readonly V[]>();
  for (const key of keys) {
    const [old, fresh] = [before.get(key), after.get(key)];
    if (old !== undefined && fresh !== undefined && isSame(old, fresh)) continue;
    found.set(
      key,
      [old, fresh].filter((value) => value !== undefined),
    );
  }
  return found;
}
