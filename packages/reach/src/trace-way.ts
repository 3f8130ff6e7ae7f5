import { Translation } from '@manx/hoststate';
import type { Ip } from '@manx/ip';
import type { Cloud, Place } from './cloud.js';
import type { Answer, Blocker, Passage, Way } from './explanation.js';
import { announcedPrefix, answeringHost, findAnswered, isOwn, type Sender, type Target } from './find-ends.js';
import { blocked, type Finding, hostShown, hostWord, type Leg, stepOf, translationStep } from './finding.js';
import { judgeHost, judgeNobody, senderFacts, targetFacts } from './judge-end.js';
import { judgePolicy, judgeReply, judgeSource, judgeTap } from './judge-policy.js';
import { payloadText, type Question, replyPayload } from './question.js';
import { copying, judgeUnheard } from './trace-group.js';
import { warningsOf } from './way-warnings.js';

/** One sender, one receiver, and what is asked. */
export type Pairing = { readonly question: Question; readonly sender: Sender; readonly target: Target };

/** Follows a flow from one sender to one receiver, and its answers back. */
export function traceWay(cloud: Cloud, pairing: Pairing): Way {
  const { question, sender, target } = pairing;
  const [source, destination] = [senderFacts(cloud, sender), targetFacts(cloud, target)];
  const isHidden = source.kind === 'elsewhere' || destination.kind === 'elsewhere';
  const forward = forwardSteps({ cloud, direction: 'forward', payload: question, isPortAssumed: false }, pairing);
  // No answer comes by a group: whoever answers begins a flow of his own.
  const isOfGroup = target.kind === 'listener' || target.kind === 'no-listener';
  const answers = isOfGroup ? null : replyPayload(question, familyOfQuestion(question));
  const isAssumed = question.fromPort === null;
  const reply = answers === null ? null : replySteps({ cloud, direction: 'reply', payload: answers, isPortAssumed: isAssumed }, pairing);
  const blockers = [...forward, ...(reply ?? [])].flatMap((finding) => finding.blockers);
  const mtus = [source.mtu, destination.mtu].filter((mtu) => mtu !== null);
  return {
    answer: answerOf(blockers, isHidden),
    source,
    destination,
    forward: passageOf(forward, isHidden),
    reply: reply === null ? null : passageOf(reply, isHidden),
    mtu: mtus.length === 0 ? null : Math.min(...mtus),
    blockers,
    warnings: warningsOf(cloud, pairing),
  };
}

function passageOf(findings: readonly Finding[], isHidden: boolean): Passage {
  const blockers = findings.flatMap((finding) => finding.blockers);
  return { answer: answerOf(blockers, isHidden), steps: findings.map(({ step }) => step) };
}

function answerOf(blockers: readonly Blocker[], isHidden: boolean): Answer {
  if (blockers.length > 0) return 'refused';
  return isHidden ? 'allowed-here' : 'allowed';
}

function familyOfQuestion({ destination }: Question): 4 | 6 {
  return destination.ip.includes(':') ? 6 : 4;
}

/** Whether the packet never leaves the instance: what a port sends to an address of its own. */
function isWithin({ sender, target }: Pairing): boolean {
  if (sender.kind !== 'port' || target.kind !== 'port' || target.translation !== null) return false;
  return sender.place.endpoint.id === target.place.endpoint.id && isOwn(target.place.endpoint, target.ip);
}

/** From the sender's tap to the receiver's. */
function forwardSteps(leg: Leg, pairing: Pairing): readonly Finding[] {
  const { sender, target, question } = pairing;
  if (isWithin(pairing)) return [stepOf('end', `${question.destination.ip} is the sender's own: the packet never leaves the instance`)];
  return [...sending(leg, pairing), ...crossing(leg, pairing), ...receiving(leg, { sender, target })];
}

function sending(leg: Leg, { sender, target, question }: Pairing): readonly Finding[] {
  const { cloud } = leg;
  if (sender.kind === 'nobody') return [judgeNobody(leg, { ...sender, side: 'source' })];
  if (sender.kind !== 'port') {
    const whence = sender.kind === 'outside' ? 'from outside' : 'from where you do not see';
    return [stepOf('fabric', `${sender.ip} sends it ${whence}, by the fabric`)];
  }
  const { place, ip } = sender;
  const first = [judgeTap(leg, { place, side: 'source' }, 'sends'), judgeSource(leg, place, { ip, isToHost: target.kind === 'host' })];
  // What is for the host itself is no business of groups (S18), and what stays on the link does not get to them.
  if (target.kind === 'host') return [...first, judgeHost(leg, { ...place.endpoint, at: place.host }, target.ip)];
  if (target.kind === 'link') return [...first, judgeLink(leg, place, target.ip)];
  return [
    ...first,
    judgePolicy(leg, { place, direction: 'egress', peer: question.destination.ip, side: 'source' }),
    ...sentAs(cloud, place, { ip, target }),
  ];
}

function judgeLink(leg: Leg, { endpoint, host }: Place, ip: Ip): Finding {
  const { cloud } = leg;
  const text = `${ip} never leaves a link, and instances share none: ${hostWord(cloud, host)} does not forward it`;
  return blocked(stepOf('route', text, { host: hostShown(cloud, host), endpoint: endpoint.id }), {
    code: 'link-only',
    direction: leg.direction,
    side: 'destination',
    endpoint: null,
    policies: [],
    opening: null,
  });
}

/** Out of the flat space a fixed IP sends as its floating IP (S22), or as its host from a subnet with source NAT (S24). */
function sentAs(cloud: Cloud, place: Place, { ip, target }: { readonly ip: Ip; readonly target: Target }): readonly Finding[] {
  if (target.kind !== 'outside') return [];
  const translation = new Translation(place.state, cloud.snatOf(place.host) ?? null);
  const { as } = translation.of({ source: ip, destination: target.ip, protocol: 0, sport: null, dport: null, icmp: null });
  return as === ip ? [] : [translationStep(cloud, place, { what: 'source', from: ip, ip: as, port: null })];
}

/** Translation, and the way from the sender's host to the receiver's. */
function crossing(leg: Leg, { sender, target }: Pairing): readonly Finding[] {
  const { cloud } = leg;
  const from = sender.kind === 'port' ? sender.place : null;
  switch (target.kind) {
    case 'host':
    case 'link':
      return [];
    case 'outside':
    case 'elsewhere':
      return from === null ? [] : [leaving(cloud, from, target)];
    case 'listener':
      return copying(leg, sender, target);
    case 'no-listener':
      return [judgeUnheard(leg, target)];
    case 'not-forwarded':
      return [...between(cloud, { from, to: target.at, ip: target.ip }), judgeForwarded(leg, target)];
    case 'nobody':
    case 'port': {
      const { translation, ip } = target;
      const at = translation?.at ?? from;
      const last =
        target.kind === 'port'
          ? between(cloud, { from: at, to: target.place, ip })
          : [judgeNobody(leg, { ...target, side: 'destination' })];
      if (translation === null) return last;
      const there = translationStep(cloud, translation.at, { what: 'destination', from: translation.asked, ...translation.to });
      const back = target.kind === 'port' && target.place.host !== translation.at.host ? [answersBack(cloud, sender, translation)] : [];
      const toIt = from?.host === translation.at.host ? [] : between(cloud, { from, to: translation.at, ip: translation.asked });
      return [...toIt, ...judgeCarrier(leg, translation.at, target), there, ...back, ...last];
    }
    default:
      return target satisfies never;
  }
}

/** Forwards are with one of the ports behind a floating IP: while that one is down, nobody announces the address. */
function judgeCarrier(leg: Leg, at: Place, target: Target): readonly Finding[] {
  const isReceiver = target.kind === 'port' && target.place.endpoint.id === at.endpoint.id;
  return at.endpoint.isUp || isReceiver ? [] : [judgeTap(leg, { place: at, side: 'destination' }, 'receives')];
}

/** What is forwarded to another host has to come back by this one, and so goes on in its name (S23). */
function answersBack(cloud: Cloud, sender: Sender, { at, asked }: NonNullable<Extract<Target, { kind: 'port' }>['translation']>): Finding {
  return translationStep(cloud, at, { what: 'source', from: sender.ip, ip: asked, port: null });
}

function judgeForwarded(leg: Leg, { ip, at }: Extract<Target, { kind: 'not-forwarded' }>): Finding {
  const { cloud, payload } = leg;
  const where = hostShown(cloud, at.host);
  const text = `${payloadText(payload)} of ${ip} is not forwarded to any port`;
  const change = `openstack floating ip port forwarding create --protocol PROTOCOL --external-protocol-port ${payload.port ?? 'PORT'} ... ${ip}`;
  return blocked(stepOf('translation', text, { host: where, endpoint: at.endpoint.id }), {
    code: 'not-forwarded',
    direction: leg.direction,
    side: 'destination',
    endpoint: at.endpoint.id,
    policies: [],
    opening: { kind: 'forward', ip, protocol: payload.protocol, port: payload.port, text: change },
  });
}

function leaving(cloud: Cloud, { host }: Place, target: { readonly kind: 'outside' | 'elsewhere'; readonly ip: Ip }): Finding {
  const where =
    target.kind === 'outside' ? 'out of the cloud, by the routes that the fabric announces' : 'on; what is beyond is not yours to see';
  return stepOf('route', `${hostWord(cloud, host)} sends ${target.ip} ${where}`, { host: hostShown(cloud, host) });
}

/** The route from one host to the tap on another, or on the same. */
function between(cloud: Cloud, { from, to, ip }: { readonly from: Place | null; readonly to: Place; readonly ip: Ip }): readonly Finding[] {
  const prefix = announcedPrefix(to.endpoint, ip);
  const [there, shown] = [hostWord(cloud, to.host), hostShown(cloud, to.host)];
  if (from?.host === to.host)
    return [stepOf('route', `${there} routes ${prefix} to ${to.endpoint.ifname}`, { host: shown, endpoint: to.endpoint.id })];
  const fabric = stepOf(
    'fabric',
    `the fabric carries it to ${cloud.showsHosts ? to.host : 'the host of the receiver'}, which announces ${prefix} by BGP`,
  );
  if (from === null) return [fabric];
  const next = cloud.showsHosts ? to.host : 'the host of the receiver';
  return [
    stepOf('route', `${hostWord(cloud, from.host)} has learned ${prefix} from the fabric: its way is to ${next}`, {
      host: hostShown(cloud, from.host),
    }),
    fabric,
  ];
}

/** The address that the receiver's host sees as the source. */
function seenSource(sender: Sender, target: Extract<Target, { kind: 'port' }>): Ip {
  const { translation, place } = target;
  return translation !== null && translation.at.host !== place.host ? translation.asked : sender.ip;
}

/** Whether somebody asks for himself, by an address that stands for him: he must not hear from himself by his own (S21). */
function isHairpin(sender: Sender, { translation, place, ip }: Extract<Target, { kind: 'port' }>): boolean {
  return translation !== null && translation.at.host === place.host && sender.ip === ip;
}

function receiving(leg: Leg, { sender, target }: Omit<Pairing, 'question'>): readonly Finding[] {
  if (target.kind === 'listener') {
    const { place } = target;
    const asked = { place, direction: 'ingress', peer: sender.ip, side: 'destination' } as const;
    return [judgePolicy(leg, asked), judgeTap(leg, asked, 'receives')];
  }
  if (target.kind !== 'port') return [];
  const { place, translation } = target;
  const translated = { ...leg, payload: { ...leg.payload, port: target.port } };
  return [
    judgePolicy(translated, { place, direction: 'ingress', peer: seenSource(sender, target), side: 'destination' }),
    ...(translation !== null && isHairpin(sender, target) ? [answersBack(leg.cloud, sender, translation)] : []),
    judgeTap(leg, { place, side: 'destination' }, 'receives'),
  ];
}

/** From the receiver back. What cannot be delivered is not answered, which the first packet's steps have told. */
function replySteps(leg: Leg, pairing: Pairing): readonly Finding[] {
  const { sender, target } = pairing;
  const { cloud } = leg;
  if (isWithin(pairing)) return [stepOf('end', 'the answer never leaves the instance')];
  if (target.kind === 'host' && sender.kind === 'port')
    return [stepOf('host', `${hostWord(cloud, sender.place.host)} answers`, { host: hostShown(cloud, sender.place.host) })];
  const translation = target.kind === 'port' ? target.translation : null;
  const there = target.kind === 'port' ? answering(leg, sender, target) : [];
  const back =
    translation === null
      ? []
      : [
          translationStep(cloud, translation.at, {
            what: 'source',
            from: translation.to.ip,
            ip: translation.asked,
            port: pairing.question.port,
          }),
        ];
  if (sender.kind !== 'port') return [...there, ...back];
  // On the carrier's own host the answer is translated back only after the sender's policy has seen it.
  const isSeenTranslated = translation !== null && translation.at.host !== sender.place.host;
  const peer = isSeenTranslated || target.kind !== 'port' ? pairing.question.destination.ip : target.ip;
  const here = [...judgeReturn(leg, pairing), judgeReply(leg, { place: sender.place, direction: 'ingress', peer, side: 'source' })];
  return isSeenTranslated ? [...there, ...back, ...here] : [...there, ...here, ...back];
}

/** What the receiver's groups say of its answer. One to himself is asked about twice: before it is translated back, and after. */
function answering(leg: Leg, sender: Sender, target: Extract<Target, { kind: 'port' }>): readonly Finding[] {
  const { place, translation } = target;
  const peers = translation !== null && isHairpin(sender, target) ? [translation.asked, sender.ip] : [seenSource(sender, target)];
  return peers.map((peer) => judgeReply(leg, { place, direction: 'egress', peer, side: 'destination' }));
}

/** Whether answers find the sender: they do where its address is its own; of a pair they go to whoever it is routed to. */
function judgeReturn(leg: Leg, { sender, target }: Pairing): readonly Finding[] {
  const { cloud } = leg;
  if (sender.kind !== 'port' || isOwn(sender.place.endpoint, sender.ip)) return [];
  const answered = findAnswered(cloud, sender.ip, answeringHost(target));
  const { endpoint } = sender.place;
  if (answered.some((place) => place.endpoint.id === endpoint.id)) return [];
  const whose = answered.length === 0 ? 'to nobody' : `to ${answered.map((place) => cloud.words.endpoint(place.endpoint.id)).join(', ')}`;
  const text = `answers to ${sender.ip} go ${whose}, not to ${cloud.words.endpoint(endpoint.id)}`;
  return [
    blocked(stepOf('route', text), {
      code: 'answers-elsewhere',
      direction: 'reply',
      side: 'source',
      endpoint: endpoint.id,
      policies: [],
      opening: null,
    }),
  ];
}
