import type { Endpoint, EndpointStatus, HostState } from '@manx/hoststate';

type Told = { readonly endpoint: Endpoint | undefined; readonly status: EndpointStatus };

/** Picks out of a whole finding what the server does not know yet, so that one changed port is one status and not all of the host's. */
export class StatusNews {
  #told: ReadonlyMap<string, Told> = new Map();

  /** The statuses that say something else than before, or of an endpoint that was changed since; and who is no longer there. */
  of(found: { readonly endpoints: readonly EndpointStatus[]; readonly state: HostState }): {
    readonly endpoints: readonly EndpointStatus[];
    readonly gone: readonly string[];
  } {
    const before = this.#told;
    const now = new Map(found.endpoints.map((status) => [status.id, { status, endpoint: found.state.endpoints.get(status.id) }]));
    this.#told = now;
    return {
      endpoints: [...now.values()].filter((told) => !isSame(before.get(told.status.id), told)).map(({ status }) => status),
      gone: [...before.keys()].filter((id) => !now.has(id)),
    };
  }
}

const isSame = (a: Told | undefined, b: Told): boolean =>
  a !== undefined && a.endpoint === b.endpoint && a.status.state === b.status.state && a.status.problem === b.status.problem;
