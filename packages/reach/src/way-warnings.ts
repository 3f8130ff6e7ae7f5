import { type HostName, isStateful, Translation } from '@manx/hoststate';
import type { Ip } from '@manx/ip';
import type { Cloud, Place } from './cloud.js';
import type { Warning } from './explanation.js';
import { answeringHost, findAnswered, isOwn, type Sender, type Target } from './find-ends.js';
import { hostShown, hostWord } from './finding.js';
import { ASSUMED_CLIENT_PORT, type Question } from './question.js';

/** What is worth knowing of a way, beside what lets it pass or not. */
export function warningsOf(
  cloud: Cloud,
  way: { readonly question: Question; readonly sender: Sender; readonly target: Target },
): readonly Warning[] {
  const { question, sender, target } = way;
  const from = sender.kind === 'port' ? sender.place : null;
  const isOfGroup = target.kind === 'listener';
  const to = target.kind === 'port' || isOfGroup ? target.place : null;
  const ends = [from, to].filter((place) => place !== null);
  const places = [...new Map(ends.map((place) => [place.endpoint.id, place])).values()];
  return [
    ...places.flatMap((place) => conditionWarnings(cloud, place)),
    ...(target.kind === 'port' ? spreadWarnings(cloud, target) : []),
    ...(isOfGroup ? moreListeners(target) : []),
    ...(sender.kind === 'port' && !isOfGroup && target.kind !== 'no-listener' ? answerWarnings(cloud, sender, answeringHost(target)) : []),
    ...(sender.kind === 'port' && target.kind === 'outside' ? natWarnings(cloud, sender, target.ip) : []),
    ...limitWarnings(cloud, from, 'egress'),
    ...limitWarnings(cloud, to, 'ingress'),
    ...(question.port !== null && question.fromPort === null && !isOfGroup && ends.some(asksAnswers) ? [ASSUMED] : []),
  ];
}

const ASSUMED: Warning = {
  code: 'port-assumed',
  host: null,
  text: `the sender's port was not said: ${ASSUMED_CLIENT_PORT} is assumed where groups without memory are asked about the answers`,
};

function moreListeners({ ip, more }: Extract<Target, { kind: 'listener' }>): readonly Warning[] {
  return more === 0 ? [] : [{ code: 'more-listeners', host: null, text: `${more} more listen to ${ip}, and are left out here` }];
}

function asksAnswers({ state, endpoint }: Place): boolean {
  return endpoint.isSecured && !isStateful(state, endpoint);
}

function conditionWarnings(cloud: Cloud, { host, endpoint }: Place): readonly Warning[] {
  const condition = cloud.conditionOf(endpoint.id);
  if (condition === null) return [];
  const [shown, name] = [hostShown(cloud, host), cloud.words.endpoint(endpoint.id)];
  if (!condition.isHostAlive) {
    const text = `nothing has been heard of the agent on ${hostWord(cloud, host)} lately: what is there goes on, but ${name} may not be as it should`;
    return [{ code: 'host-not-heard-of', host: shown, text }];
  }
  if (condition.isProgrammed || !endpoint.isUp) return [];
  return [
    {
      code: 'not-programmed',
      host: shown,
      text: `${hostWord(cloud, host)} has not said that ${name} is programmed: until then nothing passes`,
    },
  ];
}

function spreadWarnings(cloud: Cloud, { ip, isSpread, down }: Extract<Target, { kind: 'port' }>): readonly Warning[] {
  const spread: Warning = { code: 'spread', host: null, text: `${ip} has several holders: each flow goes to one of them` };
  const dead = down.map(
    (id): Warning => ({ code: 'holder-down', host: null, text: `${cloud.words.endpoint(id)} has ${ip} too, but is down and gets nothing` }),
  );
  return [...(isSpread ? [spread] : []), ...dead];
}

function answerWarnings(cloud: Cloud, { place, ip }: Extract<Sender, { kind: 'port' }>, from: HostName | null): readonly Warning[] {
  if (isOwn(place.endpoint, ip)) return [];
  const answered = findAnswered(cloud, ip, from).map(({ endpoint }) => endpoint.id);
  if (answered.length < 2 || !answered.includes(place.endpoint.id)) return [];
  return [{ code: 'answers-spread', host: null, text: `${ip} has several holders: the answers may go to another` }];
}

/** Whether there is an address for source NAT is the host's setting: what it would mean is found out with one that nobody has. */
function natWarnings(cloud: Cloud, { place, ip }: Extract<Sender, { kind: 'port' }>, to: Ip): readonly Warning[] {
  const { host, state } = place;
  if (cloud.snatOf(host) !== undefined) return [];
  const { as } = new Translation(state, UNKNOWN).of({ source: ip, destination: to, protocol: 0, sport: null, dport: null, icmp: null });
  if (as !== UNKNOWN) return [];
  const text = `its router has source NAT: ${ip} leaves as the address that ${hostWord(cloud, host)} has for that (host_snat in agent.yaml), as itself if it has none`;
  return [{ code: 'source-nat', host: hostShown(cloud, host), text }];
}

const UNKNOWN = '0.0.0.0' as Ip;

function limitWarnings(cloud: Cloud, place: Place | null, direction: 'ingress' | 'egress'): readonly Warning[] {
  if (place === null) return [];
  const { host, endpoint } = place;
  const limits = endpoint.qos.limits.filter((limit) => limit.direction === direction);
  const verb = direction === 'egress' ? 'sends' : 'receives';
  return limits.map(({ rate, unit }) => ({
    code: 'rate-limited',
    host: hostShown(cloud, host),
    text: `what ${cloud.words.endpoint(endpoint.id)} ${verb} beyond ${rate} ${unit} a second is dropped`,
  }));
}
