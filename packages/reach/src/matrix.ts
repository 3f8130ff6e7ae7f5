import {
  type AddressSet,
  coversIp,
  type HostState,
  isPrefix,
  isRuleFor,
  isStateful,
  type Payload,
  type Policy,
  type PolicyPeer,
  type PolicyRule,
} from '@manx/hoststate';
import { type Cidr, cidrContains, type Family, familyOf, type Ip } from '@manx/ip';
import type { Cloud, Place } from './cloud.js';
import { replyPayload } from './question.js';

/** A row and column of a matrix: some ports under one label. A port may be in several. */
export type MatrixLabel = { readonly id: string; readonly name: string; readonly endpoints: readonly string[] };

/** What is asked of each pair of ports. */
export type MatrixQuestion = {
  readonly family: Family;
  readonly flow: Payload & { readonly fromPort: number | null };
  /** Who sends and who receives, in the order of the rows and columns. */
  readonly sources: readonly MatrixLabel[];
  readonly destinations: readonly MatrixLabel[];
};

/** How many pairs of ports there are under two labels, each port with every other; and of how many the flow passes, answers included. */
export type MatrixCell = { readonly pairs: number; readonly allowed: number };

/** Who reaches whom: a row a source, a column a destination. */
export type Matrix = {
  readonly sources: readonly { readonly id: string; readonly name: string; readonly ports: number }[];
  readonly destinations: readonly { readonly id: string; readonly name: string; readonly ports: number }[];
  readonly cells: readonly (readonly MatrixCell[])[];
};

/** A port of the matrix, by its first address of the family. */
type Member = { readonly place: Place; readonly ip: Ip };

/**
 * Whether a flow passes between every two ports, counted by label; for two ports it says the same as `explain`. Ports that no rule tells apart are
 * one class, and each rule is asked once for each class that has it, about all others: the cost is that of the ports, of the sets that rules
 * name, and a byte for each two classes. Ports without an address of the family, or that are no endpoint, count as reached by nobody.
 */
export function connectivityMatrix(cloud: Cloud, { family, flow, sources, destinations }: MatrixQuestion): Matrix {
  const members = new Map<string, Member | null>();
  for (const { endpoints } of [...sources, ...destinations])
    for (const id of endpoints) if (!members.has(id)) members.set(id, memberOf(cloud, id, family));
  const { classOf, firsts } = classesOf([...members.values()].filter((member) => member !== null));
  const passes = classJudge(firsts, flow, family);
  const numberOf = (id: string): number | null => classOf.get(members.get(id) as Member) ?? null;
  const tally = ({ endpoints }: MatrixLabel): Tally => ({
    endpoints,
    counts: countBy(endpoints.map(numberOf).filter((number) => number !== null)),
    all: new Set(endpoints),
  });
  const columns = destinations.map(tally);
  const cells = sources.map((source) => {
    const row = tally(source);
    return columns.map((column) => cellOf(row, column, { numberOf, passes }));
  });
  const shown = ({ id, name, endpoints }: MatrixLabel): Matrix['sources'][number] => ({ id, name, ports: endpoints.length });
  return { sources: sources.map(shown), destinations: destinations.map(shown), cells };
}

/** A label's ports: each once, and how many there are of each class. */
type Tally = {
  readonly endpoints: readonly string[];
  readonly all: ReadonlySet<string>;
  readonly counts: readonly (readonly [number, number])[];
};

/** Whether the flow passes from a class to another, or between two ports of one, by their numbers. */
type ClassJudge = (from: number, to: number) => boolean;

type CellParts = { readonly numberOf: (id: string) => number | null; readonly passes: ClassJudge };

/** Counts pairs by their classes, and takes away those of a port with itself, which are no pairs. */
function cellOf(source: Tally, destination: Tally, { numberOf, passes }: CellParts): MatrixCell {
  let allowed = 0;
  for (const [from, many] of source.counts) for (const [to, more] of destination.counts) if (passes(from, to)) allowed += many * more;
  let selves = 0;
  for (const id of source.endpoints) {
    if (!destination.all.has(id)) continue;
    selves++;
    const own = numberOf(id);
    if (own !== null && passes(own, own)) allowed--;
  }
  return { pairs: source.endpoints.length * destination.endpoints.length - selves, allowed };
}

function countBy<T>(values: readonly T[]): readonly (readonly [T, number])[] {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts];
}

function memberOf(cloud: Cloud, id: string, family: Family): Member | null {
  const place = cloud.placeOf(id);
  const ip = place?.endpoint.addresses.find((address) => familyOf(address.ip) === family)?.ip;
  return place === undefined || ip === undefined ? null : { place, ip };
}

/** The number of each member's class, and the first member of each: whom no rule of anybody tells apart from it, as a sender or as a receiver. */
function classesOf(members: readonly Member[]): { readonly classOf: ReadonlyMap<Member, number>; readonly firsts: readonly Member[] } {
  const signatures = signaturesOf(members);
  const numberOf = numbering();
  const numbers = new Map<string, number>();
  const firsts: Member[] = [];
  const classOf = new Map<Member, number>();
  for (const member of members) {
    const key = `${policyKey(member.place, numberOf)} ${signatures.get(member.ip) ?? ''}`;
    const number = numbers.get(key) ?? firsts.push(member) - 1;
    numbers.set(key, number);
    classOf.set(member, number);
  }
  return { classOf, firsts };
}

/** A number that stands for an object: hosts that share a group or set have it as one and the same object. */
type Numbering = (object: object | undefined) => number;

function numbering(): Numbering {
  const numbers = new Map<object | undefined, number>();
  return (object) => {
    const number = numbers.get(object) ?? numbers.size;
    numbers.set(object, number);
    return number;
  };
}

/** What decides about an endpoint beside its address: its treatment, its groups as they are on its host, and the sets of those. */
function policyKey({ state, endpoint }: Place, numberOf: Numbering): string {
  if (!endpoint.isUp || !endpoint.isSecured) return endpoint.isUp ? 'open' : 'down';
  const policies = endpoint.policies.map((id) => state.policies.get(id));
  return policies.flatMap((policy) => [`p${numberOf(policy)}`, ...setsOf(policy, state).map((set) => `s${numberOf(set)}`)]).join(' ');
}

function setsOf(policy: Policy | undefined, state: HostState): readonly (object | undefined)[] {
  return (policy?.rules ?? []).flatMap(({ peer }) => (peer.kind === 'set' ? [state.sets.get(peer.set)] : []));
}

/** In which of all the sets and prefixes that some rule names each address is. */
function signaturesOf(members: readonly Member[]): ReadonlyMap<Ip, string> {
  const ips = [...new Set(members.map(({ ip }) => ip))];
  const marks = new Map<Ip, number[]>(ips.map((ip) => [ip, []]));
  for (const [mark, peer] of [...peersOf(members)].entries()) {
    for (const ip of coveredOf(peer, ips)) marks.get(ip)?.push(mark);
  }
  return new Map([...marks].map(([ip, own]) => [ip, own.join(',')]));
}

/** The addresses that a set or prefix has, and perhaps others that nobody asks about. */
function coveredOf(peer: AddressSet | Cidr, ips: readonly Ip[]): readonly Ip[] {
  if (typeof peer === 'string') return ips.filter((ip) => cidrContains(peer, ip));
  const last = peer.members.at(-1);
  if (last !== undefined && isPrefix(last)) return ips.filter((ip) => coversIp(peer.members, ip));
  return peer.members as readonly Ip[];
}

/** Every set and prefix that a rule of the members' groups names, each once. */
function peersOf(members: readonly Member[]): ReadonlySet<AddressSet | Cidr> {
  const peers = new Set<AddressSet | Cidr>();
  const seen = new Set<Policy>();
  for (const { place } of members) {
    for (const policy of place.endpoint.policies.map((id) => place.state.policies.get(id))) {
      if (policy === undefined || seen.has(policy)) continue;
      seen.add(policy);
      for (const { peer } of policy.rules) {
        if (peer.kind === 'cidr') peers.add(peer.cidr);
        const set = peer.kind === 'set' ? place.state.sets.get(peer.set) : undefined;
        if (set !== undefined) peers.add(set);
      }
    }
  }
  return peers;
}

/** Whether the flow passes between classes, and its answers back. */
function classJudge(firsts: readonly Member[], flow: MatrixQuestion['flow'], family: Family): ClassJudge {
  const answers = replyPayload(flow, family);
  const allowedOf = rowMaker(firsts, family);
  const rows = (payload: Payload, direction: PolicyRule['direction']): readonly Uint8Array[] =>
    firsts.map(({ place }) => allowedOf(place, payload, direction));
  const [out, into] = [rows(flow, 'egress'), rows(flow, 'ingress')];
  const needsNoRule = firsts.map(
    ({ place: { endpoint, state } }) => answers === null || !endpoint.isSecured || isStateful(state, endpoint),
  );
  const hasReplies = answers !== null && needsNoRule.includes(false);
  const [replyOut, replyInto] = hasReplies ? [rows(answers, 'egress'), rows(answers, 'ingress')] : [[], []];
  return (from, to) =>
    out[from]?.[to] === 1 &&
    into[to]?.[from] === 1 &&
    (needsNoRule[to] === true || replyOut[to]?.[from] === 1) &&
    (needsNoRule[from] === true || replyInto[from]?.[to] === 1);
}

/** Says what `verdict` says of an endpoint's packets to or from each class, for all of them at once: 1 where they are allowed. */
function rowMaker(
  firsts: readonly Member[],
  family: Family,
): (place: Place, payload: Payload, direction: PolicyRule['direction']) => Uint8Array {
  const classesAt = new Map<Ip, number[]>();
  for (const [number, { ip }] of firsts.entries()) classesAt.set(ip, [...(classesAt.get(ip) ?? []), number]);
  const ips = [...classesAt.keys()];
  const known = new Map<AddressSet | Cidr, readonly number[]>();
  const classesIn = (peer: AddressSet | Cidr): readonly number[] => {
    const numbers = known.get(peer) ?? coveredOf(peer, ips).flatMap((ip) => classesAt.get(ip) ?? []);
    known.set(peer, numbers);
    return numbers;
  };
  return ({ state, endpoint }, payload, direction) => {
    const row = new Uint8Array(firsts.length);
    if (!endpoint.isUp) return row;
    if (!endpoint.isSecured) return row.fill(1);
    const rules = endpoint.policies.flatMap((id) => state.policies.get(id)?.rules ?? []);
    for (const rule of rules) {
      if (!isRuleFor(rule, { ...payload, direction, family })) continue;
      if (rule.peer.kind === 'any') return row.fill(1);
      for (const number of numbersOf(rule.peer, state, classesIn)) row[number] = 1;
    }
    return row;
  };
}

function numbersOf(
  peer: Exclude<PolicyPeer, { readonly kind: 'any' }>,
  state: HostState,
  classesIn: (peer: AddressSet | Cidr) => readonly number[],
): readonly number[] {
  if (peer.kind === 'cidr') return classesIn(peer.cidr);
  const set = state.sets.get(peer.set);
  return set === undefined ? [] : classesIn(set);
}
