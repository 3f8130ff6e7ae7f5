import type { Ip } from '@manx/ip';
import { type Cloud, type Explanation, explain, type Way } from '@manx/reach';
import type { Outcome } from './look.js';
import { OUTSIDE, probeText } from './probes.js';

/** A flow of which `reach` says one thing and the packets another. */
export type Disagreement = {
  readonly outcome: Outcome;
  /** What is wrong, in a sentence. */
  readonly what: string;
  readonly explanation: Explanation;
};

/** What `reach` says of a probe's flow. */
export const explanationOf = (cloud: Cloud, { probe, sport }: Pick<Outcome, 'probe' | 'sport'>): Explanation =>
  explain(cloud, {
    source: { ip: probe.source, endpoint: probe.from === OUTSIDE ? null : probe.from, absence: null },
    destination: { ip: probe.destination, endpoint: null, absence: null },
    protocol: probe.protocol,
    port: probe.port,
    fromPort: probe.port === null ? null : sport,
    icmp: probe.icmpType === null ? null : { type: probe.icmpType, code: 0 },
  });

/** Whether nothing of a flow may arrive, by any of its ways. */
export const isRefused = (cloud: Cloud, flow: Pick<Outcome, 'probe' | 'sport'>): boolean =>
  explanationOf(cloud, flow).ways.every(({ forward }) => forward.answer === 'refused');

const receiverOf = ({ destination: { kind, endpoint } }: Way): string => endpoint ?? (kind === 'outside' ? OUTSIDE : kind);

/** The address by which the receiver sees the flow come, by the translations of the way. */
const seenAs = ({ source, forward }: Way): Ip =>
  forward.steps.findLast(({ translation }) => translation?.what === 'source')?.translation?.ip ?? source.ip;

/** The port at which it arrives. */
const seenAt = ({ forward }: Way, port: number): number =>
  forward.steps.findLast(({ translation }) => translation?.what === 'destination')?.translation?.port ?? port;

/** What the packets of a flow did that `reach` does not say; null when they agree. */
export const judge = (cloud: Cloud, outcome: Outcome): Disagreement | null => {
  const explanation = explanationOf(cloud, outcome);
  const what = arrivalFault(explanation, outcome) ?? answerFault(explanation, outcome);
  return what === null ? null : { outcome, what, explanation };
};

/**
 * The same for a packet of a flow that began before the last step: only its arrival is asked about. Where it goes on through a live migration it may be
 * seen as what it was at first (`seenBefore`), whichever host translates flows that begin now.
 */
export const judgeLater = (cloud: Cloud, outcome: Outcome, seenBefore: Ip | null): Disagreement | null => {
  const explanation = explanationOf(cloud, outcome);
  const first = seenBefore ?? outcome.probe.source;
  const arrivals = isAsBoth(cloud, outcome) ? outcome.arrivals.filter(({ source }) => source === first) : outcome.arrivals;
  const what = arrivalFault(explanation, { ...outcome, arrivals }, seenBefore);
  return what === null ? null : { outcome, what: `in a flow that began before: ${what}`, explanation };
};

/**
 * Whether a segment that a guest sends first after its live migration came as both of its addresses: where the other end's host knows neither it drops
 * none, if its own guest is stateless or has moved as well (decision 33).
 */
const isAsBoth = (cloud: Cloud, { probe, arrivals }: Outcome): boolean => {
  const sender = cloud.placeOf(probe.from)?.endpoint;
  const [one, other, ...more] = arrivals;
  if (sender?.picksUp !== true || one === undefined || other === undefined || more.length > 0) return false;
  const isOwn = (ip: Ip): boolean =>
    ip === probe.source || sender.floating.some((floating) => floating.ip === ip && floating.fixed === probe.source);
  return one.at === other.at && one.port === other.port && one.source !== other.source && isOwn(one.source) && isOwn(other.source);
};

const arrivalFault = ({ ways }: Explanation, { probe, arrivals }: Outcome, seenBefore: Ip | null = null): string | null => {
  const open = ways.filter(({ forward }) => forward.answer === 'allowed');
  const isSure = open.length === ways.length;
  if (arrivals.length === 0) return isSure ? `told to reach ${open.map(receiverOf).join(' or ')}, but arrives nowhere` : null;
  if (arrivals.length > 1) return `arrives ${arrivals.length} times: ${arrivals.map(({ at }) => at).join(', ')}`;
  const [arrival] = arrivals;
  const way = open.find((one) => receiverOf(one) === arrival?.at);
  if (arrival === undefined || way === undefined) return `not told to reach ${arrival?.at ?? 'anybody'}, but does`;
  if (arrival.source !== seenAs(way) && arrival.source !== seenBefore)
    return `told to be seen as ${seenAs(way)}, but is seen as ${arrival.source}`;
  const port = seenAt(way, probe.port ?? 0);
  return probe.port !== null && arrival.port !== port ? `told to arrive at port ${port}, but arrives at ${arrival.port}` : null;
};

const answerFault = ({ ways }: Explanation, { probe, arrivals, answeredBy }: Outcome): string | null => {
  const way = ways.find((one) => receiverOf(one) === arrivals[0]?.at);
  if (way === undefined || way.reply === null) return null;
  // Which of several holders gets the answer is the fabric's choice.
  if (way.warnings.some(({ code }) => code === 'answers-spread')) return null;
  if (way.reply.answer !== 'allowed') return answeredBy === null ? null : 'told that answers are refused, but they come back';
  if (answeredBy === null) return 'told that answers pass, but none comes back';
  return answeredBy === probe.destination ? null : `the answer comes from ${answeredBy}`;
};

/** What the cable of a guest is called by which it does not run, during a live migration: nothing is to arrive there. */
export const silentEnd = (port: string, host: string): string => `${port} silent on ${host}`;

/** Whether a disagreement is a packet that passes though it may not: no slow route is an excuse for that. To a host that a guest has left, one is. */
export const isBreach = ({ outcome: { arrivals }, explanation: { ways } }: Disagreement): boolean =>
  arrivals.some(
    ({ at }) =>
      !ways.some((way) => way.forward.answer === 'allowed' && (receiverOf(way) === at || at.startsWith(silentEnd(receiverOf(way), '')))),
  );

/** All that a bug report needs, in lines. */
export const disagreementText = ({ outcome, what, explanation }: Disagreement, nameOf: (end: string) => string): string => {
  const { probe, sport, arrivals, answeredBy } = outcome;
  const steps = explanation.ways.flatMap(({ source, destination, forward, reply, blockers }) => [
    `    way from ${nameOf(source.endpoint ?? source.kind)} to ${nameOf(destination.endpoint ?? destination.kind)}: ${forward.answer}, answers ${reply?.answer ?? 'none'}`,
    ...forward.steps.map(({ host, passes, kind, text }) => `      ${host ?? '-'} ${passes ? 'ok' : 'NO'} ${kind}: ${text}`),
    ...blockers.map(({ text }) => `      blocked: ${text}`),
  ]);
  const seen = arrivals.map(({ at, source, port }) => `${nameOf(at)} (from ${source}, port ${port})`).join(', ') || 'nowhere';
  return [
    `  ${nameOf(probe.from)}: ${probeText(probe)}, from port ${sport}: ${what}`,
    `    packets: arrives at ${seen}; answered by ${answeredBy ?? 'nobody'}`,
    ...steps,
  ].join('\n');
};
