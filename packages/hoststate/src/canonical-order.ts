import type { HostObject, HostState } from './host-state.js';

/** The kinds in the order in which they can be put one by one: what is referred to comes before what refers to it. */
export const KIND_ORDER = ['set', 'policy', 'subnet', 'names', 'endpoint', 'bgp-peer'] as const satisfies readonly HostObject['kind'][];

/** The order of ids everywhere in this room: by UTF-16 code unit, independent of any locale. */
export function compareIds(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Where a state keeps the objects of a kind. */
export const MAP_OF_KIND = {
  set: 'sets',
  policy: 'policies',
  subnet: 'subnets',
  names: 'names',
  endpoint: 'endpoints',
  'bgp-peer': 'bgpPeers',
} as const satisfies Record<HostObject['kind'], keyof HostState>;

/** The objects of one kind, by id. */
export function objectsOfKind(state: HostState, kind: HostObject['kind']): ReadonlyMap<string, HostObject> {
  return state[MAP_OF_KIND[kind]];
}

/** Every object of the state in canonical order: sets, policies, subnets, names, endpoints, BGP peers, each by id. */
export function objectsOf(state: HostState): readonly HostObject[] {
  const objects: HostObject[] = [];
  for (const kind of KIND_ORDER) {
    const ofKind = [...objectsOfKind(state, kind).values()];
    for (const object of ofKind.sort((a, b) => compareIds(a.id, b.id))) objects.push(object);
  }
  return objects;
}
