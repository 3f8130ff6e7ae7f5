import { type AddressSet, coversIp, type HostState, isPrefix, isStateful, type Payload, type Policy, verdict } from '@manx/hoststate';
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
 * one class, and each two classes are judged once: the cost is that of the ports, of the sets that rules name, and of the classes in
 * square. Ports without an address of the family, or that are no endpoint, count as reached by nobody.
 */
export function connectivityMatrix(cloud: Cloud, { family, flow, sources, destinations }: MatrixQuestion): Matrix {
  const members = new Map<string, Member | null>();
  for (const { endpoints } of [...sources, ...destinations])
    for (const id of endpoints) if (!members.has(id)) members.set(id, memberOf(cloud, id, family));
  const classes = classesOf([...members.values()].filter((member) => member !== null));
  const passes = classJudge(flow, family);
  const tally = ({ endpoints }: MatrixLabel): ReadonlyMap<Member | null, number> =>
    countBy(endpoints.map((id) => classes.get(members.get(id) as Member) ?? null));
  const columns = destinations.map((label) => ({ label, counts: tally(label) }));
  const cells = sources.map((source) => {
    const counts = tally(source);
    return columns.map(({ label, counts: theirs }) => cellOf({ source, destination: label, counts, theirs, classes, members, passes }));
  });
  const shown = ({ id, name, endpoints }: MatrixLabel): Matrix['sources'][number] => ({ id, name, ports: endpoints.length });
  return { sources: sources.map(shown), destinations: destinations.map(shown), cells };
}

type CellParts = {
  readonly source: MatrixLabel;
  readonly destination: MatrixLabel;
  readonly counts: ReadonlyMap<Member | null, number>;
  readonly theirs: ReadonlyMap<Member | null, number>;
  readonly classes: ReadonlyMap<Member, Member>;
  readonly members: ReadonlyMap<string, Member | null>;
  readonly passes: (from: Member, to: Member) => boolean;
};

/** Counts pairs by their classes, and takes away those of a port with itself, which are no pairs. */
function cellOf({ source, destination, counts, theirs, classes, members, passes }: CellParts): MatrixCell {
  let allowed = 0;
  for (const [from, many] of counts) {
    for (const [to, more] of theirs) if (from !== null && to !== null && passes(from, to)) allowed += many * more;
  }
  const there = new Set(destination.endpoints);
  const selves = source.endpoints.filter((id) => there.has(id));
  for (const id of selves) {
    const own = classes.get(members.get(id) as Member);
    if (own !== undefined && passes(own, own)) allowed--;
  }
  return { pairs: source.endpoints.length * destination.endpoints.length - selves.length, allowed };
}

function countBy<T>(values: readonly T[]): ReadonlyMap<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function memberOf(cloud: Cloud, id: string, family: Family): Member | null {
  const place = cloud.placeOf(id);
  const ip = place?.endpoint.addresses.find((address) => familyOf(address.ip) === family)?.ip;
  return place === undefined || ip === undefined ? null : { place, ip };
}

/** The first member of each member's class: whom no rule of anybody tells apart from it, as a sender or as a receiver. */
function classesOf(members: readonly Member[]): ReadonlyMap<Member, Member> {
  const signatures = signaturesOf(members);
  const numberOf = numbering();
  const firsts = new Map<string, Member>();
  return new Map(
    members.map((member) => {
      const key = `${policyKey(member.place, numberOf)} ${signatures.get(member.ip) ?? ''}`;
      const first = firsts.get(key) ?? member;
      firsts.set(key, first);
      return [member, first];
    }),
  );
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

/** Whether the flow passes from a port to another, and its answers back; each two are judged once. */
function classJudge(flow: MatrixQuestion['flow'], family: Family): (from: Member, to: Member) => boolean {
  const answers = replyPayload(flow, family);
  const allows = ({ place }: Member, query: Payload & { readonly direction: 'ingress' | 'egress'; readonly peer: Ip }): boolean =>
    verdict(place.state, { endpoint: place.endpoint.id, ...query }).kind === 'allow';
  const isAnswering = ({ place: { endpoint, state } }: Member): boolean => !endpoint.isSecured || isStateful(state, endpoint);
  const judge = (from: Member, to: Member): boolean =>
    allows(from, { ...flow, direction: 'egress', peer: to.ip }) &&
    allows(to, { ...flow, direction: 'ingress', peer: from.ip }) &&
    (answers === null || isAnswering(to) || allows(to, { ...answers, direction: 'egress', peer: from.ip })) &&
    (answers === null || isAnswering(from) || allows(from, { ...answers, direction: 'ingress', peer: to.ip }));
  const known = new Map<Member, Map<Member, boolean>>();
  return (from, to) => {
    const row = known.get(from) ?? new Map<Member, boolean>();
    known.set(from, row);
    const passes = row.get(to) ?? judge(from, to);
    row.set(to, passes);
    return passes;
  };
}
