import type { NeutronClient, NeutronResource } from '../neutron-client.js';

/** Removes the routers and floating IPs that a check, this one or one that was killed, made; its networks are the field's to remove. */
export const clearStreet = async (client: NeutronClient, isOurs: (resource: NeutronResource) => boolean): Promise<void> => {
  const routers = (await client.list('routers')).filter(isOurs);
  for (const { id, router_id } of await client.list('floatingips')) {
    if (routers.some((router) => router.id === router_id) || router_id === null) await removeFloating(client, id, isOurs);
  }
  for (const router of routers) {
    for (const port of await client.list('ports', { device_id: router.id, device_owner: 'network:router_interface' })) {
      await client.act('routers', router.id, { action: 'remove_router_interface', body: { port_id: port.id } });
    }
    await client.remove('routers', router.id);
  }
};

/** Removes a floating IP if it is of a network of ours. */
const removeFloating = async (client: NeutronClient, id: string, isOurs: (resource: NeutronResource) => boolean): Promise<void> => {
  const floatingIp = await client.show('floatingips', id);
  const network = await client.show('networks', String(floatingIp['floating_network_id']));
  if (!isOurs(network)) return;
  for (const { id: forwarding } of await client.list(`floatingips/${id}/port_forwardings`)) {
    await client.remove(`floatingips/${id}/port_forwardings`, forwarding);
  }
  await client.remove('floatingips', id);
};
