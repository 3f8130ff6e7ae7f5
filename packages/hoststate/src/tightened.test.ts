import { cidrContains, hostCidr, type Ip } from '@manx/ip';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFlowAllowed } from './flow.js';
import { type Endpoint, FLAT_SPACE, type HostObject, type HostState, type Member, type Policy } from './host-state.js';
import { isSilent } from './phase.js';
import { endpoint, paired, policy, rule, set, stateOf, subnet, twoFriends } from './testing/named-states.js';
import { flows, hostStates } from './testing/random-states.js';
import { endpointsTightened, flowCutter } from './tightened.js';
import { type Flow, isForwarded } from './translation.js';

const friends = twoFriends.policies.get('friends') as Policy;

function changed(...objects: readonly HostObject[]): HostState {
  return stateOf(
    ...twoFriends.endpoints.values(),
    ...twoFriends.policies.values(),
    ...twoFriends.sets.values(),
    ...twoFriends.subnets.values(),
    ...objects,
  );
}

function holdersOf(state: HostState, flow: Flow): readonly string[] {
  const isEnd = (ip: Ip): boolean => ip === flow.source || ip === flow.destination;
  const holds = ({ addresses, pairs, floating, forwards }: Endpoint): boolean =>
    addresses.some(({ ip }) => isEnd(ip)) ||
    pairs.some(({ cidr }) => cidrContains(cidr, flow.source) || cidrContains(cidr, flow.destination)) ||
    [...floating, ...forwards].some(({ ip, fixed }) => isEnd(ip) || isEnd(fixed));
  return [...state.endpoints.values()].filter(holds).map(({ id }) => id);
}

const covers = (member: string, ip: Ip): boolean => cidrContains((member.includes('/') ? member : hostCidr(member as Ip)) as never, ip);

/** Whether an endpoint lost an address of the flow, or a pair around it that nobody has kept. */
function hasLostEnd(before: HostState, after: HostState, { source, destination }: Flow): boolean {
  const isEnd = (member: string): boolean => covers(member, source) || covers(member, destination);
  const owns = (endpoint: Endpoint | undefined, cidr: string): boolean =>
    endpoint?.addresses.some((one) => hostCidr(one.ip) === cidr) ?? false;
  const pairs = (endpoint: Endpoint | undefined, cidr: string): boolean => endpoint?.pairs.some((one) => one.cidr === cidr) ?? false;
  const has = (endpoint: Endpoint | undefined, cidr: string): boolean => pairs(endpoint, cidr) || owns(endpoint, cidr);
  const upIn = (state: HostState, id: string): Endpoint | undefined => [state.endpoints.get(id)].find((one) => one?.isUp);
  return [...before.endpoints.values()].some((old) => {
    // Of what had moved away before, everything was done then.
    if (!old.isUp || isSilent(old)) return false;
    const fresh = upIn(after, old.id);
    const lostOwn = old.addresses.some(({ ip }) => isEnd(ip) && !has(fresh, hostCidr(ip)));
    const isKept = (cidr: string): boolean =>
      [...before.endpoints.values()].some((one) => one.isUp && pairs(one, cidr) && pairs(upIn(after, one.id), cidr));
    return lostOwn || old.pairs.some(({ cidr }) => isEnd(cidr) && !has(fresh, cidr) && !isKept(cidr));
  });
}

/** Whether an endpoint of the flow has moved away, and nobody who is still here has the other end. */
function hasMovedEnd(before: HostState, after: HostState, { source, destination }: Flow): boolean {
  const has = ({ isUp, addresses, pairs }: Endpoint, ip: Ip): boolean =>
    addresses.some((own) => own.ip === ip) || (isUp && pairs.some(({ cidr }) => cidrContains(cidr, ip)));
  const isHere = (ip: Ip): boolean => [...after.endpoints.values()].some((one) => !isSilent(one) && has(one, ip));
  return [...before.endpoints.values()].some((old) => {
    const fresh = after.endpoints.get(old.id);
    if (isSilent(old) || fresh === undefined || !isSilent(fresh)) return false;
    return (has(old, source) && !isHere(destination)) || (has(old, destination) && !isHere(source));
  });
}

const SNAT = '192.0.2.9' as Ip;

/** Where a flow goes and as whom, in the words of S21 to S24. */
function translated(state: HostState, flow: Flow, flat: readonly Member[] | undefined): string {
  const ups = [...state.endpoints.values()].filter(({ isUp }) => isUp);
  const isHere = (ip: Ip): boolean => ups.some(({ addresses }) => addresses.some((own) => own.ip === ip));
  const floating = ups.flatMap((one) => one.floating);
  const whole = floating.findLast(({ ip }) => ip === flow.destination);
  const forward = ups.flatMap(({ forwards }) => forwards).find((one) => isForwarded(one, flow));
  const { fixed = null } = whole ?? forward ?? {};
  if (fixed !== null) {
    const port = forward !== undefined && whole === undefined ? forward.fixedFrom + ((flow.dport ?? 0) - forward.from) : flow.dport;
    const toOne = forward !== undefined && forward.fixedFrom === forward.fixedTo ? forward.fixedFrom : port;
    return `${fixed} ${whole === undefined ? toOne : port} ${fixed === flow.source || !isHere(fixed) ? flow.destination : flow.source}`;
  }
  const isForwardedOtherwise = ups.some(({ forwards }) => forwards.some(({ ip }) => ip === flow.destination));
  const isOut = flat !== undefined && !flow.source.includes(':') && !flat.some((member) => covers(member, flow.destination));
  const natted = [...state.subnets.values()].some(({ hasSnat, cidr }) => hasSnat && covers(cidr, flow.source));
  const as = floating.find((one) => one.fixed === flow.source)?.ip ?? (natted ? SNAT : flow.source);
  return `${flow.destination} ${flow.dport} ${isOut && !isForwardedOtherwise ? as : flow.source}`;
}

/** Whether the flow began translated as it would not be now. */
function isTranslatedAnew(before: HostState, after: HostState, flow: Flow): boolean {
  const flat = (before.sets.get(FLAT_SPACE) ?? after.sets.get(FLAT_SPACE))?.members;
  return translated(before, flow, flat) !== translated(after, flow, flat);
}

/** Whether a flow of a fixed IP that has come here to be picked up was not answered: as whom it is known to the other end is not known here. */
function isUnanswered(before: HostState, after: HostState, { protocol, source, isOpen }: Flow & { isOpen?: true }): boolean {
  const isLoud = (one: Endpoint | undefined): boolean => one !== undefined && !isSilent(one);
  const comes = ({ id, picksUp }: Endpoint): boolean => picksUp && isLoud(after.endpoints.get(id)) && !isLoud(before.endpoints.get(id));
  const isFixed = ({ floating }: Endpoint): boolean => floating.some(({ fixed }) => fixed === source);
  return protocol === 6 && isOpen !== true && [...after.endpoints.values()].some((one) => comes(one) && isFixed(one));
}

const someOpen: fc.Arbitrary<Flow & { isOpen?: true }> = fc
  .tuple(flows, fc.boolean())
  .map(([flow, isOpen]) => (isOpen && flow.protocol === 6 ? { ...flow, isOpen } : flow));

describe('S16: which endpoints have flows that may have to be cut', () => {
  const all = ['web-1', 'web-2'];
  const table: readonly (readonly [string, HostState, readonly string[]])[] = [
    ['nothing changed', twoFriends, []],
    ['everything is equal and no reference is', structuredClone(twoFriends), []],
    ['a rule is gone', changed({ ...friends, rules: friends.rules.slice(1) }), all],
    [
      'a rule is narrower',
      changed({ ...friends, rules: [rule('r1', { protocol: 6, ports: { from: 22, to: 22 }, family: 6 }), ...friends.rules.slice(1)] }),
      all,
    ],
    ['a rule is new', changed({ ...friends, rules: [...friends.rules, rule('r5')] }), []],
    ['the group is taken from one', changed(endpoint('web-1', ['10.65.0.2', 'fd00:65::2@sub6'])), ['web-1']],
    ['a group is given to one', changed(endpoint('web-2', ['10.65.0.3'], ['friends', 'more']), policy('more', rule('x'))), []],
    ['a member leaves the set', changed(set('friends', '10.65.0.2', '10.65.0.3', 'fd00:65::2')), all],
    ['a member joins the set', changed(set('friends', '10.65.0.2', '10.65.0.3', '10.65.9.8', '10.65.9.9', 'fd00:65::2')), []],
    ['the set is gone, though a rule still asks it', { ...twoFriends, sets: new Map() }, all],
    ['the policy is gone, though endpoints still name it', { ...twoFriends, policies: new Map() }, all],
    ['one goes down', changed({ ...endpoint('web-2', ['10.65.0.3'], ['friends']), isUp: false }), ['web-2']],
    [
      'one that is down gets an address, which others may have had',
      changed({ ...endpoint('web-3', ['10.65.9.9'], ['friends']), isUp: false }),
      ['web-3'],
    ],
    ['one loses an address', changed(endpoint('web-1', ['10.65.0.2'], ['friends'])), ['web-1']],
    ['one gains an address, which others may have had', changed(endpoint('web-2', ['10.65.0.3', '10.65.0.4'], ['friends'])), ['web-2']],
    ['one comes', changed(endpoint('web-3', ['10.65.9.9'], ['friends'])), ['web-3']],
    ['the subnet changes', changed(subnet('sub', '10.65.0.0/16')), []],
  ];
  it.each(table)('%s', (_, after, tightened) => {
    expect([...endpointsTightened(twoFriends, after)].sort()).toEqual(tightened);
  });

  it('one that is gone is named', () => {
    const after = { ...twoFriends, endpoints: new Map([...twoFriends.endpoints].slice(0, 1)) };
    expect([...endpointsTightened(twoFriends, after)]).toEqual(['web-2']);
  });

  it('one that comes up is named, as one that goes down is', () => {
    const down = changed({ ...endpoint('web-2', ['10.65.0.3'], ['friends']), isUp: false });
    expect([...endpointsTightened(down, twoFriends)]).toEqual(['web-2']);
  });

  const many = paired(endpoint('web-1', ['10.65.0.2'], ['friends']), '10.65.0.10/32', '10.65.0.11/32', '10.65.0.12/32');
  const listed: readonly (readonly [string, Endpoint, Endpoint, readonly string[]])[] = [
    ['claims an address', many, { ...many, claims: ['10.65.0.11' as Ip] }, ['10.65.0.11']],
    ['yields one', many, { ...many, pairs: many.pairs.map((pair, at) => ({ ...pair, isYielded: at === 0 })) }, ['10.65.0.10']],
    ['loses a pair', many, { ...many, pairs: many.pairs.slice(0, 2) }, ['10.65.0.12']],
    ['gains a pair', { ...many, pairs: many.pairs.slice(0, 2) }, many, ['10.65.0.12']],
    [
      'has a pair as its own address from now on',
      { ...many, addresses: [] },
      { ...many, addresses: [{ ip: '10.65.0.10' as Ip, subnet: 'sub' }] },
      ['10.65.0.10'],
    ],
    ['loses its group', many, { ...many, policies: [] }, ['10.65.0.2', '10.65.0.10', '10.65.0.11', '10.65.0.12']],
  ];
  it.each(listed)('of an endpoint that %s the flows that are looked at are those that this may concern', (_, before, after, addresses) => {
    const cutter = flowCutter(changed(before), changed(after), SNAT);
    expect([...cutter.addresses].sort()).toEqual([...addresses].sort());
  });

  it('what was picked up in the middle ends with the rule by which either end may have begun it; nothing else does so', () => {
    const [out, back] = [rule('out', { direction: 'egress', protocol: 6 }), rule('in', { protocol: 6, ports: { from: 80, to: 80 } })];
    const web = endpoint('web-1', ['10.65.0.2'], ['web']);
    const [before, after] = [stateOf(web, policy('web', out, back)), stateOf(web, policy('web', out))];
    // The answers of a web server came first.
    const answers: Flow = { protocol: 6, source: '10.65.0.2' as Ip, destination: '192.0.2.7' as Ip, sport: 80, dport: 40_000, icmp: null };
    const { isCut } = flowCutter(before, after, null);
    expect([isCut({ ...answers, isPickedUp: true }), isCut(answers)]).toEqual([true, false]);
    // And one that it began itself, to a service that could not have begun it.
    expect(isCut({ ...answers, sport: 40_000, dport: 443, isPickedUp: true })).toBe(false);
  });

  it('no flow that was allowed and no longer is goes unnoticed: an endpoint at one of its ends is named', () => {
    let noticed = 0;
    fc.assert(
      fc.property(hostStates, hostStates, fc.array(flows, { minLength: 30, maxLength: 30 }), (before, after, list) => {
        const tightened = endpointsTightened(before, after);
        for (const flow of list) {
          if (!isFlowAllowed(before, flow) || isFlowAllowed(after, flow)) continue;
          noticed++;
          const ends = [...holdersOf(before, flow), ...holdersOf(after, flow)];
          expect(ends.some((id) => tightened.has(id))).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
    expect(noticed).toBeGreaterThan(100);
  });

  it('of the flows that were allowed, exactly those are cut that no longer are, or whose end lost its address, moved away or came unanswered', () => {
    let cut = 0;
    fc.assert(
      fc.property(hostStates, hostStates, fc.array(someOpen, { minLength: 30, maxLength: 30 }), (before, after, list) => {
        const { addresses, isCut } = flowCutter(before, after, SNAT);
        for (const flow of list.filter((f) => isFlowAllowed(before, f))) {
          const isGone = hasLostEnd(before, after, flow) || hasMovedEnd(before, after, flow);
          const isLost = isGone || isTranslatedAnew(before, after, flow) || isUnanswered(before, after, flow);
          expect(isCut(flow)).toBe(isLost || !isFlowAllowed(after, flow));
          if (!isCut(flow)) continue;
          cut++;
          const isListed = [...addresses].some((member) => covers(member, flow.source) || covers(member, flow.destination));
          expect(isListed).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
    expect(cut).toBeGreaterThan(100);
  });
});
