import { hostNamespace, outsideAddress4, outsideNamespace } from '../layout.js';
import { execIn } from '../namespace-exec.js';
import { type NeutronClient, NeutronError } from '../neutron-client.js';
import { waitUntil } from '../program.js';
import type { Field } from './field.js';
import { echoPort, inWords, ping, silenceMs, tcpTo, udpTo } from './reach.js';
import { type Row, row } from './row.js';
import { type Floating, makeFloating, type Street } from './street.js';
import { agreesBothWays, tracedText, traceOf } from './trace-of.js';

/** What the rows of the street work with. */
export type OnStreet = { readonly field: Field; readonly street: Street; readonly client: NeutronClient };

/** Datagrams that no link carries whole. */
const bigBytes = 3_000;

type Asking = { readonly who: string; readonly netns: string; readonly source: string };

/** Waits until the outside reaches a floating IP, or for as long as anything may take; the rows say whether it did. */
export const reachable = async (address: string): Promise<void> => {
  await Promise.allSettled([waitUntil('the floating IP', async () => (await ping(outsideNamespace, address, 200)) !== null, 3_000)]);
};

const askRow = async ({ who, netns, source }: Asking, { address }: Floating): Promise<Row> => {
  const [echo, tcp, udp] = await Promise.all([ping(netns, address), tcpTo(netns, address), udpTo(netns, address, { bytes: bigBytes })]);
  return row('S21', `the floating IP of an instance, asked by ${who}`, {
    saw: `ping ${echo === null ? 'SILENT' : 'answered'}, TCP ${inWords(tcp)}, UDP of ${bigBytes} bytes ${inWords(udp)}`,
    ok: echo !== null && [tcp, udp].every((one) => one.kind === 'answered' && one.source === source),
  });
};

/** The hosts that have a route of ours to an address, which is what they announce. */
export const announcers = async ({ lab }: Field, address: string): Promise<readonly string[]> => {
  const routes = await Promise.all(
    lab.hosts.map(
      async (host) => [host, (await execIn(hostNamespace(host), ['ip', 'route', 'show', address, 'proto', '80'])).stdout] as const,
    ),
  );
  return routes.flatMap(([host, text]) => (text.trim() === '' ? [] : [host]));
};

const placeRow = async ({ field }: OnStreet, { address }: Floating): Promise<Row> => {
  const hosts = await announcers(field, address);
  const { stdout } = await execIn(outsideNamespace, ['traceroute', '-4', '-n', '-q', '1', '-w', '2', '-m', '8', address]);
  const hops = stdout
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/)[1] ?? '*');
  return row('S21', 'who announces the floating IP; traceroute to it from the outside', {
    saw: `${hosts.join(', ') || 'nobody'}, the instance is on ${field.tenant.host}; ${hops.join(', ')}`,
    ok: hosts.join() === field.tenant.host && hops.length === 3 && hops.at(-1) === address,
  });
};

/** S22, S6: as whom the instance begins. */
const sourceRow = async ({ field: { tenant, mate, far } }: OnStreet, { address }: Floating): Promise<Row> => {
  const [out, ...inside] = await Promise.all([
    tcpTo(tenant.netns, outsideAddress4),
    tcpTo(tenant.netns, mate.v4),
    tcpTo(tenant.netns, far.v4),
  ]);
  const isOwn = inside.every((one) => one.kind === 'answered' && one.source === tenant.v4);
  return row('S22', 'as whom the instance begins flows to the outside, and to instances on its host and on another', {
    saw: `${inWords(out)}; ${inside.map(inWords).join('; ')}`,
    ok: out.kind === 'answered' && out.source === address && isOwn,
  });
};

/** As whom an instance is seen outside. */
const sourceOf = async ({ netns }: { readonly netns: string }): Promise<string | null> => {
  const seen = await tcpTo(netns, outsideAddress4, { waitMs: silenceMs });
  return seen.kind === 'answered' ? seen.source : null;
};

/** Groups hold as they do without a floating IP, on the far side of the translation. */
const groupRow = async (at: OnStreet): Promise<Row> => {
  const { shy } = at.field;
  const subnet = { subnet_id: at.field.nearSubnet };
  await at.client.act('routers', at.street.router, { action: 'add_router_interface', body: await spare(at) });
  const floating = await makeFloating(at.street, at.client, { project: at.field.tenantProject, to: shy });
  try {
    await Promise.allSettled([waitUntil('the floating IP', async () => (await sourceOf(shy)) === floating.address, 3_000)]);
    const [tcp, echo, back] = await Promise.all([
      tcpTo(outsideNamespace, floating.address, { waitMs: silenceMs }),
      ping(at.field.mate.netns, floating.address, silenceMs),
      tcpTo(shy.netns, outsideAddress4),
    ]);
    return row('S21', 'a floating IP of an instance of the default group: from outside and a neighbour; and out', {
      saw: `TCP ${inWords(tcp)}, ping ${echo === null ? 'silent' : 'ANSWERED'}; out: ${inWords(back)}`,
      ok: tcp.kind === 'silent' && echo === null && back.kind === 'answered' && back.source === floating.address,
    });
  } finally {
    await at.client.remove('floatingips', floating.id);
    await at.client.act('routers', at.street.router, { action: 'remove_router_interface', body: subnet });
  }
};

/** A port for the router on near's subnet, whose gateway address another may hold. */
const spare = async ({ field, client }: OnStreet): Promise<{ readonly port_id: string }> => {
  const body = {
    network_id: field.nearNetwork,
    project_id: field.tenantProject,
    fixed_ips: [{ subnet_id: field.nearSubnet }],
    name: 'check-street',
  };
  return { port_id: (await client.create('ports', 'port', body)).id };
};

/** S30: a flow that is translated on its way, tried. */
const traceRow = async ({ field: { far }, client }: OnStreet, { address }: Floating): Promise<Row> => {
  const traced = await traceOf(client, { source: far.port_id, destination: address, protocol: 'tcp', port: echoPort });
  return row('S30', 'trace, an instance on another host to the floating IP by TCP', {
    saw: traced.map(tracedText).join('; '),
    ok: traced.length === 1 && traced.every(agreesBothWays),
  });
};

/** S14: an address is never both. */
const eitherRow = async ({ client, street, field }: OnStreet, { address }: Floating): Promise<Row> => {
  const body = { network_id: street.network, project_id: field.tenantProject, fixed_ips: [{ ip_address: address }] };
  const refusal = await client.create('ports', 'port', body).then(
    () => 'TAKEN',
    (error: unknown) => (error instanceof NeutronError ? `${error.status} ${error.type}` : String(error)),
  );
  return row('S14', 'a port asks for an address that is a floating IP', { saw: refusal, ok: refusal === '409 IpAddressInUse' });
};

/** S25: the provider pattern. */
const providerRow = async ({ field: { near, nearSubnet }, client }: OnStreet): Promise<Row> => {
  const routers = await client.list('ports', { fixed_ips: `subnet_id=${nearSubnet}`, device_owner: 'network:router_interface' });
  const [into, out] = await Promise.all([tcpTo(outsideNamespace, near.v4), tcpTo(near.netns, outsideAddress4)]);
  return row('S25', 'an instance of a network without a router: from the outside, and to it', {
    saw: `${routers.length} routers; in: ${inWords(into)}; out: ${inWords(out)}`,
    ok:
      routers.length === 0 &&
      into.kind === 'answered' &&
      into.source === outsideAddress4 &&
      out.kind === 'answered' &&
      out.source === near.v4,
  });
};

/** S21, S22, S14, S25: a floating IP as everybody sees it. */
export const floatingRows = async (at: OnStreet): Promise<Row[]> => {
  const { tenant, mate, far, stranger } = at.field;
  const provider = await providerRow(at);
  const floating = await makeFloating(at.street, at.client, { project: at.field.tenantProject, to: tenant });
  await reachable(floating.address);
  const askers: readonly Asking[] = [
    { who: 'the outside', netns: outsideNamespace, source: outsideAddress4 },
    { who: 'a neighbour on its host', netns: mate.netns, source: mate.v4 },
    { who: 'an instance on another host', netns: far.netns, source: far.v4 },
    { who: 'an instance of another project', netns: stranger.netns, source: stranger.v4 },
    { who: 'the instance itself', netns: tenant.netns, source: floating.address },
  ];
  const rows = await Promise.all([
    ...askers.map(async (asking) => await askRow(asking, floating)),
    placeRow(at, floating),
    sourceRow(at, floating),
    eitherRow(at, floating),
    traceRow(at, floating),
  ]);
  await at.client.remove('floatingips', floating.id);
  return [...rows, await groupRow(at), provider];
};
