import type { Endpoint, HostState } from '@manx/hoststate';
import { compareIps, type Ip } from '@manx/ip';
import { isPairOf } from './covering-pair.js';

/** Who is to have each address in place of whom the server has heard of: an endpoint's id, or null for nobody in particular. */
export type ClaimChanges = ReadonlyMap<Ip, string | null>;

/**
 * The state as it is with these changes, of which the server does not know yet: an address goes to its new claimant here and to nobody
 * else on this host. Endpoints that are not concerned keep their reference; without changes so does the state.
 */
export function withClaims(state: HostState, changes: ClaimChanges): HostState {
  if (changes.size === 0) return state;
  let endpoints: Map<string, Endpoint> | null = null;
  for (const [id, endpoint] of state.endpoints) {
    const changed = changedEndpoint(endpoint, changes);
    if (changed !== endpoint) (endpoints ??= new Map(state.endpoints)).set(id, changed);
  }
  return endpoints === null ? state : { ...state, endpoints };
}

function changedEndpoint(endpoint: Endpoint, changes: ClaimChanges): Endpoint {
  const claims = endpoint.claims.filter((ip) => !changes.has(ip));
  for (const [ip, claimant] of changes) if (claimant === endpoint.id) claims.push(ip);
  claims.sort(compareIps);
  const pairs = endpoint.pairs.map((pair) => {
    if (!pair.isRouted) return pair;
    const change = [...changes].find(([ip]) => isPairOf(pair, ip));
    if (change === undefined) return pair;
    const isYielded = change[1] !== null && change[1] !== endpoint.id;
    return isYielded === pair.isYielded ? pair : { ...pair, isYielded };
  });
  const isSame =
    pairs.every((pair, at) => pair === endpoint.pairs[at]) &&
    claims.length === endpoint.claims.length &&
    claims.every((ip, at) => ip === endpoint.claims[at]);
  return isSame ? endpoint : { ...endpoint, pairs, claims };
}
