import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { HeardClaim, HeldState } from '@manx/feed';
import { type HostState, type IfName, type Revision, withoutSilent } from '@manx/hoststate';
import { type Ip, parseIp } from '@manx/ip';
import { writeFileAtomic } from '@manx/kernel';
import { ClaimBook, type HostFacts, type SavedClaim, withClaims } from '@manx/reconcile';
import type { AgentLog } from './agent-log.js';

const NAME = 'claims.json';

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
  readonly #path: string;
  readonly #book: ClaimBook;
  #written: string;
  #timer: NodeJS.Timeout | null = null;
  /** The last state that was asked about, and the answer: the same question gives the same reference. */
  #last: { readonly state: HostState; readonly changes: string; readonly settled: HostState } | null = null;

  constructor(options: ClaimKeeperOptions) {
    this.#options = options;
    this.#path = join(options.stateDir, NAME);
    const saved = this.#read();
    this.#written = textOf(saved);
    this.#book = new ClaimBook(saved);
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
    const taps = new Set([...links].flatMap(([ifname, { isUp }]) => (isUp ? [ifname] : [])));
    if (this.#book.settle({ state: withoutSilent(state), revision, taps, now: Date.now() })) this.#write();
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
    rmSync(this.#path, { force: true });
  }

  /** What came too fast has its turn later. */
  #wakeLater(): void {
    const now = Date.now();
    const at = this.#book.nextAt(now);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = at === null ? null : setTimeout(this.#options.onChange, Math.max(1, at - now));
  }

  #write(): void {
    const text = textOf(this.#book.saved());
    if (text === this.#written) return;
    try {
      writeFileAtomic(this.#path, text, { mode: 0o600 });
      this.#written = text;
    } catch (error) {
      this.#options.log.error(
        { file: this.#path, problem: (error as Error).message },
        'claims cannot be written; a restart would lose them',
      );
    }
  }

  #read(): readonly SavedClaim[] {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    const claims = parseClaims(text);
    if (claims === null) this.#options.log.warn({ file: this.#path }, 'the copy of the claims is torn and not used');
    return claims ?? [];
  }
}

const textOf = (claims: readonly SavedClaim[]): string => `${JSON.stringify(claims)}\n`;

const parseClaims = (text: string): readonly SavedClaim[] | null => {
  try {
    const claims = JSON.parse(text) as readonly Partial<SavedClaim>[];
    const isClaim = ({ endpoint, ip, at, phase, isSeen, answeredAt }: Partial<SavedClaim>): boolean =>
      typeof endpoint === 'string' &&
      typeof ip === 'string' &&
      parseIp(ip) === ip &&
      (at === null || typeof at === 'number') &&
      (phase === 'new' || phase === 'held' || phase === 'ended') &&
      typeof isSeen === 'boolean' &&
      (answeredAt === null || typeof answeredAt === 'number');
    return Array.isArray(claims) && claims.every(isClaim) ? (claims as readonly SavedClaim[]) : null;
  } catch {
    return null;
  }
};
