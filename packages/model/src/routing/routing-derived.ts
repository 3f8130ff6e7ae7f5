import type { Derived, Row } from '../derived.js';
import type { Viewpoint } from '../viewpoint.js';
import { visibilityTest } from '../visibility.js';

/** What of this folder is derived, not stored. */
export const ROUTING_DERIVED: readonly Derived[] = [
  {
    name: 'floatingip_pool',
    singular: 'floatingip_pool',
    collection: 'floatingip_pools',
    path: 'floatingip-pools',
    otherPath: 'floatingip_pools',
    doc: 'The IPv4 subnets that floating IPs can be taken from.',
    key: null,
    attributes: {
      subnet_id: { type: 'string' },
      subnet_name: { type: 'string' },
      network_id: { type: 'string' },
      cidr: { type: 'string' },
      tenant_id: { type: 'string' },
      project_id: { type: 'string' },
    },
    notFound: 'The resource could not be found.',
    rows: floatingIpPools,
  },
];

/** One row a subnet of the external networks that the actor may know of, by subnet id; owned, as Neutron says it, by whoever asks. */
function floatingIpPools(viewpoint: Viewpoint): readonly Row[] {
  const { state, actor } = viewpoint;
  const isSeen = visibilityTest(viewpoint, 'network');
  return [...state.all('network')]
    .filter((network) => network['router:external'] && isSeen(network))
    .flatMap((network) => state.by('subnet.network_id', network.id))
    .filter((subnet) => subnet.ip_version === 4)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((subnet) => ({
      subnet_id: subnet.id,
      subnet_name: subnet.name,
      network_id: subnet.network_id,
      cidr: subnet.cidr,
      tenant_id: actor.project_id,
      project_id: actor.project_id,
    }));
}
