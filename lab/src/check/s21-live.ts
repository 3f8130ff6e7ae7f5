import { outsideAddress4, outsideNamespace } from '../layout.js';
import { beginLiveMove } from '../move-live.js';
import type { Guest } from './field.js';
import { bootGuest } from './make-field.js';
import { type OpenFlow, openFlow } from './open-flow.js';
import { patienceMs } from './reach.js';
import { type Row, row } from './row.js';
import { announcers, type OnStreet, reachable } from './s21-floating-ips.js';
import { type Floating, makeFloating } from './street.js';
import { within } from './within.js';

/** The first of the ports of the flows; each kind of flow takes the next. */
const firstPort = 7_410;

/** Who asks: outside, an instance on either host, and one on a third host where there is one. */
type Askers = Readonly<Record<string, { readonly netns: string }>>;

const askersOf = async ({ field, street }: OnStreet): Promise<Askers> => {
  const { lab, near, far, tenantNetwork, tenantSubnet, tenantProject: project, openGroup: group } = field;
  const others = lab.hosts.filter((host) => host !== near.host && host !== far.host);
  const site = { network: tenantNetwork, project, subnets: [tenantSubnet] };
  const elsewhere = others.slice(0, 1).map(async (host) => await bootGuest({ name: 'tenant-elsewhere', site, project, host, group }));
  return {
    'from outside': { netns: outsideNamespace },
    'from the target host': street.tenantMate,
    'from the source host': far,
    ...Object.fromEntries((await Promise.all(elsewhere)).map((one) => ['from a third host', one])),
  };
};

/** Flows by a floating IP, each asker's twice: of who keeps talking, and of who only listens; and one that its instance began. */
const openFlows = async (askers: Askers, { address }: Floating, guest: Guest): Promise<ReadonlyMap<string, OpenFlow>> => {
  const asked = Object.entries(askers).flatMap(([name, from], at) =>
    [false, true].map((isMute) => {
      const port = firstPort + 2 * at + Number(isMute);
      const flow = openFlow(from, { netns: guest.netns, address, port }, { isMute });
      return [`${name}${isMute ? ', a listener' : ''}`, flow] as const;
    }),
  );
  const own = openFlow(guest, { netns: outsideNamespace, address: outsideAddress4, port: firstPort + asked.length });
  const flows = [...asked, ['of its own', own] as const];
  return new Map(await Promise.all(flows.map(async ([name, flow]) => [name, await flow] as const)));
};

const deadOf = async (flows: ReadonlyMap<string, OpenFlow>): Promise<readonly string[]> => {
  const lives = await Promise.all([...flows].map(async ([name, flow]) => [name, (await flow.lives()) && (await flow.lives())] as const));
  return lives.flatMap(([name, isAlive]) => (isAlive ? [] : [name]));
};

/** What was taken over ends as any flow by a floating IP does, on every host that has had a part in it. */
const endRow = async ({ client }: OnStreet, floating: Floating, flows: ReadonlyMap<string, OpenFlow>): Promise<Row> => {
  const living = async (ms: number): Promise<readonly string[]> =>
    (await Promise.all([...flows].map(async ([name, flow]) => ((await flow.lives(ms)) ? [name] : [])))).flat();
  await client.remove('floatingips', floating.id);
  const ms = await within(async () => (await living(200)).length === 0);
  const still = await living(700);
  return row('S21', 'the floating IP is deleted, under the flows that have moved twice', {
    saw: ms === null || still.length > 0 ? `STILL alive: ${still.join(', ') || 'some, for too long'}` : `all have ended after ${ms} ms`,
    ok: ms !== null && still.length === 0,
  });
};

/** An instance with a floating IP moves live to the host of some who talk with it by that, away from others, and back. */
export const liveRows = async (at: OnStreet): Promise<Row[]> => {
  const { field, street, client } = at;
  const guest = street.tenantFar;
  const hosts = [field.far.host, field.near.host] as const;
  if (!field.hasTwoHosts) return [];
  const floating = await makeFloating(street, client, { project: field.tenantProject, to: guest });
  await reachable(floating.address);
  const flows = await openFlows(await askersOf(at), floating, guest);
  const rows: Row[] = [];
  try {
    const unborn = await deadOf(flows);
    for (const [from, host] of [hosts, hosts.toReversed()] as readonly (readonly [string, string])[]) {
      const move = await beginLiveMove(client, { ...guest, host: from }, { host });
      await move.ready();
      await move.switchOver();
      move.announce();
      const isThere = async (): Promise<boolean> => (await announcers(field, floating.address)).join() === host;
      const ms = await within(isThere, patienceMs);
      await move.activate();
      await move.finish();
      const dead = await deadOf(flows);
      rows.push(
        row(
          'live',
          `${host === hosts[1] ? 'live migration' : 'and straight back'}, under TCP flows by its floating IP, from outside, from each host, and of its own`,
          {
            saw: `${ms === null ? 'its floating IP has NOT come along' : `its floating IP is there alone after ${ms} ms`}; ${dead.length === 0 ? 'all flows live' : `DEAD: ${dead.join(', ')}`}${unborn.length === 0 ? '' : `; NEVER lived: ${unborn.join(', ')}`}`,
            ok: ms !== null && dead.length === 0,
          },
        ),
      );
    }
    return [...rows, await endRow(at, floating, flows)];
  } finally {
    for (const flow of flows.values()) flow.close();
  }
};
