import { type Endpoint, type HostDelta, type HostName, type HostState, isPrefix, isSilent, memberOf } from '@manx/hoststate';
import { cidrFirst, hostCidr, type Ip, PrefixTrie } from '@manx/ip';

/** An endpoint and where it is. */
export type Located = { readonly host: HostName; readonly endpoint: Endpoint };

/**
 * Which endpoints of a whole cloud have an address, each where it runs (what is silent during a live migration is nowhere), kept up with the deltas that the hosts get. A look-up costs what it finds; a change costs
 * what it changes. Endpoints are shared with the states they come from.
 */
export class CloudIndex {
  readonly #located = new Map<string, Located>();
  readonly #byIp = new Map<Ip, Located | readonly Located[]>();
  readonly #byPrefix = new PrefixTrie<readonly Located[]>();

  /** Files all endpoints of the hosts. Linear in them. */
  constructor(hosts: Iterable<readonly [HostName, Pick<HostState, 'endpoints'>]>) {
    for (const [host, { endpoints }] of hosts) for (const endpoint of endpoints.values()) this.#take({ host, endpoint });
  }

  /** Takes in what one host was told to change. Of an endpoint that moves, both hosts are told, in either order. */
  apply(host: HostName, { deletes, puts }: Pick<HostDelta, 'deletes' | 'puts'>): void {
    for (const { kind, id } of deletes) if (kind === 'endpoint' && this.#located.get(id)?.host === host) this.#remove(id);
    for (const object of puts) if (object.kind === 'endpoint') this.#take({ host, endpoint: object });
  }

  /** The endpoint with this id. */
  get(id: string): Located | undefined {
    return this.#located.get(id);
  }

  /** Every endpoint, in no particular order. */
  all(): Iterable<Located> {
    return this.#located.values();
  }

  /** The endpoints that have the address in any way: as their own, in a pair, floating or forwarded; each once. */
  find(ip: Ip): readonly Located[] {
    const exact = listed(this.#byIp.get(ip));
    if (this.#byPrefix.size === 0) return exact;
    return [...new Set([...exact, ...this.#byPrefix.overlapping(hostCidr(ip)).flatMap(({ value }) => value)])];
  }

  /** Of an endpoint that has moved, the host that it left says that it is silent there. */
  #take(located: Located): void {
    const { id } = located.endpoint;
    if (!isSilent(located.endpoint)) this.#put(located);
    else if (this.#located.get(id)?.host === located.host) this.#remove(id);
  }

  #put(located: Located): void {
    this.#remove(located.endpoint.id);
    this.#located.set(located.endpoint.id, located);
    for (const ip of ipsOf(located.endpoint)) {
      const others = this.#byIp.get(ip);
      this.#byIp.set(ip, others === undefined ? located : [...listed(others), located]);
    }
    for (const cidr of prefixesOf(located.endpoint)) this.#byPrefix.set(cidr, [...(this.#byPrefix.get(cidr) ?? []), located]);
  }

  #remove(id: string): void {
    const located = this.#located.get(id);
    if (located === undefined) return;
    this.#located.delete(id);
    for (const ip of ipsOf(located.endpoint)) {
      const rest = listed(this.#byIp.get(ip)).filter((other) => other !== located);
      if (rest.length === 0) this.#byIp.delete(ip);
      else this.#byIp.set(ip, rest);
    }
    for (const cidr of prefixesOf(located.endpoint)) {
      const rest = (this.#byPrefix.get(cidr) ?? []).filter((other) => other !== located);
      if (rest.length === 0) this.#byPrefix.delete(cidr);
      else this.#byPrefix.set(cidr, rest);
    }
  }
}

function listed(value: Located | readonly Located[] | undefined): readonly Located[] {
  return value === undefined ? [] : 'endpoint' in value ? [value] : value;
}

/** Single addresses, each once. */
function ipsOf({ addresses, pairs, floating, forwards }: Endpoint): ReadonlySet<Ip> {
  const singles = pairs.flatMap(({ cidr }) => (isPrefix(memberOf(cidr)) ? [] : [cidrFirst(cidr)]));
  return new Set([...[...addresses, ...floating, ...forwards].map(({ ip }) => ip), ...singles]);
}

function prefixesOf({ pairs }: Endpoint): ReadonlySet<Endpoint['pairs'][number]['cidr']> {
  return new Set(pairs.flatMap(({ cidr }) => (isPrefix(memberOf(cidr)) ? [cidr] : [])));
}
