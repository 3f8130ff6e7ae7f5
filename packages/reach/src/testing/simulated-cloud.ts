import type { Endpoint, HostName } from '@manx/hoststate';
import { cidrContains, hostCidr, type Ip } from '@manx/ip';
import { type HostPlan, type RenderSettings, type RoutePlan, renderHost } from '@manx/render';
import type { Packet } from '@manx/render/testing/nft-evaluator/packet';
import { FABRIC, type FlowMemory, passThrough } from '@manx/render/testing/nft-evaluator/simulated-host';
import { SETTINGS } from '@manx/render/testing/states';
import { type RandomCloud, snatOf } from './random-cloud.js';

/** Where a packet came to: an endpoint's tap, the outside, the host that it was on, or nowhere; as it was then. */
export type Arrival = {
  readonly at: { readonly host: HostName; readonly endpoint: Endpoint } | 'outside' | 'host' | 'lost';
  readonly packet: Packet;
  /** What each host on the way remembers of the flow. */
  readonly memories: ReadonlyMap<HostName, FlowMemory>;
  readonly by: string;
};

/** Which of several equal ways a packet takes: of hosts, and of taps on one. */
export type Choice = { readonly host: number; readonly tap: number };

type SimulatedHost = { readonly own: HostPlan; readonly plan: HostPlan };

const METADATA_PORT = 8775;
const DNS = { port: 8753, packetsPerSecond: 200, burst: 400 };

function settingsOf(host: HostName): RenderSettings {
  const hostSnat = snatOf(host);
  const all = { ...SETTINGS, metadataPort: METADATA_PORT, dns: DNS };
  return hostSnat === null ? all : { ...all, hostSnat };
}

/** More hosts than any packet passes on its way: a loop is a fault of the test. */
const MOST_HOPS = 5;

/**
 * Hosts as `render` makes them, and a fabric that has learned every route of theirs: packets go through the text of the tables, from host to
 * host, to a tap or the outside. What the fabric tells a host never takes the place of what is its own (see `renderBird`).
 */
export class SimulatedCloud {
  readonly #hosts: ReadonlyMap<HostName, SimulatedHost>;
  readonly #taps = new Map<string, { readonly host: HostName; readonly endpoint: Endpoint }>();

  /** `change`: what a fault makes of each plan. */
  constructor(cloud: RandomCloud, change: (plan: HostPlan) => HostPlan = (plan) => plan) {
    const plans = new Map([...cloud].map(([host, state]) => [host, change(renderHost(state, settingsOf(host)))]));
    this.#hosts = new Map([...plans].map(([host, own]) => [host, { own, plan: { ...own, routes: learned(own, [...plans.values()]) } }]));
    for (const [host, { endpoints }] of cloud) {
      for (const endpoint of endpoints.values()) this.#taps.set(`${host} ${endpoint.ifname}`, { host, endpoint });
    }
  }

  /** Sends a packet into a host by a tap or by the fabric; with memories it is an answer. */
  send(
    packet: Packet,
    { host, choice, memories }: { readonly host: HostName; readonly choice: Choice; readonly memories?: Arrival['memories'] },
  ): Arrival {
    const remembered = new Map(memories ?? []);
    const isAnswer = memories !== undefined;
    let [at, now] = [host, packet];
    for (let hop = 0; hop < MOST_HOPS; hop++) {
      const { plan } = this.#hosts.get(at) as SimulatedHost;
      const memory = isAnswer ? (memories.get(at) ?? null) : null;
      const passing = passThrough(plan, { packet: now, memory, choose: (hops) => hops[choice.tap % hops.length] as string });
      if (!isAnswer && passing.memory !== null) remembered.set(at, passing.memory);
      const rest = { packet: passing.packet, memories: remembered, by: passing.by };
      if (passing.fate === 'dropped') return { at: 'lost', ...rest };
      if (passing.fate === 'host') return { at: 'host', ...rest };
      if (passing.packet.oif !== FABRIC) return { at: this.#taps.get(`${at} ${passing.packet.oif}`) ?? 'lost', ...rest };
      const next = this.announcer(passing.packet.destination, choice.host);
      if (next === null) return { at: 'outside', ...rest };
      [at, now] = [next, { ...passing.packet, iif: FABRIC, oif: null, etherSource: null }];
    }
    throw new Error(`a packet to ${packet.destination} went round`);
  }

  /** A host to which the fabric brings packets to the address: one of those that announce the longest prefix; null for none. */
  announcer(ip: Ip, choice: number): HostName | null {
    const found = [...this.#hosts].flatMap(([host, { own }]) => {
      const lengths = [...own.routes.values()]
        .filter(({ destination }) => cidrContains(destination, ip))
        .map(({ destination }) => lengthOf(destination));
      return lengths.length === 0 ? [] : [{ host, length: Math.max(...lengths) }];
    });
    const most = Math.max(...found.map(({ length }) => length));
    const best = found.filter(({ length }) => length === most);
    return best[choice % best.length]?.host ?? null;
  }
}

function lengthOf(cidr: string): number {
  return Number(cidr.slice(cidr.indexOf('/') + 1));
}

/** A host's own routes, and by the fabric those of all others that it has none for. */
function learned(own: HostPlan, all: readonly HostPlan[]): ReadonlyMap<string, RoutePlan> {
  const routes = new Map(own.routes);
  const destinations = new Set([...own.routes.values()].map(({ destination }) => destination));
  for (const { routes: theirs } of all) {
    for (const { destination } of theirs.values()) {
      if (destinations.has(destination)) continue;
      routes.set(`fabric ${destination}`, {
        destination,
        hops: [{ dev: FABRIC as RoutePlan['hops'][number]['dev'], via: null }],
        metric: 32,
      });
    }
  }
  return routes;
}

/** The MAC that an endpoint frames packets from the address with. */
export function macFor({ mac, pairs, addresses }: Endpoint, ip: Ip): string {
  if (addresses.some((own) => own.ip === ip)) return mac;
  return pairs.find(({ cidr }) => cidr === hostCidr(ip) || cidrContains(cidr, ip))?.mac ?? mac;
}
