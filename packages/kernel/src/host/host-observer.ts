import { join } from 'node:path';
import type { IfName } from '@manx/hoststate';
import {
  type HostFacts,
  hookDevice,
  isSameRoute,
  type LimitFact,
  type ObservedTable,
  observedOf,
  type Program,
  parseNftTable,
  presentTables,
  type RouteFact,
} from '@manx/reconcile';
import { type HostPlan, type LinkPlan, MANX_ROUTE_PROTOCOL, type NftTable, type TokenBucket } from '@manx/render';
import { readFolder, readTextFile } from '../files/program-folder.js';
import { readSysctl } from '../files/sysctl.js';
import type { NftTableKey } from '../nftables/nftables.js';
import { NUD_PERMANENT, type Route } from '../rtnetlink/facts.js';
import { NETCONF_ALL, type Netconf } from '../rtnetlink/netconf-codec.js';
import type { RtEvent } from '../rtnetlink/rtnetlink.js';
import type { HostPorts } from './host-ports.js';
import { addressFact, isSameList, isSameMap, isTapName, shapedTap, TapReader } from './tap-reader.js';

/** Our tables, by nftables family. */
export const MANX_TABLES = [
  { family: 'inet', name: 'manx' },
  { family: 'ip', name: 'manx' },
  { family: 'ip6', name: 'manx' },
  { family: 'arp', name: 'manx' },
  { family: 'netdev', name: 'manx' },
] as const;

const FRAMES = MANX_TABLES.filter(({ family }) => family === 'netdev');

/**
 * The parts of the facts, each read again only when something said that it may have changed. `taps` are links, their addresses and
 * neighbour entries, and their shapers; `frames` is the netdev table alone, of `tables`.
 */
export type HostPart = 'taps' | 'limits' | 'routes' | 'sysctls' | 'tables' | 'frames' | 'files';

const ALL_PARTS: readonly HostPart[] = ['taps', 'limits', 'routes', 'sysctls', 'tables', 'frames', 'files'];

/**
 * Reads of a host what is ours or on our taps, and remembers it until events (or the caller) say that it may be stale: one changed
 * tap costs a read of that tap, not of everything.
 */
export class HostObserver {
  readonly #ports: HostPorts;
  readonly #stale = new Set<HostPart>(ALL_PARTS);
  /** Interfaces that are read again, each by itself. */
  readonly #staleTaps = new Set<number>();
  readonly #taps: TapReader;
  /** An interface came or went since the taps were read. */
  #hasMoved = false;
  #limits: HostFacts['limits'] = new Map();
  #routes: readonly RouteFact[] = [];
  #tables: readonly ObservedTable[] = [];
  #files: HostFacts['files'] = { dnsmasq: new Map(), bird: new Map() };
  readonly #sysctls = new Map<string, string>();
  /** What sysctls that are read again were, to see whether they differ. */
  readonly #formerSysctls = new Map<string, string>();
  #facts: HostFacts | null = null;
  /** Which interface a remembered sysctl was read of; an interface that was made anew has lost them. */
  readonly #sysctlIndex = new Map<string, number>();
  /** Taps of which sysctls are remembered: all that this plan names, of this interface (FORGOTTEN: not all of them). */
  readonly #complete = new Map<string, { readonly plan: LinkPlan; readonly index: number }>();

  constructor(ports: HostPorts) {
    this.#ports = ports;
    this.#taps = new TapReader(ports.rtnetlink);
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
    if (!this.#isOurs(event) || this.#isKnown(event)) return false;
    switch (event.kind) {
      case 'netconf':
        this.#forgetConf(event.netconf);
        return true;
      case 'route':
        this.#stale.add('routes');
        return true;
      case 'link':
        this.#noticeLink(event);
        return true;
      case 'limits':
        this.#stale.add('limits');
        return true;
      case 'address':
        this.#staleTaps.add(event.address.ifindex);
        return true;
      case 'neighbour':
        this.#staleTaps.add(event.neighbour.ifindex);
        return true;
      default:
        return event satisfies never;
    }
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
    this.#tables = presentTables(tables, this.#taps.links).map(observedOf);
    if (this.#hasMoved) this.#stale.add('frames');
  }

  /** The index of a tap as last read. */
  indexOf(ifname: IfName): number | null {
    return this.#taps.links.get(ifname)?.index ?? null;
  }

  /** The tap of an index, as last read; null for what is none. */
  nameOf(ifindex: number): IfName | null {
    return this.#taps.nameOf(ifindex);
  }

  /**
   * The facts now; of sysctls, those that the plan names. While nothing is otherwise they are the same object. Throws Fault when the
   * kernel cannot be read.
   */
  async observe(plan: HostPlan | null): Promise<HostFacts> {
    this.#readTaps();
    if (this.#take('limits')) this.#readLimits();
    if (this.#take('routes')) this.#readRoutes();
    const isFramesStale = this.#take('frames');
    if (this.#take('tables')) this.#tables = await this.#readTables(MANX_TABLES);
    else if (isFramesStale)
      this.#tables = [...this.#tables.filter(({ family }) => family !== 'netdev'), ...(await this.#readTables(FRAMES))];
    if (this.#take('files')) this.#readFiles();
    if (this.#take('sysctls')) this.forgetSysctls([...this.#sysctls.keys()]);
    const hasOthers = plan !== null && this.#readSysctls(plan);
    const { links, neighbours } = this.#taps;
    const [limits, routes, sysctls] = [this.#limits, this.#routes, this.#sysctls];
    const [tables, files] = [this.#tables, this.#files];
    const before = this.#facts;
    const isSame =
      !hasOthers &&
      before?.links === links &&
      before.limits === limits &&
      before.neighbours === neighbours &&
      before.routes === routes &&
      before.tables === tables &&
      before.files === files;
    this.#facts = isSame ? before : { links, limits, routes, neighbours, sysctls, tables, files };
    return this.#facts;
  }

  /** Forgets the values of these sysctls, which were just written. */
  forgetSysctls(paths: readonly string[]): void {
    for (const path of paths) {
      const value = this.#sysctls.get(path);
      if (value === undefined) continue;
      this.#formerSysctls.set(path, value);
      this.#sysctls.delete(path);
      const ifname = path.split('/')[INTERFACE_PART] ?? '';
      const complete = this.#complete.get(ifname);
      if (complete !== undefined) this.#complete.set(ifname, { plan: complete.plan, index: FORGOTTEN });
    }
  }

  /** Says that these taps may have changed. */
  forgetTaps(ifnames: readonly IfName[]): void {
    for (const ifname of ifnames) {
      const index = this.indexOf(ifname);
      if (index === null) this.#stale.add('taps');
      else this.#staleTaps.add(index);
    }
  }

  #take(part: HostPart): boolean {
    return this.#stale.delete(part);
  }

  #readTaps(): void {
    const ifindexes = new Set(this.#staleTaps);
    this.#staleTaps.clear();
    this.#hasMoved = false;
    if (this.#take('taps')) this.#taps.readAll();
    else this.#taps.read(ifindexes);
  }

  #readLimits(): void {
    const buckets = new Map<number, TokenBucket>();
    const ingresses = new Set<number>();
    for (const { ifindex, isIngress, bucket } of this.#ports.rtnetlink.qdiscs()) {
      if (isIngress) ingresses.add(ifindex);
      if (bucket !== null) buckets.set(ifindex, bucket);
    }
    const { links, shapers } = this.#taps;
    const limits = new Map<IfName, LimitFact>();
    for (const tap of new Set([...links.keys(), ...shapers.keys()])) {
      const index = links.get(tap)?.index;
      const shaper = shapers.get(tap);
      const toGuest = (index !== undefined && buckets.get(index)) || null;
      const targets = index !== undefined && ingresses.has(index) ? this.#ports.rtnetlink.redirects(index) : [];
      const led = targets.length === 0 ? 'past' : targets.length === 1 && targets[0] === shaper?.index ? 'through' : 'astray';
      if (toGuest === null && shaper === undefined && led === 'past') continue;
      const fromGuest = (shaper?.isUp === true && buckets.get(shaper.index)) || null;
      limits.set(tap, { toGuest, fromGuest, hasShaper: shaper !== undefined, led });
    }
    if (JSON.stringify([...limits]) !== JSON.stringify([...this.#limits])) this.#limits = limits;
  }

  #readRoutes(): void {
    const ours = ([4, 6] as const).flatMap((family) => this.#ports.rtnetlink.routes({ family, protocol: MANX_ROUTE_PROTOCOL }));
    const routes = ours.map((route) => this.#routeFact(route));
    if (!isSameList(routes, this.#routes, isSameRouteFact)) this.#routes = routes;
  }

  #routeFact({ destination, hops, metric }: Route): RouteFact {
    const nameOf = (ifindex: number | null): IfName | null => (ifindex === null ? null : this.#taps.nameOf(ifindex));
    return { destination, hops: hops.map(({ ifindex, via }) => ({ dev: nameOf(ifindex), via })), metric };
  }

  async #readTables(keys: readonly NftTableKey[]): Promise<readonly ObservedTable[]> {
    const tables: ObservedTable[] = [];
    const port = this.#ports.nftables;
    for (const key of keys) {
      if (await port.isOrphan(key)) await port.hold(key);
      const nftables = await port.listTable(key);
      const table = nftables === null ? null : parseNftTable({ nftables });
      if (table !== null) tables.push(table);
    }
    return tables;
  }

  #readFiles(): void {
    const { dnsmasq, bird } = this.#ports.programs;
    const files = { dnsmasq: readFolder(dnsmasq.folder), bird: readFolder(bird.folder) };
    if (!isSameMap(files.dnsmasq, this.#files.dnsmasq) || !isSameMap(files.bird, this.#files.bird)) this.#files = files;
  }

  /** Whether some are not as they were. */
  #readSysctls(plan: HostPlan): boolean {
    let hasOthers = false;
    const read = (path: string, index: number): void => {
      if (this.#readSysctl(path, index)) hasOthers = true;
    };
    for (const path of plan.sysctls.keys()) read(path, 0);
    for (const [ifname, link] of plan.links) {
      const index = this.#taps.links.get(ifname)?.index ?? NO_INTERFACE;
      const complete = this.#complete.get(ifname);
      if (complete?.plan === link && complete.index === index) continue;
      for (const path of link.sysctls.keys()) read(path, index);
      this.#complete.set(ifname, { plan: link, index });
    }
    this.#forgetDeadSysctls(plan);
    return hasOthers;
  }

  /** Whether it is not as it was. */
  #readSysctl(path: string, index: number): boolean {
    const known = this.#sysctls.get(path) ?? this.#formerSysctls.get(path);
    if (this.#sysctls.has(path) && this.#sysctlIndex.get(path) === index) return false;
    const value = index === NO_INTERFACE ? null : readSysctl(path);
    this.#formerSysctls.delete(path);
    if (value === null) this.#sysctls.delete(path);
    else this.#sysctls.set(path, value);
    this.#sysctlIndex.set(path, index);
    return value !== (known ?? null);
  }

  /** Of taps that are gone nothing is remembered. */
  #forgetDeadSysctls(plan: HostPlan): void {
    if (this.#complete.size <= plan.links.size) return;
    for (const [ifname, { plan: link }] of this.#complete) {
      if (plan.links.has(ifname as IfName) || this.#taps.links.has(ifname as IfName)) continue;
      for (const path of link.sysctls.keys()) for (const map of [this.#sysctls, this.#formerSysctls, this.#sysctlIndex]) map.delete(path);
      this.#complete.delete(ifname);
    }
  }

  /** An interface came, went or is another. What concerns it alone is read again, and what goes with it. */
  #noticeLink({ isGone, link: { ifindex, ifname } }: Extract<RtEvent, { kind: 'link' }>): void {
    const names = [ifname, this.#taps.nameOf(ifindex)];
    const isNamed = (dev: string | null): boolean => names.includes(dev);
    const isNew = this.#taps.nameOf(ifindex) !== ifname;
    this.#staleTaps.add(ifindex);
    // One that goes down takes its routes along, for some of which there is no event.
    if (this.#routes.some(({ hops }) => hops.some(({ dev }) => dev === null || isNamed(dev)))) this.#stale.add('routes');
    // It takes its chain of the netdev table along, too, and one that is made anew has none: neither is a transaction of nft.
    if (isGone || isNew) this.#hasMoved = true;
    // What was told of its limits before it was known was no news then.
    if (isGone || isNew) this.#stale.add('limits');
    if ((isGone || isNew) && this.#hasFrames(isNamed)) this.#stale.add('frames');
    this.forgetSysctls([mtuPath(ifname)]);
  }

  #hasFrames(isNamed: (dev: string | null) => boolean): boolean {
    return this.#tables.some(({ chains }) => [...chains.values()].some(({ hook }) => isNamed(hookDevice(hook))));
  }

  /** Whether the facts, as last read, are as the event says. Of several events that cancel each other out the first is always news. */
  #isKnown(event: RtEvent): boolean {
    switch (event.kind) {
      case 'link':
        // It may be about carrier, which is no fact of ours, and with which the kernel sets the IPv6 MTU anew (addrconf_notify, net/ipv6/addrconf.c).
        return false;
      case 'address': {
        const { ifindex, ip, prefixLength } = event.address;
        const name = this.#taps.nameOf(ifindex);
        const known = name && this.#taps.links.get(name)?.addresses.find((one) => one.ip === ip && one.prefixLength === prefixLength);
        return event.isGone ? known === undefined : known?.isTentative === addressFact(event.address).isTentative && known !== undefined;
      }
      case 'route': {
        const fact = this.#routeFact(event.route);
        return this.#routes.some((one) => isSameRouteFact(one, fact)) !== event.isGone;
      }
      case 'neighbour': {
        const { ifindex, ip, mac, state } = event.neighbour;
        const dev = this.#taps.nameOf(ifindex);
        const isPermanent = !event.isGone && (state & NUD_PERMANENT) !== 0;
        const known = this.#taps.neighbours.find((one) => one.ip === ip && one.dev === dev);
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
    const name = ifindex === NETCONF_ALL ? 'all' : this.#taps.nameOf(ifindex);
    if (name === null) return [];
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

  #isOurs(event: RtEvent): boolean {
    switch (event.kind) {
      case 'link':
        return isTapName(event.link.ifname) || this.#taps.nameOf(event.link.ifindex) !== null || shapedTap(event.link) !== null;
      case 'limits':
        return this.#taps.nameOf(event.ifindex) !== null || [...this.#taps.shapers.values()].some(({ index }) => index === event.ifindex);
      case 'address':
        return this.#taps.nameOf(event.address.ifindex) !== null;
      case 'route':
        return event.route.protocol === MANX_ROUTE_PROTOCOL;
      case 'neighbour':
        return this.#taps.nameOf(event.neighbour.ifindex) !== null;
      case 'netconf':
        return true;
      default:
        return event satisfies never;
    }
  }
}

/** `net/ipv4/conf/NAME/...`: where paths of an interface's sysctls name it. */
const INTERFACE_PART = 3;

/** The index of what is not there. */
const NO_INTERFACE = -1;
const FORGOTTEN = -2;

const isSameRouteFact = (a: RouteFact, b: RouteFact): boolean =>
  a.destination === b.destination && a.metric === b.metric && isSameRoute(a, b);

const mtuPath = (ifname: string): string => `net/ipv6/conf/${ifname}/mtu`;
