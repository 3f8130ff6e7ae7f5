import { randomBytes } from 'node:crypto';
import { asIp, asMac, familyOf, type Ip, multicastMac } from '@manx/ip';
import { hostNamespace } from '../layout.js';
import type { NeutronClient } from '../neutron-client.js';
import { startCapture } from '../wire/capture.js';
import { ethernet, etherTypes, ip, udp } from '../wire/frames.js';
import { type Link, openLinkOf } from '../wire/link.js';
import { type Listener, listen } from '../wire/listen.js';
import { sendFrame } from '../wire/namespace-socket.js';
import type { CheckContext } from './context.js';
import type { Field, Guest } from './field.js';
import { patienceMs, silenceMs } from './reach.js';
import { type Row, row } from './row.js';
import { within } from './within.js';

const groups = { 4: asIp('239.10.4.1'), 6: asIp('ff15::4:1') } as const;
const chosenGroups = { 4: asIp('232.10.4.2'), 6: asIp('ff35::4:2') } as const;
const port = 7010;
const sentTtl = 16;
const families = [4, 6] as const;

/** A datagram to a group, as an instance puts it on its wire, and the bytes in it that no other has. */
const toGroup = (from: Guest, destination: Ip, hops = sentTtl): { readonly frame: Uint8Array; readonly token: Buffer } => {
  const token = randomBytes(10);
  const source = familyOf(destination) === 4 ? from.v4 : from.v6;
  const payload = ip({ source, destination, protocol: 17, hops, payload: udp({ source, destination, sport: port, dport: port }, token) });
  const type = familyOf(destination) === 4 ? etherTypes.ip : etherTypes.ip6;
  return { token, frame: ethernet(multicastMac(destination), asMac(from.mac), { type, payload }) };
};

/** The TTL or hop limit with which a packet has come. */
const ttlOf = (link: Link, token: Buffer): number | null => {
  const frame = link.heard().find((one) => Buffer.from(one).includes(token));
  if (frame === undefined) return null;
  return (frame[12] === 0x08 ? frame[22] : frame[21]) ?? null;
};

const gets = async (link: Link, { token }: { readonly token: Buffer }, ms: number): Promise<number | null> => {
  await link.hears((frame) => Buffer.from(frame).includes(token), ms);
  return ttlOf(link, token);
};

/** Sends until it comes, as it does as soon as the hosts know of the listener; how long that took. */
const untilHeard = async (from: Guest, link: Link, group: Ip): Promise<number | null> =>
  await within(async () => {
    const packet = toGroup(from, group);
    sendFrame(from.netns, 'eth0', packet.frame);
    return (await gets(link, packet, 20)) !== null;
  }, patienceMs);

type Ears = { readonly guest: Guest; readonly link: Link; readonly listeners: readonly Listener[] };

const openEars = (guest: Guest, wanted: readonly Ip[], source: Guest | null = null): Ears => ({
  guest,
  link: openLinkOf(guest.netns),
  listeners: wanted.map((group) => listen(guest.netns, group, source === null ? null : familyOf(group) === 4 ? source.v4 : source.v6)),
});

const closeEars = ({ link, listeners }: Ears): void => {
  for (const listener of listeners) listener.close();
  link.close();
};

type Heard = { readonly near: Guest; readonly group: Ip; readonly listening: readonly Ears[]; readonly shut: readonly Ears[] };

type Explained = {
  readonly explanations: readonly {
    readonly ways: readonly { readonly answer: string; readonly destination: { readonly endpoint: string } }[];
  }[];
};

/** The listeners of which `explain` says otherwise than who gets it and whose groups let nothing in. */
const wronglyExplained = async (client: NeutronClient, { near, group, listening, shut }: Heard): Promise<readonly string[]> => {
  const source = familyOf(group) === 4 ? near.v4 : near.v6;
  const asked = await client.create('connectivity/explain', 'connectivity', { source, destination: group, protocol: 'udp', port });
  const ways = (asked as unknown as Explained).explanations.flatMap((one) => one.ways);
  const said = new Map(ways.map(({ answer, destination }) => [destination.endpoint, answer]));
  const wrong = (all: readonly Ears[], answer: string): readonly string[] =>
    all.flatMap(({ guest }) => (said.get(guest.port_id) === answer ? [] : [guest.name]));
  return [...wrong(listening, 'allowed'), ...wrong(shut, 'refused')];
};

/** From an instance, and from one of another project: all listeners hear, on both hosts, one hop and two away; nobody else does. */
const everyoneRow = async (field: Field, { client }: CheckContext, family: 4 | 6): Promise<Row> => {
  const { near, mate, far, tenant, stranger, shy, guarded, hasTwoHosts } = field;
  const group = groups[family];
  const listening = [mate, tenant, far].map((guest) => openEars(guest, [group]));
  // These two listen as well, and their groups let nothing of it in; the others do not listen.
  const shut = [shy, guarded].map((guest) => openEars(guest, [group]));
  const deaf = [near, stranger].map((guest) => openEars(guest, []));
  try {
    const ready = await Promise.all(listening.map(async ({ link }) => await untilHeard(near, link, group)));
    // The other host hears of the listeners for itself.
    await Promise.all(listening.map(async ({ link }) => await untilHeard(stranger, link, group)));
    const [fromNear, fromAfar, lastHop] = [toGroup(near, group), toGroup(stranger, group), toGroup(near, group, 1)];
    for (const packet of [lastHop, fromNear]) sendFrame(near.netns, 'eth0', packet.frame);
    sendFrame(stranger.netns, 'eth0', fromAfar.frame);
    const came = await Promise.all(
      listening.map(async ({ link }) => [await gets(link, fromNear, patienceMs), await gets(link, fromAfar, patienceMs)] as const),
    );
    const [same, other] = [sentTtl - 1, hasTwoHosts ? sentTtl - 2 : sentTtl - 1];
    const wanted = [`${same}/${other}`, `${same}/${other}`, `${other}/${same}`];
    const ttls = came.map(([a, b]) => `${a ?? 'NOTHING'}/${b ?? 'NOTHING'}`);
    const astray = [...shut, ...deaf].filter(({ link }) => [fromNear, fromAfar].some(({ token }) => ttlOf(link, token) !== null));
    const far1 = [...listening, ...shut, ...deaf].filter(({ link }) => ttlOf(link, lastHop.token) !== null);
    const stray = [...astray, ...far1].map(({ guest }) => guest.name);
    const wrong = await within(async () => (await wronglyExplained(client, { near, group, listening, shut })).length === 0, patienceMs);
    return row(
      'S10',
      `IPv${family} to ${group}, TTL ${sentTtl}, sent by ${near.name} and by ${stranger.name} of another project: listeners ${[mate, tenant, far].map(({ name }) => name).join(', ')}; TTL 1 as well; also watched: ${[shy, guarded, near, stranger].map(({ name }) => name).join(', ')}`,
      {
        saw: `first heard after ${ready.map((ms) => (ms === null ? 'NEVER' : `${ms} ms`)).join(', ')}; TTLs ${ttls.join(', ')}; ${stray.length === 0 ? 'nobody else got any, nobody the one of TTL 1' : `ALSO at ${stray.join(', ')}`}; \`explain\` ${wrong === null ? 'says OTHERWISE' : 'says so'}`,
        ok: stray.length === 0 && ttls.join() === wanted.join() && wrong !== null,
      },
    );
  } finally {
    for (const ears of [...listening, ...shut, ...deaf]) closeEars(ears);
  }
};

/** A listener that names its source hears that one alone, wherever the others are; and one that leaves hears nothing more, and its host gets nothing more. */
const chosenRow = async ({ near, mate, far }: Field, family: 4 | 6): Promise<Row> => {
  const group = chosenGroups[family];
  const ears = openEars(far, [group], near);
  const wire = await startCapture(hostNamespace(far.host), 'any', 'udp port 9776');
  try {
    const ready = await untilHeard(near, ears.link, group);
    const [chosen, other] = [toGroup(near, group), toGroup(mate, group)];
    sendFrame(mate.netns, 'eth0', other.frame);
    sendFrame(near.netns, 'eth0', chosen.frame);
    const isChosen = (await gets(ears.link, chosen, patienceMs)) !== null;
    const isOther = (await gets(ears.link, other, silenceMs)) !== null;
    for (const listener of ears.listeners) listener.close();
    const left = await within(async () => {
      const packet = toGroup(near, group);
      sendFrame(near.netns, 'eth0', packet.frame);
      return (await gets(ears.link, packet, 50)) === null;
    });
    // Its own host knows at once, the sender's is told.
    const unsent = await within(async () => {
      const before = wire.lines.length;
      sendFrame(near.netns, 'eth0', toGroup(near, group).frame);
      await wire.sees(/$^/, silenceMs);
      return near.host === far.host || wire.lines.length === before;
    });
    const isGood = ready !== null && isChosen && !isOther && left !== null && unsent !== null;
    return row('S10', `IPv${family} to ${group}: ${far.name} listens to ${near.name} alone, ${mate.name} sends too; then it leaves`, {
      saw: `${isChosen ? 'heard the one' : 'did NOT hear the one'}, ${isOther ? 'ALSO the other' : 'not the other'}; after it left ${left === null ? 'it STILL heard' : `silent within ${left} ms`}, ${unsent === null ? 'packets STILL to its host' : `nothing more to its host after ${unsent} ms`}`,
      ok: isGood,
    });
  } finally {
    closeEars({ ...ears, listeners: [] });
    await wire.stop();
  }
};

/** The agent of a listener's host dies and comes back: not a packet is lost. */
const restartRow = async ({ near, far }: Field, { processes }: CheckContext): Promise<Row> => {
  const ears = openEars(far, [groups[4]]);
  const missed: string[] = [];
  const look = async (when: string): Promise<void> => {
    const packet = toGroup(near, groups[4]);
    sendFrame(near.netns, 'eth0', packet.frame);
    if ((await gets(ears.link, packet, patienceMs)) === null) missed.push(when);
  };
  try {
    await untilHeard(near, ears.link, groups[4]);
    await processes.killAgent(far.host);
    await look('while it was dead');
    await processes.startAgent(far.host);
    await look('when it was back');
    return row('S10', `the agent of ${far.host} killed with -9 and started again while ${far.name} listens`, {
      saw: missed.length === 0 ? 'heard all the while' : `NOT heard ${missed.join(', nor ')}`,
      ok: missed.length === 0,
    });
  } finally {
    closeEars(ears);
  }
};

/** S10: IP multicast without L2 and without multicast routing in the fabric. */
export const checkMulticast = async (field: Field, context: CheckContext): Promise<Row[]> => {
  const rows: Row[] = [];
  for (const family of families) rows.push(await everyoneRow(field, context, family), await chosenRow(field, family));
  return [...rows, await restartRow(field, context)];
};
