import type { IfName, Owner } from '@manx/hoststate';
import type { Ip } from '@manx/ip';
import { Fault } from '@manx/kernel';
import { GuestDoor } from './guest-door.js';
import { NovaClient } from './nova-client.js';
import { TapListener } from './tap-listener.js';
import type { Allowance } from './token-bucket.js';

/** A tap whose guest may ask, and who that is. */
export type MetadataTap = {
  readonly ifname: IfName;
  /** The interface's index: another one means that the tap was made anew. */
  readonly index: number;
  /** Null: no instance, 404. */
  readonly owner: Owner | null;
  /** The port's fixed IP, as Nova is told; null for a port without: 404. */
  readonly address: Ip | null;
};

/** How metadata is served on this host. */
export type MetadataOptions = {
  /** Nova's metadata service: `http://198.19.0.1:8775`. */
  readonly novaUrl: string;
  /** What Nova has as `metadata_proxy_shared_secret`. */
  readonly secret: string;
  /** The addresses that every tap has for it, and the port behind them. */
  readonly addresses: readonly Ip[];
  readonly port: number;
  /** Requests of one tap. */
  readonly allowance: Allowance;
  /** Told when `problem` has changed. */
  readonly onProblem: (problem: string | null) => void;
};

/** Metadata for the taps of a host. */
export type MetadataService = {
  /** These taps and no others are served from now on; called again with the same, nothing happens. A tap that cannot be served is tried again. */
  readonly serve: (taps: readonly MetadataTap[]) => void;
  /** Why instances get none, in words; null when nothing is known to be wrong. */
  readonly problem: () => string | null;
  /** Ends all listeners and connections. Closing twice is fine. */
  readonly close: () => void;
};

const RETRY_MS = 1_000;

class Metadata {
  readonly #options: MetadataOptions;
  readonly #nova: NovaClient;
  readonly #door: GuestDoor;
  readonly #listeners = new Map<IfName, TapListener>();
  #wanted: readonly MetadataTap[] = [];
  #unserved: string | null = null;
  #told: string | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: MetadataOptions) {
    this.#options = options;
    this.#nova = new NovaClient(options.novaUrl, () => this.#tell());
    this.#door = new GuestDoor({ nova: this.#nova, secret: options.secret });
  }

  serve(taps: readonly MetadataTap[]): void {
    this.#wanted = taps;
    this.#reconcile();
  }

  problem(): string | null {
    return this.#nova.problem ?? this.#unserved;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const listener of this.#listeners.values()) listener.close();
    this.#listeners.clear();
    this.#door.close();
    this.#nova.close();
  }

  #reconcile(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const wanted = new Map(this.#wanted.map((tap) => [tap.ifname, tap]));
    for (const [ifname, listener] of this.#listeners) {
      if (wanted.get(ifname)?.index === listener.index) continue;
      listener.close();
      this.#listeners.delete(ifname);
    }
    this.#unserved = null;
    for (const tap of wanted.values()) this.#listen(tap);
    if (this.#unserved !== null) this.#timer = setTimeout(() => this.#reconcile(), RETRY_MS);
    this.#tell();
  }

  #listen(tap: MetadataTap): void {
    const known = this.#listeners.get(tap.ifname);
    if (known !== undefined) {
      known.tap = tap;
      return;
    }
    try {
      const { addresses, port, allowance } = this.#options;
      this.#listeners.set(tap.ifname, new TapListener(tap, { addresses, port, allowance, door: this.#door }));
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      this.#unserved = `${tap.ifname} cannot be served: ${fault.message}`;
    }
  }

  #tell(): void {
    const problem = this.problem();
    if (problem === this.#told) return;
    this.#told = problem;
    this.#options.onProblem(problem);
  }
}

/** Opens the service, which serves nobody yet. Throws a TypeError when the URL is none. */
export function openMetadata(options: MetadataOptions): MetadataService {
  const metadata = new Metadata(options);
  return { serve: (taps) => metadata.serve(taps), problem: () => metadata.problem(), close: () => metadata.close() };
}
