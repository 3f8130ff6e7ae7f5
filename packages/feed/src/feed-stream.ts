import type { Revision } from '@manx/hoststate';
import { encodeMark, encodeSnapshot } from './encode-message.js';
import type { HostFeed } from './host-feed.js';

/** Where a session's bytes go. */
export type FeedSink = {
  /** Takes a piece; false: it is taken, but wait for `drained` before the next. */
  readonly write: (piece: string | Buffer) => boolean;
  /** Ends the session; what was written may or may not arrive. */
  readonly end: () => void;
};

/**
 * One session of one host, from the server's side. It has no queue: it is a position in the host's past and a socket that
 * takes more or does not. A reader that is too slow for the past that is kept gets a snapshot as soon as it reads again.
 */
export class FeedStream {
  readonly #past: HostFeed;
  readonly #sink: FeedSink;
  #snapshot: { readonly revision: Revision; readonly pieces: Iterator<string> } | null = null;
  #position: Revision;
  #isWritable = true;
  #isOver = false;

  /** `since`: where to resume, or null for a snapshot. Nothing is written before `start`. */
  constructor(past: HostFeed, sink: FeedSink, since: Revision | null) {
    this.#past = past;
    this.#sink = sink;
    this.#position = since ?? -1;
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
    if (!this.#isWritable || this.#isOver || this.#snapshot !== null) return;
    this.#position = Math.max(this.#position, published);
    this.#write(encodeMark({ type: 'heartbeat', revision: this.#position }));
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
