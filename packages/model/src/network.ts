import type { Declaration } from './declaration.js';
import { dnsDomain } from './dns-rules.js';
import { AVAILABILITY_ZONE } from './operations/agents.js';
import type { StandardAttributes } from './resource.js';
import { isSharedWith } from './sharing.js';
import { changedSince, idAttribute, NAME_LENGTH, ownerAttributes, settable, standardAttributes, told } from './standard-attributes.js';
import type { StateReader } from './state-reader.js';
import { boolean, integer, listOf, nameText, orNull, readOnly, text, uuid } from './value-rule.js';

/** A Neutron network: here a set of subnets that instances get addresses from; it isolates nothing (S5). */
export type Network = StandardAttributes & {
  readonly name: string;
  /** False cuts every port of the network (S19). */
  readonly admin_state_up: boolean;
  /** Bytes (S29). */
  readonly mtu: number;
  readonly status: 'ACTIVE';
  /** True: floating IPs and router gateways come from it. For whom, its RBAC policies (`access_as_external`) say. */
  readonly 'router:external': boolean;
  /** The external network of auto-allocated topologies; one at most. */
  readonly is_default: boolean;
  /** What new ports of the network get unless told (S19). */
  readonly port_security_enabled: boolean;
  /** A label: `flat` with the name of a physical network, for what an operator offers; `local` for all others. */
  readonly 'provider:network_type': 'flat' | 'local';
  readonly 'provider:physical_network': string | null;
  readonly availability_zone_hints: readonly string[];
  /** Fully qualified, lower case; empty: the deployment's. */
  readonly dns_domain: string;
  readonly qos_policy_id: string | null;
};

/** What a creation of a network asks for, decoded. `shared` becomes an RBAC policy beside the network. */
export type NetworkDraft = Pick<
  Network,
  | 'project_id'
  | 'name'
  | 'description'
  | 'admin_state_up'
  | 'router:external'
  | 'is_default'
  | 'port_security_enabled'
  | 'availability_zone_hints'
  | 'dns_domain'
  | 'qos_policy_id'
> & {
  readonly shared: boolean;
  readonly mtu?: number;
  /** Any text, or null: what is no network type here is refused in Neutron's words. */
  readonly 'provider:network_type'?: string | null;
  readonly 'provider:physical_network'?: string | null;
  readonly 'provider:segmentation_id'?: number | null;
};

/** Neutron's column widths, in characters. */
const TYPE_LENGTH = 32;
const PHYSICAL_NETWORK_LENGTH = 64;
const ZONE_LENGTH = 255;

/** Networks, declared. Extensions: `net-mtu`, `net-mtu-writable`, `l2_adjacency`, `provider`, `external-net`, `port-security`... */
export const networkDeclaration: Declaration<'network'> = {
  kind: 'network',
  collection: 'networks',
  path: 'networks',
  notFound: 'NetworkNotFound',
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
    shared: unsorted(settable('True: every project sees the network and may use it.', boolean, false)),
    'router:external': unsorted(settable('True: routers and floating IPs get to the outside by it.', boolean, false)),
    is_default: unsorted(settable('True: the external network of topologies that are made by themselves.', boolean, false)),
    'provider:network_type': provider('`local`, or `flat` with a physical network.', orNull(text(TYPE_LENGTH))),
    'provider:physical_network': provider(
      'A name for what the network is part of; no two networks have the same.',
      orNull(text(PHYSICAL_NETWORK_LENGTH)),
    ),
    'provider:segmentation_id': provider('Always null: there are no segments to tell apart.', orNull(integer(0, 2 ** 31 - 1))),
    l2_adjacency: {
      ...told('Always false: every packet between instances is routed, there is no common link.', readOnly({ type: 'boolean' })),
      isFilter: false,
      isSortKey: false,
    },
    port_security_enabled: plain(settable('Whether its new ports have source checks and security groups unless told.', boolean, true)),
    qos_policy_id: plain(settable('The QoS policy of its ports that have none of their own.', orNull(uuid), null)),
    dns_domain: plain(settable('The domain of its ports that name none of their own, with a dot at the end.', dnsDomain, '')),
    availability_zone_hints: {
      ...settable('The zones to serve the network in; it is served in all.', listOf(text(ZONE_LENGTH)), []),
      onUpdate: 'refused',
      isFilter: false,
      isSortKey: false,
    },
    availability_zones: plain(told('The zones that the network is served in: all.', readOnly({ type: 'array' }))),
    ipv4_address_scope: plain(told("The address scope of its IPv4 subnets' pools.", readOnly({ type: ['string', 'null'] }))),
    ipv6_address_scope: plain(told("The address scope of its IPv6 subnets' pools.", readOnly({ type: ['string', 'null'] }))),
    ...standardAttributes,
  },
  computed: {
    subnets: (network, state) =>
      state
        .by('subnet.network_id', network.id)
        .map((subnet) => subnet.id)
        .sort(),
    shared: (network, state, actor) => isSharedWith(state, network.id, actor.project_id),
    'provider:segmentation_id': () => null,
    l2_adjacency: () => false,
    availability_zones: () => [AVAILABILITY_ZONE],
    ipv4_address_scope: (network, state) => addressScopeOf(network, 4, state),
    ipv6_address_scope: (network, state) => addressScopeOf(network, 6, state),
  },
  filters: { ...changedSince },
  indexed: { project_id: 'network.project_id', 'provider:physical_network': 'network.physical_network' },
};

/** The scope that the pools of a network's subnets are in: one for each family, as all of its subnets come from one pool or scope. */
function addressScopeOf({ id }: Network, family: 4 | 6, state: StateReader): string | null {
  for (const { ip_version, subnetpool_id } of state.by('subnet.network_id', id)) {
    const pool = ip_version !== family || subnetpool_id === null ? undefined : state.get('subnetpool', subnetpool_id);
    if (pool !== undefined && pool.address_scope_id !== null) return pool.address_scope_id;
  }
  return null;
}

type Attribute = Declaration['attributes'][string];

function unsorted(attribute: Attribute): Attribute {
  return { ...attribute, isSortKey: false };
}

/** Neither filtered nor sorted by. */
function plain(attribute: Attribute): Attribute {
  return { ...attribute, isFilter: false, isSortKey: false };
}

function provider(doc: string, rule: Attribute['rule']): Attribute {
  return { ...unsorted(settable(doc, rule, undefined)) };
}
