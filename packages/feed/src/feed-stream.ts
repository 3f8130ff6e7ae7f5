import type { Revision } from '@manx/hoststate';
import { encodeMark, encodeSnapshot } from './encode-message.js';
import type { HostFeed } from './host-feed.js';
import type { ReleasedAddresses } from './released-addresses.js';

/** Where a session's bytes go. */
export type FeedSink = {
  /** Takes a piece; false: it is taken, but wait for `drained` before the next. */
  readonly write: (piece: string | Buffer) => boolean;
  /** Ends the session; what was written may or may not arrive. */
  readonly end: () => void;
};

/** What a session reads from: its host's past, and what was lost anywhere. */
export type FeedPast = { readonly host: HostFeed; readonly released: ReleasedAddresses };

/**
 * One session of one host, from the server's side. It has no queue: it is a position in the host's past, another in what was lost, and a socket that
 * takes more or does not. A reader that is too slow for the past that is kept gets a snapshot as soon as it reads again.
 */
export class FeedStream {
  readonly #past: HostFeed;
  readonly #released: ReleasedAddresses;
  readonly #sink: FeedSink;
  #snapshot: { readonly revision: Revision; readonly pieces: Iterator<string> } | null = null;
  #position: Revision;
  /** Up to where it has heard of lost addresses. */
  #heardOf: Revision;
  #isWritable = true;
  #isOver = false;

  /**
   * `since`: where to resume, or null for a snapshot; `heardOf`: up to where the host has heard of lost addresses. Nothing is written before `start`.
   */
  constructor(
    { host, released }: FeedPast,
    sink: FeedSink,
    { since, heardOf }: { readonly since: Revision | null; readonly heardOf: Revision },
  ) {
    this.#past = host;
    this.#released = released;
    this.#sink = sink;
    this.#position = since ?? -1;
    this.#heardOf = heardOf;
    if (since === null) this.#beginSnapshot();
  }

  start(): void {
    if (this.#snapshot === null) this.#write(encodeMark({ type: 'in-sync', revision: this.#position }));
    this.pump();
  }

  /** Writes what there is to write, for as long as the socket takes it. */
  pump(): void {
    while (this.#isWritable && !this.#isOver) {
      if (this.#snapshot !== null) {
        this.#writeSnapshot(this.#snapshot);
        continue;
      }
      // Before anything by which the host comes to stand at a later revision: it would not ask for them again.
      const released = this.#released.after(this.#heardOf);
      if (released !== null) {
        this.#heardOf = released.upTo;
        this.#write(released.line);
        continue;
      }
      const next = this.#past.after(this.#position);
      if (next === null) return;
      if (next === 'lost') this.#beginSnapshot();
      else {
        this.#position = next.revision;
        this.#write(next.line);
      }
    }
  }

  /** The socket takes more again. */
  drained(): void {
    this.#isWritable = true;
    this.pump();
  }

  /** Says that nothing up to the revision concerns the host, to a reader that has heard all that does. */
  heartbeat(published: Revision): void {
    this.pump();
    if (!this.#isWritable || this.#isOver || this.#snapshot !== null) return;
    this.#position = Math.max(this.#position, published);
    this.#write(encodeMark({ type: 'heartbeat', revision: this.#position }));
  }

  /** Says something in between, at once; false where the reader is behind, or still hears of its state. */
  say(line: string): boolean {
    if (!this.#isWritable || this.#isOver || this.#snapshot !== null) return false;
    this.#write(line);
    return true;
  }

  /** Ends the session, once. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#snapshot = null;
    this.#sink.end();
  }

  #beginSnapshot(): void {
    const { revision, state } = this.#past.snapshot();
    this.#snapshot = { revision, pieces: encodeSnapshot(revision, state) };
  }

  #writeSnapshot({ revision, pieces }: { readonly revision: Revision; readonly pieces: Iterator<string> }): void {
    const piece = pieces.next();
    if (piece.done !== true) return this.#write(piece.value);
    this.#snapshot = null;
    this.#position = revision;
  }

  #write(piece: string | Buffer): void {
    this.#isWritable = this.#sink.write(piece);
  }
}
