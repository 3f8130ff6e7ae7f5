/** What went wrong with the store; ask by this, never by the message. */
export type StoreFaultCode =
  | 'closed'
  | 'misnumbered'
  | 'directory-missing'
  | 'no-permission'
  | 'full'
  | 'locked'
  | 'corrupt'
  | 'not-ours'
  | 'newer'
  | 'history-pruned'
  | 'failed';

/** The plain values of a fault, as they cross the border of the worker thread. */
export type StoreFaultFacts = {
  readonly code: StoreFaultCode;
  /** What was being done: `open`, `append`, `load`, `history`, `close`. */
  readonly op: string;
  /** To what: the path of the file, or `memory`. */
  readonly subject: string;
  /** What happened, without a full stop. */
  readonly detail: string;
  /** The system's or SQLite's own name for it, `ENOENT` or `SQLITE_BUSY` for instance. */
  readonly errno?: string;
};

const advice: { readonly [code in StoreFaultCode]: { readonly retry: boolean; readonly todo: string } } = {
  closed: { retry: false, todo: 'the server is stopping' },
  misnumbered: { retry: false, todo: 'this is a bug in the server: please report it' },
  'directory-missing': { retry: false, todo: 'create the directory, or correct `store.path`' },
  'no-permission': { retry: false, todo: 'let the user that runs the server write the directory and the file' },
  full: { retry: true, todo: 'free space on that file system; nothing of this was written, and the server goes on by itself' },
  locked: { retry: true, todo: 'stop the other server, or give this one its own `store.path`' },
  corrupt: { retry: false, todo: 'keep a copy of the file, then restore the last backup' },
  'not-ours': { retry: false, todo: 'nothing in it was changed; correct `store.path`' },
  newer: { retry: false, todo: 'nothing in it was changed; run the newer version of Manx' },
  'history-pruned': { retry: true, todo: 'read again from the oldest commit that is kept, or keep more commits' },
  failed: { retry: true, todo: 'look at the disk and the system log' },
};

/** An operation of the store that failed: what happened, to what, and what to do about it. */
export class StoreFault extends Error {
  readonly code: StoreFaultCode;
  readonly op: string;
  readonly subject: string;
  /** What happened; the message adds what to do. */
  readonly detail: string;
  readonly errno: string | null;
  /** True when the same call can succeed later without anything being changed in the server. */
  readonly retry: boolean;

  constructor(facts: StoreFaultFacts, cause?: unknown) {
    const { retry, todo } = advice[facts.code];
    super(`store: ${facts.op} ${facts.subject}: ${facts.detail}; ${todo}`, cause === undefined ? {} : { cause });
    this.name = 'StoreFault';
    this.code = facts.code;
    this.op = facts.op;
    this.subject = facts.subject;
    this.detail = facts.detail;
    this.errno = facts.errno ?? null;
    this.retry = retry;
  }
}
