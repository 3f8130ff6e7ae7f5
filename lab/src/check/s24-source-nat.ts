import { readFile, writeFile } from 'node:fs/promises';
import { asIp, type Ip, offsetIp } from '@manx/ip';
import { parse, stringify } from 'yaml';
import { labPaths } from '../lab-paths.js';
import { outsideAddress4, outsideNamespace } from '../layout.js';
import type { ProcessControl } from '../process-control.js';
import { openFlow } from './open-flow.js';
import { inWords, ping, silenceMs, tcpTo, udpTo } from './reach.js';
import { type Row, row } from './row.js';
import { announcers, type OnStreet } from './s21-floating-ips.js';
import { within } from './within.js';

const port = 7_501;

/** An address that the operator gives a host for source NAT: of the fabric's own, which no subnet has. */
const snat: Ip = offsetIp(asIp('198.18.254.0'), 1n) ?? asIp('198.18.254.1');

/** Writes the host's agent.yaml with other settings and starts its agent anew. */
const withSettings = async (host: string, more: object, processes: ProcessControl): Promise<void> => {
  const path = labPaths.agentSettings(host);
  const { host_snat: _, ...settings } = parse(await readFile(path, 'utf8')) as { readonly host_snat?: unknown };
  await processes.killAgent(host);
  await writeFile(path, stringify({ ...settings, ...more }));
  await processes.startAgent(host);
};

/** As whom an instance without a floating IP is seen outside. */
const seenOutside = async ({ street }: OnStreet): Promise<string | null> => {
  const seen = await tcpTo(street.tenantFar.netns, outsideAddress4, { waitMs: 500 });
  return seen.kind === 'answered' ? seen.source : null;
};

const offRow = async (at: OnStreet): Promise<Row> => {
  const seen = await seenOutside(at);
  return row('S24', 'a router with enable_snat, a host without host_snat: as whom an instance is seen outside', {
    saw: seen ?? 'SILENT',
    ok: seen === at.street.tenantFar.v4,
  });
};

const onRow = async (at: OnStreet): Promise<Row> => {
  const { tenantFar } = at.street;
  const onMs = await within(async () => (await seenOutside(at)) === snat);
  const [echo, udp, hosts] = await Promise.all([
    ping(tenantFar.netns, outsideAddress4),
    udpTo(tenantFar.netns, outsideAddress4, { bytes: 3_000 }),
    announcers(at.field, snat),
  ]);
  return row('S24', `host_snat: { address: ${snat} } on its host, and the agent started anew`, {
    saw: `${onMs === null ? 'NOT so within 1 s' : `seen as ${snat} after ${onMs} ms`}; ping ${echo === null ? 'SILENT' : 'answered'}, UDP of 3000 bytes ${inWords(udp)}; announced by ${hosts.join(', ')}`,
    ok: onMs !== null && echo !== null && udp.kind === 'answered' && udp.source === snat && hosts.join() === tenantFar.host,
  });
};

/** S6: to instances it is itself; who is on another network, or reaches it from outside, is not concerned. */
const asItselfRow = async ({ street: { tenantFar }, field: { near, far, tenant } }: OnStreet): Promise<Row> => {
  const [mate, there, other, into, router] = await Promise.all([
    tcpTo(tenantFar.netns, near.v4),
    tcpTo(tenantFar.netns, tenant.v4),
    tcpTo(far.netns, outsideAddress4),
    tcpTo(outsideNamespace, tenantFar.v4),
    tcpTo(outsideNamespace, snat, { waitMs: silenceMs }),
  ]);
  const sources = [mate, there, other, into].map((one) => (one.kind === 'answered' ? one.source : one.kind));
  return row(
    'S24',
    'the same instance to others; a neighbour of another network to the outside; in from the outside; to the address itself',
    {
      saw: `${sources.join(', ')}; ${inWords(router)}`,
      ok: sources.join() === [tenantFar.v4, tenantFar.v4, far.v4, outsideAddress4].join() && router.kind === 'silent',
    },
  );
};

/** `enable_snat` turned off and on again, under a flow that goes out by it and one to an instance. */
const revokedRow = async (at: OnStreet): Promise<Row> => {
  const { street, client, field } = at;
  const set = async (enable_snat: boolean) =>
    await client.update('routers', 'router', {
      id: street.router,
      body: { external_gateway_info: { network_id: street.network, enable_snat } },
    });
  const flow = await openFlow(street.tenantFar, { netns: outsideNamespace, address: outsideAddress4, port });
  const inner = await openFlow(street.tenantFar, { netns: field.near.netns, address: field.near.v4, port });
  try {
    const lived = (await flow.lives()) && (await inner.lives());
    await set(false);
    const cutMs = await within(async () => !(await flow.lives(200)));
    const stays = !(await flow.lives(700));
    const isSpared = await inner.lives();
    const bareMs = await within(async () => (await seenOutside(at)) === street.tenantFar.v4);
    await set(true);
    const againMs = await within(async () => (await seenOutside(at)) === snat);
    const faults = [
      ...(lived ? [] : ['not all flows lived before']),
      ...(cutMs === null || !stays ? ['the flow out is NOT cut'] : []),
      ...(isSpared ? [] : ['the flow to an instance DIED']),
      ...(bareMs === null ? ['the fixed IP does NOT go out as it is'] : []),
      ...(againMs === null ? ['NOT translated again'] : []),
    ];
    return row('S24', 'enable_snat is turned off, and on again, under a flow out and one to an instance', {
      saw:
        faults.join('; ') ||
        `the flow out is cut, the other lives on; out as the fixed IP after ${bareMs} ms, as ${snat} again after ${againMs} ms`,
      ok: faults.length === 0,
    });
  } finally {
    flow.close();
    inner.close();
  }
};

/** The setting is taken away again: no flow goes on as an address that the host does not announce any more, and others do. */
const goneRow = async (at: OnStreet, processes: ProcessControl): Promise<Row> => {
  const { street, field } = at;
  const { tenantFar } = street;
  const flow = await openFlow(tenantFar, { netns: outsideNamespace, address: outsideAddress4, port });
  const inner = await openFlow(tenantFar, { netns: field.near.netns, address: field.near.v4, port });
  try {
    await withSettings(tenantFar.host, {}, processes);
    const bareMs = await within(async () => (await seenOutside(at)) === tenantFar.v4);
    const [isCut, isSpared, hosts] = [!(await flow.lives(700)), await inner.lives(), await announcers(field, snat)];
    return row('S24', 'host_snat taken out again, and the agent started anew, under a flow out and one to an instance', {
      saw: `${bareMs === null ? 'NOT as it was within 1 s' : 'as it was'}; the flow out ${isCut ? 'is cut' : 'LIVES ON'}, the other ${isSpared ? 'lives on' : 'DIED'}; announced by ${hosts.join(', ') || 'nobody'}`,
      ok: bareMs !== null && isCut && isSpared && hosts.length === 0,
    });
  } finally {
    flow.close();
    inner.close();
  }
};

/** S24: source NAT of a router at the host of the instance, where the operator has turned it on. */
export const sourceNatRows = async (at: OnStreet, processes: ProcessControl): Promise<Row[]> => {
  const { host } = at.street.tenantFar;
  const rows = [await offRow(at)];
  try {
    await withSettings(host, { host_snat: { address: snat } }, processes);
    rows.push(await onRow(at), await asItselfRow(at), await revokedRow(at));
  } finally {
    rows.push(await goneRow(at, processes));
  }
  return rows;
};
