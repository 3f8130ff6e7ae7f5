import type { HostState, PortNames } from '@manx/hoststate';
import { Zone } from './zone.js';

type Names = HostState['names'];

/** The zones of a host, kept up with its state at a cost that follows the change. */
export class ZoneBook {
  #names: Names = new Map();
  readonly #zones = new Map<string, Zone>();

  /** These names and no others are known from now on. */
  want(names: Names): void {
    const before = this.#names;
    if (before === names) return;
    this.#names = names;
    // All that goes, first: an address may have gone from one port to another.
    for (const [id, old] of before) if (names.get(id) !== old) this.#zoneOf(old).remove(old);
    for (const [id, one] of names) if (before.get(id) !== one) this.#zoneOf(one).add(one);
    const used = new Set([...names.values()].map(keyOf));
    for (const key of this.#zones.keys()) if (!used.has(key)) this.#zones.delete(key);
  }

  /** The names that a port may ask for; null for a port that has none itself. */
  zoneOfPort(id: string): Zone | null {
    const own = this.#names.get(id);
    return own === undefined ? null : this.#zoneOf(own);
  }

  #zoneOf(names: PortNames): Zone {
    const zone = this.#zones.get(keyOf(names)) ?? new Zone();
    this.#zones.set(keyOf(names), zone);
    return zone;
  }
}

function keyOf({ network, project }: PortNames): string {
  return `${network} ${project}`;
}
