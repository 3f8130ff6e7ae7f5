import { FLAT_SPACE, type HostState } from '@manx/hoststate';

/** The state with only some of its endpoints, and only the policies and sets that those need. */
export const restrictState = (state: HostState, isKept: (endpoint: string) => boolean): HostState => {
  const endpoints = new Map([...state.endpoints].filter(([id]) => isKept(id)));
  const policies = new Map([...endpoints.values()].flatMap(({ policies }) => policies).flatMap((id) => entry(state.policies, id)));
  const needed = [...policies.values()].flatMap(({ rules }) => rules).flatMap(({ peer }) => (peer.kind === 'set' ? [peer.set] : []));
  const sets = new Map([FLAT_SPACE, ...needed].flatMap((id) => entry(state.sets, id)));
  return { ...state, endpoints, policies, sets };
};

const entry = <V>(map: ReadonlyMap<string, V>, id: string): readonly (readonly [string, V])[] => {
  const value = map.get(id);
  return value === undefined ? [] : [[id, value]];
};
