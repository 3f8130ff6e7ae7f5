import { outsideAddress4, outsideNamespace } from '../layout.js';
import type { ProcessControl } from '../process-control.js';
import { serveTcp } from '../wire/tcp-probe.js';
import type { Guest } from './field.js';
import { type OpenFlow, openFlow } from './open-flow.js';
import { inWords, silenceMs, tcpTo } from './reach.js';
import { type Row, row } from './row.js';
import { announcers, type OnStreet, reachable } from './s21-floating-ips.js';
import { type Floating, makeFloating } from './street.js';
import { within } from './within.js';

/** Ports of the flows, and one on which only the second holder answers. */
const ports = { doomed: 7_401, spared: 7_402, out: 7_403, mine: 7_404, again: 7_405 } as const;

/** Which flows are to end, which to go on, and whether they did: within a second and for good. */
const judge = async (doomed: readonly OpenFlow[], spared: readonly OpenFlow[], act: () => Promise<unknown>): Promise<string[]> => {
  const all = async (flows: readonly OpenFlow[], isWanted: (flow: OpenFlow) => Promise<boolean>) =>
    (await Promise.all(flows.map(isWanted))).every(Boolean);
  const lived = await all([...doomed, ...spared], async (flow) => await flow.lives());
  await act();
  const cutMs = await within(async () => await all(doomed, async (flow) => !(await flow.lives(200))));
  const [stayed, others] = await Promise.all([
    all(doomed, async (flow) => !(await flow.lives(700))),
    all(spared, async (flow) => await flow.lives()),
  ]);
  return [
    ...(lived ? [] : ['not all flows lived before']),
    ...(cutMs === null || !stayed ? ['flows that are translated otherwise now are NOT cut'] : []),
    ...(others ? [] : ['other flows DIED']),
  ];
};

type Watched = { readonly doomed: readonly OpenFlow[]; readonly spared: readonly OpenFlow[]; readonly close: () => void };

/** Flows by the floating IP, in and out, of an instance; and one by its fixed IP, which no translation concerns. */
const flowsOf = async (guest: Guest, { address }: Floating): Promise<Watched> => {
  const outside = { netns: outsideNamespace };
  const doomed = await Promise.all([
    openFlow(outside, { netns: guest.netns, address, port: ports.doomed }),
    openFlow(guest, { netns: outsideNamespace, address: outsideAddress4, port: ports.out }),
  ]);
  const spared = [await openFlow(outside, { netns: guest.netns, address: guest.v4, port: ports.spared })];
  return { doomed, spared, close: () => [...doomed, ...spared].forEach((flow) => flow.close()) };
};

type Move = { readonly did: string; readonly from: Guest; readonly to: Guest; readonly act: () => Promise<unknown> };

/** From one instance to another. On one host it is connection tracking alone that would go on with the former. */
const moveRow = async ({ field }: OnStreet, floating: Floating, { did, from, to, act }: Move): Promise<Row> => {
  const flows = await flowsOf(from, floating);
  const mine = serveTcp(to.netns, 4, ports.mine);
  try {
    const faults = await judge(flows.doomed, flows.spared, act);
    const [there, out, former, hosts] = await Promise.all([
      tcpTo(outsideNamespace, floating.address, { port: ports.mine }),
      tcpTo(to.netns, outsideAddress4),
      tcpTo(from.netns, outsideAddress4),
      announcers(field, floating.address),
    ]);
    const isMoved = there.kind === 'answered' && out.kind === 'answered' && out.source === floating.address;
    const isOff = former.kind === 'answered' && former.source === from.v4;
    return row('S21', `${did}, under flows in and out by it, and one by the fixed IP`, {
      saw: `${faults.join('; ') || 'its flows are cut, the other lives on'}; the new one ${inWords(there)}, out: ${inWords(out)}; the former out: ${inWords(former)}; announced by ${hosts.join(', ')}`,
      ok: faults.length === 0 && isMoved && isOff && hosts.join() === to.host,
    });
  } finally {
    mine.close();
    flows.close();
  }
};

/** Something takes a floating IP out of effect; afterwards nobody answers at it. */
const endRow = async (at: OnStreet, floating: Floating, { did, act }: { did: string; act: () => Promise<unknown> }): Promise<Row> => {
  const { field, street } = at;
  const flows = await flowsOf(street.tenantFar, floating);
  try {
    const faults = await judge(flows.doomed, flows.spared, act);
    const [closed, hosts] = await Promise.all([
      tcpTo(outsideNamespace, floating.address, { waitMs: silenceMs }),
      announcers(field, floating.address),
    ]);
    return row('S21', `${did}, under flows in and out by its floating IP, and one by the fixed IP`, {
      saw: `${faults.join('; ') || 'its flows are cut, the other lives on'}; TCP ${inWords(closed)}; announced by ${hosts.join(', ') || 'nobody'}`,
      ok: faults.length === 0 && closed.kind === 'silent' && hosts.length === 0,
    });
  } finally {
    flows.close();
  }
};

/** A router goes down, and comes back. */
const routerRows = async (at: OnStreet, floating: Floating): Promise<Row[]> => {
  const { client, street } = at;
  const set = async (isUp: boolean) => await client.update('routers', 'router', { id: street.router, body: { admin_state_up: isUp } });
  const down = await endRow(at, floating, { did: 'the router is set down', act: async () => await set(false) });
  const { status } = await client.show('floatingips', floating.id);
  await set(true);
  await reachable(floating.address);
  const back = await tcpTo(outsideNamespace, floating.address);
  return [
    { ...down, saw: `${down.saw}; its status ${String(status)}`, ok: down.ok && status === 'DOWN' },
    row('S21', 'the router is set up again', { saw: `TCP ${inWords(back)}`, ok: back.kind === 'answered' }),
  ];
};

/** S21, S22: a floating IP that moves, whose router goes down, and that is deleted: no flow goes on by what was. */
export const moveRows = async (at: OnStreet, processes: ProcessControl): Promise<Row[]> => {
  const { field, street, client } = at;
  const { tenant } = field;
  const { tenantMate, tenantFar } = street;
  const floating = await makeFloating(street, client, { project: field.tenantProject, to: tenant });
  await reachable(floating.address);
  const give = async ({ port_id }: Guest) => await client.update('floatingips', 'floatingip', { id: floating.id, body: { port_id } });
  const moves: readonly Move[] = [
    { did: 'a floating IP moves to a neighbour on its host', from: tenant, to: tenantMate, act: async () => await give(tenantMate) },
    {
      did: 'the agent is killed with -9, the floating IP moves back, the agent is started again',
      from: tenantMate,
      to: tenant,
      act: async () => {
        await processes.killAgent(tenant.host);
        await give(tenant);
        await processes.startAgent(tenant.host);
        await reachable(floating.address);
      },
    },
    { did: 'it moves to an instance on another host', from: tenant, to: tenantFar, act: async () => await give(tenantFar) },
  ];
  const rows: Row[] = [];
  for (const move of moves) rows.push(await moveRow(at, floating, move));
  rows.push(...(await routerRows(at, floating)));
  const act = async () => await client.remove('floatingips', floating.id);
  return [...rows, await endRow(at, floating, { did: 'the floating IP is deleted', act })];
};
