import { asIp, type Ip } from '@manx/ip';
import type { NeutronClient } from '../neutron-client.js';
import { allDone } from './all-done.js';
import type { Field, Guest } from './field.js';
import { bootGuest } from './make-field.js';

/** An external network, a router that connects tenant's network with it, and two more instances there: the tenant pattern. */
export type Street = {
  readonly network: string;
  readonly router: string;
  /** On the network of tenant, host two (host one, in a lab of one), everything allowed in. */
  readonly tenantFar: Guest;
  /** There as well, on tenant's host. */
  readonly tenantMate: Guest;
};

/** A floating IP of the street. */
export type Floating = { readonly id: string; readonly address: Ip };

/** The tenant's subnet as a router's interface. */
const interfaceOf = ({ tenantSubnet }: Pick<Field, 'tenantSubnet'>): object => ({ subnet_id: tenantSubnet });

/** Makes the street; `clearStreet` takes it away. */
export const openStreet = async (field: Field, client: NeutronClient): Promise<Street> => {
  const { tenantProject: project_id, streetCidr } = field;
  const network = await client.create('networks', 'network', { name: 'check-street', project_id, 'router:external': true });
  const subnet = { name: 'check-street-v4', project_id, network_id: network.id, ip_version: 4, cidr: streetCidr, enable_dhcp: false };
  await client.create('subnets', 'subnet', subnet);
  const external_gateway_info = { network_id: network.id };
  const router = await client.create('routers', 'router', { name: 'check-street', project_id, external_gateway_info });
  await client.act('routers', router.id, { action: 'add_router_interface', body: interfaceOf(field) });
  const site = { network: field.tenantNetwork, project: project_id, subnets: [field.tenantSubnet] };
  const wanted = { site, project: project_id, group: field.openGroup };
  const [tenantFar, tenantMate] = await allDone(
    bootGuest({ ...wanted, name: 'tenant-far', host: field.far.host }),
    bootGuest({ ...wanted, name: 'tenant-mate', host: field.tenant.host }),
  );
  return { network: network.id, router: router.id, tenantFar, tenantMate };
};

/** A floating IP of the street, for an instance or for none yet. */
export const makeFloating = async ({ network }: Street, client: NeutronClient, { project, to }: { project: string; to: Guest | null }) => {
  const body = { floating_network_id: network, project_id: project, port_id: to?.port_id ?? null };
  const made = await client.create('floatingips', 'floatingip', body);
  const address = asIp(String(made['floating_ip_address']));
  return { id: made.id, address } satisfies Floating;
};
