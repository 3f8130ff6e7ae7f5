import type { Membership } from '@manx/hoststate';
import type { Cloud, Place } from './cloud.js';
import type { Sender, Target } from './find-ends.js';
import { blocked, type Finding, hostShown, hostWord, type Leg, stepOf } from './finding.js';

/** One who listens to a group. */
export type ListenerTarget = Extract<Target, { kind: 'listener' }>;

/** The way of a copy from the sender's host to one who listens to the group (S10): over the host, or in a tunnel between two. */
export function copying(leg: Leg, sender: Sender, target: ListenerTarget): readonly Finding[] {
  const { cloud } = leg;
  const { place, ip, membership } = target;
  const name = cloud.words.endpoint(place.endpoint.id);
  const wanted = wants(membership, sender.ip)
    ? stepOf('route', `${hostWord(cloud, place.host)} has heard that ${name} listens to ${ip}`, at(cloud, place))
    : refused(
        leg,
        stepOf('route', `${name} listens to ${ip}, but not to what ${sender.ip} sends there`, at(cloud, place)),
        'source-not-wanted',
      );
  const from = sender.kind === 'port' ? sender.place : null;
  return from === null || from.host === place.host ? [wanted] : [tunnel(leg, from, place), wanted];
}

/** Nobody whom the asker may see listens, and there is nobody else. */
export function judgeUnheard(leg: Leg, { ip }: Extract<Target, { kind: 'no-listener' }>): Finding {
  return refused(leg, stepOf('route', `nobody listens to ${ip}, as far as the hosts have heard`), 'no-listener');
}

/** Whether an instance wants what a source sends to the group (RFC 3376, section 3.2). */
function wants({ mode, sources }: Membership, source: Sender['ip']): boolean {
  return sources.includes(source) === (mode === 'include');
}

function tunnel(leg: Leg, from: Place, to: Place): Finding {
  const { cloud } = leg;
  const shown = { host: hostShown(cloud, from.host) };
  const there = cloud.showsHosts ? to.host : 'the host of the receiver';
  const shut = [from.host, to.host].find((host) => !cloud.hasTunnel(host));
  if (shut === undefined)
    return stepOf('fabric', `${hostWord(cloud, from.host)} sends a copy in a tunnel to ${there}, which has a listener`, shown);
  const text = `no copy goes from ${hostWord(cloud, from.host)} to ${there}: ${hostWord(cloud, shut)} has no tunnel for multicast (\`multicast\` in its agent.yaml)`;
  return refused(leg, stepOf('fabric', text, shown), 'no-tunnel');
}

const at = (cloud: Cloud, { host, endpoint }: Place) => ({ host: hostShown(cloud, host), endpoint: endpoint.id });

function refused({ direction }: Leg, finding: Finding, code: 'source-not-wanted' | 'no-listener' | 'no-tunnel'): Finding {
  const { endpoint } = finding.step;
  return blocked(finding, { code, direction, side: 'destination', endpoint, policies: [], opening: null });
}
