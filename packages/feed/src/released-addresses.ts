import type { Revision } from '@manx/hoststate';
import type { Ip } from '@manx/ip';
import { encodeMark } from './encode-message.js';
import { MAX_RELEASED, type ReleasedAddress } from './messages.js';

/** What a session has not heard of yet, in the bytes that all sessions at one position share. */
export type ReleasedNews = { readonly line: Buffer; readonly upTo: Revision };

/**
 * The addresses that somebody in the cloud has lost lately, newest last: one list for all hosts. The latest loss of an address is the one that is kept.
 * It is bounded: who has been away for longer is told of what is left.
 */
export class ReleasedAddresses {
  readonly #at = new Map<Ip, Revision>();
  #newest: Revision = 0;
  #last: { readonly after: Revision; readonly news: ReleasedNews } | null = null;

  /** The revision of the newest; 0 before the first. */
  get newest(): Revision {
    return this.#newest;
  }

  /** These were lost at a revision above all before. */
  push(revision: Revision, ips: readonly Ip[]): void {
    for (const ip of ips) {
      this.#at.delete(ip);
      this.#at.set(ip, revision);
    }
    if (ips.length > 0) this.#newest = revision;
    this.#last = null;
    for (const ip of this.#at.keys()) {
      if (this.#at.size <= MAX_RELEASED) break;
      this.#at.delete(ip);
    }
  }

  /** All that were lost after a revision; null when there are none. */
  after(revision: Revision): ReleasedNews | null {
    if (revision >= this.#newest) return null;
    if (this.#last?.after === revision) return this.#last.news;
    const addresses: ReleasedAddress[] = [];
    for (const [ip, at] of this.#at) if (at > revision) addresses.push({ ip, revision: at });
    const news = { line: Buffer.from(encodeMark({ type: 'released', addresses })), upTo: this.#newest };
    this.#last = { after: revision, news };
    return news;
  }
}
