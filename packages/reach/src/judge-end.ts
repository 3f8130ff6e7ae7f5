import { type Endpoint, isStateful } from '@manx/hoststate';
import type { Ip } from '@manx/ip';
import type { Cloud, Place } from './cloud.js';
import type { BlockerCode, EndFacts, Opening } from './explanation.js';
import { isOwn, SERVICES, type Sender, type Target } from './find-ends.js';
import { blocked, type Finding, hostShown, hostWord, type Leg, stepOf } from './finding.js';
import { type Absence, payloadText, protocolName } from './question.js';

/** Who an end is, of those that are no port. */
const NO_PORT = { endpoint: null, name: null, host: null, ifname: null, by: null, isSecured: null, isStateful: null, mtu: null } as const;

/** Who sends. */
export function senderFacts(cloud: Cloud, sender: Sender): EndFacts {
  if (sender.kind !== 'port') return { ...NO_PORT, kind: sender.kind, ip: sender.ip };
  const by = sender.via !== null ? 'floating' : isOwn(sender.place.endpoint, sender.ip) ? 'fixed' : 'pair';
  return portFacts(cloud, sender.place, { ip: sender.ip, by });
}

/** Who receives. */
export function targetFacts(cloud: Cloud, target: Target): EndFacts {
  if (target.kind === 'listener') return portFacts(cloud, target.place, { ip: target.ip, by: 'group' });
  if (target.kind === 'not-forwarded' || target.kind === 'no-listener') return { ...NO_PORT, kind: 'nobody', ip: target.ip };
  if (target.kind !== 'port') return { ...NO_PORT, kind: target.kind, ip: target.ip };
  const by = target.translation?.by ?? (isOwn(target.place.endpoint, target.ip) ? 'fixed' : 'pair');
  return portFacts(cloud, target.place, { ip: target.ip, by });
}

function portFacts(cloud: Cloud, place: Place, { ip, by }: { readonly ip: Ip; readonly by: NonNullable<EndFacts['by']> }): EndFacts {
  const { endpoint, state, host } = place;
  return {
    kind: 'port',
    ip,
    endpoint: endpoint.id,
    name: cloud.words.endpoint(endpoint.id),
    host: hostShown(cloud, host),
    ifname: endpoint.ifname,
    by,
    isSecured: endpoint.isSecured,
    isStateful: isStateful(state, endpoint),
    mtu: mtuOf(place, ip),
  };
}

/** What the instance is told (S29): its subnet's, or of an address that is none of its own the least of all its subnets. */
function mtuOf({ endpoint, state }: Place, ip: Ip): number | null {
  const own = endpoint.addresses.filter((address) => address.ip === ip);
  const mtus = (own.length > 0 ? own : endpoint.addresses).flatMap(({ subnet }) => state.subnets.get(subnet)?.mtu ?? []);
  return mtus.length === 0 ? null : Math.min(...mtus);
}

/** An address for which no port answers: because none has it, or because the one that does is on no host. */
export function judgeNobody(
  leg: Leg,
  end: { readonly ip: Ip; readonly absence: Absence | null; readonly side: 'source' | 'destination' },
): Finding {
  const { ip, absence, side } = end;
  const common = { direction: leg.direction, side, policies: [] };
  if (absence === null) {
    const verb = side === 'source' ? 'sends from' : 'answers for';
    const text = `no port ${verb} ${ip}, though it is in a subnet of this cloud`;
    return blocked(stepOf('end', text), { ...common, code: 'no-such-address', endpoint: null, opening: null });
  }
  const { code, endpoint, detail } = absence;
  const text = `${leg.cloud.words.endpoint(endpoint)} has ${ip}, but ${detail}`;
  const opening: Opening | null = code === 'not-compiled' ? null : { kind: 'bind', endpoint, text: BINDING_CHANGES[code] };
  return blocked(stepOf('end', text, { endpoint }), { ...common, code, endpoint, opening });
}

const BINDING_CHANGES: { readonly [C in Exclude<Absence['code'], 'not-compiled'>]: string } = {
  unbound: 'plug the port into an instance that runs: openstack server add port',
  'binding-failed':
    'bind the port again where an agent is alive: openstack network agent list; then unplug and plug it, or migrate the instance',
} satisfies { readonly [C in BlockerCode]?: string };

/** Metadata is for TCP to port 80, where the host has it, and DNS for port 53; a host that has either can be pinged there as well. */
function judgeService(leg: Leg, sender: { readonly at: Place['host'] }, ip: Ip): Finding {
  const { cloud, payload } = leg;
  const name = hostWord(cloud, sender.at);
  const at = { host: hostShown(cloud, sender.at) };
  const isPing = payload.icmp !== null && payload.icmp.type === (payload.protocol === 1 ? 8 : 128);
  if ((payload.protocol === TCP || payload.protocol === UDP) && payload.port === DOMAIN)
    return stepOf('host', `${name} answers DNS queries, unless the operator has turned that off`, at);
  if (isPing || (payload.protocol === TCP && payload.port === HTTP))
    return stepOf('host', `${name} answers for Nova's metadata service, where the operator has turned it on`, at);
  return blocked(stepOf('host', `${ip} answers nothing but metadata, TCP port ${HTTP}, and DNS, port ${DOMAIN}`, at), {
    code: 'host-service',
    direction: leg.direction,
    side: 'destination',
    endpoint: null,
    policies: [],
    opening: null,
  });
}

const TCP = 6;
const UDP = 17;
const HTTP = 80;
const DOMAIN = 53;

/** What is sent to the host itself: it answers little (S18). */
export function judgeHost(leg: Leg, sender: Endpoint & { readonly at: Place['host'] }, ip: Ip): Finding {
  const { cloud, payload } = leg;
  const { protocol, port, icmp } = payload;
  const name = hostWord(cloud, sender.at);
  const at = { host: hostShown(cloud, sender.at) };
  if (SERVICES.has(ip)) return judgeService(leg, sender, ip);
  const isPing = icmp !== null && icmp.type === (protocol === 1 ? 8 : 128);
  const isDhcp = protocol === 17 && (port === 67 || port === 547);
  if (isPing || isDhcp) return stepOf('host', `${ip} is the gateway that ${name} plays; it answers ${protocolName(protocol)} itself`, at);
  return blocked(
    stepOf('host', `${ip} is the gateway that ${name} plays; a host does not answer ${payloadText(payload)} of its instances`, at),
    {
      code: 'host-service',
      direction: leg.direction,
      side: 'destination',
      endpoint: null,
      policies: [],
      opening: null,
    },
  );
}
