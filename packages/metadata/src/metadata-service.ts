import type { IfName, Owner } from '@manx/hoststate';
import type { Ip } from '@manx/ip';
import { TapKeeper } from '@manx/kernel';
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

class Metadata {
  readonly #options: MetadataOptions;
  readonly #nova: NovaClient;
  readonly #door: GuestDoor;
  readonly #keeper: TapKeeper<MetadataTap, TapListener>;
  #told: string | null = null;

  constructor(options: MetadataOptions) {
    this.#options = options;
    this.#nova = new NovaClient(options.novaUrl, () => this.#tell());
    this.#door = new GuestDoor({ nova: this.#nova, secret: options.secret });
    const { addresses, port, allowance } = options;
    this.#keeper = new TapKeeper({
      open: (tap) => new TapListener(tap, { addresses, port, allowance, door: this.#door }),
      onProblem: () => this.#tell(),
    });
  }

  serve(taps: readonly MetadataTap[]): void {
    this.#keeper.serve(taps);
  }

  problem(): string | null {
    return this.#nova.problem ?? this.#keeper.problem;
  }

  close(): void {
    this.#keeper.close();
    this.#door.close();
    this.#nova.close();
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
