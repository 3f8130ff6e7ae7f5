import type { PortNames } from '@manx/hoststate';
import { compareIps, type Ip } from '@manx/ip';

/** The names that some ports may ask for: of one project on one network. */
export class Zone {
  readonly #addresses = new Map<string, Set<Ip>>();
  readonly #names = new Map<Ip, string>();
  /** How many names lie in each domain right below it, and how many somewhere below. */
  readonly #domains = new Map<string, number>();
  readonly #parents = new Map<string, number>();

  add({ records }: Pick<PortNames, 'records'>): void {
    for (const { ip, fqdn } of records) {
      const addresses = this.#addresses.get(fqdn) ?? new Set();
      this.#addresses.set(fqdn, addresses.add(ip));
      this.#names.set(ip, fqdn);
      this.#count(fqdn, 1);
    }
  }

  remove({ records }: Pick<PortNames, 'records'>): void {
    for (const { ip, fqdn } of records) {
      const addresses = this.#addresses.get(fqdn);
      addresses?.delete(ip);
      if (addresses?.size === 0) this.#addresses.delete(fqdn);
      this.#names.delete(ip);
      this.#count(fqdn, -1);
    }
  }

  /** Sorted; null when nobody has the name. */
  addressesOf(name: string): readonly Ip[] | null {
    const addresses = this.#addresses.get(name);
    return addresses === undefined ? null : [...addresses].sort(compareIps);
  }

  nameOf(ip: Ip): string | null {
    return this.#names.get(ip) ?? null;
  }

  /** Whether ports here are named right in this domain. */
  hasDomain(domain: string): boolean {
    return this.#domains.has(domain);
  }

  /** Whether a name lies somewhere below this one: it exists then (RFC 8020), though nothing is known of it. */
  isParent(name: string): boolean {
    return this.#parents.has(name);
  }

  /** Whether it would be in a domain that ports here are named in. */
  isWithin(name: string): boolean {
    return parentsOf(name).some((domain) => this.#domains.has(domain));
  }

  #count(fqdn: string, by: 1 | -1): void {
    const parents = parentsOf(fqdn);
    for (const parent of parents) change(this.#parents, parent, by);
    if (parents[0] !== undefined) change(this.#domains, parents[0], by);
  }
}

/** The domains that a name is in, the nearest first. */
function parentsOf(name: string): readonly string[] {
  const labels = name.split('.');
  return labels.slice(1).map((_, index) => labels.slice(index + 1).join('.'));
}

function change(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
