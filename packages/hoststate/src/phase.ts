import type { Endpoint, HostState } from './host-state.js';

/** Whether packets for it are somebody else's here: it is not here yet, or not any more. */
export function isSilent({ phase }: Pick<Endpoint, 'phase'>): boolean {
  return phase === 'incoming' || phase === 'left';
}

/**
 * An endpoint that is silent, without all that draws packets to this host: floating IPs and forwards, routed pairs, claims. What it may
 * send and what its policies say stays, so that it is guarded from its first frame on.
 */
export function silenced(endpoint: Endpoint): Endpoint {
  const pairs = endpoint.pairs.map((pair) => (pair.isRouted ? { ...pair, isRouted: false, isYielded: false } : pair));
  return { ...endpoint, pairs, claims: [], floating: [], forwards: [], floatingLimits: [] };
}

/** The state as those see it who ask where packets go: without its silent endpoints. The same reference where there are none. */
export function withoutSilent(state: HostState): HostState {
  if (![...state.endpoints.values()].some(isSilent)) return state;
  return { ...state, endpoints: new Map([...state.endpoints].filter(([, endpoint]) => !isSilent(endpoint))) };
}
