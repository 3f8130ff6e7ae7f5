import type { Ip } from '@manx/ip';
import { flowJudge } from './flow.js';
import type { Endpoint, HostState } from './host-state.js';
import { isSilent } from './phase.js';
import { type EstablishedFlow, type Target, Translation } from './translation.js';

/** What becomes of connections by a floating IP or a forward whose instance moves live to this host, or from it. */
export type FlowCarrier = {
  /** Addresses that an instance which leaves was asked for by: what asks for them must be carried before a route leads it to where the instance is now. */
  readonly leaving: readonly Ip[];
  /** Where a connection goes that is translated otherwise now, and goes on; null: it is cut, as any that is translated otherwise. */
  readonly carriedTo: (flow: EstablishedFlow) => Target | null;
};

/** Nothing has moved. */
export const NOTHING_CARRIED: FlowCarrier = { leaving: [], carriedTo: () => null };

/**
 * Open TCP connections of an instance of this host with one that is asked for by a floating IP or a forward, and comes or leaves by live
 * migration: who translates them is its host, which was another one. Only this host knows that they are open, so it takes them over as they
 * are, translated as they would be if they began now, and where the policies would let them begin.
 */
export function flowCarrier(before: HostState, after: HostState, snat: Ip | null): FlowCarrier {
  const isSilentIn = ({ endpoints }: HostState, { id }: Endpoint, isUnknown: boolean): boolean => {
    const one = endpoints.get(id);
    return one === undefined ? isUnknown : isSilent(one);
  };
  const leaving = askedFor(before, (old) => !isSilent(old) && isSilentIn(after, old, false));
  const coming = askedFor(after, (fresh) => fresh.picksUp && !isSilent(fresh) && isSilentIn(before, fresh, true));
  if (leaving.length + coming.length === 0) return NOTHING_CARRIED;
  const moving = new Set([...leaving, ...coming]);
  const here = new Set([...after.endpoints.values()].flatMap((one) => (isSilent(one) ? [] : one.addresses.map(({ ip }) => ip))));
  const [translation, isAllowed] = [new Translation(after, snat), flowJudge(after)];
  return {
    leaving,
    carriedTo: (flow) => {
      if (flow.isOpen !== true || flow.protocol !== 6 || !moving.has(flow.destination) || !here.has(flow.source)) return null;
      if (flow.answers.destination !== flow.source || !isAllowed(flow)) return null;
      const { ip, port, as } = translation.of(flow);
      return as === flow.source ? { ip, port } : null;
    },
  };
}

/** The floating IPs and addresses of forwards of some endpoints, each once. */
function askedFor({ endpoints }: HostState, isMeant: (endpoint: Endpoint) => boolean): readonly Ip[] {
  const meant = [...endpoints.values()].filter((one) => one.isUp && one.floating.length + one.forwards.length > 0 && isMeant(one));
  return [...new Set(meant.flatMap(({ floating, forwards }) => [...floating, ...forwards].map(({ ip }) => ip)))];
}
