import { ipValue } from '@manx/ip';
import type { Derived, Row } from '../derived.js';
import type { Network } from '../network.js';
import type { StateReader } from '../state-reader.js';
import type { Subnet } from '../subnet.js';

/** How many addresses networks and their subnets have, and how many are held: neutron `db/network_ip_availability_db.py`. */
export const networkIpAvailability: Derived = {
  name: 'network_ip_availability',
  singular: 'network_ip_availability',
  collection: 'network_ip_availabilities',
  path: 'network-ip-availabilities',
  doc: 'How many addresses the pools of a network have, and how many ports hold.',
  key: 'network_id',
  attributes: {
    network_id: { type: 'string', format: 'uuid' },
    network_name: { type: 'string' },
    tenant_id: { type: 'string' },
    project_id: { type: 'string' },
    total_ips: { type: 'integer' },
    used_ips: { type: 'integer' },
    subnet_ip_availability: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          subnet_id: { type: 'string', format: 'uuid' },
          ip_version: { enum: [4, 6] },
          cidr: { type: 'string' },
          subnet_name: { type: 'string' },
          used_ips: { type: 'integer' },
          total_ips: { type: 'integer' },
        },
      },
    },
  },
  filters: { ip_version: (row, wanted) => subnetsIn(row).some(({ ip_version }) => String(ip_version) === wanted) },
  notFound: 'Network {id} could not be found.',
  notFoundCode: 'NetworkNotFound',
  rows: ({ state }) => [...state.idsAfter('network', '')].flatMap((id) => rowOf(state, state.get('network', id))),
};

function rowOf(state: StateReader, network: Network | undefined): Row[] {
  if (network === undefined) return [];
  const subnets = state
    .by('subnet.network_id', network.id)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((subnet) => ({
      subnet_id: subnet.id,
      ip_version: subnet.ip_version,
      cidr: subnet.cidr,
      subnet_name: subnet.name,
      used_ips: usedOf(state, subnet.id),
      total_ips: numberOf(totalOf(subnet)),
    }));
  return [
    {
      network_id: network.id,
      network_name: network.name,
      tenant_id: network.project_id,
      project_id: network.project_id,
      subnet_ip_availability: subnets,
      total_ips: numberOf(subnets.reduce((sum, { total_ips }) => sum + BigInt(total_ips), 0n)),
      used_ips: subnets.reduce((sum, { used_ips }) => sum + used_ips, 0),
    },
  ];
}

function subnetsIn(row: Row): ReadonlyArray<{ readonly ip_version: number }> {
  return row['subnet_ip_availability'] as ReadonlyArray<{ readonly ip_version: number }>;
}

/** The addresses of a subnet's pools; of the whole prefix when it has none, as Neutron counts. */
function totalOf({ allocation_pools: pools, ip_version, cidr }: Subnet): bigint {
  if (pools.length === 0) return 1n << BigInt((ip_version === 4 ? 32 : 128) - Number(cidr.slice(cidr.indexOf('/') + 1)));
  return pools.reduce((sum, { start, end }) => sum + ipValue(end) - ipValue(start) + 1n, 0n);
}

/** A port can hold several addresses of one subnet. */
function usedOf(state: StateReader, subnetId: string): number {
  return state
    .by('port.subnet_id', subnetId)
    .reduce((sum, { fixed_ips }) => sum + fixed_ips.filter(({ subnet_id }) => subnet_id === subnetId).length, 0);
}

/** A plain number while it is exact. */
function numberOf(count: bigint): number | bigint {
  return count <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(count) : count;
}
