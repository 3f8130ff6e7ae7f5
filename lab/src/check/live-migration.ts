import { hostNamespace, outsideAddress4, outsideNamespace } from '../layout.js';
import { beginLiveMove, type LiveMove, type LiveMoveTo } from '../move-live.js';
import { execOut } from '../run-program.js';
import type { CheckContext } from './context.js';
import type { Field, Guest } from './field.js';
import { type OpenFlow, openFlow } from './open-flow.js';
import { patienceMs, ping } from './reach.js';
import { type Row, row } from './row.js';
import { startPing } from './steady-ping.js';
import { within } from './within.js';

/** The host that says this of a tap; '' for none. */
type Trace = { readonly host: string; readonly tap: string };

const flowPorts = { in: 7_031, near: 7_032, source: 7_033, out: 7_034 } as const;

/** An instance that moves from the second host to the first and back, and who talks with it. */
type Play = { readonly field: Field; readonly context: CheckContext; readonly guest: Guest };

const routesTo = async (host: string, { v4, v6 }: Guest): Promise<readonly string[]> => {
  const texts = await Promise.all(
    [
      ['-4', v4],
      ['-6', v6],
    ].map(async ([family = '', ip = '']) => await execOut(['ip', family, '-n', hostNamespace(host), 'route', 'show', ip, 'proto', '80'])),
  );
  return texts.flatMap((text) => text.split('\n').flatMap((line) => line.trim() || []));
};

/** What is left on a host of an endpoint: routes, and what its tables say of its tap. */
const tracesOf = async ({ host, tap }: Trace, guest: Guest): Promise<number> => {
  const rules = await execOut(['ip', 'netns', 'exec', hostNamespace(host), 'nft', 'list', 'ruleset']);
  const links = await execOut(['ip', '-n', hostNamespace(host), '-o', 'link']);
  // What was dropped of it, and how many connections it had, is counted for a while, as of any tap.
  const lines = [...rules.split('\n'), ...links.split('\n')].filter((line) => line.includes(tap) && !/expires|ct count/.test(line));
  return lines.length + (await routesTo(host, guest)).length;
};

const begin = async ({ context, guest }: Play, from: string, to: LiveMoveTo): Promise<LiveMove> =>
  await beginLiveMove(context.client, { ...guest, host: from }, to);

const isReached = async ({ v4, v6 }: Guest, from: readonly string[]): Promise<boolean> => {
  const tries = from.flatMap((one) => [v4, v6].map(async (address) => await ping(one, address, 200)));
  return (await Promise.all(tries)).every((ttl) => ttl !== null);
};

/** Who looks: outside, an instance on the first host, another on the second. */
const onlookers = ({ near, stranger }: Field): readonly string[] => [outsideNamespace, near.netns, stranger.netns];

/** Flows of every kind that ought to survive: from outside, from an instance on either host, and one that the guest itself began. */
const openFlows = async ({ field, guest }: Play): Promise<ReadonlyMap<string, OpenFlow>> => {
  const to = (port: number) => ({ netns: guest.netns, address: guest.v4, port });
  const out = { netns: outsideNamespace, address: outsideAddress4, port: flowPorts.out };
  const flows = {
    'from outside': openFlow({ netns: outsideNamespace }, to(flowPorts.in)),
    'from the target host': openFlow(field.near, to(flowPorts.near)),
    'from the source host': openFlow(field.stranger, to(flowPorts.source)),
    'of its own': openFlow(guest, out),
  };
  return new Map(await Promise.all(Object.entries(flows).map(async ([name, flow]) => [name, await flow] as const)));
};

const deadOf = async (flows: ReadonlyMap<string, OpenFlow>): Promise<readonly string[]> => {
  // What was on its way while the guest stopped comes late; the second look tells whether more follows.
  const lives = await Promise.all([...flows].map(async ([name, flow]) => [name, (await flow.lives()) && (await flow.lives())] as const));
  return lives.flatMap(([name, isAlive]) => (isAlive ? [] : [name]));
};

/** There, and straight back: Nova's whole way, twice, with flows that are as old as the first. */
const wholeRows = async (play: Play, hosts: readonly [string, string]): Promise<Row[]> => {
  const { field, guest } = play;
  const flows = await openFlows(play);
  const rows: Row[] = [];
  try {
    for (const [from, host] of [hosts, hosts.toReversed()] as readonly (readonly [string, string])[]) {
      const steady = startPing(outsideNamespace, guest.v4, 100);
      await steady.more(20);
      const move = await begin(play, from, { host });
      await move.ready();
      const early = await routesTo(host, guest);
      await steady.more(5);
      await move.switchOver();
      move.announce();
      const ms = await within(async () => await isReached(guest, onlookers(field)), patienceMs);
      await move.activate();
      await move.finish();
      const isClean = await within(async () => (await tracesOf({ host: from, tap: guest.tap }, guest)) === 0, patienceMs);
      await steady.more(10);
      const { sent, received } = await steady.stop();
      const dead = await deadOf(flows);
      const which = from === hosts[0] ? 'live migration' : 'and straight back';
      rows.push(
        row('live', `${which}, under TCP flows from outside, from both hosts, and of its own`, {
          saw: `${early.length === 0 ? 'silent until it announced itself' : `ROUTED TOO EARLY: ${early.join('; ')}`}; reached by all after ${ms ?? 'MORE THAN 3000'} ms; ${sent - received} of ${sent} pings at 100 Hz lost; ${dead.length === 0 ? 'all flows live' : `DEAD: ${dead.join(', ')}`}; ${isClean === null ? 'TRACES LEFT' : 'no trace'} on ${from}`,
          ok: early.length === 0 && ms !== null && dead.length === 0 && isClean !== null,
        }),
      );
    }
  } finally {
    for (const flow of flows.values()) flow.close();
  }
  return rows;
};

/** The target gives up before the guest has switched: nobody has noticed, and nothing is left there. */
const failureRow = async (play: Play, [from, host]: readonly [string, string]): Promise<Row> => {
  const { guest } = play;
  const steady = startPing(outsideNamespace, guest.v4, 100);
  await steady.more(10);
  const move = await begin(play, from, { host });
  await move.ready();
  await move.turnBack();
  const isClean = await within(async () => (await tracesOf({ host, tap: guest.tap }, guest)) === 0, patienceMs);
  await steady.more(10);
  const { sent, received } = await steady.stop();
  return row('live', 'a live migration that fails before the guest has switched', {
    saw: `${sent - received} of ${sent} pings lost; ${isClean === null ? 'TRACES LEFT' : 'no trace'} on ${host}`,
    ok: sent === received && isClean !== null,
  });
};

/** The tap is there before the binding, the profile alone says where to, and nobody hears the guest: the new binding is enough. */
const unheardRow = async (play: Play, [from, host]: readonly [string, string]): Promise<Row> => {
  const { field, guest } = play;
  const move = await begin(play, from, { host, isPluggedFirst: true, by: 'profile' });
  await move.ready();
  await move.switchOver();
  await move.activate();
  const ms = await within(async () => await isReached(guest, onlookers(field)), patienceMs);
  await move.finish();
  return row('live', 'by the profile alone (migrating_to), the tap before it, and without an announcement: bound to the target', {
    saw: ms === null ? 'NOT reached' : `reached by all after ${ms} ms`,
    ok: ms !== null,
  });
};

/** The agents of both hosts die when the guest has been heard on the target, and come back before Nova has said anything. */
const restartRow = async (play: Play, [from, host]: readonly [string, string]): Promise<Row> => {
  const { field, guest, context } = play;
  const { processes } = context;
  const flow = await openFlow({ netns: outsideNamespace }, { netns: guest.netns, address: guest.v4, port: flowPorts.in });
  try {
    const move = await begin(play, from, { host });
    await move.ready();
    await move.switchOver();
    move.announce();
    const isHeard = await within(async () => await isReached(guest, onlookers(field)), patienceMs);
    for (const one of [from, host]) await processes.killAgent(one);
    for (const one of [from, host]) await processes.startAgent(one);
    const [there, here] = [await routesTo(host, guest), await routesTo(from, guest)];
    const isKept = there.length === 2 && there.every((line) => line.includes('metric 512')) && here.length === 0;
    const isStill = await isReached(guest, onlookers(field));
    await move.activate();
    await move.finish();
    const lives = (await deadOf(new Map([['flow', flow]]))).length === 0;
    return row('live', 'the agents of both hosts killed with -9 and started again between the announcement and the activation', {
      saw: `${isHeard === null ? 'NOT heard' : 'heard'}; then ${isKept ? 'routed to the target alone, with the better metric' : `ROUTES on ${host}: ${there.join('; ')}, on ${from}: ${here.join('; ')}`}; ${isStill ? 'reached' : 'NOT reached'}; a flow from outside ${lives ? 'lives' : 'is DEAD'}`,
      ok: isHeard !== null && isKept && isStill && lives,
    });
  } finally {
    flow.close();
  }
};

/** Live migration, with packets: the main line, straight back, failure, a missed announcement, dying agents. */
export const checkLiveMigration = async (field: Field, context: CheckContext): Promise<Row[]> => {
  if (!field.hasTwoHosts) return [];
  const play: Play = { field, context, guest: field.far };
  const hosts = [field.far.host, field.near.host] as const;
  return [
    ...(await wholeRows(play, hosts)),
    await failureRow(play, hosts),
    await unheardRow(play, hosts),
    await restartRow(play, [hosts[1], hosts[0]]),
  ];
};
