import type { NeutronClient } from '../neutron-client.js';
import { NeutronError } from '../neutron-client.js';
import type { CheckContext } from './context.js';
import type { Field } from './field.js';
import { type Row, row } from './row.js';

/** What the API says to a request that must be refused; null when it was taken. */
const refusal = async (request: () => Promise<unknown>): Promise<NeutronError | null> => {
  try {
    await request();
    return null;
  } catch (error) {
    if (error instanceof NeutronError) return error;
    throw error;
  }
};

const inWords = (error: NeutronError | null): string => (error === null ? 'accepted' : `${error.status} ${error.type}: ${error.message}`);

const adjacencyRow = async (client: NeutronClient): Promise<Row> => {
  const networks = await client.list('networks');
  const adjacent = networks.filter((network) => network.l2_adjacency !== false);
  return row('S4', `l2_adjacency of all ${networks.length} networks`, {
    saw: adjacent.length === 0 ? 'false on every one' : `not false on ${adjacent.map(({ id }) => id).join(', ')}`,
    ok: networks.length > 0 && adjacent.length === 0,
  });
};

const takenAddressRow = async (client: NeutronClient, { near, nearNetwork }: Field): Promise<Row> => {
  const error = await refusal(
    async () => await client.create('ports', 'port', { network_id: nearNetwork, fixed_ips: [{ ip_address: near.v4 }] }),
  );
  return row('S12', `a second port with ${near.v4}`, { saw: inWords(error), ok: error?.status === 409 && error.type === 'IpAddressInUse' });
};

const overlapRow = async (client: NeutronClient, { tenantNetwork, nearSubnet, nearCidr }: Field): Promise<Row> => {
  const error = await refusal(
    async () => await client.create('subnets', 'subnet', { network_id: tenantNetwork, ip_version: 4, cidr: nearCidr }),
  );
  return row('S13', `${nearCidr} once more, on another network`, {
    saw: inWords(error),
    ok: error?.status === 409 && (error.message.includes(nearSubnet) || error.message.includes(nearCidr)),
  });
};

/** S4, S12, S13: what the API says and refuses. */
export const checkApi = async (field: Field, { client }: CheckContext): Promise<Row[]> => [
  await adjacencyRow(client),
  await takenAddressRow(client, field),
  await overlapRow(client, field),
];
