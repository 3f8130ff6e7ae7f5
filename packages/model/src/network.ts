import type { Declaration } from './declaration.js';
import type { StandardAttributes } from './resource.js';
import { changedSince, idAttribute, NAME_LENGTH, ownerAttributes, settable, standardAttributes, told } from './standard-attributes.js';
import { boolean, integer, nameText, readOnly } from './value-rule.js';

/** A Neutron network: here a set of subnets that instances get addresses from; it isolates nothing (S5). */
export type Network = StandardAttributes & {
  readonly name: string;
  /** False cuts every port of the network (S19). */
  readonly admin_state_up: boolean;
  /** True: every project sees it and may make ports on it. */
  readonly shared: boolean;
  /** Bytes (S29). */
  readonly mtu: number;
  readonly status: 'ACTIVE';
};

/** What a creation of a network asks for, decoded. */
export type NetworkDraft = Pick<Network, 'project_id' | 'name' | 'description' | 'admin_state_up' | 'shared'> & { readonly mtu?: number };

/** Networks, declared. Extensions: `net-mtu`, `net-mtu-writable`, `l2_adjacency`. */
export const networkDeclaration: Declaration<'network'> = {
  kind: 'network',
  collection: 'networks',
  path: 'networks',
  attributes: {
    ...idAttribute,
    name: settable('A name for people; need not be unique.', nameText(NAME_LENGTH), ''),
    ...ownerAttributes,
    admin_state_up: settable('False cuts every port of the network.', boolean, true),
    mtu: {
      ...settable('The most bytes of one IP packet; 0 or nothing for the most that the fabric carries.', integer(0, 65_535), undefined),
    },
    status: told('ACTIVE: a routed network is there as soon as it is made.', readOnly({ type: 'string' })),
    subnets: { ...told('The ids of its subnets, sorted.', readOnly({ type: 'array' })), isFilter: false, isSortKey: false },
    shared: settable('True: every project sees the network and may use it. Only an administrator sets it.', boolean, false),
    l2_adjacency: {
      ...told('Always false: every packet between instances is routed, there is no common link.', readOnly({ type: 'boolean' })),
      isFilter: false,
      isSortKey: false,
    },
    ...standardAttributes,
  },
  computed: {
    subnets: (network, state) =>
      state
        .by('subnet.network_id', network.id)
        .map((subnet) => subnet.id)
        .sort(),
    l2_adjacency: () => false,
  },
  filters: { ...changedSince },
  indexed: { project_id: 'network.project_id' },
};
