import type { RbacObjectType, StateReader } from '@manx/model';

/** Something that belongs to a project; what the network itself made belongs to none. */
type Owned = { readonly project_id: string };

/** What uses an object of each type: whoever owns it needs the object's sharing. */
const USERS: { readonly [T in RbacObjectType]: (state: StateReader, id: string) => readonly Owned[] } = {
  network: (state, id) => state.by('port.network_id', id),
  qos_policy: (state, id) => [
    ...state.by('network.qos_policy_id', id),
    ...state.by('port.qos_policy_id', id),
    ...state.by('floatingip.qos_policy_id', id),
  ],
  security_group: (state, id) => state.by('port.security_group', id),
  address_scope: (state, id) => state.by('subnetpool.address_scope_id', id),
  subnetpool: (state, id) => state.by('subnet.subnetpool_id', id),
  address_group: (state, id) => state.by('security_group_rule.remote_address_group_id', id),
};

/** The projects that use an object. Linear in its uses. */
export function projectsUsing(state: StateReader, type: RbacObjectType, id: string): ReadonlySet<string> {
  return new Set(
    USERS[type](state, id)
      .map(({ project_id }) => project_id)
      .filter((project) => project !== ''),
  );
}

/** The projects of the routers whose gateway is on the network. */
export function projectsWithGatewayOn(state: StateReader, network: string): ReadonlySet<string> {
  const gateways = state.by('port.network_id', network).filter(({ device_owner }) => device_owner === 'network:router_gateway');
  return new Set(gateways.flatMap(({ device_id }) => state.get('router', device_id)?.project_id ?? []));
}
