import { type GroupInterest, type HostState, type IfName, isRoutedGroup, type Membership } from '@manx/hoststate';
import { compareIps, familyOf, type Ip, isMulticast } from '@manx/ip';
import type { Memberships } from '@manx/render';

/** What an instance has said of a group: `include` and `exclude` are all that it wants of it, `allow` and `block` are changes of that. */
export type ListenerWord = {
  readonly group: Ip;
  readonly kind: 'include' | 'exclude' | 'allow' | 'block';
  readonly sources: readonly Ip[];
};

/** A membership as it is kept on disk. */
export type SavedMembership = Membership & { readonly endpoint: string };

/** The most groups that one port may listen to, the most sources it may name of one, and the most groups of a whole host. */
const MAX_GROUPS = 64;
const MAX_SOURCES = 64;
const MAX_HOST_GROUPS = 2_000;

type Entry = { readonly membership: Membership; readonly until: number };

/**
 * What the instances of a host listen to (S10): as each has said last, until it says otherwise, is silent for `holdMs`, or is gone. Soft state: who is asked and
 * does not answer listens no longer. Nothing is believed of a port beyond its own reception: groups of the link are none, and each port has its share only.
 * Times are milliseconds of any one clock.
 */
export class ListenerBook {
  readonly #holdMs: number;
  readonly #entries = new Map<string, Map<Ip, Entry>>();
  #state: HostState | null = null;
  #taps: ReadonlySet<IfName> = new Set();
  #answer: { readonly memberships: Memberships; readonly interests: readonly GroupInterest[] } | null = null;

  /** `saved` is what was kept of an earlier run: it counts until `holdMs` from now. */
  constructor({ holdMs, saved, now }: { readonly holdMs: number; readonly saved: readonly SavedMembership[]; readonly now: number }) {
    this.#holdMs = holdMs;
    for (const { endpoint, ...membership } of saved) this.#groupsOf(endpoint).set(membership.group, { membership, until: now + holdMs });
  }

  /** An instance has spoken at its tap; whether that changes who listens to what. */
  hear(ifname: IfName, words: readonly ListenerWord[], now: number): boolean {
    const endpoint = this.#endpointAt(ifname);
    if (endpoint === null) return false;
    const groups = this.#groupsOf(endpoint);
    let isChanged = false;
    for (const word of words) {
      if (!isRoutedGroup(word.group)) continue;
      const before = groups.get(word.group)?.membership ?? null;
      const after = spoken(before, word);
      if (after === null) groups.delete(word.group);
      else if (before !== null || (groups.size < MAX_GROUPS && this.#size < MAX_HOST_GROUPS)) {
        groups.set(word.group, { membership: after, until: now + this.#holdMs });
      } else continue;
      isChanged ||= !isSame(before, after);
    }
    return this.#changed(isChanged);
  }

  /** Takes in which ports there are and which taps are up; whether that changes who listens to what. */
  settle(state: HostState, taps: ReadonlySet<IfName>): boolean {
    if (this.#state === state && isSameSet(this.#taps, taps)) return false;
    const before = this.#taps;
    this.#state = state;
    this.#taps = taps;
    let isChanged = false;
    for (const [id, groups] of this.#entries) {
      const endpoint = state.endpoints.get(id);
      // A tap that was there and is gone ends what its instance listened to; one that an agent that has just begun has not seen yet does not.
      const isGone = endpoint === undefined || !endpoint.isUp || (before.has(endpoint.ifname) && !taps.has(endpoint.ifname));
      if (!isGone) continue;
      isChanged ||= groups.size > 0;
      this.#entries.delete(id);
    }
    return this.#changed(isChanged);
  }

  /** Forgets who has been silent for too long; whether anybody was. */
  expire(now: number): boolean {
    let isChanged = false;
    for (const [id, groups] of this.#entries) {
      for (const [group, { until }] of groups) if (until <= now) isChanged = groups.delete(group) || isChanged;
      if (groups.size === 0) this.#entries.delete(id);
    }
    return this.#changed(isChanged);
  }

  /** When somebody will have been silent for too long; null: nobody listens. */
  get nextAt(): number | null {
    const times = [...this.#entries.values()].flatMap((groups) => [...groups.values()].map(({ until }) => until));
    return times.length === 0 ? null : Math.min(...times);
  }

  /** Who listens to what: the same reference until that changes. */
  get memberships(): Memberships {
    return this.#answered().memberships;
  }

  /** What other hosts must send here, each once, sorted. */
  get interests(): readonly GroupInterest[] {
    return this.#answered().interests;
  }

  /** All of it, to be kept on disk. */
  saved(): readonly SavedMembership[] {
    return [...this.memberships].flatMap(([endpoint, all]) => all.map((membership) => ({ endpoint, ...membership })));
  }

  #answered(): { readonly memberships: Memberships; readonly interests: readonly GroupInterest[] } {
    if (this.#answer !== null) return this.#answer;
    const memberships = new Map(
      [...this.#entries]
        .filter(([, groups]) => groups.size > 0)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([id, groups]) => [id, [...groups.values()].map(({ membership }) => membership).sort((a, b) => compareIps(a.group, b.group))]),
    );
    return (this.#answer = { memberships, interests: interestsOf([...memberships.values()].flat()) });
  }

  #changed(isChanged: boolean): boolean {
    if (isChanged) this.#answer = null;
    return isChanged;
  }

  #groupsOf(endpoint: string): Map<Ip, Entry> {
    const groups = this.#entries.get(endpoint) ?? new Map<Ip, Entry>();
    this.#entries.set(endpoint, groups);
    return groups;
  }

  get #size(): number {
    return [...this.#entries.values()].reduce((sum, groups) => sum + groups.size, 0);
  }

  #endpointAt(ifname: IfName): string | null {
    for (const { id, ifname: own, isUp } of this.#state?.endpoints.values() ?? []) if (own === ifname && isUp) return id;
    return null;
  }
}

/** What a membership becomes by a word: null where the instance wants nothing of the group any more (RFC 3376, section 6.4, for one listener alone). */
function spoken(before: Membership | null, { group, kind, sources: said }: ListenerWord): Membership | null {
  const named = said.filter((source) => familyOf(source) === familyOf(group) && !isMulticast(source));
  const { mode, sources } = before ?? { mode: 'include', sources: [] };
  const next = {
    include: (): Pick<Membership, 'mode' | 'sources'> => ({ mode: 'include', sources: named }),
    exclude: (): Pick<Membership, 'mode' | 'sources'> => ({ mode: 'exclude', sources: named }),
    allow: (): Pick<Membership, 'mode' | 'sources'> => ({
      mode,
      sources: mode === 'include' ? [...sources, ...named] : sources.filter((one) => !named.includes(one)),
    }),
    block: (): Pick<Membership, 'mode' | 'sources'> => ({
      mode,
      sources: mode === 'include' ? sources.filter((one) => !named.includes(one)) : [...sources, ...named],
    }),
  }[kind]();
  const kept = [...new Set(next.sources)].sort(compareIps).slice(0, MAX_SOURCES);
  return next.mode === 'include' && kept.length === 0 ? null : { group, mode: next.mode, sources: kept };
}

/** From other hosts a group is asked for from one source at a time, or from all: who excludes some gets those as far as this host. */
function interestsOf(memberships: readonly Membership[]): readonly GroupInterest[] {
  const wanted = new Map<Ip, Set<Ip> | null>();
  for (const { group, mode, sources } of memberships) {
    const known = wanted.get(group);
    if (mode === 'exclude' || known === null) wanted.set(group, null);
    else wanted.set(group, new Set([...(known ?? []), ...sources]));
  }
  return [...wanted]
    .sort(([a], [b]) => compareIps(a, b))
    .flatMap(([group, sources]): GroupInterest[] =>
      sources === null ? [{ group, source: null }] : [...sources].sort(compareIps).map((source) => ({ group, source })),
    );
}

function isSame(a: Membership | null, b: Membership | null): boolean {
  if (a === null || b === null) return a === b;
  return a.mode === b.mode && a.sources.length === b.sources.length && a.sources.every((source, at) => source === b.sources[at]);
}

function isSameSet(a: ReadonlySet<IfName>, b: ReadonlySet<IfName>): boolean {
  return a.size === b.size && [...a].every((one) => b.has(one));
}
