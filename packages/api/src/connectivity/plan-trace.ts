import { randomInt } from 'node:crypto';
import { type HostName, MAX_TRACED_ADDRESSES, type TraceFlow, type TraceSender } from '@manx/hoststate';
import { isMulticast } from '@manx/ip';
import { badRequest, isProblem, type Problem } from '@manx/model';
import { type Explanation, hostsConcerned, type Way } from '@manx/reach';
import { decodeExplain, explainAll } from './answer-explain.js';
import { type Asker, type CloudSource, viewOf } from './viewer.js';

/** The most flows of one question: IPv4 and IPv6 between two ports are two. */
const MOST_TRACES = 4;

/** How long packets are waited for once one was sent, in seconds. */
export const DEFAULT_SECONDS = 1;
export const MOST_SECONDS = 10;

/** Where clients' ports are (RFC 6335, section 6). */
const FIRST_MARK = 49_152;
const LAST_MARK = 65_535;

const TCP = 6;
const UDP = 17;
const ECHO = { 1: 8, 58: 128 } as const;

/** A flow that can be tried: what is said of it, what tells its packets, and who sends the first. */
export type PlannedTrace = {
  readonly explanation: Explanation;
  readonly flow: TraceFlow;
  readonly sender: TraceSender;
  readonly host: HostName;
  readonly hosts: readonly HostName[];
  readonly seconds: number;
};

/** Reads a question, explains it, and says how it can be tried; a problem says why it cannot. For whoever may see all of the cloud. */
export const planTraces = (asker: Asker, source: CloudSource, body: unknown): readonly PlannedTrace[] | Problem => {
  const asked = decodeExplain(body, ['timeout']);
  if (isProblem(asked)) return asked;
  const { protocol, icmp } = asked.flow;
  const isPing =
    (protocol === 1 || protocol === 58) && (icmp === null || (Object.values<number>(ECHO).includes(icmp.type) && icmp.code === 0));
  if (protocol !== TCP && protocol !== UDP && !isPing)
    return badRequest('a trace sends TCP, UDP or a ping; POST /v2.0/connectivity/explain answers for any protocol');
  const seconds = asked.fields['timeout'] ?? DEFAULT_SECONDS;
  if (typeof seconds !== 'number' || !Number.isInteger(seconds) || seconds < 1 || seconds > MOST_SECONDS)
    return badRequest(`timeout must be a number of seconds from 1 to ${MOST_SECONDS}`);
  const mark = asked.flow.fromPort ?? randomInt(FIRST_MARK, LAST_MARK + 1);
  const fromPort = isPing ? null : mark;
  const explanations = explainAll(asker, source(viewOf(asker)), { ...asked, flow: { ...asked.flow, fromPort } });
  if (isProblem(explanations)) return explanations;
  if (explanations.length > MOST_TRACES)
    return badRequest(
      `that is ${explanations.length} pairs of ports, and at most ${MOST_TRACES} are traced at once: name one port on either side`,
    );
  const planned: PlannedTrace[] = [];
  for (const explanation of explanations) {
    const plan = planTrace(explanation, { mark, seconds });
    if (isProblem(plan)) return plan;
    planned.push(plan);
  }
  return planned;
};

const planTrace = (
  explanation: Explanation,
  { mark, seconds }: { readonly mark: number; readonly seconds: number },
): PlannedTrace | Problem => {
  const { flow, ways } = explanation;
  const senders = new Set(ways.map(({ source }) => source.endpoint));
  const [first] = ways;
  const { source } = first ?? {};
  if (source?.kind !== 'port' || source.endpoint === null || source.host === null) {
    const why = first?.blockers.find(({ side }) => side === 'source')?.text ?? `${flow.source} is no port of this cloud`;
    return badRequest(`a packet is sent at the tap of its sender, which has to be a port on a host: ${why}`);
  }
  if (isMulticast(flow.destination) || ways.some(({ destination }) => destination.kind === 'link'))
    return badRequest(
      `${flow.destination} is a multicast group, a broadcast or of a link: what is sent there takes no single way that could be traced`,
    );
  if (senders.size > 1) return badRequest(`several ports send from ${flow.source}: name one of them`);
  const protocol = flow.protocol as TraceFlow['protocol'];
  const isPing = flow.icmp !== null;
  const places = ways.map(placesOf);
  const unique = <T>(values: readonly T[]): readonly T[] => [...new Set(values)].slice(0, MAX_TRACED_ADDRESSES);
  return {
    explanation,
    flow: {
      protocol,
      sources: unique([source.ip, ...places.flatMap(({ sources }) => sources)]),
      destinations: unique([flow.destination, ...places.flatMap(({ destinations }) => destinations)]),
      ports: isPing ? [] : unique([flow.port ?? 0, ...places.flatMap(({ ports }) => ports)]),
      mark,
    },
    sender: { endpoint: source.endpoint, source: source.ip, destination: flow.destination, port: isPing ? null : flow.port },
    host: source.host,
    hosts: hostsConcerned(explanation),
    seconds,
  };
};

/** By which addresses and ports the flow goes on its way, translated or not. */
const placesOf = ({ destination, forward, reply }: Way): Pick<TraceFlow, 'sources' | 'destinations' | 'ports'> => {
  const there = forward.steps.flatMap(({ translation }) => translation ?? []);
  const back = (reply?.steps ?? []).flatMap(({ translation }) => translation ?? []);
  const of = (what: 'source' | 'destination') => there.filter((one) => one.what === what);
  return {
    sources: of('source').map(({ ip }) => ip),
    destinations: [destination.ip, ...of('destination').map(({ ip }) => ip), ...back.map(({ ip }) => ip)],
    ports: of('destination').flatMap(({ port }) => port ?? []),
  };
};
