import { AddressHolders, type Endpoint, type HostName, isRoutedGroup, type Membership, type Payload, targetFinder } from '@manx/hoststate';
import { cidrContains, familyOf, hostCidr, type Ip, isBroadcast, isLinkLocal, isMulticast, prefixLength } from '@manx/ip';
import type { Cloud, Place } from './cloud.js';
import type { Absence, End } from './question.js';

/** A floating IP or forward that the destination is translated by: at whose host, and to what. */
export type Translation = {
  readonly at: Place;
  readonly by: 'floating' | 'forward';
  readonly asked: Ip;
  readonly to: { readonly ip: Ip; readonly port: number | null };
};

/** Where a flow comes from. `via` is the floating IP by which the sender was named. */
export type Sender =
  | { readonly kind: 'port'; readonly place: Place; readonly ip: Ip; readonly via: Ip | null }
  | { readonly kind: 'outside'; readonly ip: Ip }
  | { readonly kind: 'elsewhere'; readonly ip: Ip }
  | { readonly kind: 'nobody'; readonly ip: Ip; readonly absence: Absence | null };

/** Where a flow goes to. */
export type Target =
  | {
      readonly kind: 'port';
      readonly place: Place;
      /** After translation. */
      readonly ip: Ip;
      readonly port: number | null;
      readonly translation: Translation | null;
      /** Whether others may get such a flow in its place. */
      readonly isSpread: boolean;
      /** Ids of holders that are down, and so get nothing. */
      readonly down: readonly string[];
    }
  | {
      /** One of those who get what is sent to a multicast group. */
      readonly kind: 'listener';
      readonly place: Place;
      /** The group. */
      readonly ip: Ip;
      readonly membership: Membership;
      /** How many more there are, who are left out: with the last one that is not. */
      readonly more: number;
    }
  | { readonly kind: 'no-listener'; readonly ip: Ip }
  | { readonly kind: 'outside'; readonly ip: Ip }
  | { readonly kind: 'elsewhere'; readonly ip: Ip }
  | { readonly kind: 'host'; readonly ip: Ip }
  | { readonly kind: 'link'; readonly ip: Ip }
  | { readonly kind: 'nobody'; readonly ip: Ip; readonly absence: Absence | null; readonly translation: Translation | null }
  | { readonly kind: 'not-forwarded'; readonly ip: Ip; readonly at: Place };

/** Everyone who sends from the address, sorted by id: one, but for pairs that several have. */
export function findSenders(cloud: Cloud, { ip, endpoint, absence }: End): readonly Sender[] {
  if (endpoint !== null) {
    const place = cloud.placeOf(endpoint);
    return place === undefined ? [{ kind: 'nobody', ip, absence }] : [asSender(place, ip)];
  }
  const places = sorted(cloud.placesOf(ip));
  const floating = places.find(({ endpoint }) => endpoint.floating.some((one) => one.ip === ip));
  if (floating !== undefined) return [asSender(floating, ip)];
  const senders = byHost(places, (holders) => holders.senders(ip));
  const own = senders.filter(({ endpoint }) => isOwn(endpoint, ip));
  const found = own.length > 0 ? own : senders;
  if (found.length > 0) return sorted(found).map((place) => asSender(place, ip));
  return [absentEnd(cloud, ip, absence)];
}

/** Who is named by a floating IP sends from the fixed IP behind it. */
function asSender(place: Place, ip: Ip): Sender {
  const floating = place.endpoint.floating.find((one) => one.ip === ip);
  return { kind: 'port', place, ip: floating?.fixed ?? ip, via: floating === undefined ? null : ip };
}

/** Where instances ask their host for metadata (S27), and for names (S28). */
export const SERVICES: ReadonlySet<Ip> = new Set(['169.254.169.254', 'fe80::a9fe:a9fe'] as readonly string[] as readonly Ip[]);

/** Everyone whom such a packet of the sender may reach, sorted by id: one, but for anycast and multicast. */
export function findTargets(cloud: Cloud, sender: Sender, { ip, endpoint, absence, ...payload }: End & Payload): readonly Target[] {
  if (SERVICES.has(ip)) return [{ kind: 'host', ip }];
  if (isRoutedGroup(ip) && sender.kind !== 'outside') return listeners(cloud, sender, ip);
  if (isLinkOnly(ip)) return [{ kind: 'link', ip }];
  if (endpoint !== null && cloud.placeOf(endpoint) === undefined) return [{ kind: 'nobody', ip, absence, translation: null }];
  const places = sorted(cloud.placesOf(ip));
  const carriers = places.filter(({ endpoint }) => carries(endpoint, ip));
  const carrier = carriers.find(({ endpoint }) => endpoint.isUp) ?? carriers[0];
  if (carrier !== undefined) return translated(cloud, { carrier, ip, payload });
  const found = receivers(places, ip, sender.kind === 'port' ? sender.place.host : null);
  if (found.length > 0) return asTargets(found, { ip, port: payload.port, translation: null });
  if (sender.kind === 'port' && isGateway(sender.place, ip)) return [{ kind: 'host', ip }];
  const absent = absentEnd(cloud, ip, absence);
  return [absent.kind === 'nobody' ? { ...absent, translation: null } : absent];
}

/** The most listeners of a group that one answer names. */
const MOST_LISTENERS = 256;

/** Who listens to a group, but for the sender himself, who never hears himself by it. */
function listeners(cloud: Cloud, sender: Sender, group: Ip): readonly Target[] {
  const own = sender.kind === 'port' ? sender.place.endpoint.id : null;
  const all = cloud
    .listenersOf(group)
    .flatMap(({ endpoint, membership }) => {
      const place = cloud.placeOf(endpoint);
      return place === undefined || endpoint === own ? [] : [{ kind: 'listener' as const, place, ip: group, membership, more: 0 }];
    })
    .sort((a, b) => (a.place.endpoint.id < b.place.endpoint.id ? -1 : 1));
  const shown = all
    .slice(0, MOST_LISTENERS)
    .map((one, index) => (index === MOST_LISTENERS - 1 ? { ...one, more: all.length - MOST_LISTENERS } : one));
  if (shown.length > 0) return shown;
  return [cloud.isWhole ? { kind: 'no-listener', ip: group } : { kind: 'elsewhere', ip: group }];
}

function absentEnd(
  cloud: Cloud,
  ip: Ip,
  absence: Absence | null,
): { kind: 'nobody'; ip: Ip; absence: Absence | null } | { kind: 'outside'; ip: Ip } | { kind: 'elsewhere'; ip: Ip } {
  if (absence !== null) return { kind: 'nobody', ip, absence };
  if (!cloud.isInside(ip)) return { kind: 'outside', ip };
  return cloud.isWhole ? { kind: 'nobody', ip, absence: null } : { kind: 'elsewhere', ip };
}

function translated(
  cloud: Cloud,
  { carrier, ip, payload }: { readonly carrier: Place; readonly ip: Ip; readonly payload: Payload },
): readonly Target[] {
  const to = targetFinder(carrier.state.endpoints.values())({ protocol: payload.protocol, destination: ip, dport: payload.port });
  if (to === null) return [{ kind: 'not-forwarded', ip, at: carrier }];
  const by = carrier.endpoint.floating.some((one) => one.ip === ip) ? 'floating' : 'forward';
  const translation: Translation = { at: carrier, by, asked: ip, to };
  // From here on the packet is on the carrier's host, wherever it was sent.
  const found = receivers(sorted(cloud.placesOf(to.ip)), to.ip, carrier.host);
  if (found.length > 0) return asTargets(found, { ip: to.ip, port: to.port, translation });
  if (!cloud.isWhole) return [{ kind: 'elsewhere', ip: to.ip }];
  return [{ kind: 'nobody', ip: to.ip, absence: null, translation }];
}

function asTargets(
  { live, down }: Received,
  target: { readonly ip: Ip; readonly port: number | null; readonly translation: Translation | null },
): readonly Target[] {
  const all = live.length > 0 ? live : down;
  const dead = live.length > 0 ? down.map(({ endpoint }) => endpoint.id) : [];
  return all.map((place) => ({ kind: 'port', place, ...target, isSpread: all.length > 1, down: dead }));
}

/** The host that answers of a target leave by towards the sender: its own, or where they are translated back; null for what is no port. */
export function answeringHost(target: Target): HostName | null {
  return target.kind === 'port' ? (target.translation?.at.host ?? target.place.host) : null;
}

/** Who gets what is sent from a host, or from outside, to the address that a sender sends from: itself, hopefully, and only it. */
export function findAnswered(cloud: Cloud, ip: Ip, from: HostName | null): readonly Place[] {
  return receivers(sorted(cloud.placesOf(ip)), ip, from).live;
}

type Received = { readonly live: readonly Place[]; readonly down: readonly Place[]; readonly length: number };

/**
 * Where packets to the address are routed: to its owners, else to the holders of the longest routed pair around it (S8). A host with
 * holders of its own keeps to them: its own routes are before those that it learns. One that is down is announced by nobody.
 */
function receivers(places: readonly Place[], ip: Ip, host: HostName | null): Received {
  const found = byHost(places, (holders) => holders.receivers(ip));
  const [live, down] = [true, false].map((isUp) => found.filter(({ endpoint }) => endpoint.isUp === isUp)) as [Place[], Place[]];
  const best = longest(live, ip);
  const local = best.filter((place) => place.host === host);
  return { live: sorted(local.length > 0 ? local : best), down: sorted(longest(down, ip)), length: found.length };
}

function longest(places: readonly Place[], ip: Ip): readonly Place[] {
  const lengths = places.map(({ endpoint }) => claimLength(endpoint, ip));
  const most = Math.max(...lengths);
  return places.filter((_, at) => lengths[at] === most);
}

/** How much of the address the endpoint's claim to it names, in bits; an address of its own outdoes a pair, and so does one that it has announced (S9). */
function claimLength({ addresses, pairs, claims }: Endpoint, ip: Ip): number {
  if (addresses.some((own) => own.ip === ip)) return 129;
  if (claims.includes(ip)) return 128;
  return Math.max(
    ...pairs.map(({ cidr, isRouted, isYielded }) => (isRouted && !isYielded && cidrContains(cidr, ip) ? prefixLength(cidr) : -1)),
  );
}

/** The endpoints that the holders of each host name, with their places: of those that are up, and of the others as if they were. */
function byHost(places: readonly Place[], choose: (holders: AddressHolders) => readonly Endpoint[]): readonly Place[] {
  const hosts = new Map(places.map((place) => [place.host, place.state]));
  return [...hosts].flatMap(([host, state]) =>
    [true, false].flatMap((isUp) => {
      const endpoints = places.flatMap(({ host: at, endpoint }) => (at === host && endpoint.isUp === isUp ? [endpoint] : []));
      return [...new Set(choose(new AddressHolders(endpoints)))].map((endpoint) => ({ host, state, endpoint }));
    }),
  );
}

/** Whether the endpoint has the address as its own or in a pair. */
export function hasAddress({ addresses, pairs }: Endpoint, ip: Ip): boolean {
  return addresses.some((own) => own.ip === ip) || pairs.some(({ cidr }) => cidrContains(cidr, ip));
}

/** Whether the endpoint has just this address: as its own, or as a pair that is no longer prefix. */
export function hasSingle({ addresses, pairs }: Endpoint, ip: Ip): boolean {
  return addresses.some((own) => own.ip === ip) || pairs.some(({ cidr }) => cidr === hostCidr(ip));
}

/** Whether the address is one of its fixed IPs. */
export function isOwn({ addresses }: Endpoint, ip: Ip): boolean {
  return addresses.some((own) => own.ip === ip);
}

/** The prefix by which a host announces the address for the endpoint. */
export function announcedPrefix(endpoint: Endpoint, ip: Ip): string {
  if (isOwn(endpoint, ip) || carries(endpoint, ip) || endpoint.claims.includes(ip)) return hostCidr(ip);
  const routed = endpoint.pairs.filter(({ cidr, isRouted }) => isRouted && cidrContains(cidr, ip)).map(({ cidr }) => cidr);
  return routed.toSorted((a, b) => prefixLength(b) - prefixLength(a))[0] ?? hostCidr(ip);
}

function carries({ floating, forwards }: Endpoint, ip: Ip): boolean {
  return [...floating, ...forwards].some((one) => one.ip === ip);
}

/** The host answers at the gateways of its endpoints' subnets, unless an instance has the address. */
function isGateway({ state, endpoint }: Place, ip: Ip): boolean {
  return endpoint.addresses.some(({ subnet }) => {
    const of = state.subnets.get(subnet);
    return of !== undefined && of.gateway === ip && !of.isGatewayHeld;
  });
}

/** What no host forwards: link-local, multicast, broadcast and the reserved rest of IPv4 from 224.0.0.0 on. */
function isLinkOnly(ip: Ip): boolean {
  if (isLinkLocal(ip) || isMulticast(ip) || isBroadcast(ip)) return true;
  return familyOf(ip) === 4 && Number(ip.slice(0, ip.indexOf('.'))) >= FIRST_RESERVED;
}

/** 240.0.0.0/4 is reserved (RFC 1112, section 4), after multicast. */
const FIRST_RESERVED = 240;

function sorted(places: readonly Place[]): readonly Place[] {
  return places.toSorted((a, b) => (a.endpoint.id < b.endpoint.id ? -1 : 1));
}
