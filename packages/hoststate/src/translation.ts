import { familyOf, type Ip } from '@manx/ip';
import { type AddressSet, type Endpoint, FLAT_SPACE, type HostState, type Member, type PortForward } from './host-state.js';
import { compareMembers, coversIp, memberOf } from './sorted-members.js';

/** A flow as conntrack keeps it: the tuple of its first packet (`original` direction), addresses of one family. */
export type Flow = {
  /** IANA protocol number. */
  readonly protocol: number;
  readonly source: Ip;
  readonly destination: Ip;
  /** Null where the protocol has no ports. */
  readonly sport: number | null;
  readonly dport: number | null;
  /** Null unless the protocol is ICMP (1) or ICMP for IPv6 (58). */
  readonly icmp: { readonly type: number; readonly code: number; readonly id: number } | null;
};

/** A flow with the addresses of its answers, which tell how it is translated: where they come from, and whom they go to. */
export type EstablishedFlow = Flow & {
  readonly answers: { readonly source: Ip; readonly destination: Ip };
  /** True: it began on another host, and whose packet came first here says nothing of who began it. */
  readonly isPickedUp?: true;
  /** True: of TCP, both ends were heard, and neither has begun to close it. */
  readonly isOpen?: true;
};

/** Where a flow goes once floating IPs and forwards are translated. */
export type Target = { readonly ip: Ip; readonly port: number | null };

/** What a host makes of a flow that begins: where it goes, and as whom. */
export type Translated = Target & { readonly as: Ip };

/** What of a flow says where it goes. */
type Asked = Pick<Flow, 'protocol' | 'destination' | 'dport'>;

/** Whether a forward is what translates the flow. */
export function isForwarded({ ip, protocol, from, to }: PortForward, flow: Asked): boolean {
  return flow.destination === ip && flow.protocol === protocol && flow.dport !== null && flow.dport >= from && flow.dport <= to;
}

/** Says of each flow where these endpoints translate it to; null for what is sent to an address of which only other ports are forwarded. */
export function targetFinder(endpoints: Iterable<Pick<Endpoint, 'floating' | 'forwards'>>): (flow: Asked) => Target | null {
  const floating = new Map<Ip, Ip>();
  const forwards = new Map<Ip, PortForward[]>();
  for (const endpoint of endpoints) {
    for (const { ip, fixed } of endpoint.floating) floating.set(ip, fixed);
    for (const forward of endpoint.forwards) forwards.set(forward.ip, [...(forwards.get(forward.ip) ?? []), forward]);
  }
  return (flow) => {
    const fixed = floating.get(flow.destination);
    if (fixed !== undefined) return { ip: fixed, port: flow.dport };
    const some = forwards.get(flow.destination);
    if (some === undefined) return { ip: flow.destination, port: flow.dport };
    const forward = some.find((one) => isForwarded(one, flow));
    if (forward === undefined || flow.dport === null) return null;
    const { fixedFrom, fixedTo, from } = forward;
    return { ip: forward.fixed, port: fixedFrom === fixedTo ? fixedFrom : fixedFrom + flow.dport - from };
  };
}

/** The prefixes of the subnets with source NAT, sorted, each once. */
export function nattedPrefixes({ subnets }: Pick<HostState, 'subnets'>): readonly Member[] {
  const members = [...subnets.values()].flatMap(({ hasSnat, cidr }) => (hasSnat ? [memberOf(cidr)] : []));
  return [...new Set(members)].sort(compareMembers);
}

/**
 * What this host makes of the addresses of flows that begin (S21 to S24), as `render` says it in nft's words. What asks for a floating IP
 * or a forwarded port goes to the fixed IP; by its floating IP it comes from whom it asks for himself, and what goes on to another host.
 * Out of the flat space a fixed IP sends as its floating IP, else as `snat` from a subnet with source NAT; `snat` is the host's own
 * address for that, null where it has none.
 */
export class Translation {
  /** Floating IP to fixed IP. */
  readonly floating: ReadonlyMap<Ip, Ip>;
  /** The forwards by their ids. */
  readonly forwards: ReadonlyMap<string, PortForward>;
  /** Which floating IP each fixed IP sends as. */
  readonly senders: ReadonlyMap<Ip, Ip>;
  /** The prefixes of subnets with source NAT, while the host has an address for that. */
  readonly natted: readonly Member[];
  /** The endpoints' own addresses. */
  readonly own: ReadonlySet<Ip>;
  readonly #flat: readonly Member[] | null;
  readonly #targetOf: (flow: Asked) => Target | null;
  readonly #snat: Ip | null;

  /** `flat` is the flat space to go by: the state's own unless told; without it nothing is translated on its way out. */
  constructor(state: HostState, snat: Ip | null, flat: AddressSet | undefined = state.sets.get(FLAT_SPACE)) {
    const ups = [...state.endpoints.values()].filter(({ isUp }) => isUp);
    this.floating = new Map(ups.flatMap(({ floating }) => floating.map(({ ip, fixed }) => [ip, fixed] as const)));
    this.forwards = new Map(ups.flatMap(({ forwards }) => forwards.map((forward) => [forward.id, forward] as const)));
    const senders = new Map<Ip, Ip>();
    for (const { floating } of ups) for (const { ip, fixed } of floating) if (!senders.has(fixed)) senders.set(fixed, ip);
    this.senders = senders;
    this.natted = snat === null ? [] : nattedPrefixes(state);
    this.own = new Set(ups.flatMap(({ addresses }) => addresses.map(({ ip }) => ip)));
    this.#flat = flat?.members ?? null;
    this.#targetOf = targetFinder(ups);
    this.#snat = snat;
  }

  /** What becomes of the flow. */
  of(flow: Flow): Translated {
    const { source, destination, dport } = flow;
    const target = this.#targetOf(flow);
    if (target === null) return { ip: destination, port: dport, as: source };
    if (target.ip !== destination) return { ...target, as: source === target.ip || !this.own.has(target.ip) ? destination : source };
    return { ...target, as: this.#sendsAs(source, destination) };
  }

  #sendsAs(source: Ip, destination: Ip): Ip {
    if (familyOf(source) !== 4 || this.#flat === null || coversIp(this.#flat, destination)) return source;
    return this.senders.get(source) ?? (this.#snat !== null && coversIp(this.natted, source) ? this.#snat : source);
  }
}
