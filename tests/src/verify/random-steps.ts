import { type Random, randomFrom } from './random.js';
import type { FaultKind, RuleWish, Sequence, Step } from './step.js';
import { networkOf, pairs, sizes } from './world.js';

/** Ranges of ports that rules name; the probes go to their ends and to the ports beside them. */
const RANGES: readonly [readonly [number, number], ...(readonly (readonly [number, number])[])] = [
  [80, 80],
  [80, 443],
  [81, 443],
  [53, 53],
  [53, 5_000],
  [1, 65_535],
  [444, 444],
  [1_024, 65_535],
];

const REMOTES = {
  IPv4: ['0.0.0.0/0', '10.77.0.0/24', '10.77.1.0/24', '10.77.0.8/30', '10.77.0.10/32', '203.0.113.0/24', '10.77.9.0/24', '10.77.0.250/32'],
  IPv6: ['::/0', 'fd77::/64', 'fd77:0:0:1::/64', 'fd77::10/127', '2001:db8:ffff::/48'],
} as const;

const LISTED = ['10.77.0.10/32', '10.77.0.12/30', '10.77.1.0/24', '203.0.113.10/32', 'fd77::10/128', 'fd77:0:0:1::/64', '10.77.0.250/32'];

const FAULTS: readonly [FaultKind, ...FaultKind[]] = [
  'agent-killed',
  'agent-killed',
  'agents-killed',
  'server-killed',
  'bird-killed',
  'dnsmasq-killed',
  'link-cut',
  'foreign-table',
  'rules-flushed',
  'routes-flushed',
  'neighbours-flushed',
  'conntrack-flushed',
  'rules-flushed-unwatched',
];

/** A rule that lets much in: of a cloud where next to nothing passes little can be learnt. */
const wideRule = (random: Random): Step => {
  const ethertype = random.pick(['IPv4', 'IPv6'] as const);
  const protocol = random.pick(['tcp', 'udp', ethertype === 'IPv4' ? 'icmp' : 'ipv6-icmp'] as const);
  return {
    do: 'rule',
    group: random.below(sizes.groups),
    rule: { direction: 'ingress', ethertype, ...(random.oneIn(3) ? {} : { protocol }) },
  };
};

const randomRule = (random: Random): RuleWish => {
  const direction = random.oneIn(4) ? 'egress' : 'ingress';
  const ethertype = random.oneIn(3) ? 'IPv6' : 'IPv4';
  const protocol = random.pick(['tcp', 'tcp', 'udp', 'udp', 'icmp', 'any'] as const);
  const [from, to] = random.pick(RANGES);
  const range = random.oneIn(6) ? {} : { port_range_min: from, port_range_max: to };
  const icmp = random.oneIn(2) ? {} : { port_range_min: ethertype === 'IPv4' ? random.pick([8, 13, 0]) : random.pick([128, 129]) };
  const service = {
    tcp: { protocol: 'tcp', ...range },
    udp: { protocol: 'udp', ...range },
    icmp: { protocol: ethertype === 'IPv4' ? 'icmp' : 'ipv6-icmp', ...icmp },
    any: {},
  }[protocol];
  const remote = {
    none: {},
    prefix: { remote_ip_prefix: random.pick(REMOTES[ethertype]) },
    group: { remoteGroup: random.below(sizes.groups) },
    addresses: { remoteAddressGroup: random.below(sizes.addressGroups) },
  }[random.pick(['none', 'prefix', 'prefix', 'group', 'group', 'addresses'] as const)];
  return { direction, ethertype, ...service, ...remote };
};

/** Some groups of the guest's project: stateful ones together, or the stateless one alone, which do not go together at a port. */
const groupsFor = (random: Random, guest: number): readonly number[] => {
  if (random.oneIn(12)) return [];
  if (networkOf(guest) === 0 && random.oneIn(4)) return [sizes.statelessGroup];
  const [from, to] = networkOf(guest) === 0 ? [0, sizes.statelessGroup] : [sizes.secondGroups, sizes.groups];
  const own = Array.from({ length: to - from }, (_, at) => from + at);
  const chosen = random.some(own);
  return chosen.length > 0 ? chosen : [own[random.below(own.length)] ?? from];
};

const anyGuest = (random: Random): number => random.below(sizes.guests);
/** Floating IPs are for the network that the router is on. */
const routedGuest = (random: Random): number => 2 * random.below(sizes.guests / 2);

const makings = {
  boot: (random): Extract<Step, { do: 'boot' }> => {
    const guest = anyGuest(random);
    return { do: 'boot', guest, host: random.below(8), groups: groupsFor(random, guest) };
  },
  delete: (random) => ({ do: 'delete', guest: anyGuest(random) }),
  move: (random): Extract<Step, { do: 'move' }> => ({ do: 'move', guest: anyGuest(random), host: random.below(8) }),
  migrate: (random) => ({ do: 'migrate', guest: anyGuest(random), host: random.below(8) }),
  rule: (random) => ({ do: 'rule', group: random.below(sizes.groups), rule: randomRule(random) }),
  unrule: (random) => ({ do: 'unrule', group: random.below(sizes.groups), at: random.below(12) }),
  groups: (random) => {
    const guest = anyGuest(random);
    return { do: 'groups', guest, groups: groupsFor(random, guest) };
  },
  security: (random) => ({ do: 'security', guest: anyGuest(random), on: random.oneIn(2) }),
  up: (random) => ({ do: 'up', guest: anyGuest(random), on: !random.oneIn(2) }),
  'network-up': (random) => ({ do: 'network-up', network: random.below(2), on: !random.oneIn(3) }),
  'router-up': (random) => ({ do: 'router-up', on: !random.oneIn(3) }),
  snat: (random) => ({ do: 'snat', on: random.oneIn(2) }),
  pairs: (random) => ({ do: 'pairs', guest: anyGuest(random), pairs: random.some(pairs.map((_, at) => at)) }),
  claim: (random) => ({ do: 'claim', guest: routedGuest(random), pair: random.below(sizes.singlePairs) }),
  float: (random) => ({ do: 'float', floating: random.below(sizes.floating), guest: random.oneIn(3) ? null : routedGuest(random) }),
  unfloat: (random) => ({ do: 'unfloat', floating: random.below(sizes.floating) }),
  forward: (random): Extract<Step, { do: 'forward' }> => {
    const protocol = random.oneIn(3) ? 'udp' : 'tcp';
    return {
      do: 'forward',
      floating: random.below(sizes.floating),
      guest: routedGuest(random),
      protocol,
      external: protocol === 'tcp' ? random.pick([80, 81, 443]) : random.pick([53, 54]),
      internal: protocol === 'tcp' ? random.pick([80, 81, 444]) : random.pick([53, 5_000]),
    };
  },
  unforward: (random) => ({ do: 'unforward', floating: random.below(sizes.floating), at: random.below(3) }),
  addresses: (random) => ({
    do: 'addresses',
    group: random.below(sizes.addressGroups),
    add: !random.oneIn(3),
    addresses: [LISTED[random.below(LISTED.length)] ?? '10.77.0.10/32'],
  }),
  qos: (random) => ({ do: 'qos', guest: anyGuest(random), on: !random.oneIn(3) }),
  'float-qos': (random) => ({ do: 'float-qos', floating: random.below(sizes.floating), on: !random.oneIn(3) }),
  renumber: (random) => ({ do: 'renumber', guest: anyGuest(random), to: random.pick([0, 1]) }),
  interface: (random) => ({ do: 'interface', network: random.below(2), on: random.oneIn(2) }),
  told: (random) => ({ do: 'told', network: random.below(2), on: !random.oneIn(3) }),
  share: (random) => ({ do: 'share', network: random.below(2), by: random.pick(['rbac', 'rbac', 'all'] as const) }),
  log: (random) => ({ do: 'log', group: random.below(sizes.groups), on: !random.oneIn(3) }),
  live: (random): Extract<Step, { do: 'live' }> => ({
    do: 'live',
    guest: anyGuest(random),
    host: random.below(8),
    by: random.oneIn(3) ? 'profile' : 'binding',
  }),
} satisfies Readonly<Record<string, (random: Random) => Step>>;

/** How often each kind comes, in shares. */
const SHARES: Readonly<Record<keyof typeof makings, number>> = {
  boot: 3,
  delete: 2,
  move: 3,
  migrate: 3,
  rule: 7,
  unrule: 10,
  groups: 5,
  security: 2,
  up: 2,
  'network-up': 1,
  'router-up': 1,
  snat: 1,
  pairs: 4,
  claim: 3,
  float: 4,
  unfloat: 1,
  forward: 3,
  unforward: 1,
  addresses: 3,
  qos: 1,
  'float-qos': 1,
  renumber: 2,
  interface: 2,
  told: 1,
  share: 1,
  log: 2,
  live: 5,
};

const lottery = Object.entries(SHARES).flatMap(([name, share]) => Array.from({ length: share }, () => name as keyof typeof makings));

const randomChange = (random: Random): Step => makings[lottery[random.below(lottery.length)] ?? 'rule'](random);

/** How a live migration goes on once it has begun: most come to their end, some turn back, and some guests are not heard. */
const courseOf = (random: Random, guest: number): readonly Step[] => {
  const arrive: Step = { do: 'arrive', guest, word: random.pick(['rarp', 'arp', 'nd'] as const) };
  const turnBack: Step = { do: 'turn-back', guest, isHeard: random.oneIn(2) };
  const activate: Step = { do: 'activate', guest };
  const leave: Step = { do: 'leave', guest };
  return random.pick([
    [arrive, activate, leave],
    [arrive, activate, leave],
    [activate, leave],
    [turnBack],
    [arrive, turnBack],
    [arrive, activate, turnBack],
  ] as const);
};

/** Random steps one after another; live migrations that have begun go on between others. */
class Course {
  readonly #random: Random;
  readonly #waiting: Step[] = [];
  /** Where guests were booted or moved to. */
  readonly #hosts: Map<number, number>;

  constructor(random: Random, boots: readonly Extract<Step, { do: 'boot' }>[]) {
    this.#random = random;
    this.#hosts = new Map(boots.map(({ guest, host }) => [guest, host]));
  }

  /** The first moment of a live migration; the others follow. */
  live(): Step {
    return this.#ofGuest(makings.live(this.#random));
  }

  next(): Step {
    if (!this.#random.oneIn(4)) return this.#change();
    const fault = this.#random.pick(FAULTS);
    return { do: 'fault', fault, host: this.#random.below(8), meanwhile: this.#random.oneIn(2) ? this.#change() : null };
  }

  #change(): Step {
    const waiting = this.#random.oneIn(3) ? undefined : this.#waiting.shift();
    if (waiting !== undefined) return waiting;
    const change = randomChange(this.#random);
    return change.do === 'live' || change.do === 'move' || change.do === 'migrate' || change.do === 'boot' ? this.#ofGuest(change) : change;
  }

  /** A move leads to another host than the last that is known of; and what follows it is put aside. */
  #ofGuest(step: Extract<Step, { do: 'live' | 'move' | 'migrate' | 'boot' }>): Step {
    const { guest } = step;
    const last = this.#hosts.get(guest) ?? 0;
    const moved = step.do === 'boot' ? step : { ...step, host: last + 1 + this.#random.below(2) };
    this.#hosts.set(guest, moved.host);
    if (step.do === 'live') this.#waiting.push(...courseOf(this.#random, guest));
    if (step.do === 'move' && this.#random.oneIn(2)) this.#waiting.push(makings.unrule(this.#random), { do: 'move', guest, host: last });
    return moved;
  }
}

/** The sequence of a seed: most guests booted, some rules and the rest to begin with, then so many steps. */
export const randomSequence = (seed: number, length: number): Sequence => {
  const random = randomFrom(seed);
  const boots = Array.from(
    { length: sizes.guests - random.below(2) },
    (_, guest): Extract<Step, { do: 'boot' }> => ({
      do: 'boot',
      guest,
      host: random.below(8),
      groups: groupsFor(random, guest),
    }),
  );
  const course = new Course(random, boots);
  const rules = Array.from({ length: 12 }, (_, at) => (at < 6 ? wideRule(random) : makings.rule(random)));
  const extras: readonly Step[] = [
    { do: 'pairs', guest: routedGuest(random), pairs: [0, 1] },
    makings.pairs(random),
    { do: 'float', floating: 0, guest: routedGuest(random) },
    { ...makings.forward(random), floating: 1 },
    { ...makings.forward(random), floating: 1 },
    makings.addresses(random),
    makings.log(random),
    makings.interface(random),
    course.live(),
  ];
  return {
    opening: [...rules, ...boots, ...extras.filter(() => !random.oneIn(4))],
    steps: Array.from({ length }, () => course.next()),
  };
};
