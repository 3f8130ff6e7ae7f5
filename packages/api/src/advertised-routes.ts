import { announcedOf, bgpSessionName, type HostState } from '@manx/hoststate';
import { type Cidr, cidrContains, compareCidrs, familyOf } from '@manx/ip';
import { announcedPrefixes, type BgpSpeaker, type HostFact, isSpokenForBy, type StateReader } from '@manx/model';

/** One route that a host announces. Whom packets go to is the host's own address in the fabric, which the API does not know. */
type AdvertisedRoute = { readonly destination: Cidr; readonly next_hop: null; readonly host: string };

/** Where it is known what a host has: as it was compiled for it. */
export type AdvertisedRoutesOptions = { readonly hostState: (host: string) => HostState | null };

/** As BIRD says it of a session that carries routes. */
const ESTABLISHED = /^Established\b/;

/**
 * What hosts announce to the peers of a speaker, by prefix: of each host that speaks for it and has a session with a peer of it, as it last
 * reported, the prefixes of live ports that the speaker announces. A host's own address for source NAT is not among them. Linear in the ports of those hosts.
 */
export const advertisedRoutes = (
  speaker: BgpSpeaker,
  { state, hosts }: { readonly state: StateReader; readonly hosts: readonly HostFact[] },
  { hostState }: AdvertisedRoutesOptions,
): readonly AdvertisedRoute[] => {
  const within = announcedPrefixes(speaker, state);
  const sessions = new Set(speaker.peers.map(bgpSessionName));
  const isTold = (cidr: Cidr): boolean =>
    familyOf(cidr) === speaker.ip_version && (within === null || within.some((one) => cidrContains(one, cidr)));
  const routes = hosts
    .filter(({ host }) => state.by('agent.host', host).some(({ id }) => isSpokenForBy(speaker, id)))
    .filter(({ report }) => report?.bgp.some(({ name, state: word }) => sessions.has(name) && ESTABLISHED.test(word)) === true)
    .flatMap(({ host }) => {
      const live = [...(hostState(host)?.endpoints.values() ?? [])].filter(({ id }) => state.get('port', id)?.status === 'ACTIVE');
      const prefixes = new Set(live.flatMap((endpoint) => [...announcedOf(endpoint)]).filter(isTold));
      return [...prefixes].map((destination): AdvertisedRoute => ({ destination, next_hop: null, host }));
    });
  return routes.sort((a, b) => compareCidrs(a.destination, b.destination) || (a.host < b.host ? -1 : 1));
};
