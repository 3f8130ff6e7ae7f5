import { type Endpoint, type HostState, isSilent, silenced } from '@manx/hoststate';

/** What an endpoint is to this host otherwise than the server says. */
export type MoveChange = Pick<Endpoint, 'phase' | 'picksUp'>;

/**
 * The state with what the host itself knows of its endpoints' live migrations, and with silent endpoints shorn of all that draws packets here.
 * Endpoints that are not concerned keep their reference; where none is, so does the state.
 */
export function withMoves(state: HostState, changes: ReadonlyMap<string, MoveChange>): HostState {
  if (changes.size === 0 && ![...state.endpoints.values()].some(isSilent)) return state;
  const changed = [...state.endpoints].map(([id, endpoint]): [string, Endpoint] => {
    const change = changes.get(id);
    const moved = change === undefined ? endpoint : { ...endpoint, ...change };
    return [id, isSilent(moved) ? silenced(moved) : moved];
  });
  return { ...state, endpoints: new Map(changed) };
}
