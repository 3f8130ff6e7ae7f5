import { applyChanges, type Change, type Commit, RESOURCE_KINDS, type Revision, SharedValues, State, type StateReader } from '@manx/model';
import type { AppendResult, Store } from '@manx/store';
import { LedgerFault } from './ledger-fault.js';

/** Who asked: what a commit remembers of a request. */
export type Origin = { readonly requestId: string; readonly userId: string | null; readonly projectId: string | null };

/**
 * The outcome of one request: what it changes (nothing: it is a refusal, or there was nothing to do) and what is to be answered,
 * as seen right after the changes.
 */
export type Decision<T> = { readonly changes: readonly Change[]; readonly value: (state: StateReader) => T };

/** What a ledger is made from. */
export type LedgerOptions = {
  readonly store: Store;
  /** The wall clock, as commits carry it. */
  readonly now: () => Date;
  /** Told when the store fails (with the fault) and when it is back (null). */
  readonly onStoreFault?: (fault: unknown) => void;
  /** The deployment's DNS domain (`StateReader.dnsDomain`); Neutron's preset unless told. */
  readonly dnsDomain?: string | undefined;
};

type Entry = {
  /** Runs against the head, changing it by `extend`. Runs again when what it saw never became durable. */
  readonly run: (state: State) => void;
  readonly settle: () => void;
  readonly fail: (fault: unknown) => void;
  /** The head's revision after `run`; answered when that is durable. */
  seen: Revision;
};

/** `since`: the newest commit that is not for it. */
type Listener = { readonly since: Revision; readonly onCommits: (commits: readonly Commit[], state: StateReader) => void };

type Pending = { readonly commit: Commit; readonly undo: readonly Change[] };

/** Commits a single append takes at most, so that one batch stays short. */
const BATCH_LIMIT = 512;
const RECOVERY_FIRST_MS = 50;
const RECOVERY_LIMIT_MS = 2_000;

/**
 * The state at the head of the log, in memory, and the only way to change it. Requests are decided one after another against the
 * head, batched, and answered only when all that they saw is durable. When an append is refused (another server was first) or
 * fails, what was not durable is undone and decided again on the newer state, in the same order. Durable commits are told to the
 * subscribers in order, each once. While the store fails every request gets a LedgerFault `store-unavailable`.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #state: State;
  readonly #shared = new SharedValues();
  readonly #listeners = new Set<Listener>();
  /** The commits that were decided here. */
  readonly #own = new WeakSet<Commit>();
  /** Of an append that failed, which may be in the log all the same: revision and request. */
  #inDoubt = new Map<Revision, string>();
  #durable: Revision = 0;
  #pending: Pending[] = [];
  /** How many of `#pending` the append under way carries. */
  #inFlight = 0;
  #isFlushDue = false;
  #entries: Entry[] = [];
  #mode: 'open' | 'catching-up' | 'failing' | 'closed' = 'catching-up';
  /** The newest revision that the store's watch has told of. */
  #told: Revision = 0;
  #toPublish: Commit[] = [];
  #publishing = false;
  #watch: { readonly stop: () => void } | null = null;
  #recovery: { timer: NodeJS.Timeout; delayMs: number } | null = null;
  #idle: (() => void)[] = [];

  private constructor(options: LedgerOptions) {
    this.#options = options;
    this.#state = new State({ dnsDomain: options.dnsDomain });
  }

  /** Loads the state at the store's head. Rejects with the store's fault. */
  static async open(options: LedgerOptions): Promise<Ledger> {
    const ledger = new Ledger(options);
    const snapshot = await options.store.load();
    const puts = [...snapshot.puts];
    ledger.#share(puts);
    applyChanges(ledger.#state, puts);
    ledger.#durable = snapshot.revision;
    ledger.#watch = options.store.watch((commit) => ledger.#onWatch(commit));
    await ledger.#catchUp();
    ledger.#resume();
    return ledger;
  }

  /** The newest durable revision that the state holds. */
  get revision(): Revision {
    return this.#durable;
  }

  /** False while the store fails or after `close`. */
  get isReady(): boolean {
    return this.#mode === 'open' || this.#mode === 'catching-up';
  }

  /** The state at the head, of which the newest part may not be durable yet: to be looked at synchronously, for nothing that is answered. */
  get state(): StateReader {
    return this.#state;
  }

  /**
   * Decides one request and resolves with its value when its changes, or if it has none all that it saw, are durable. `run` must
   * depend on the state alone, may run several times, and its last value counts. What `run` throws rejects, with nothing changed.
   */
  decide<T>(origin: Origin, run: (state: State) => Decision<T>): Promise<T> {
    return this.#submit('decide', (state) => {
      const { changes, value } = run(state);
      if (changes.length > 0) this.#extend(changes, origin);
      return value(state);
    });
  }

  /** Looks at the state at the head and resolves with what `look` made of it when that state is durable. */
  read<T>(look: (state: StateReader) => T): Promise<T> {
    return this.#submit('read', look);
  }

  /**
   * Tells `onCommits` of every commit that becomes durable after the call: one or more at a time, ascending, without holding up
   * answers. `state` is the state exactly after the last of them, to be read during the call only.
   */
  subscribe(onCommits: (commits: readonly Commit[], state: StateReader) => void): { readonly stop: () => void } {
    // What is durable already may not have been told to the others yet.
    const listener = { since: this.#durable, onCommits };
    this.#listeners.add(listener);
    return { stop: () => void this.#listeners.delete(listener) };
  }

  /** Looks at the state as it is durable, without what is on its way: synchronously, at the cost of taking that off and on again. */
  atDurable<T>(look: (state: StateReader, revision: Revision) => T): T {
    for (let at = this.#pending.length - 1; at >= 0; at -= 1) applyChanges(this.#state, this.#pending[at]?.undo ?? []);
    try {
      return look(this.#state, this.#durable);
    } finally {
      for (const { commit } of this.#pending) applyChanges(this.#state, commit.changes);
    }
  }

  /** Whether a commit that a subscriber is told of was decided here, and not by another server on the same store. */
  isOwn(commit: Commit): boolean {
    return this.#own.has(commit);
  }

  /** Refuses what comes, waits for what is under way. The store stays open: its owner closes it. Closing twice is fine. */
  async close(): Promise<void> {
    const wasFailing = this.#mode === 'failing';
    this.#mode = 'closed';
    this.#watch?.stop();
    if (this.#recovery !== null) clearTimeout(this.#recovery.timer);
    if (!wasFailing && this.#entries.length > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#publishAll();
  }

  #submit<T>(op: string, run: (state: State) => T): Promise<T> {
    if (this.#mode === 'closed') return Promise.reject(new LedgerFault('closed', op));
    if (this.#mode === 'failing') return Promise.reject(new LedgerFault('store-unavailable', op));
    return new Promise<T>((resolve, reject) => {
      let value: T | undefined;
      const entry: Entry = {
        run: (state) => {
          value = run(state);
        },
        settle: () => resolve(value as T),
        fail: (fault) => reject(fault instanceof Error ? fault : new LedgerFault('store-unavailable', op, fault)),
        seen: 0,
      };
      if (this.#mode === 'catching-up') this.#entries.push(entry);
      else this.#runEntry(entry);
    });
  }

  #runEntry(entry: Entry): void {
    const before = this.#pending.length;
    try {
      entry.run(this.#state);
    } catch (error) {
      this.#takeBack(before);
      entry.fail(error);
      return;
    }
    entry.seen = this.#durable + this.#pending.length;
    if (entry.seen === this.#durable) {
      entry.settle();
      return;
    }
    this.#entries.push(entry);
    this.#flushSoon();
  }

  /** Puts a commit on top of the head, remembering how to take it off again. */
  #extend(changes: readonly Change[], origin: Origin): void {
    this.#share(changes);
    const undo = applyChanges(this.#state, changes);
    const commit: Commit = {
      revision: this.#durable + this.#pending.length + 1,
      at: this.#options.now().toISOString(),
      request_id: origin.requestId,
      user_id: origin.userId,
      project_id: origin.projectId,
      changes,
    };
    this.#pending.push({ commit, undo });
  }

  /** Requests that arrive in the same turn of the event loop share an append. */
  #flushSoon(): void {
    if (this.#inFlight > 0 || this.#isFlushDue) return;
    this.#isFlushDue = true;
    setImmediate(() => {
      this.#isFlushDue = false;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    if (this.#inFlight > 0 || this.#pending.length === 0 || this.#mode === 'failing' || this.#mode === 'catching-up') return;
    const batch = this.#pending.slice(0, BATCH_LIMIT).map((pending) => pending.commit);
    this.#inFlight = batch.length;
    let result: AppendResult;
    try {
      result = await this.#options.store.append(this.#durable, batch);
    } catch (fault) {
      this.#inFlight = 0;
      this.#inDoubt = new Map(batch.map((commit) => [commit.revision, doubtKey(commit)]));
      this.#onFault(fault);
      return;
    }
    this.#inFlight = 0;
    if (result.kind === 'appended') this.#onAppended(batch);
    else void this.#decideAgain();
  }

  #onAppended(batch: readonly Commit[]): void {
    for (const commit of batch) this.#own.add(commit);
    this.#pending.splice(0, batch.length);
    this.#durable += batch.length;
    this.#publish(batch);
    this.#settleDurable();
    if (this.#pending.length > 0) void this.#flush();
    else if (this.#told > this.#durable) void this.#decideAgain();
  }

  #settleDurable(): void {
    const waiting = this.#entries.findIndex((entry) => entry.seen > this.#durable);
    const settled = this.#entries.splice(0, waiting === -1 ? this.#entries.length : waiting);
    for (const entry of settled) entry.settle();
    if (this.#entries.length === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #onWatch(commit: Commit): void {
    this.#told = Math.max(this.#told, commit.revision);
    if (this.#mode === 'open' && this.#inFlight === 0 && this.#told > this.#durable) void this.#decideAgain();
  }

  /** Takes what is not durable off the state again, newest first, down to `keep` commits. */
  #takeBack(keep: number): void {
    for (const pending of this.#pending.splice(keep).toReversed()) applyChanges(this.#state, pending.undo);
  }

  /** Somebody else's commits came first: back to the durable state, on to theirs, and every waiting request again in its order. */
  async #decideAgain(): Promise<void> {
    this.#takeBack(0);
    if (this.#mode === 'open') this.#mode = 'catching-up';
    try {
      await this.#catchUp();
    } catch (fault) {
      this.#onFault(fault);
      return;
    }
    this.#resume();
  }

  #resume(): void {
    if (this.#told > this.#durable) {
      void this.#decideAgain();
      return;
    }
    if (this.#mode !== 'closed') this.#mode = 'open';
    for (const entry of this.#entries.splice(0)) this.#runEntry(entry);
    if (this.#entries.length === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #catchUp(): Promise<void> {
    for await (const commit of this.#options.store.history(this.#durable)) {
      if (commit.revision <= this.#durable) continue;
      if (commit.revision !== this.#durable + 1) {
        await this.#leap();
        return;
      }
      this.#advance(commit);
    }
  }

  /** The history that would lead from here to the head has been pruned: take the difference to the whole state in one step. */
  async #leap(): Promise<void> {
    const snapshot = await this.#options.store.load();
    const puts = [...snapshot.puts];
    const live = new Set(puts.map((change) => change.id));
    const gone = RESOURCE_KINDS.flatMap((kind) =>
      [...this.#state.all(kind)].filter(({ id }) => !live.has(id)).map(({ id }) => ({ kind, id })),
    );
    const changes: Change[] = [...puts, ...gone.map(({ kind, id }): Change => ({ op: 'delete', kind, id }))];
    const at = this.#options.now().toISOString();
    this.#advance({ revision: snapshot.revision, at, request_id: 'resync', user_id: null, project_id: null, changes });
  }

  #advance(commit: Commit): void {
    if (this.#inDoubt.get(commit.revision) === doubtKey(commit)) this.#own.add(commit);
    this.#inDoubt.delete(commit.revision);
    this.#share(commit.changes);
    applyChanges(this.#state, commit.changes);
    this.#durable = commit.revision;
    this.#publish([commit]);
  }

  /** Before anybody else has the values: see `SharedValues`. */
  #share(changes: readonly Change[]): void {
    for (const change of changes) if (change.op === 'put') this.#shared.share(change.value);
  }

  #onFault(fault: unknown): void {
    this.#takeBack(0);
    const wasClosed = this.#mode === 'closed';
    if (!wasClosed) this.#mode = 'failing';
    for (const entry of this.#entries.splice(0)) entry.fail(new LedgerFault('store-unavailable', 'append', fault));
    for (const resolve of this.#idle.splice(0)) resolve();
    this.#options.onStoreFault?.(fault);
    if (!wasClosed) this.#recoverLater();
  }

  /** A failed append may or may not be in the log: only reading the log again can tell, so nothing is decided until that works. */
  #recoverLater(): void {
    const delayMs = Math.min((this.#recovery?.delayMs ?? RECOVERY_FIRST_MS / 2) * 2, RECOVERY_LIMIT_MS);
    const timer = setTimeout(() => void this.#recover(), delayMs);
    timer.unref();
    this.#recovery = { timer, delayMs };
  }

  async #recover(): Promise<void> {
    try {
      await this.#catchUp();
    } catch {
      // Still failing, which has been told already; `close` may have come meanwhile.
      if (this.#mode === 'failing') this.#recoverLater();
      return;
    }
    this.#recovery = null;
    this.#options.onStoreFault?.(null);
    this.#resume();
  }

  /** Answers go out first: subscribers compile, which a client need not wait for. */
  #publish(commits: readonly Commit[]): void {
    this.#toPublish.push(...commits);
    if (this.#publishing) return;
    this.#publishing = true;
    setImmediate(() => this.#publishAll());
  }

  #publishAll(): void {
    this.#publishing = false;
    const commits = this.#toPublish.splice(0);
    if (commits.length === 0 || this.#listeners.size === 0) return;
    this.atDurable((state) => {
      for (const { since, onCommits } of this.#listeners) {
        const news = (commits[0]?.revision ?? 0) > since ? commits : commits.filter(({ revision }) => revision > since);
        if (news.length > 0) onCommits(news, state);
      }
    });
  }
}

const doubtKey = ({ request_id, at }: Commit): string => `${at} ${request_id}`;
