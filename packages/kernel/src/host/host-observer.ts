import { join } from 'node:path';
import { type IfName, parseIfName } from '@manx/hoststate';
import {
  type HostFacts,
  isSameRoute,
  type LimitFact,
  type LinkAddressFact,
  type LinkFact,
  type NeighbourFact,
  type ObservedTable,
  observedOf,
  type Program,
  parseNftTable,
  presentTables,
  type RouteFact,
  tapOfShaper,
} from '@manx/reconcile';
import { type HostPlan, MANX_ROUTE_PROTOCOL, type NftTable, type TokenBucket } from '@manx/render';
import { readFolder, readTextFile } from '../files/program-folder.js';
import { readSysctl } from '../files/sysctl.js';
import type { NftTableKey } from '../nftables/nftables.js';
import { IFA_F_DADFAILED, IFA_F_TENTATIVE, type Link, NUD_PERMANENT, type Route } from '../rtnetlink/facts.js';
import { NETCONF_ALL, type Netconf } from '../rtnetlink/netconf-codec.js';
import type { RtEvent } from '../rtnetlink/rtnetlink.js';
import type { HostPorts } from './host-ports.js';

/** Our tables, by nftables family. */
export const MANX_TABLES = [
  { family: 'inet', name: 'manx' },
  { family: 'arp', name: 'manx' },
  { family: 'netdev', name: 'manx' },
] as const;

const FRAMES = MANX_TABLES.filter(({ family }) => family === 'netdev');

/** The parts of the facts, each read again only when something said that it may have changed. `frames` is the netdev table alone, of `tables`. */
export type HostPart = 'links' | 'limits' | 'routes' | 'neighbours' | 'sysctls' | 'tables' | 'frames' | 'files';

/** The kernel does not answer for such an address. */
const UNUSABLE = IFA_F_TENTATIVE | IFA_F_DADFAILED;

type Shaper = { readonly index: number; readonly isUp: boolean };

const ALL_PARTS: readonly HostPart[] = ['links', 'limits', 'routes', 'neighbours', 'sysctls', 'tables', 'frames', 'files'];

/**
 * Reads of a host what is ours or on our taps, and remembers it until events (or the caller) say that it may be stale: one changed
 * port costs a read of the links, not of everything.
 */
export class HostObserver {
  readonly #ports: HostPorts;
  readonly #stale = new Set<HostPart>(ALL_PARTS);
  #links: ReadonlyMap<IfName, LinkFact> = new Map();
  #nameOf: ReadonlyMap<number, IfName> = new Map();
  /** By the name of their tap. */
  #shapers: ReadonlyMap<IfName, Shaper> = new Map();
  #limits: HostFacts['limits'] = new Map();
  #routes: readonly RouteFact[] = [];
  #neighbours: readonly NeighbourFact[] = [];
  #tables: readonly ObservedTable[] = [];
  #files: HostFacts['files'] = { dnsmasq: new Map(), bird: new Map() };
  readonly #sysctls = new Map<string, string>();
  /** Which interface a remembered sysctl was read of; an interface that was made anew has lost them. */
  readonly #sysctlIndex = new Map<string, number>();

  constructor(ports: HostPorts) {
    this.#ports = ports;
  }

  /** Says that a part may have changed; without one, that everything may. */
  invalidate(...parts: readonly HostPart[]): void {
    for (const part of parts.length === 0 ? ALL_PARTS : parts) this.#stale.add(part);
  }

  /**
   * Takes note of an event; whether it concerns us, so that a look is worth it. One that says what is known already is no news: so the
   * echoes of our own changes, read back long since, cost nothing.
   */
  notice(event: RtEvent): boolean {
    const part = this.#partOf(event);
    if (part === null || this.#isKnown(event)) return false;
    if (event.kind === 'netconf') this.#forgetConf(event.netconf);
    else this.#stale.add(part);
    // An interface that goes down takes its routes and neighbours along, for some of which there is no event.
    if (event.kind === 'link') {
      this.invalidate('limits', 'routes', 'neighbours');
      // It takes its chain of the netdev table along, too, and one that is made anew has none: neither is a transaction of nft.
      if (event.isGone || this.#nameOf.get(event.link.ifindex) !== event.link.ifname) this.invalidate('frames');
      // When it comes up, or its MTU changes, the kernel sets that of IPv6 on it anew (addrconf_notify, net/ipv6/addrconf.c).
      this.#sysctls.delete(`net/ipv6/conf/${event.link.ifname}/mtu`);
    }
    return true;
  }

  /** Takes note that a file of a program may have changed; whether it has, so that a look is worth it. `name` is as in the facts, or a folder's. */
  noticeFile(program: Program, name: string): boolean {
    if (this.#stale.has('files')) return true;
    if (name === '' || name.endsWith('/')) {
      this.#stale.add('files');
      return true;
    }
    const text = readTextFile(join(this.#ports.programs[program].folder, name));
    if (text !== null && text === this.#files[program].get(name)) return false;
    const isOf = (known: string): boolean => known === name || known.startsWith(`${name}/`);
    if (text === null && ![...this.#files[program].keys()].some(isOf)) return false;
    this.#stale.add('files');
    return true;
  }

  /** Takes over what a transaction that succeeded has made of our tables, in place of reading them. */
  adoptTables(tables: readonly NftTable[]): void {
    this.#tables = presentTables(tables, this.#links).map(observedOf);
  }

  /** The index of a tap as last read. */
  indexOf(ifname: IfName): number | null {
    return this.#links.get(ifname)?.index ?? null;
  }

  /** The tap of an index, as last read; null for what is none. */
  nameOf(ifindex: number): IfName | null {
    return this.#nameOf.get(ifindex) ?? null;
  }

  /** The facts now; of sysctls, those that the plan names. Throws Fault when the kernel cannot be read. */
  async observe(plan: HostPlan | null): Promise<HostFacts> {
    if (this.#take('links')) this.#readLinks();
    if (this.#take('limits')) this.#readLimits();
    if (this.#take('routes')) this.#readRoutes();
    if (this.#take('neighbours')) this.#readNeighbours();
    const isFramesStale = this.#take('frames');
    if (this.#take('tables')) this.#tables = await this.#readTables(MANX_TABLES);
    else if (isFramesStale)
      this.#tables = [...this.#tables.filter(({ family }) => family !== 'netdev'), ...(await this.#readTables(FRAMES))];
    if (this.#take('files')) this.#readFiles();
    if (this.#take('sysctls')) this.#sysctls.clear();
    if (plan !== null) this.#readSysctls(plan);
    return {
      links: this.#links,
      limits: this.#limits,
      routes: this.#routes,
      neighbours: this.#neighbours,
      sysctls: this.#sysctls,
      tables: this.#tables,
      files: this.#files,
    };
  }

  /** Forgets the values of these sysctls, which were just written. */
  forgetSysctls(paths: readonly string[]): void {
    for (const path of paths) this.#sysctls.delete(path);
  }

  #take(part: HostPart): boolean {
    return this.#stale.delete(part);
  }

  #readLinks(): void {
    const addresses = new Map<number, LinkAddressFact[]>();
    for (const { ifindex, ip, prefixLength, flags } of this.#ports.rtnetlink.addresses()) {
      const fact = { ip, prefixLength, ...((flags & UNUSABLE) === 0 ? {} : { isTentative: true }) };
      const known = addresses.get(ifindex);
      if (known === undefined) addresses.set(ifindex, [fact]);
      else known.push(fact);
    }
    const links = new Map<IfName, LinkFact>();
    const shapers = new Map<IfName, Shaper>();
    for (const link of this.#ports.rtnetlink.links()) {
      const name = parseIfName(link.ifname);
      const tap = name === null || link.kind !== 'ifb' ? null : tapOfShaper(name);
      if (tap !== null) shapers.set(tap, { index: link.ifindex, isUp: link.isUp });
      if (name === null || link.mac === null || !isTap(name)) continue;
      const { ifindex: index, mac, isUp, mtu } = link;
      links.set(name, { index, mac, isUp, mtu, addresses: addresses.get(index) ?? [] });
    }
    this.#links = links;
    this.#shapers = shapers;
    this.#nameOf = new Map([...links].map(([name, { index }]) => [index, name]));
  }

  #readLimits(): void {
    const buckets = new Map<number, TokenBucket>();
    const ingresses = new Set<number>();
    for (const { ifindex, isIngress, bucket } of this.#ports.rtnetlink.qdiscs()) {
      if (isIngress) ingresses.add(ifindex);
      if (bucket !== null) buckets.set(ifindex, bucket);
    }
    const limits = new Map<IfName, LimitFact>();
    for (const tap of new Set([...this.#links.keys(), ...this.#shapers.keys()])) {
      const index = this.#links.get(tap)?.index;
      const shaper = this.#shapers.get(tap);
      const toGuest = (index !== undefined && buckets.get(index)) || null;
      const targets = index !== undefined && ingresses.has(index) ? this.#ports.rtnetlink.redirects(index) : [];
      const led = targets.length === 0 ? 'past' : targets.length === 1 && targets[0] === shaper?.index ? 'through' : 'astray';
      if (toGuest === null && shaper === undefined && led === 'past') continue;
      const fromGuest = (shaper?.isUp === true && buckets.get(shaper.index)) || null;
      limits.set(tap, { toGuest, fromGuest, hasShaper: shaper !== undefined, led });
    }
    this.#limits = limits;
  }

  #readRoutes(): void {
    const ours = ([4, 6] as const).flatMap((family) => this.#ports.rtnetlink.routes({ family, protocol: MANX_ROUTE_PROTOCOL }));
    this.#routes = ours.map((route) => this.#routeFact(route));
  }

  #routeFact({ destination, hops, metric }: Route): RouteFact {
    const nameOf = (ifindex: number | null): IfName | null => (ifindex === null ? null : (this.#nameOf.get(ifindex) ?? null));
    return { destination, hops: hops.map(({ ifindex, via }) => ({ dev: nameOf(ifindex), via })), metric };
  }

  #readNeighbours(): void {
    this.#neighbours = this.#ports.rtnetlink.neighbours().flatMap(({ ifindex, ip, mac, state }) => {
      const dev = this.#nameOf.get(ifindex);
      return dev === undefined || mac === null || (state & NUD_PERMANENT) === 0 ? [] : [{ ip, mac, dev }];
    });
  }

  async #readTables(keys: readonly NftTableKey[]): Promise<readonly ObservedTable[]> {
    const tables: ObservedTable[] = [];
    for (const key of keys) {
      const nftables = await this.#ports.nftables.listTable(key);
      const table = nftables === null ? null : parseNftTable({ nftables });
      if (table !== null) tables.push(table);
    }
    return tables;
  }

  #readFiles(): void {
    const { dnsmasq, bird } = this.#ports.programs;
    this.#files = { dnsmasq: readFolder(dnsmasq.folder), bird: readFolder(bird.folder) };
  }

  #readSysctls(plan: HostPlan): void {
    for (const path of plan.sysctls.keys()) this.#readSysctl(path, 0);
    for (const [ifname, { sysctls }] of plan.links) {
      const index = this.#links.get(ifname)?.index;
      for (const path of sysctls.keys()) {
        if (index === undefined) this.#sysctls.delete(path);
        else this.#readSysctl(path, index);
      }
    }
  }

  #readSysctl(path: string, index: number): void {
    if (this.#sysctls.has(path) && this.#sysctlIndex.get(path) === index) return;
    const value = readSysctl(path);
    if (value === null) this.#sysctls.delete(path);
    else this.#sysctls.set(path, value);
    this.#sysctlIndex.set(path, index);
  }

  /** Whether the facts, as last read, are as the event says. Of several events that cancel each other out the first is always news. */
  #isKnown(event: RtEvent): boolean {
    switch (event.kind) {
      case 'link':
        // It may be about carrier, which is no fact of ours, and with which the kernel sets the IPv6 MTU anew.
        return false;
      case 'address': {
        const { ifindex, ip, prefixLength, flags } = event.address;
        const name = this.#nameOf.get(ifindex);
        const known = name && this.#links.get(name)?.addresses.find((one) => one.ip === ip && one.prefixLength === prefixLength);
        return event.isGone ? known === undefined : known !== undefined && (known.isTentative ?? false) === ((flags & UNUSABLE) !== 0);
      }
      case 'route': {
        const fact = this.#routeFact(event.route);
        const isThere = this.#routes.some(
          (one) => one.destination === fact.destination && one.metric === fact.metric && isSameRoute(one, fact),
        );
        return isThere !== event.isGone;
      }
      case 'neighbour': {
        const { ifindex, ip, mac, state } = event.neighbour;
        const dev = this.#nameOf.get(ifindex);
        const isPermanent = !event.isGone && (state & NUD_PERMANENT) !== 0;
        const known = this.#neighbours.find((one) => one.ip === ip && one.dev === dev);
        return isPermanent ? known !== undefined && known.mac === mac : known === undefined;
      }
      case 'limits':
        // What has become of it is only known by looking.
        return this.#stale.has('limits');
      case 'netconf':
        return this.#confOf(event.netconf).every(([path, value]) => (this.#sysctls.get(path) ?? value) === value);
      default:
        return event satisfies never;
    }
  }

  /** The settings as paths below /proc/sys, and their values as text. */
  #confOf({ family, ifindex, values }: Netconf): readonly (readonly [string, string])[] {
    const name = ifindex === NETCONF_ALL ? 'all' : this.#nameOf.get(ifindex);
    if (name === undefined) return [];
    return [...values].map(([key, value]) => {
      const isForwarding = family === 4 && name === 'all' && key === 'forwarding';
      return [isForwarding ? 'net/ipv4/ip_forward' : `net/ipv${family}/conf/${name}/${key}`, String(value)];
    });
  }

  #forgetConf(netconf: Netconf): void {
    // With the one of all interfaces those of each change.
    if (netconf.ifindex === NETCONF_ALL) this.invalidate('sysctls');
    else this.forgetSysctls(this.#confOf(netconf).map(([path]) => path));
  }

  #partOf(event: RtEvent): HostPart | null {
    switch (event.kind) {
      case 'link':
        return isTap(event.link.ifname) || this.#nameOf.has(event.link.ifindex) || isShaper(event.link) ? 'links' : null;
      case 'address':
        return this.#nameOf.has(event.address.ifindex) ? 'links' : null;
      case 'limits':
        return this.#nameOf.has(event.ifindex) || [...this.#shapers.values()].some(({ index }) => index === event.ifindex)
          ? 'limits'
          : null;
      case 'route':
        return event.route.protocol === MANX_ROUTE_PROTOCOL ? 'routes' : null;
      case 'neighbour':
        return this.#nameOf.has(event.neighbour.ifindex) ? 'neighbours' : null;
      case 'netconf':
        return 'sysctls';
      default:
        return event satisfies never;
    }
  }
}

const isTap = (ifname: string): boolean => ifname.startsWith('tap');

const isShaper = ({ ifname, kind }: Link): boolean => {
  const name = parseIfName(ifname);
  return kind === 'ifb' && name !== null && tapOfShaper(name) !== null;
};
