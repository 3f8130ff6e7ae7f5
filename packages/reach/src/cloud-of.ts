import { coversIp, FLAT_SPACE, type HostName, type HostState, withoutSilent } from '@manx/hoststate';
import { cidrContains, type Ip } from '@manx/ip';
import type { Cloud, Place } from './cloud.js';
import { CloudIndex, type Located } from './cloud-index.js';

/** What a cloud is made of beside its index; what is left out shows everything and knows nothing more. */
export type CloudParts = Partial<Omit<Cloud, 'placesOf' | 'placeOf' | 'isWhole'>> & {
  readonly index: CloudIndex;
  /** The state of a host as of the index; asked once a host and question. */
  readonly stateOf: (host: HostName) => HostState;
  /** Whether the asker may see an endpoint; absent: all of them. */
  readonly isVisible?: (endpoint: string) => boolean;
};

const byId = { endpoint: (id: string) => id, policy: (id: string) => id, set: (id: string) => id } as const;

/** A cloud to ask one question of: it remembers the states of the hosts that it looked at. */
export function makeCloud({ index, stateOf, isVisible, listenersOf = () => [], ...parts }: CloudParts): Cloud {
  const states = new Map<HostName, HostState>();
  const isShown = ({ endpoint }: Pick<Located, 'endpoint'>): boolean => isVisible === undefined || isVisible(endpoint.id);
  const shownOf = (state: HostState): HostState =>
    isVisible === undefined ? state : { ...state, endpoints: new Map([...state.endpoints].filter(([id]) => isVisible(id))) };
  const placeAt = ({ host, endpoint }: Located): Place => {
    const state = states.get(host) ?? shownOf(withoutSilent(stateOf(host)));
    states.set(host, state);
    return { host, state, endpoint };
  };
  return {
    snatOf: () => undefined,
    hasTunnel: () => true,
    isInside: () => false,
    showsHosts: true,
    words: byId,
    conditionOf: () => null,
    portsIn: () => 0,
    ...parts,
    listenersOf: (group) => listenersOf(group).filter(({ endpoint }) => isVisible === undefined || isVisible(endpoint)),
    placesOf: (ip) => index.find(ip).filter(isShown).map(placeAt),
    placeOf: (id) => {
      const located = index.get(id);
      return located !== undefined && isShown(located) ? placeAt(located) : undefined;
    },
    isWhole: isVisible === undefined,
  };
}

/**
 * A cloud of these host states, all of it visible: for tools that hold states in hand. The flat space is what their subnets and flat-space sets
 * say. Linear in the states.
 */
export function cloudOf(states: ReadonlyMap<HostName, HostState>, parts: Partial<CloudParts> = {}): Cloud {
  const all = [...states.values()];
  const cidrs = all.flatMap(({ subnets }) => [...subnets.values()].map(({ cidr }) => cidr));
  const flat = all.flatMap(({ sets }) => sets.get(FLAT_SPACE) ?? []);
  const isInside = (ip: Ip): boolean => cidrs.some((cidr) => cidrContains(cidr, ip)) || flat.some(({ members }) => coversIp(members, ip));
  const stateOf = (host: HostName): HostState => states.get(host) as HostState;
  return makeCloud({ index: new CloudIndex(states), stateOf, isInside, ...parts });
}
