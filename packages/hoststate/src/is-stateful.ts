import type { Endpoint, HostState } from './host-state.js';

/** Whether the flows of an endpoint are remembered, so that answers pass: unless one of its policies is stateless. */
export function isStateful(state: Pick<HostState, 'policies'>, { policies }: Pick<Endpoint, 'policies'>): boolean {
  return policies.every((id) => state.policies.get(id)?.isStateful !== false);
}
