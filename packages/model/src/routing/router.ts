import type { Cidr, Ip } from '@manx/ip';
import { hostRoutes } from '../address-rules.js';
import type { Attribute, Declaration } from '../declaration.js';
import { AVAILABILITY_ZONE } from '../operations/agents.js';
import { problem } from '../problem.js';
import type { StandardAttributes } from '../resource.js';
import { changedSince, idAttribute, NAME_LENGTH, ownerAttributes, settable, standardAttributes, told } from '../standard-attributes.js';
import type { StateReader } from '../state-reader.js';
import { boolean, listOf, nameText, orNull, readOnly, shown, text, type ValueRule } from '../value-rule.js';
import { type GatewayWish, gatewayInfo } from './gateway-info.js';

/** A static route of a router. */
export type ExtraRoute = { readonly destination: Cidr; readonly nexthop: Ip };

/** A Neutron router: here what connects tenant networks to an external one for floating IPs; every host routes anyway (S5). */
export type Router = StandardAttributes & {
  readonly name: string;
  readonly admin_state_up: boolean;
  readonly status: 'ACTIVE';
  /** The gateway: its network and port (whose fixed IPs are `external_fixed_ips`), or null. */
  readonly gateway: { readonly network_id: string; readonly port_id: string; readonly enable_snat: boolean } | null;
  /** In the order given; each next hop lies in a subnet that the router is on. */
  readonly routes: readonly ExtraRoute[];
  readonly availability_zone_hints: readonly string[];
  readonly flavor_id: null;
};

/** What a creation of a router asks for, decoded. */
export type RouterDraft = Pick<Router, 'project_id' | 'name' | 'description' | 'admin_state_up' | 'availability_zone_hints'> & {
  readonly external_gateway_info: GatewayWish | null;
  readonly distributed?: boolean | null;
};

/** What an update asks for, decoded. */
export type RouterUpdate = Partial<Pick<Router, 'name' | 'description' | 'admin_state_up' | 'routes'>> & {
  readonly external_gateway_info?: GatewayWish | null;
  readonly distributed?: boolean | null;
};

const ZONE_LENGTH = 255;

/** Flavors choose between drivers; there is one way to route here, so that none can be chosen. */
const noFlavor: ValueRule = {
  schema: { type: 'null' },
  read: (value) => (value === null ? { value } : problem('FlavorNotFound', { flavor_id: shown(value) })),
};

const noServiceType: ValueRule = {
  schema: { type: 'null' },
  read: (value) => (value === null ? { value } : { reason: `'${shown(value)}' is not supported: there are no service types of routers` }),
};

/**
 * Routers, declared. Extensions: `router`, `ext-gw-mode`, `extraroute`, `router-admin-state-down-before-update`. `distributed` and `ha`
 * are taken because clients send them, and told as they are: no router is either, every host routes.
 */
export const routerDeclaration: Declaration<'router'> = {
  kind: 'router',
  collection: 'routers',
  path: 'routers',
  notFound: 'RouterNotFound',
  attributes: {
    ...idAttribute,
    name: settable('A name for people; need not be unique.', nameText(NAME_LENGTH), ''),
    ...ownerAttributes,
    admin_state_up: settable('False: no floating IP, source NAT or extra route of the router is in effect.', boolean, true),
    status: { ...told('ACTIVE: hosts are the router as soon as it is made.', readOnly({ enum: ['ACTIVE'] })), isFilter: false },
    external_gateway_info: plain(settable('Its gateway to an external network, or null.', gatewayInfo, null)),
    routes: {
      ...plain(settable('Static routes; each next hop must lie in a subnet of the router.', hostRoutes, undefined)),
      onCreate: 'refused',
    },
    availability_zone_hints: {
      ...plain(settable('Where it is wished to be.', listOf(text(ZONE_LENGTH)), [])),
      onUpdate: 'refused',
    },
    availability_zones: plain(told('The one zone: every host routes.', readOnly({ type: 'array' }))),
    distributed: choice('Always false.'),
    ha: choice('Always false.'),
    flavor_id: { ...plain(settable('Always null.', noFlavor, null)), onUpdate: 'refused' },
    service_type_id: { ...plain(settable('Always null.', noServiceType, null)), onUpdate: 'refused' },
    ...standardAttributes,
  },
  computed: {
    external_gateway_info: gatewayView,
    availability_zones: () => [AVAILABILITY_ZONE],
    distributed: () => false,
    ha: () => false,
    service_type_id: () => null,
  },
  filters: { ...changedSince },
  indexed: { project_id: 'router.project_id' },
};

/** An attribute that is neither filtered nor sorted by. */
function plain(attribute: Attribute): Attribute {
  return { ...attribute, isFilter: false, isSortKey: false };
}

function choice(doc: string): Attribute {
  return { ...plain(settable(doc, orNull(boolean), undefined)) };
}

function gatewayView({ gateway }: Router, state: StateReader): unknown {
  if (gateway === null) return null;
  const { network_id, port_id, enable_snat } = gateway;
  const external_fixed_ips = state.get('port', port_id)?.fixed_ips ?? [];
  return { network_id, enable_snat, external_fixed_ips };
}
