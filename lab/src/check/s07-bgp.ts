import type { NeutronClient, NeutronResource } from '../neutron-client.js';
import { type CheckRouter, startCheckRouter } from './check-router.js';
import type { CheckContext } from './context.js';
import type { Field } from './field.js';
import { patienceMs } from './reach.js';
import { refusal, refusedInWords } from './refusal.js';
import { type Row, row } from './row.js';
import { within } from './within.js';

/** The router's AS number, and that of all hosts towards it. */
const asns = { asn: 65_099, hostAsn: 65_100 } as const;

/** How soon a new route is to be known elsewhere. */
const quickMs = 200;

/** How long an agent may take to tell of its sessions. */
const tellMs = 10_000;

const speakerBody = { name: 'check-speaker', local_as: asns.hostAsn, ip_version: 4 } as const;

const peerRow = async (router: CheckRouter, { lab: { hosts }, near, far }: Field): Promise<Row> => {
  const wanted = [`${near.v4}/32 ${near.host}`, `${far.v4}/32 ${far.host}`];
  const ms = await within(async () => {
    const [sessions, routes] = await Promise.all([router.sessions(), router.routes()]);
    return sessions.length === hosts.length && wanted.every((one) => routes.includes(one));
  }, tellMs);
  return row('S7', `a BGP peer that the API gives to hosts (${router.address}, with a password)`, {
    saw:
      ms === null
        ? `sessions with ${(await router.sessions()).join(', ') || 'none'}`
        : `sessions with all hosts, and their routes, after ${ms} ms`,
    ok: ms !== null,
  });
};

/** What the API says is announced is what the router was told, route by route. */
const toldRow = async (router: CheckRouter, client: NeutronClient, speaker: string): Promise<Row> => {
  const listed = async (): Promise<readonly string[]> =>
    (await client.list(`bgp-speakers/${speaker}/get_advertised_routes`))
      .map((one) => `${String(one['destination'])} ${String(one['host'])}`)
      .sort();
  const isAlike = async (): Promise<boolean> => {
    const [said, told] = await Promise.all([listed(), router.routes()]);
    return said.length > 0 && said.join() === told.join();
  };
  const ms = await within(isAlike, tellMs);
  const [said, told] = [await listed(), await router.routes()];
  return row('S7', 'get_advertised_routes of the speaker, beside what the router was told', {
    saw: ms === null ? `${said.length} and ${told.length}, NOT alike` : `${said.length} routes, each alike`,
    ok: ms !== null,
  });
};

const quickRow = async (router: CheckRouter, client: NeutronClient, { near, spareAddress }: Field): Promise<Row> => {
  const pairs = async (...addresses: readonly string[]): Promise<unknown> =>
    await client.update('ports', 'port', {
      id: near.port_id,
      body: { allowed_address_pairs: addresses.map((ip_address) => ({ ip_address })) },
    });
  const isKnown = async (): Promise<boolean> => (await router.routes()).includes(`${spareAddress}/32 ${near.host}`);
  try {
    await pairs(spareAddress);
    const ms = await within(isKnown, patienceMs);
    return row('S7', `an address that an instance is given is at the router (the goal is ${quickMs} ms)`, {
      saw: ms === null ? 'NOT' : `${ms} ms after the API's answer`,
      ok: ms !== null && ms < quickMs * 5,
    });
  } finally {
    await pairs();
  }
};

/** One that was given a network before it had peers: it tells of what is inside it, and of nothing else. */
const scopedRow = async (router: CheckRouter, client: NeutronClient, { near, tenant }: Field): Promise<Row> => {
  const isAlone = async (): Promise<boolean> => {
    const routes = await router.routes();
    return routes.some((one) => one.startsWith(`${near.v4}/`)) && !routes.some((one) => one.startsWith(`${tenant.v4}/`));
  };
  const ms = await within(isAlone, tellMs);
  const routes = await router.routes();
  const networks = (await client.list('bgp-speakers', { name: speakerBody.name })).map(
    ({ networks: all }) => (all as readonly string[]).length,
  );
  return row('S7', `what a speaker of ${networks.join()} network announces`, {
    saw: ms === null ? `NOT it alone: ${routes.join(', ')}` : `the addresses of the network alone (${routes.length})`,
    ok: ms !== null,
  });
};

const goneRow = async (router: CheckRouter): Promise<Row> => {
  const ms = await within(async () => (await router.sessions()).length + (await router.routes()).length === 0, patienceMs);
  return row('S7', 'a BGP peer that is taken from its speaker', {
    saw: ms === null ? `STILL ${(await router.sessions()).join(', ')}` : `no session and no route after ${ms} ms`,
    ok: ms !== null,
  });
};

const refusedRow = async (client: NeutronClient, { near, tenantProject: project_id }: Field): Promise<Row> => {
  const error = await refusal(
    async () =>
      await client.create('bgp-peers', 'bgp_peer', {
        name: 'check-peer',
        project_id,
        peer_ip: near.v4,
        remote_as: asns.asn,
        auth_type: 'none',
      }),
    async ({ id }) => await client.remove('bgp-peers', id),
  );
  return row('S18', `a BGP peer with the address of an instance (${near.v4})`, {
    saw: refusedInWords(error),
    ok: error?.status === 409,
  });
};

/** S7: a router that an administrator names by the API is told of what hosts have, as fast as any, and of no more than it should be. */
export const checkBgp = async (field: Field, { client }: CheckContext): Promise<Row[]> => {
  const { lab, tenantProject: project_id, nearNetwork } = field;
  const password = `check-${field.near.port_id.slice(0, 8)}`;
  const router = await startCheckRouter(lab.hosts, { ...asns, password });
  const made: (readonly [collection: string, id: string])[] = [];
  const make = async (collection: string, singular: string, body: object): Promise<NeutronResource> => {
    const one = await client.create(collection, singular, { project_id, ...body });
    made.unshift([collection, one.id]);
    return one;
  };
  const act = async (speaker: string, action: string, body: object): Promise<void> =>
    await client.act('bgp-speakers', speaker, { action, body });
  try {
    const { id: bgp_peer_id } = await make('bgp-peers', 'bgp_peer', {
      name: 'check-peer',
      peer_ip: router.address,
      remote_as: router.asn,
      auth_type: 'md5',
      password,
    });
    const { id: all } = await make('bgp-speakers', 'bgp_speaker', speakerBody);
    await act(all, 'add_bgp_peer', { bgp_peer_id });
    const rows = [await peerRow(router, field), await toldRow(router, client, all), await quickRow(router, client, field)];
    await act(all, 'remove_bgp_peer', { bgp_peer_id });
    rows.push(await goneRow(router));
    await client.remove('bgp-speakers', all);
    made.splice(
      made.findIndex(([, id]) => id === all),
      1,
    );
    const { id: narrow } = await make('bgp-speakers', 'bgp_speaker', speakerBody);
    await act(narrow, 'add_gateway_network', { network_id: nearNetwork });
    await act(narrow, 'add_bgp_peer', { bgp_peer_id });
    rows.push(await scopedRow(router, client, field), await refusedRow(client, field));
    return rows;
  } finally {
    for (const [collection, id] of made) await client.remove(collection, id);
    await router.close();
  }
};
