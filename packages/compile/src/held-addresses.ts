import { type Endpoint, isPrefix, memberOf } from '@manx/hoststate';
import { compareIps, type Ip } from '@manx/ip';

/** So many addresses without a holder are remembered, the ones that were lost last. */
const MAX_VACANT = 10_000;

/**
 * Who in the whole cloud receives what is sent to each address, and which addresses have lost all of these: flows that others began with them
 * must not be the next one's (S16). Such an address is told twice, when it is lost and when somebody else has it: meanwhile others may have gone on asking, and a host that
 * had not heard yet answering. Endpoints hold their own addresses, single pairs that are routed to them, floating IPs and forwarded
 * addresses. Holders are told apart by port, wherever it is bound: one that moves keeps what it has. A floating IP is held for one fixed IP.
 */
export class HeldAddresses {
  /** Mostly one for each. */
  readonly #holders = new Map<Ip, string | readonly string[]>();
  /** Who held the addresses that were touched since the last `take`, before they were. */
  readonly #before = new Map<Ip, readonly string[]>();
  /** Lost, and nobody's since, with those who had it last; the latest last. */
  readonly #vacant = new Map<Ip, readonly string[]>();

  /** A port was these endpoints, on as many hosts, and now is those. */
  change(before: readonly Endpoint[], after: readonly Endpoint[]): void {
    const [had, has] = [holdings(before), holdings(after)];
    for (const [key, holding] of had) if (!has.has(key)) this.#leave(holding);
    for (const [key, holding] of has) if (!had.has(key)) this.#join(holding);
  }

  /**
   * The addresses of which nobody is left who had them at the last call, whoever may have them now, and those that somebody else has after they were
   * lost so. Sorted.
   */
  take(): readonly Ip[] {
    const released = [...this.#before].flatMap(([ip, before]) => (this.#isReleased(ip, before) ? [ip] : []));
    this.#before.clear();
    for (const ip of this.#vacant.keys()) {
      if (this.#vacant.size <= MAX_VACANT) break;
      this.#vacant.delete(ip);
    }
    return released.sort(compareIps);
  }

  #isReleased(ip: Ip, before: readonly string[]): boolean {
    const now = this.#of(ip);
    const isKept = (by: readonly string[]): boolean => by.some((holder) => now.includes(holder));
    if (before.length === 0) {
      const last = this.#vacant.get(ip);
      if (now.length > 0) this.#vacant.delete(ip);
      return now.length > 0 && last !== undefined && !isKept(last);
    }
    if (now.length === 0) this.#vacant.set(ip, before);
    return !isKept(before);
  }

  #of(ip: Ip): readonly string[] {
    const holders = this.#holders.get(ip) ?? [];
    return typeof holders === 'string' ? [holders] : holders;
  }

  #join({ ip, holder }: Holding): void {
    this.#put(ip, [...this.#of(ip), holder]);
  }

  /** Once: of those who do the forwards of all one may come before the other goes. */
  #leave({ ip, holder }: Holding): void {
    const holders = this.#of(ip);
    this.#put(ip, holders.toSpliced(holders.indexOf(holder), 1));
  }

  #put(ip: Ip, holders: readonly string[]): void {
    if (!this.#before.has(ip)) this.#before.set(ip, this.#of(ip));
    const [first, ...others] = holders;
    if (first === undefined) this.#holders.delete(ip);
    else this.#holders.set(ip, others.length === 0 ? first : holders);
  }
}

type Holding = { readonly ip: Ip; readonly holder: string };

/** By a text of both. */
function holdings(endpoints: readonly Endpoint[]): ReadonlyMap<string, Holding> {
  const all = new Map<string, Holding>();
  const add = (ip: Ip, holder: string): void => void all.set(`${ip} ${holder}`, { ip, holder });
  for (const { id, addresses, pairs, floating, forwards } of endpoints) {
    for (const { ip } of addresses) add(ip, id);
    for (const { cidr, isRouted } of pairs) {
      const member = memberOf(cidr);
      if (isRouted && !isPrefix(member)) add(member, id);
    }
    for (const { ip, fixed } of floating) add(ip, `${id} for ${fixed}`);
    // One port carries the forwards of all, and may be another at any time.
    for (const { ip } of forwards) add(ip, 'forwards');
  }
  return all;
}
