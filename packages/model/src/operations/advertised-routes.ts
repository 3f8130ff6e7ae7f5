import { type Cidr, compareCidrs, familyOf, hostCidr, type Ip } from '@manx/ip';
import type { Port } from '../port.js';
import type { StateReader } from '../state-reader.js';
import type { BgpSpeaker } from './bgp-speaker.js';

/** One route that a host announces. Whom packets go to is the host's own address in the fabric, which the API does not know. */
export type AdvertisedRoute = { readonly destination: Cidr; readonly next_hop: null; readonly host: string };

const ROUTER_INTERFACE = 'network:router_interface';

/**
 * What hosts announce within a speaker's scope, by prefix: a host route for each address of the speaker's family of live ports on its networks and on
 * the networks that a router connects to them, and for each floating IP in use of its networks.
 */
export function advertisedRoutes(speaker: BgpSpeaker, state: StateReader): readonly AdvertisedRoute[] {
  const routes = new Map<string, AdvertisedRoute>();
  const add = (ip: Ip, host: string): void => {
    if (familyOf(ip) === speaker.ip_version) routes.set(`${ip} ${host}`, { destination: hostCidr(ip), next_hop: null, host });
  };
  const live = (id: string): readonly Port[] => state.by('port.network_id', id).filter((port) => port.status === 'ACTIVE');
  const networks = speaker.advertise_tenant_networks ? scopeOf(speaker, state) : [];
  for (const network of networks) {
    for (const port of live(network)) for (const { ip_address } of port.fixed_ips) add(ip_address, port['binding:host_id']);
  }
  for (const network of speaker.advertise_floating_ip_host_routes ? speaker.networks : []) {
    for (const { floating_ip_address, port_id } of state.by('floatingip.floating_network_id', network)) {
      const port = port_id === null ? undefined : state.get('port', port_id);
      if (port?.status === 'ACTIVE') add(floating_ip_address, port['binding:host_id']);
    }
  }
  return [...routes.values()]
    .filter(({ host }) => host !== '')
    .sort((a, b) => compareCidrs(a.destination, b.destination) || (a.host < b.host ? -1 : 1));
}

/** The speaker's networks, and those of the interfaces of routers whose gateway is on one of them. */
function scopeOf(speaker: BgpSpeaker, state: StateReader): readonly string[] {
  const own = new Set(speaker.networks);
  const behind = [...state.all('router')]
    .filter(({ gateway }) => gateway !== null && own.has(gateway.network_id))
    .flatMap(({ id }) => state.by('port.device_id', id))
    .filter(({ device_owner }) => device_owner === ROUTER_INTERFACE)
    .map(({ network_id }) => network_id);
  return [...new Set([...own, ...behind])];
}
