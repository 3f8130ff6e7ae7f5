import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Endpoint,
  type GroupInterest,
  type HostState,
  hostSideMac,
  type IfName,
  interestOf,
  isPrefix,
  isSilent,
} from '@manx/hoststate';
import { familyOf, type Ip, parseIp } from '@manx/ip';
import { Fault, type LinkSender, type ListenerRecord, listenerQueries, type MulticastTunnel } from '@manx/kernel';
import { type HostFacts, ListenerBook, type SavedMembership } from '@manx/reconcile';
import type { Listening } from '@manx/render';
import type { AgentLog } from './agent-log.js';
import { KeptList } from './kept-list.js';
import type { Finding } from './problem-book.js';
import { upTaps } from './up-taps.js';

const NAME = 'listeners.json';
const TICK_MS = 1_000;
/** The server and the disk hear of changes this often at most: an instance may join and leave as fast as it likes. */
const TELL_MS = 200;
/** Whoever is asked has so long to answer, at most half of the time to the next query. */
const MAX_ANSWER_MS = 10_000;
/** Queries that an unanswered one is followed by, before nobody is there. */
const ROBUSTNESS = 2;
/** The tunnel's device is looked at again after so long: strangers may have changed it. */
const AUDIT_MS = 30_000;

/** What a keeper is made from. */
export type ListenerKeeperOptions = {
  readonly stateDir: string;
  readonly log: AgentLog;
  readonly everySeconds: number;
  /** This host's end of tunnels; null: groups do not leave it. */
  readonly address: Ip | null;
  readonly sender: LinkSender;
  readonly tunnel: Pick<MulticastTunnel, 'sync' | 'close'>;
  /** Null where there is no such interface. */
  readonly indexOf: (ifname: IfName) => number | null;
  /** Told when a turn of the loop is due: other memberships are to be programmed. */
  readonly onChange: () => void;
  /** Told when `interests` or `problem` have changed, not too often. */
  readonly onNews: () => void;
};

/**
 * What this host's instances listen to (S10): asks them now and then, keeps their answers (on disk too, so that an agent that dies and comes back copies as
 * before), tells the server, and keeps the tunnel's ends those of the hosts that want something from here. What the answers mean is in `ListenerBook`.
 */
export class ListenerKeeper {
  readonly #options: ListenerKeeperOptions;
  readonly #kept: KeptList<SavedMembership>;
  readonly #book: ListenerBook;
  readonly #timer: NodeJS.Timeout;
  #state: HostState | null = null;
  /** The taps that were asked since they came, and when. */
  readonly #asked = new Map<IfName, number>();
  #queriedAt = 0;
  #told: readonly GroupInterest[] = [];
  #toldListeners: readonly SavedMembership[] = [];
  #toldAt = 0;
  #telling: NodeJS.Timeout | null = null;
  #sets: HostState['sets'] | null = null;
  #syncedAt = 0;
  #problem: string | null = null;
  #tunnel: number | null = null;
  #last: { readonly state: HostState; readonly listening: Listening; readonly settled: HostState } | null = null;
  #listening: Listening = { memberships: new Map(), tunnel: null };

  constructor(options: ListenerKeeperOptions) {
    this.#options = options;
    this.#kept = new KeptList({
      ...options,
      name: NAME,
      isItem: isMembership,
      what: 'listeners',
      unwritten: 'a restart would ask them anew',
    });
    this.#book = new ListenerBook({ holdMs: this.#holdMs, saved: this.#kept.read(), now: Date.now() });
    this.#told = this.#book.interests;
    this.#toldListeners = this.#book.saved();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** What is to be programmed: the same reference until it changes. */
  get listening(): Listening {
    const { memberships } = this.#book;
    if (this.#listening.memberships !== memberships || this.#listening.tunnel !== this.#tunnel) {
      this.#listening = { memberships, tunnel: this.#tunnel };
    }
    return this.#listening;
  }

  /** What other hosts are to send here, as of the last `onNews`. */
  get interests(): readonly GroupInterest[] {
    return this.#told;
  }

  /** Which instance listens to what, as of then too. */
  get listeners(): readonly SavedMembership[] {
    return this.#toldListeners;
  }

  /** Why there are no tunnels. */
  get findings(): readonly Finding[] {
    return this.#problem === null ? [] : [{ code: 'multicast', subject: 'tunnel', detail: this.#problem }];
  }

  /**
   * Takes in the state that is about to be programmed, and the taps as they are. Answers the state, as another object whenever other copies are to be made: so
   * what is programmed next is known to be wanted.
   */
  settle(state: HostState, links: HostFacts['links']): HostState {
    this.#state = state;
    if (this.#book.settle(state, upTaps(links))) this.#changed();
    if (state.sets !== this.#sets) this.#sync(state.sets);
    const { listening } = this;
    if (this.#last?.state !== state || this.#last.listening !== listening) this.#last = { state, listening, settled: { ...state } };
    return this.#last.settled;
  }

  /** These endpoints are programmed: those that have just come, by live migration too, are asked what they listen to. Behind one that is silent nobody is yet. */
  found(programmed: ReadonlySet<string>): void {
    const here = new Set<IfName>();
    for (const endpoint of this.#state?.endpoints.values() ?? []) {
      if (!programmed.has(endpoint.id) || isSilent(endpoint)) continue;
      here.add(endpoint.ifname);
      if (!this.#asked.has(endpoint.ifname)) this.#ask(endpoint, Date.now());
    }
    for (const ifname of this.#asked.keys()) if (!here.has(ifname)) this.#asked.delete(ifname);
  }

  /** An instance has said at its tap what it listens to. */
  hear(ifname: IfName, records: readonly ListenerRecord[]): void {
    const now = Date.now();
    if (!this.#book.hear(ifname, records, now)) return;
    this.#options.log.debug({ tap: ifname, records }, 'an instance listens to other groups');
    this.#changed();
    this.#options.onChange();
    // Somebody else behind the tap may listen still.
    const isLeft = records.some(({ kind, sources }) => kind === 'include' && sources.length === 0);
    if (isLeft && now - (this.#asked.get(ifname) ?? 0) >= TICK_MS) this.#askAt(ifname, now);
  }

  close(): void {
    clearInterval(this.#timer);
    if (this.#telling !== null) clearTimeout(this.#telling);
    this.#write();
    this.#options.sender.close();
    this.#options.tunnel.close();
  }

  get #answerMs(): number {
    return Math.min(MAX_ANSWER_MS, this.#options.everySeconds * 500);
  }

  get #holdMs(): number {
    return ROBUSTNESS * this.#options.everySeconds * 1000 + this.#answerMs;
  }

  #tick(): void {
    const now = Date.now();
    if (this.#book.expire(now)) {
      this.#changed();
      this.#options.onChange();
    }
    if (this.#sets !== null && now - this.#syncedAt >= AUDIT_MS) this.#sync(this.#sets);
    if (now - this.#queriedAt < this.#options.everySeconds * 1000) return;
    this.#queriedAt = now;
    for (const id of this.#book.memberships.keys()) {
      const endpoint = this.#state?.endpoints.get(id);
      if (endpoint !== undefined) this.#ask(endpoint, now);
    }
  }

  #askAt(ifname: IfName, now: number): void {
    for (const endpoint of this.#state?.endpoints.values() ?? []) if (endpoint.ifname === ifname) this.#ask(endpoint, now);
  }

  #ask({ ifname, mac, addresses }: Endpoint, now: number): void {
    const index = this.#options.indexOf(ifname);
    if (index === null) return;
    this.#asked.set(ifname, now);
    const subnet = addresses.find(({ ip }) => familyOf(ip) === 4)?.subnet;
    const ip = this.#state?.subnets.get(subnet ?? '')?.gateway ?? null;
    try {
      for (const frame of listenerQueries({ mac: hostSideMac(mac), ip }, this.#options.everySeconds, this.#answerMs)) {
        this.#options.sender.send(index, frame);
      }
    } catch (fault) {
      // The tap is going; a new one is asked anew.
      if (!(fault instanceof Fault)) throw fault;
      this.#options.log.debug({ tap: ifname, problem: fault.message }, 'an instance could not be asked what it listens to');
    }
  }

  #sync(sets: HostState['sets']): void {
    const { address, tunnel, log } = this.#options;
    this.#sets = sets;
    this.#syncedAt = Date.now();
    const [before, index] = [this.#problem, this.#tunnel];
    try {
      this.#tunnel = tunnel.sync(address === null ? new Set() : hostsIn(sets, address)).index;
      this.#problem = null;
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      this.#tunnel = null;
      this.#problem = fault.message;
    }
    // It was made anew: rules know it by its index.
    if (this.#tunnel !== index) this.#options.onChange();
    if (this.#problem === before) return;
    if (this.#problem === null) log.info({}, 'multicast goes to other hosts again');
    else log.error({ problem: this.#problem }, 'multicast does not go to other hosts');
    this.#options.onNews();
  }

  /** Tells at once, or as soon as it may again. */
  #changed(): void {
    this.#telling ??= setTimeout(
      () => {
        this.#telling = null;
        this.#toldAt = Date.now();
        this.#told = this.#book.interests;
        this.#toldListeners = this.#book.saved();
        this.#write();
        this.#options.onNews();
      },
      Math.max(0, this.#toldAt + TELL_MS - Date.now()),
    );
  }

  #write(): void {
    this.#kept.write(this.#book.saved());
  }
}

/** Removes what a keeper has left on disk. */
export const removeListeners = (stateDir: string): void => {
  rmSync(join(stateDir, NAME), { force: true });
};

/** The other hosts that want packets of some group. */
const hostsIn = (sets: HostState['sets'], own: Ip): ReadonlySet<Ip> => {
  const members = [...sets.values()].flatMap((set) => (interestOf(set.id) === null ? [] : set.members));
  return new Set(members.filter((host): host is Ip => !isPrefix(host) && host !== own && familyOf(host) === 4));
};

const isIp = (value: unknown): boolean => typeof value === 'string' && parseIp(value) === value;

const isMembership = ({ endpoint, group, mode, sources }: Partial<SavedMembership>): boolean =>
  typeof endpoint === 'string' &&
  isIp(group) &&
  (mode === 'include' || mode === 'exclude') &&
  Array.isArray(sources) &&
  sources.every(isIp);
