import { type AddressScope, type AddressScopeDraft, isSharedWith, type Problem, problem } from '@manx/model';
import { dropSharing, setShared } from '../access/sharing.js';
import type { Work } from '../work.js';

/** Makes an address scope. */
export function createAddressScope(work: Work, draft: AddressScopeDraft): AddressScope {
  const { project_id, name, ip_version, shared } = draft;
  const scope = work.create('address_scope', { project_id, description: '', name, ip_version });
  if (shared) setShared(work, { type: 'address_scope', object: scope }, true);
  return scope;
}

/** Changes an address scope; one that is shared stays shared. */
export function updateAddressScope(work: Work, scope: AddressScope, values: Partial<AddressScopeDraft>): AddressScope | Problem {
  const { shared, name = scope.name } = values;
  if (shared === false && isSharedWith(work.state, scope.id, work.actor.project_id)) {
    return problem('AddressScopeUpdateError', { id: scope.id, reason: "Shared address scope can't be unshared" });
  }
  if (shared === true) setShared(work, { type: 'address_scope', object: scope }, true);
  return work.update('address_scope', scope, { name });
}

/** Deletes an address scope that no pool is in. */
export function deleteAddressScope(work: Work, scope: AddressScope): Problem | null {
  if (work.state.countBy('subnetpool.address_scope_id', scope.id) > 0) return problem('AddressScopeInUse', { id: scope.id });
  dropSharing(work, scope.id);
  work.delete('address_scope', scope.id);
  return null;
}
