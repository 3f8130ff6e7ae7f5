import type { Endpoint } from '@manx/hoststate';
import type { HostObserver } from '@manx/kernel';
import type { Found } from './host-loop.js';

/** An endpoint that was found programmed, and the index of its tap. */
export type ProgrammedTap = { readonly endpoint: Endpoint; readonly index: number };

/** The endpoints whose instances are served: those that were found programmed, one that has just come by live migration (`arrived`) too. */
export const programmedTaps = (
  { state, endpoints }: Pick<Found, 'state' | 'endpoints'>,
  observer: Pick<HostObserver, 'indexOf'>,
): readonly ProgrammedTap[] =>
  endpoints.flatMap(({ id, state: programmed }) => {
    const endpoint = state.endpoints.get(id);
    const index = endpoint === undefined ? null : observer.indexOf(endpoint.ifname);
    if ((programmed !== 'up' && programmed !== 'arrived') || endpoint === undefined || index === null) return [];
    return [{ endpoint, index }];
  });
