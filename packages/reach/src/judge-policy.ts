import { isStateful, type Payload, type PolicyRule, type Verdict, verdict } from '@manx/hoststate';
import { hostCidr, type Ip } from '@manx/ip';
import type { Place } from './cloud.js';
import type { Blocker, Opening } from './explanation.js';
import { hasAddress, hasSingle } from './find-ends.js';
import { blocked, type Finding, hostShown, hostWord, type Leg, stepOf } from './finding.js';
import { payloadText } from './question.js';
import { openingRule, ruleCommand, ruleText } from './rule-words.js';

/** Whose policy, in which direction from the instance's view, towards which address; and at which end of the flow. */
export type PolicyAsked = {
  readonly place: Place;
  readonly direction: PolicyRule['direction'];
  readonly peer: Ip;
  readonly side: Blocker['side'];
};

/** What an endpoint's groups say of one packet, as its host enforces it: `verdict`, in words, with what would change it. */
export function judgePolicy(leg: Leg, asked: PolicyAsked): Finding {
  const { cloud } = leg;
  const { place, direction } = asked;
  const { endpoint, host } = place;
  const name = cloud.words.endpoint(endpoint.id);
  const at = { host: hostShown(cloud, host), endpoint: endpoint.id };
  const answer = policyVerdict(place, leg.payload, asked);
  const verb = direction === 'egress' ? 'out' : 'in';
  if (answer.kind === 'allow') {
    if (answer.policy === null) return stepOf('policy', `port security of ${name} is off: everything goes ${verb}`, at);
    const group = cloud.words.policy(answer.policy);
    if (group === null) return stepOf('policy', `${name} lets it ${verb} by a group that you may not see`, at);
    const rule = place.state.policies.get(answer.policy)?.rules.find(({ id }) => id === answer.rule);
    const what = rule === undefined ? '' : `: ${ruleText(rule, cloud.words)}`;
    const text = `${name} lets it ${verb} by group ${group}${what}`;
    return stepOf('policy', text, { ...at, policy: answer.policy, rule: answer.rule });
  }
  return denied(leg, asked, stepOf('policy', deniedText(leg, asked), at));
}

/** `verdict`, as if the endpoint were up: what is down is told by its tap already, and there may be more in the way. */
function policyVerdict(place: Place, payload: Payload, { direction, peer }: Pick<PolicyAsked, 'direction' | 'peer'>): Verdict {
  const { state, endpoint } = place;
  const isUp = endpoint.isUp && state.endpoints.get(endpoint.id) === endpoint;
  const up = isUp ? state : { ...state, endpoints: new Map([[endpoint.id, { ...endpoint, isUp: true }]]) };
  return verdict(up, { endpoint: endpoint.id, direction, peer, ...payload });
}

function deniedText({ cloud, payload }: Leg, { place, direction, peer }: PolicyAsked): string {
  const { endpoint } = place;
  const name = cloud.words.endpoint(endpoint.id);
  if (endpoint.policies.length === 0) return `${name} has no security group, so nothing may begin`;
  const groups = endpoint.policies.map((id) => cloud.words.policy(id) ?? 'one that you may not see').join(', ');
  const what = payloadText(payload);
  const way = direction === 'egress' ? `out ${what} to ${peer}` : `in ${what} from ${peer}`;
  return `no rule of the groups of ${name} (${groups}) lets ${way}`;
}

function denied(leg: Leg, { place, direction, peer, side }: PolicyAsked, finding: Finding): Finding {
  const { cloud, payload, isPortAssumed } = leg;
  const { endpoint, state } = place;
  const rule = openingRule(direction, { ...payload, peer, isPortAssumed });
  const shown = endpoint.policies.filter((id) => cloud.words.policy(id) !== null);
  const known = shown.filter((id) => state.policies.has(id));
  const [smallest] = known.toSorted((a, b) => cloud.portsIn(a) - cloud.portsIn(b) || (a < b ? -1 : 1));
  const opening: Opening =
    smallest === undefined
      ? {
          kind: 'policy',
          endpoint: endpoint.id,
          rule,
          text: `give it a security group with this rule: ${ruleCommand('GROUP', rule)}; openstack port set --security-group GROUP ${endpoint.id}`,
        }
      : { kind: 'rule', policy: smallest, rule, text: ruleCommand(smallest, rule) };
  const code = endpoint.policies.length === 0 ? 'no-policy' : 'no-rule';
  return blocked(finding, { code, direction: leg.direction, side, endpoint: endpoint.id, policies: shown, opening });
}

/** The answers at an endpoint: they pass where flows are remembered, and need rules of their own where not. */
export function judgeReply(leg: Leg, asked: PolicyAsked): Finding {
  const { cloud } = leg;
  const { endpoint, state, host } = asked.place;
  if (!endpoint.isSecured || !isStateful(state, endpoint)) return judgePolicy(leg, asked);
  const text = `${hostWord(cloud, host)} remembers the flow, so its answers pass at ${cloud.words.endpoint(endpoint.id)}`;
  return stepOf('policy', text, { host: hostShown(cloud, host), endpoint: endpoint.id });
}

/** The tap of an endpoint: shut while the port or its network is down (S19). */
export function judgeTap(leg: Leg, { place, side }: Pick<PolicyAsked, 'place' | 'side'>, verb: 'sends' | 'receives'): Finding {
  const { cloud } = leg;
  const { endpoint, host } = place;
  const name = cloud.words.endpoint(endpoint.id);
  const text = `${name} ${verb} by ${endpoint.ifname}${cloud.showsHosts ? ` on ${host}` : ''}`;
  const finding = stepOf('tap', text, { host: hostShown(cloud, host), endpoint: endpoint.id });
  if (endpoint.isUp) return finding;
  const down = cloud.conditionOf(endpoint.id)?.down ?? [];
  const who = down.length === 0 ? 'the port or its network' : down.map(({ kind }) => `the ${kind}`).join(' and ');
  const changes = down.length === 0 ? [{ kind: 'port', id: endpoint.id }] : down;
  const change = changes.map(({ kind, id }) => `openstack ${kind} set --enable ${id}`).join('; ');
  return blocked(finding, {
    code: 'endpoint-down',
    direction: leg.direction,
    side,
    endpoint: endpoint.id,
    policies: [],
    text: `${name} is cut off: ${who} is administratively down`,
    opening: { kind: 'enable', endpoint: endpoint.id, text: change },
  });
}

/** Whether the sender may send from the address (S17). To its host also one without port security speaks only as itself, by single addresses (S18). */
export function judgeSource(leg: Leg, place: Place, { ip, isToHost }: { readonly ip: Ip; readonly isToHost: boolean }): Finding {
  const { cloud } = leg;
  const { endpoint, host } = place;
  const name = cloud.words.endpoint(endpoint.id);
  const isOwn = endpoint.addresses.some((own) => own.ip === ip);
  const isFree = !endpoint.isSecured && !isToHost;
  const by = isFree ? 'port security is off, nothing is checked' : isOwn ? 'its own address' : 'an allowed address pair of it';
  const at = { host: hostShown(cloud, host), endpoint: endpoint.id };
  const isAllowed = isFree || (isToHost ? hasSingle(endpoint, ip) : hasAddress(endpoint, ip));
  if (isAllowed) return stepOf('source-check', `${name} may send from ${ip}: ${by}`, at);
  const isInPrefix = hasAddress(endpoint, ip);
  const why = isInPrefix
    ? 'to its host none speaks from within a prefix'
    : 'it is neither its address nor in an allowed address pair of it';
  const text = `${name} may not send from ${ip}: ${why}`;
  const change = `openstack port set --allowed-address ip-address=${ip} ${endpoint.id}`;
  return blocked(stepOf('source-check', text, at), {
    code: 'source-not-own',
    direction: leg.direction,
    side: 'source',
    endpoint: endpoint.id,
    policies: [],
    opening: { kind: 'pair', endpoint: endpoint.id, cidr: hostCidr(ip), text: change },
  });
}
