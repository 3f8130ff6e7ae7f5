import { type Cidr, compareCidrs, familyOf } from '@manx/ip';
import type { StateReader } from '../state-reader.js';
import type { BgpSpeaker } from './bgp-speaker.js';

/** What decides where a speaker speaks, and of what. */
type Speaker = Pick<
  BgpSpeaker,
  'ip_version' | 'networks' | 'has_own_networks' | 'hosting' | 'advertise_floating_ip_host_routes' | 'advertise_tenant_networks'
>;

const ROUTER_INTERFACE = 'network:router_interface';

/** Whether the host of this agent speaks for the speaker: every one does, until the speaker is given to some, but those that it was taken from. */
export function isSpokenForBy({ hosting }: Pick<BgpSpeaker, 'hosting'>, agent: string): boolean {
  if (hosting === undefined) return true;
  return hosting.agents.includes(agent) !== hosting.isEverywhere;
}

/** Whether some host may speak for both; a host that is not known yet speaks for all that speak everywhere. */
export function isSomeHostShared(a: Pick<BgpSpeaker, 'hosting'>, b: Pick<BgpSpeaker, 'hosting'>): boolean {
  const isEverywhere = ({ hosting }: Pick<BgpSpeaker, 'hosting'>): boolean => hosting?.isEverywhere ?? true;
  if (isEverywhere(a) && isEverywhere(b)) return true;
  const [narrow, other] = isEverywhere(a) ? [b, a] : [a, b];
  return (narrow.hosting?.agents ?? []).some((agent) => isSpokenForBy(other, agent));
}

/** Whether a speaker announces all that its hosts have: until it is given a network, or one of its flags is off. */
export function isAnnouncingAll(speaker: Speaker): boolean {
  return speaker.has_own_networks !== true && speaker.advertise_floating_ip_host_routes && speaker.advertise_tenant_networks;
}

/**
 * The prefixes of the speaker's family that its hosts announce what they have of, sorted; null: all. With `advertise_floating_ip_host_routes`
 * those of its own networks, which floating IPs and instances right there have addresses of; with `advertise_tenant_networks` those of the networks that routers connect to them.
 */
export function announcedPrefixes(speaker: Speaker, state: StateReader): readonly Cidr[] | null {
  if (isAnnouncingAll(speaker)) return null;
  const networks = [
    ...(speaker.advertise_floating_ip_host_routes ? speaker.networks : []),
    ...(speaker.advertise_tenant_networks ? networksBehind(new Set(speaker.networks), state) : []),
  ];
  const prefixes = networks.flatMap((network) => state.by('subnet.network_id', network)).map(({ cidr }) => cidr);
  return [...new Set(prefixes)].filter((cidr) => familyOf(cidr) === speaker.ip_version).sort(compareCidrs);
}

/** The networks of the interfaces of routers whose gateway is on one of these. */
function networksBehind(networks: ReadonlySet<string>, state: StateReader): readonly string[] {
  if (networks.size === 0) return [];
  return [...state.all('router')]
    .filter(({ gateway }) => gateway !== null && networks.has(gateway.network_id))
    .flatMap(({ id }) => state.by('port.device_id', id))
    .filter(({ device_owner }) => device_owner === ROUTER_INTERFACE)
    .map(({ network_id }) => network_id)
    .filter((network) => !networks.has(network));
}
