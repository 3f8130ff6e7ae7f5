import { cidrFirst, cidrOf } from '@manx/ip';
import type { NeutronClient, NeutronError } from '../neutron-client.js';
import type { CheckContext } from './context.js';
import type { Field, Guest } from './field.js';
import { refusal, refusedInWords } from './refusal.js';
import { type Row, row } from './row.js';

const adjacencyRow = async (client: NeutronClient): Promise<Row> => {
  const [networks, extensions] = await Promise.all([client.list('networks'), client.list('extensions')]);
  const adjacent = networks.filter((network) => network['l2_adjacency'] !== false);
  const isListed = extensions.some((extension) => extension['alias'] === 'l2_adjacency');
  return row('S4', `l2_adjacency of all ${networks.length} networks, and the extension of that name`, {
    saw: `${adjacent.length === 0 ? 'false on every one' : `not false on ${adjacent.map(({ id }) => id).join(', ')}`}; the extension is ${isListed ? '' : 'NOT '}listed`,
    ok: networks.length > 0 && adjacent.length === 0 && isListed,
  });
};

/** What is asked for in vain belongs to the check, so that it would go away with its other things. */
const owned = ({ tenantProject }: Field) => ({ name: 'check-refused', project_id: tenantProject });

const createRefused = async (client: NeutronClient, resource: 'port' | 'subnet', body: object): Promise<NeutronError | null> =>
  await refusal(
    async () => await client.create(`${resource}s`, resource, body),
    async ({ id }) => await client.remove(`${resource}s`, id),
  );

/** A port asks for an address beside its own. */
const changeRefused = async (
  client: NeutronClient,
  { port_id: id, addresses }: Guest,
  ip_address: string,
): Promise<NeutronError | null> => {
  const change = async (ips: readonly string[]) =>
    await client.update('ports', 'port', { id, body: { fixed_ips: ips.map((one) => ({ ip_address: one })) } });
  return await refusal(
    async () => await change([...addresses, ip_address]),
    async () => await change(addresses),
  );
};

const takenAddressRows = async (client: NeutronClient, field: Field): Promise<Row[]> => {
  const { near, mate, stranger, nearNetwork } = field;
  const isRight = (error: NeutronError | null) => error?.status === 409 && error.type === 'IpAddressInUse';
  const port = { ...owned(field), network_id: nearNetwork };
  const created = await createRefused(client, 'port', { ...port, fixed_ips: [{ ip_address: near.v4 }] });
  // The same MAC forms the same address by SLAAC (RFC 4862): it is enough for the one of the two to be refused.
  const created6 = await createRefused(client, 'port', { ...port, fixed_ips: [{ ip_address: near.v6 }], mac_address: near.mac });
  const changed = await changeRefused(client, mate, near.v4);
  // On another network the address is not even the subnet's.
  const elsewhere = await changeRefused(client, stranger, near.v4);
  return [
    row('S12', `a second port with ${near.v4}`, { saw: refusedInWords(created), ok: isRight(created) }),
    row('S12', `a second port with ${near.v6}`, { saw: refusedInWords(created6), ok: created6?.status === 409 }),
    row('S12', `${near.v4} for a port that there is, of its network and of another project's`, {
      saw: `${refusedInWords(changed)} / ${refusedInWords(elsewhere)}`,
      ok: isRight(changed) && elsewhere !== null,
    }),
  ];
};

const overlapRows = async (client: NeutronClient, field: Field): Promise<Row[]> => {
  const { tenantNetwork, nearSubnet, nearCidr, nearSubnet6, nearCidr6 } = field;
  const twice = cidrOf(cidrFirst(nearCidr), 23);
  const tries = [
    { did: `${nearCidr} once more, on another network`, cidr: nearCidr, subnet: nearSubnet },
    { did: `a half of it (${cidrOf(cidrFirst(nearCidr), 25)})`, cidr: cidrOf(cidrFirst(nearCidr), 25), subnet: nearSubnet },
    { did: `twice of it (${twice})`, cidr: twice, subnet: nearSubnet },
    { did: `${nearCidr6} once more, on another network`, cidr: nearCidr6, subnet: nearSubnet6 },
  ];
  const rows: Row[] = [];
  for (const { did, cidr, subnet } of tries) {
    const ip_version = cidr.includes(':') ? 6 : 4;
    const error = await createRefused(client, 'subnet', { ...owned(field), network_id: tenantNetwork, ip_version, cidr });
    rows.push(row('S13', did, { saw: refusedInWords(error), ok: error?.status === 409 && error.message.includes(subnet) }));
  }
  return rows;
};

/** S4, S12, S13: what the API says and refuses. */
export const checkApi = async (field: Field, { client }: CheckContext): Promise<Row[]> => [
  await adjacencyRow(client),
  ...(await takenAddressRows(client, field)),
  ...(await overlapRows(client, field)),
];
