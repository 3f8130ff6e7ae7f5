import { computedShared, sharedAttribute } from '../access/shared-attribute.js';
import type { Declaration } from '../declaration.js';
import type { StandardAttributes } from '../resource.js';
import { idAttribute, NAME_LENGTH, ownerAttributes, settable } from '../standard-attributes.js';
import { oneOf, text } from '../value-rule.js';

/** A Neutron address scope: a label on subnet pools; here all lie in the one flat space (S15). */
export type AddressScope = StandardAttributes & {
  readonly name: string;
  readonly ip_version: 4 | 6;
};

/** What a creation asks for, decoded. */
export type AddressScopeDraft = Pick<AddressScope, 'project_id' | 'name' | 'ip_version'> & { readonly shared: boolean };

/** Address scopes, declared. Extensions: `address-scope`, `rbac-address-scope`. They have no standard attributes in Neutron. */
export const addressScopeDeclaration: Declaration<'address_scope'> = {
  kind: 'address_scope',
  collection: 'address_scopes',
  path: 'address-scopes',
  notFound: 'AddressScopeNotFound',
  attributes: {
    ...idAttribute,
    name: settable('A name for people; need not be unique.', text(NAME_LENGTH), ''),
    ...ownerAttributes,
    ip_version: { ...settable('The family of its pools: 4 or 6.', oneOf([4, 6]), undefined), onCreate: 'required', onUpdate: 'refused' },
    shared: sharedAttribute('True: every project may use it. Only an administrator sets it, and it stays.'),
  },
  computed: { shared: computedShared },
  filters: {},
  indexed: { project_id: 'address_scope.project_id' },
};
