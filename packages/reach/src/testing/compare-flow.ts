import { type Endpoint, type HostName, isSilent } from '@manx/hoststate';
import { cidrContains, familyOf, type Ip } from '@manx/ip';
import type { Packet } from '@manx/render/testing/nft-evaluator/packet';
import { FABRIC } from '@manx/render/testing/nft-evaluator/simulated-host';
import { cloudOf } from '../cloud-of.js';
import { explain } from '../explain.js';
import type { Explanation, Way } from '../explanation.js';
import { type RandomCloud, type RandomFlow, snatOf } from './random-cloud.js';
import { type Arrival, type Choice, macFor, type SimulatedCloud } from './simulated-cloud.js';

/** The outside's address of each family. */
const OUTSIDE = { 4: '198.51.100.7' as Ip, 6: '2001:db8:99::1' as Ip } as const;

/** Enough to have every one of three hosts and of six taps on each be chosen once. */
const CHOICES: readonly Choice[] = Array.from({ length: 18 }, (_, n) => ({ host: n % 3, tap: Math.floor(n / 3) }));

/** What came of one flow on the simulated hosts: where to, in which name, and whether its answer came back. */
type Observed = {
  readonly receiver: string;
  readonly seen: Ip;
  readonly port: number | null;
  readonly isAnswered: boolean | null;
  readonly by: string;
};

/**
 * Sends a flow's first packet, and its answer, through the tables of all hosts by every way it may take, and holds what happened against
 * `explain`; null when they agree, or when nothing leaves the instance. The differences otherwise.
 */
export function compareFlow(cloud: RandomCloud, simulated: SimulatedCloud, flow: RandomFlow): string | null {
  const sender = senderOf(cloud, flow);
  const source = sender === null ? OUTSIDE[familyOf(flow.to)] : sourceOf(sender.endpoint, flow);
  if (source === null || (sender !== null && sender.endpoint.addresses.some(({ ip }) => ip === flow.to))) return null;
  // From outside nothing comes that is for outside, and of what is inside only what a host announces.
  const explanation = explain(cloudOf(cloud, { snatOf }), {
    source: { ip: source, endpoint: sender?.endpoint.id ?? null, absence: null },
    destination: { ip: flow.to, endpoint: null, absence: null },
    protocol: flow.protocol,
    port: flow.dport,
    fromPort: flow.sport,
    icmp: flow.icmp,
  });
  const choices = isHeldByPairs(cloud, flow.to) ? CHOICES : CHOICES.slice(0, 1);
  const observed = choices.flatMap((choice) => observe(simulated, { flow, source, sender, choice }) ?? []);
  if (observed.length === 0) return null;
  const differences = [...new Set([...againstWays(explanation, observed), ...againstObserved(explanation, observed)])];
  return differences.length === 0
    ? null
    : `${differences.join('\n')}\n${JSON.stringify({ flow, source, told: explanation.ways.map(told), observed })}`;
}

/** Whether several may have the address, so that there is more than one way. */
function isHeldByPairs(cloud: RandomCloud, ip: Ip): boolean {
  return [...cloud.values()].some(({ endpoints }) =>
    [...endpoints.values()].some(({ pairs }) => pairs.some(({ cidr }) => cidrContains(cidr, ip))),
  );
}

type Located = { readonly host: HostName; readonly endpoint: Endpoint };

function senderOf(cloud: RandomCloud, { from }: RandomFlow): Located | null {
  if (from === 'outside') return null;
  const all = [...cloud].flatMap(([host, { endpoints }]) => [...endpoints.values()].map((endpoint) => ({ host, endpoint })));
  const live = all.filter(({ endpoint }) => !isSilent(endpoint));
  return live.toSorted((a, b) => (a.endpoint.id < b.endpoint.id ? -1 : 1))[from % live.length] ?? null;
}

/** An address of the family: mostly the sender's own, else of a pair, else one that is not its. */
function sourceOf({ addresses, pairs }: Endpoint, { as, to }: RandomFlow): Ip | null {
  const own = addresses.map(({ ip }) => ip);
  const paired = pairs.map(({ cidr }) => cidr.slice(0, cidr.indexOf('/')) as Ip);
  const forged = (familyOf(to) === 4 ? '10.65.0.200' : '2001:db8:65::200') as Ip;
  const all = [...own, ...own, ...(as > 2 ? paired : []), ...(as > 4 ? [forged] : [])].filter((ip) => familyOf(ip) === familyOf(to));
  return all[as % Math.max(1, all.length)] ?? null;
}

type Sent = { readonly flow: RandomFlow; readonly source: Ip; readonly sender: Located | null; readonly choice: Choice };

function observe(simulated: SimulatedCloud, { flow, source, sender, choice }: Sent): Observed | null {
  const host = sender?.host ?? simulated.announcer(flow.to, choice.host);
  // The outside's packets for nobody come to no host of ours.
  if (host === null) return null;
  const packet: Packet = {
    iif: sender?.endpoint.ifname ?? FABRIC,
    oif: null,
    etherSource: sender === null ? null : macFor(sender.endpoint, source),
    source,
    destination: flow.to,
    protocol: flow.protocol,
    sport: flow.sport,
    dport: flow.dport,
    icmp: flow.icmp,
    isSyn: true,
  };
  const arrival = simulated.send(packet, { host, choice });
  const { source: seen, dport: port } = arrival.packet;
  const receiver = typeof arrival.at === 'string' ? arrival.at : arrival.at.endpoint.id;
  return { receiver, seen, port, isAnswered: answered(simulated, arrival, { flow, source, sender, choice }), by: arrival.by };
}

/** Whether the receiver's answer comes back to the sender, from the address that was asked for; null for what nobody answers. */
function answered(simulated: SimulatedCloud, { at, packet, memories }: Arrival, { flow, source, sender, choice }: Sent): boolean | null {
  if (typeof at === 'string') return null;
  const icmp =
    flow.icmp === null ? null : flow.icmp.type === 8 ? { type: 0, code: 0 } : flow.icmp.type === 128 ? { type: 129, code: 0 } : 'none';
  if (icmp === 'none') return null;
  const answer: Packet = {
    iif: at.endpoint.ifname,
    oif: null,
    etherSource: macFor(at.endpoint, packet.destination),
    source: packet.destination,
    destination: packet.source,
    protocol: flow.protocol,
    sport: packet.dport,
    dport: packet.sport,
    icmp,
    isSyn: false,
  };
  const back = simulated.send(answer, { host: at.host, choice, memories });
  if (sender === null) return back.at === 'outside' && back.packet.source === flow.to;
  return (
    typeof back.at !== 'string' &&
    back.at.endpoint.id === sender.endpoint.id &&
    back.packet.source === flow.to &&
    back.packet.destination === source
  );
}

function receiverOf({ destination: { kind, endpoint } }: Way): string {
  return endpoint ?? kind;
}

/** The address that the receiver sees, by the translations that the way tells of. */
function seenBy({ source, forward }: Way): Ip {
  const last = forward.steps.findLast(({ translation }) => translation?.what === 'source');
  return last?.translation?.ip ?? source.ip;
}

/** Every way that is told to pass was seen to, in that name; and the answers of those. */
function againstWays({ ways }: Explanation, observed: readonly Observed[]): string[] {
  return ways.flatMap((way) => {
    const receiver = receiverOf(way);
    const here = observed.filter((one) => one.receiver === receiver);
    if (way.forward.answer === 'refused') return here.length === 0 ? [] : [`told to be refused, but reaches ${receiver}`];
    if (here.length === 0) return [`told to reach ${receiver}, but does not: ${observed.map(({ by }) => by).join('; ')}`];
    const wrong = here.filter(({ seen }) => seen !== seenBy(way)).map(({ seen }) => `told to be seen as ${seenBy(way)}, but is as ${seen}`);
    // Which of several holders gets the answer is the fabric's choice, and that one may refuse it.
    const isSpread = way.warnings.some(({ code }) => code === 'answers-spread');
    const replies = isSpread
      ? []
      : here.filter(({ isAnswered }) => isAnswered !== null && isAnswered !== (way.reply?.answer === 'allowed'));
    return [
      ...wrong,
      ...replies.map(({ isAnswered }) => `answers told ${way.reply?.answer}, but ${isAnswered ? 'come' : 'do not come'} back`),
    ];
  });
}

/** Nothing arrives anywhere that no way tells of. */
function againstObserved({ ways }: Explanation, observed: readonly Observed[]): string[] {
  const told = new Set(ways.filter(({ forward }) => forward.answer === 'allowed').map(receiverOf));
  const isRefused = ways.some(({ forward }) => forward.answer === 'refused');
  return observed.flatMap(({ receiver, by }) => {
    // What is told to reach nobody goes out to the fabric, where no host has it.
    if (receiver === 'lost' || (receiver === 'outside' && isRefused)) return isRefused ? [] : [`lost, but not told so: ${by}`];
    return told.has(receiver) ? [] : [`reaches ${receiver}, but not told so: ${by}`];
  });
}

/** A way in a few words, for whoever reads a difference. */
function told({ source, destination, forward, reply, blockers }: Way): unknown {
  const steps = forward.steps.map(({ kind, passes, text }) => `${passes ? '' : 'NOT '}${kind}: ${text}`);
  return {
    from: source.endpoint,
    to: destination.endpoint ?? destination.kind,
    steps,
    reply: reply?.answer,
    blockers: blockers.map(({ text }) => text),
  };
}
