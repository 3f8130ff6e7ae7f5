import type { Cidr } from '@manx/ip';
import { computedShared } from '../access/shared-attribute.js';
import type { Declaration } from '../declaration.js';
import type { StandardAttributes } from '../resource.js';
import { changedSince, idAttribute, NAME_LENGTH, ownerAttributes, settable, untaggedAttributes } from '../standard-attributes.js';
import { text } from '../value-rule.js';
import { prefixList } from './prefix-list.js';

/** A Neutron address group: prefixes under one name, for security group rules. */
export type AddressGroup = StandardAttributes & {
  readonly name: string;
  /** Normalized prefixes of both families, none twice, sorted. */
  readonly addresses: readonly Cidr[];
};

/** What a creation asks for, decoded. */
export type AddressGroupDraft = Pick<AddressGroup, 'project_id' | 'name' | 'description' | 'addresses'>;

/** Address groups, declared. Extensions: `address-group`, `rbac-address-group`. */
export const addressGroupDeclaration: Declaration<'address_group'> = {
  kind: 'address_group',
  collection: 'address_groups',
  path: 'address-groups',
  notFound: 'AddressGroupNotFound',
  attributes: {
    ...idAttribute,
    name: settable('A name for people; need not be unique.', text(NAME_LENGTH), ''),
    ...ownerAttributes,
    addresses: {
      ...settable('Its prefixes, sorted; changed by `add_addresses` and `remove_addresses`.', prefixList, []),
      onUpdate: 'refused',
      isFilter: false,
      isSortKey: false,
    },
    ...untaggedAttributes,
  },
  // No attribute of its own, but the policy asks for it.
  computed: { shared: computedShared },
  filters: { ...changedSince },
  indexed: { project_id: 'address_group.project_id' },
};
