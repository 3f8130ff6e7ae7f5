import { type Cidr, compareCidrs } from '@manx/ip';
import { type AddressGroup, type AddressGroupDraft, type Attributes, type Problem, problem } from '@manx/model';
import { dropSharing } from '../access/sharing.js';
import type { ActionResult } from '../rules.js';
import type { Work } from '../work.js';

/** Makes an address group. */
export function createAddressGroup(work: Work, draft: AddressGroupDraft): AddressGroup {
  const { project_id, name, description, addresses } = draft;
  return work.create('address_group', { project_id, name, description, addresses: sorted(addresses) });
}

/** Changes what an address group is called. */
export function updateAddressGroup(work: Work, group: AddressGroup, values: Partial<AddressGroupDraft>): AddressGroup {
  const { name = group.name, description = group.description } = values;
  return work.update('address_group', group, { name, description });
}

/** Deletes an address group that no rule refers to. */
export function deleteAddressGroup(work: Work, group: AddressGroup): Problem | null {
  const isUsed =
    work.state.countBy('security_group_rule.remote_address_group_id', group.id) > 0 ||
    work.state.countBy('default_security_group_rule.remote_address_group_id', group.id) > 0;
  if (isUsed) return problem('AddressGroupInUse', { id: group.id });
  dropSharing(work, group.id);
  work.delete('address_group', group.id);
  return null;
}

/** Adds prefixes that are not there yet. */
export function addAddresses(work: Work, group: AddressGroup, { addresses }: Attributes): ActionResult | Problem {
  const asked = addresses as readonly Cidr[];
  const known = asked.filter((address) => group.addresses.includes(address));
  if (known.length > 0) return problem('AddressesAlreadyExist', { addresses: listed(known), id: group.id });
  work.update('address_group', group, { addresses: sorted([...group.addresses, ...asked]) });
  return { answer: null };
}

/** Takes prefixes away that are there. */
export function removeAddresses(work: Work, group: AddressGroup, { addresses }: Attributes): ActionResult | Problem {
  const asked = new Set(addresses as readonly Cidr[]);
  const absent = [...asked].filter((address) => !group.addresses.includes(address));
  if (absent.length > 0) return problem('AddressesNotFound', { addresses: listed(absent), id: group.id });
  work.update('address_group', group, { addresses: group.addresses.filter((address) => !asked.has(address)) });
  return { answer: null };
}

function sorted(addresses: readonly Cidr[]): Cidr[] {
  return [...addresses].sort(compareCidrs);
}

function listed(addresses: readonly Cidr[]): string {
  return `[${addresses.map((address) => `'${address}'`).join(', ')}]`.slice(0, 1000);
}
