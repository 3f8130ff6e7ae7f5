import type { HostName, PortNames } from '@manx/hoststate';
import { zoneOf } from './compile-names.js';

/** The names of a port, whether somebody chose them, and the hosts that it is an endpoint on. */
export type Named = { readonly names: PortNames; readonly isChosen: boolean; readonly hosts: readonly HostName[] };

/** The ports whose chosen names are in one zone, and the hosts that are told of them. */
type Zone = { readonly members: Map<string, PortNames>; readonly hosts: Set<HostName> };

/** Hears of each name before it becomes another for a host; undefined: the host does not have it. */
type Touch = (host: HostName, id: string, before: PortNames | undefined) => void;

/**
 * The names of all ports, those that somebody chose by zone, and which hosts have each zone. A host has all names of a zone or none; names that
 * follow from addresses are no part of it.
 */
export class Zones {
  readonly #touch: Touch;
  readonly #ports = new Map<string, Named>();
  readonly #zones = new Map<string, Zone>();

  constructor(touch: Touch) {
    this.#touch = touch;
  }

  /** What is known of a port; undefined when it has no names. */
  of(port: string): Named | undefined {
    return this.#ports.get(port);
  }

  /** The chosen names in a zone, by port. */
  members(zone: string): Iterable<PortNames> {
    return this.#zones.get(zone)?.members.values() ?? [];
  }

  /** Puts a port's names as they are now, or takes them away. */
  set(port: string, after: Named | undefined): void {
    const before = this.#ports.get(port);
    const from = before?.isChosen === true ? this.#zone(zoneOf(before.names)) : undefined;
    const to = after?.isChosen === true ? this.#zone(zoneOf(after.names)) : undefined;
    for (const host of from?.hosts ?? []) this.#touch(host, port, before?.names);
    for (const host of to?.hosts ?? []) if (from?.hosts.has(host) !== true) this.#touch(host, port, undefined);
    from?.members.delete(port);
    if (after === undefined) this.#ports.delete(port);
    else {
      this.#ports.set(port, after);
      to?.members.set(port, after.names);
    }
    if (before !== undefined) this.#forget(zoneOf(before.names));
  }

  /** A host that had no part in the zone gets all of it. */
  join(zone: string, host: HostName): void {
    const { members, hosts } = this.#zone(zone);
    hosts.add(host);
    for (const id of members.keys()) this.#touch(host, id, undefined);
  }

  /** A host that had the zone loses all of it. */
  leave(zone: string, host: HostName): void {
    const { members, hosts } = this.#zone(zone);
    hosts.delete(host);
    for (const [id, names] of members) this.#touch(host, id, names);
    this.#forget(zone);
  }

  #zone(key: string): Zone {
    const zone = this.#zones.get(key) ?? { members: new Map<string, PortNames>(), hosts: new Set<HostName>() };
    this.#zones.set(key, zone);
    return zone;
  }

  #forget(key: string): void {
    const zone = this.#zones.get(key);
    if (zone?.members.size === 0 && zone.hosts.size === 0) this.#zones.delete(key);
  }
}
