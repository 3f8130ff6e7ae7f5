import { asCidr, asIp, cidrContains, cidrsOverlap } from '@manx/ip';
import type { NeutronClient, NeutronResource } from '../neutron-client.js';
import type { CheckContext } from './context.js';
import type { Field } from './field.js';
import { refusal, refusedInWords } from './refusal.js';
import { type Row, row } from './row.js';

/** Makes things and takes them back in reverse, whatever happens. */
type Workbench = (collection: string, singular: string, body: object) => Promise<NeutronResource>;

const withWorkbench = async (client: NeutronClient, act: (make: Workbench) => Promise<readonly Row[]>): Promise<readonly Row[]> => {
  const made: (readonly [collection: string, id: string])[] = [];
  try {
    return await act(async (collection, singular, body) => {
      const one = await client.create(collection, singular, body);
      made.unshift([collection, one.id]);
      return one;
    });
  } finally {
    for (const [collection, id] of made) await client.remove(collection, id);
  }
};

const poolRow = async (client: NeutronClient, { tenantProject: project_id, spareCidr }: Field): Promise<readonly Row[]> =>
  await withWorkbench(client, async (make) => {
    const pool = await make('subnetpools', 'subnetpool', { name: 'check-pool', project_id, prefixes: [spareCidr], default_prefixlen: 26 });
    const network = await make('networks', 'network', { name: 'check-pooled', project_id });
    const subnets: NeutronResource[] = [];
    for (const name of ['check-pooled-1', 'check-pooled-2']) {
      const body = { name, project_id, network_id: network.id, ip_version: 4, subnetpool_id: pool.id, enable_dhcp: false };
      subnets.push(await make('subnets', 'subnet', body));
    }
    const [first = asCidr('0.0.0.0/0'), second = first] = subnets.map(({ cidr }) => asCidr(String(cidr)));
    const isWithin = [first, second].every((one) => cidrContains(spareCidr, asIp(one.split('/')[0] ?? '')) && one.endsWith('/26'));
    return [
      row('S15', `two subnets of /26 from a pool of ${spareCidr}`, {
        saw: `${first} and ${second}`,
        ok: isWithin && !cidrsOverlap(first, second),
      }),
    ];
  });

/** A scope of its own makes no space of its own: what overlaps is refused all the same, with the other subnet's name. */
const scopeRow = async (client: NeutronClient, field: Field): Promise<readonly Row[]> =>
  await withWorkbench(client, async (make) => {
    const { tenantProject: project_id, nearCidr, nearSubnet } = field;
    const network = await make('networks', 'network', { name: 'check-scoped', project_id });
    const scope = await make('address-scopes', 'address_scope', { name: 'check-scope', project_id, ip_version: 4 });
    const pool = await make('subnetpools', 'subnetpool', {
      name: 'check-pool',
      project_id,
      prefixes: [nearCidr],
      address_scope_id: scope.id,
      default_prefixlen: 26,
    });
    const error = await refusal(
      async () =>
        await client.create('subnets', 'subnet', {
          name: 'check-scoped',
          project_id,
          network_id: network.id,
          ip_version: 4,
          subnetpool_id: pool.id,
          cidr: nearCidr,
        }),
      async ({ id }) => await client.remove('subnets', id),
    );
    return [
      row('S15', `an address scope and a pool of ${nearCidr} are taken; a subnet of it, which overlaps, in that scope`, {
        saw: refusedInWords(error),
        ok: error?.status === 409 && error.message.includes(nearSubnet),
      }),
    ];
  });

/** S15: pools and scopes work as in Neutron, inside the one space. */
export const checkPools = async (field: Field, { client }: CheckContext): Promise<Row[]> => [
  ...(await poolRow(client, field)),
  ...(await scopeRow(client, field)),
];
