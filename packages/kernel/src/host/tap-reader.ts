import { type IfName, parseIfName } from '@manx/hoststate';
import { type LinkAddressFact, type LinkFact, type NeighbourFact, tapOfShaper } from '@manx/reconcile';
import { type HostAddress, IFA_F_DADFAILED, IFA_F_TENTATIVE, type Link, type Neighbour, NUD_PERMANENT } from '../rtnetlink/facts.js';
import type { Rtnetlink } from '../rtnetlink/rtnetlink.js';

/** The kernel does not answer for such an address. */
const UNUSABLE = IFA_F_TENTATIVE | IFA_F_DADFAILED;

/** So many are read one by one: a few requests for each. Beyond it one listing of everything is cheaper. */
const MAX_SINGLE = 16;

/** The interface in which what a tap's guest sends waits. */
type Shaper = { readonly index: number; readonly isUp: boolean };

/** The taps as last read: their links with addresses, and their permanent neighbour entries, their shapers. What did not change keeps its reference. */
export class TapReader {
  readonly #rtnetlink: Rtnetlink;
  #links: ReadonlyMap<IfName, LinkFact> = new Map();
  #nameOf: ReadonlyMap<number, IfName> = new Map();
  #neighbours: readonly NeighbourFact[] = [];
  #shapers: ReadonlyMap<IfName, Shaper> = new Map();

  constructor(rtnetlink: Rtnetlink) {
    this.#rtnetlink = rtnetlink;
  }

  get links(): ReadonlyMap<IfName, LinkFact> {
    return this.#links;
  }

  get neighbours(): readonly NeighbourFact[] {
    return this.#neighbours;
  }

  /** By the name of their tap. */
  get shapers(): ReadonlyMap<IfName, Shaper> {
    return this.#shapers;
  }

  /** Null for what is no tap. */
  nameOf(ifindex: number): IfName | null {
    return this.#nameOf.get(ifindex) ?? null;
  }

  /** Reads all of them anew. Throws Fault. */
  readAll(): void {
    const addresses = new Map<number, HostAddress[]>();
    for (const address of this.#rtnetlink.addresses()) {
      const known = addresses.get(address.ifindex);
      if (known === undefined) addresses.set(address.ifindex, [address]);
      else known.push(address);
    }
    const links = new Map<IfName, LinkFact>();
    const shapers = new Map<IfName, Shaper>();
    for (const link of this.#rtnetlink.links()) {
      const shaped = shapedTap(link);
      if (shaped !== null) shapers.set(shaped, { index: link.ifindex, isUp: link.isUp });
      const name = tapName(link);
      const fact = name === null ? null : linkFact(link, addresses.get(link.ifindex) ?? []);
      if (name !== null && fact !== null) links.set(name, this.#asBefore(name, fact));
    }
    this.#links = isSameMap(links, this.#links) ? this.#links : links;
    this.#nameOf = namesOf(links);
    this.#shapers = shapers;
    const neighbours = this.#rtnetlink.neighbours().flatMap((neighbour) => neighbourFact(neighbour, this.nameOf(neighbour.ifindex)));
    if (!isSameList(neighbours, this.#neighbours, isSameNeighbour)) this.#neighbours = neighbours;
  }

  /** Reads interfaces anew, by index, that came, went or changed. Throws Fault. */
  read(ifindexes: ReadonlySet<number>): void {
    if (ifindexes.size > MAX_SINGLE) this.readAll();
    else for (const ifindex of ifindexes) this.#readOne(ifindex);
  }

  #readOne(ifindex: number): void {
    const link = this.#rtnetlink.link(ifindex);
    const name = link === null ? null : tapName(link);
    const fact = link === null || name === null ? null : linkFact(link, this.#rtnetlink.addresses(ifindex));
    const before = this.nameOf(ifindex);
    this.#putShaper(ifindex, link);
    this.#put(ifindex, name === null || fact === null ? null : [name, this.#asBefore(name, fact)]);
    const isOther = ({ dev }: NeighbourFact): boolean => dev !== before && dev !== name;
    const found = this.#rtnetlink.neighbours(ifindex).flatMap((one) => neighbourFact(one, this.nameOf(ifindex)));
    if (
      !isSameList(
        found,
        this.#neighbours.filter((one) => !isOther(one)),
        isSameNeighbour,
      )
    )
      this.#neighbours = [...this.#neighbours.filter(isOther), ...found];
  }

  #put(ifindex: number, entry: readonly [IfName, LinkFact] | null): void {
    const before = this.nameOf(ifindex);
    const [name, fact] = entry ?? [null, undefined];
    if (before === name && (name === null || this.#links.get(name) === fact)) return;
    const links = new Map(this.#links);
    if (before !== null && links.get(before)?.index === ifindex) links.delete(before);
    // Its name may be that of a dead one, whose end has not been read yet.
    if (entry !== null) links.set(...entry);
    this.#links = links;
    this.#nameOf = namesOf(links);
  }

  #putShaper(ifindex: number, link: Link | null): void {
    const shapers = new Map([...this.#shapers].filter(([, { index }]) => index !== ifindex));
    const shaped = link === null ? null : shapedTap(link);
    if (link !== null && shaped !== null) shapers.set(shaped, { index: ifindex, isUp: link.isUp });
    if (shaped !== null || shapers.size < this.#shapers.size) this.#shapers = shapers;
  }

  #asBefore(name: IfName, fact: LinkFact): LinkFact {
    const before = this.#links.get(name);
    return before !== undefined && isSame(before, fact) ? before : fact;
  }
}

/** The facts of an address on a tap. */
export const addressFact = ({ ip, prefixLength, flags }: HostAddress): LinkAddressFact => ({
  ip,
  prefixLength,
  ...((flags & UNUSABLE) === 0 ? {} : { isTentative: true }),
});

/** The name of a tap; null for what is none. */
const tapName = ({ ifname }: Link): IfName | null => (isTapName(ifname) ? parseIfName(ifname) : null);

/** The tap whose shaper an interface is; null for one that is none. */
export const shapedTap = ({ ifname, kind }: Link): IfName | null => {
  const name = kind === 'ifb' ? parseIfName(ifname) : null;
  return name === null ? null : tapOfShaper(name);
};

/** Whether an interface of this name can be one of ours. */
export const isTapName = (ifname: string): boolean => ifname.startsWith('tap');

const linkFact = ({ ifindex: index, mac, isUp, mtu }: Link, addresses: readonly HostAddress[]): LinkFact | null =>
  mac === null ? null : { index, mac, isUp, mtu, addresses: addresses.map(addressFact) };

const neighbourFact = ({ ip, mac, state }: Neighbour, dev: IfName | null): readonly NeighbourFact[] =>
  dev === null || mac === null || (state & NUD_PERMANENT) === 0 ? [] : [{ ip, mac, dev }];

const namesOf = (links: ReadonlyMap<IfName, LinkFact>): ReadonlyMap<number, IfName> =>
  new Map([...links].map(([name, { index }]) => [index, name]));

const isSame = (a: LinkFact, b: LinkFact): boolean =>
  a.index === b.index && a.mac === b.mac && a.isUp === b.isUp && a.mtu === b.mtu && isSameList(a.addresses, b.addresses, isSameAddress);

const isSameAddress = (a: LinkAddressFact, b: LinkAddressFact): boolean =>
  a.ip === b.ip && a.prefixLength === b.prefixLength && a.isTentative === b.isTentative;

const isSameNeighbour = (a: NeighbourFact, b: NeighbourFact): boolean => a.ip === b.ip && a.mac === b.mac && a.dev === b.dev;

/** Whether two maps hold the same values, by reference. */
export const isSameMap = <K, V>(a: ReadonlyMap<K, V>, b: ReadonlyMap<K, V>): boolean =>
  a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);

/** Whether two lists hold the same in the same order. */
export const isSameList = <T>(a: readonly T[], b: readonly T[], isSameItem: (one: T, other: T) => boolean): boolean =>
  a.length === b.length && a.every((one, index) => isSameItem(one, b[index] as T));
