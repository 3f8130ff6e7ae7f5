import type { HostState } from '@manx/hoststate';
import { admitEndpoints } from './admit-endpoints.js';
import { type BirdSettings, renderBird, withApiPeers } from './bird/index.js';
import { renderDnsmasq } from './dnsmasq/index.js';
import type { HostPlan, ProgramPlan, RenderProblem } from './host-plan.js';
import { type Listening, renderGroups } from './nft/group-tables.js';
import { renderTables } from './nft/render-tables.js';
import { remember } from './remember.js';
import { renderHostSysctls, renderLinks } from './render-links.js';
import { renderRoutes } from './render-routes.js';
import { withSnatRoute } from './render-snat-route.js';
import type { RenderSettings } from './settings.js';

const NO_LISTENING: Listening = { memberships: new Map(), tunnel: null };

const bird = remember(renderBird);

/** By peers, and by settings, of which a host has one. */
const speaking = remember((peers: HostState['bgpPeers']) =>
  remember(({ bird: settings }: { readonly bird?: BirdSettings }) => withApiPeers(settings, peers)),
);

const NO_PROGRAM: ProgramPlan = { files: new Map() };

/**
 * Says a host state in the kernel's words. The same objects in give the same objects out, by reference, so that one
 * changed endpoint costs one endpoint; what cannot be said is left out, fail-closed, and listed in `problems`.
 */
export function renderHost(state: HostState, settings: RenderSettings, listening: Listening = NO_LISTENING): HostPlan {
  const { endpoints, problems } = admitEndpoints(state);
  const nft = renderTables(state, endpoints, settings);
  const groups = renderGroups({ sets: state.sets, endpoints, listening, own: settings.multicast?.address ?? null });
  const { routes, neighbours, problems: taken } = withSnatRoute(renderRoutes(endpoints), settings);
  const bgp = speaking(state.bgpPeers)(settings);
  return {
    tables: [...nft.tables.slice(0, 1), ...groups, ...nft.tables.slice(1)],
    links: renderLinks(state, endpoints, settings),
    routes,
    neighbours,
    sysctls: renderHostSysctls(),
    dnsmasq: settings.dnsmasq === undefined ? NO_PROGRAM : renderDnsmasq(state, settings.dnsmasq),
    bird: bgp.settings === null ? NO_PROGRAM : bird(bgp.settings),
    problems: [...problems, ...nft.problems, ...taken, ...bgp.problems].sort(bySubject),
  };
}

function bySubject(a: RenderProblem, b: RenderProblem): number {
  return a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0;
}
