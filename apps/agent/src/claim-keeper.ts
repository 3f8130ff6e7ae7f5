import type { HeardClaim, HeldState } from '@manx/feed';
import { type HostState, type IfName, type Revision, withoutSilent } from '@manx/hoststate';
import { type Ip, parseIp } from '@manx/ip';
import { ClaimBook, type HostFacts, type SavedClaim, withClaims } from '@manx/reconcile';
import type { AgentLog } from './agent-log.js';
import { KeptList } from './kept-list.js';
import { upTaps } from './up-taps.js';

/** What a keeper is made from. */
export type ClaimKeeperOptions = {
  readonly stateDir: string;
  readonly log: AgentLog;
  /** Told when a turn of the loop is due: what `settle` says may be different. */
  readonly onChange: () => void;
};

/**
 * The claims of this host's endpoints (S9), on disk as they change, so that an agent that dies and comes back routes as before, whether
 * the server is there or not. What they mean is in `ClaimBook`.
 */
export class ClaimKeeper {
  readonly #options: ClaimKeeperOptions;
  readonly #kept: KeptList<SavedClaim>;
  readonly #book: ClaimBook;
  #timer: NodeJS.Timeout | null = null;
  /** The last state that was asked about, and the answer: the same question gives the same reference. */
  #last: { readonly state: HostState; readonly changes: string; readonly settled: HostState } | null = null;

  constructor(options: ClaimKeeperOptions) {
    this.#options = options;
    this.#kept = new KeptList({ ...options, name: 'claims.json', isItem: isClaim, what: 'claims', unwritten: 'a restart would lose them' });
    this.#book = new ClaimBook(this.#kept.read());
  }

  /** Every claim, for the server. */
  get claims(): readonly HeardClaim[] {
    return this.#book.claims();
  }

  /** Whether the server's answer to a claim is on its way: the next revision may be it. */
  get isWaiting(): boolean {
    return this.#book.saved().some(({ phase }) => phase === 'new');
  }

  /**
   * Takes in the state that the server wants and the taps as they are; the state with what the server does not know yet. What is silent here
   * during a live migration claims nothing, and gives nothing up.
   */
  settle({ state, revision }: Pick<HeldState, 'state' | 'revision'>, links: HostFacts['links']): HostState {
    if (this.#book.settle({ state: withoutSilent(state), revision, taps: upTaps(links), now: Date.now() })) this.#write();
    this.#wakeLater();
    const changes = this.#book.changes();
    const text = JSON.stringify([...changes]);
    if (this.#last?.state !== state || this.#last.changes !== text) {
      this.#last = { state, changes: text, settled: withClaims(state, changes) };
    }
    return this.#last.settled;
  }

  /** An instance has announced an address at its tap. */
  hear(ifname: IfName, ip: Ip): void {
    const isNews = this.#book.hear({ ifname, ip, now: Date.now() });
    if (!isNews) {
      this.#wakeLater();
      return;
    }
    this.#options.log.info({ tap: ifname, address: ip }, 'an instance has claimed an address');
    this.#write();
    this.#options.onChange();
  }

  /** The server has put these claims in order with those of other hosts. */
  answered(claims: readonly HeardClaim[], revision: Revision): void {
    this.#book.answered(claims, revision);
    this.#options.onChange();
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Removes the copy on disk. */
  remove(): void {
    this.#kept.remove();
  }

  /** What came too fast has its turn later. */
  #wakeLater(): void {
    const now = Date.now();
    const at = this.#book.nextAt(now);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = at === null ? null : setTimeout(this.#options.onChange, Math.max(1, at - now));
  }

  #write(): void {
    this.#kept.write(this.#book.saved());
  }
}

const isClaim = ({ endpoint, ip, at, phase, isSeen, answeredAt }: Partial<SavedClaim>): boolean =>
  typeof endpoint === 'string' &&
  typeof ip === 'string' &&
  parseIp(ip) === ip &&
  (at === null || typeof at === 'number') &&
  (phase === 'new' || phase === 'held' || phase === 'ended') &&
  typeof isSeen === 'boolean' &&
  (answeredAt === null || typeof answeredAt === 'number');
