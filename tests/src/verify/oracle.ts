import { setTimeout as pause } from 'node:timers/promises';
import { readRunningLab } from '@manx/lab/attack-kit';
import { closeGuests, closeOutside, type End, guestEnd, openGuests, openOutside } from './cables.js';
import { type CompiledCloud, changedHosts, readCloud } from './compiled-cloud.js';
import { mend } from './faults.js';
import { setHostSnat } from './host-snat.js';
import { type Disagreement, disagreementText, isBreach, isRefused, judge, judgeLater, silentEnd } from './judge.js';
import { Looker, type Outcome } from './look.js';
import { clearWorld, freshWorld, type Ground, makeGround } from './make-world.js';
import { type Played, playStep } from './play-step.js';
import { protocols } from './probe-packet.js';
import { isOfShared, OUTSIDE, type Probe, probesOf } from './probes.js';
import { settled } from './settled.js';
import { type Sequence, type Step, stepText } from './step.js';
import type { Tally } from './tally.js';
import type { Guest, World } from './world.js';

/** How a sequence ended: all agreed; or at which step not, in words. */
export type Ended = { readonly kind: 'agree' } | { readonly kind: 'disagree'; readonly at: number; readonly text: string };

/** How long packets that may not pass may still do so once hosts are done (S16: a second), and how long routes may be on their way. */
const PATIENCE = { breach: 1_000, other: 15_000 } as const;
/** Flows of one cloud that are kept for the next look; and how many that may not pass any more are tried on, whatever else happens. */
const [KEPT, KEPT_ENDED] = [80, 40];

/** Steps after which a TCP flow may have been ended though it is allowed: its host never saw it begin, or translates it otherwise. */
const ENDING: ReadonlySet<Step['do']> = new Set([
  'move',
  'migrate',
  'delete',
  'boot',
  'float',
  'unfloat',
  'forward',
  'unforward',
  'pairs',
  'claim',
  'security',
  'groups',
  'up',
  'network-up',
  'router-up',
  'snat',
  'renumber',
  'interface',
  'log',
  'fault',
]);

/** The moments of live migrations, which connections survive. */
const LIVE: ReadonlySet<Step['do']> = new Set<Step['do']>(['live', 'arrive', 'activate', 'leave', 'turn-back']);

/** The oracle at work in a running lab: it plays sequences, each on a fresh cloud, and holds packets against `reach` after each step. */
export class Oracle {
  readonly #ground: Ground;
  readonly #outside: End;
  readonly #tally: Tally;
  /** The cables of guests, by their interface. */
  readonly #cables = new Map<string, End>();
  #ends: ReadonlyMap<string, End> = new Map();
  readonly #looker: Looker;
  #world: World;
  #kept: readonly Outcome[] = [];
  /** Of those the ones that may not pass any more. */
  #ended: readonly Outcome[] = [];
  /** Whether nothing but live migrations has gone on since the last of them began: connections are picked up where they arrive. */
  #isCalm = false;
  readonly #read: () => Promise<CompiledCloud>;
  #before: CompiledCloud;

  private constructor(
    ground: Ground,
    parts: { outside: End; world: World; read: () => Promise<CompiledCloud>; before: CompiledCloud; tally: Tally },
  ) {
    this.#ground = ground;
    this.#outside = parts.outside;
    this.#world = parts.world;
    this.#read = parts.read;
    this.#before = parts.before;
    this.#tally = parts.tally;
    this.#looker = new Looker(() => this.#ends);
  }

  /** Makes what all sequences share in the running lab. */
  static async open(tally: Tally): Promise<Oracle> {
    const { hosts } = await readRunningLab();
    await openGuests();
    const outside = await openOutside(hosts);
    const snatOf = await setHostSnat(hosts);
    const ground = await makeGround(hosts);
    const world = await freshWorld(ground);
    const read = async (): Promise<CompiledCloud> => await readCloud(snatOf);
    return new Oracle(ground, { outside, world, read, before: await read(), tally });
  }

  async close(): Promise<void> {
    await this.#clear();
    await closeOutside(this.#outside);
    await closeGuests();
  }

  /** Plays a sequence on a fresh cloud, up to the first disagreement. `onStep` is told before each. */
  async play({ opening, steps }: Sequence, onStep: (step: Step | null, at: number) => void): Promise<Ended> {
    await this.#clear();
    this.#world = await freshWorld(this.#ground);
    this.#kept = [];
    this.#ended = [];
    for (const step of opening) await this.#do(step);
    onStep(null, 0);
    const first = await this.#check(null);
    if (first !== null) return { kind: 'disagree', at: 0, text: first };
    for (const [at, step] of steps.entries()) {
      onStep(step, at + 1);
      if ((await this.#do(step)) === 'nothing') continue;
      const found = await this.#check(step);
      if (found !== null) return { kind: 'disagree', at: at + 1, text: found };
    }
    return { kind: 'agree' };
  }

  async #clear(): Promise<void> {
    await clearWorld(this.#world);
    await mend(this.#world);
    for (const { links } of this.#cables.values()) for (const { link } of links) link.close();
    this.#cables.clear();
  }

  /**
   * Whether a guest is bound to where it moves by its profile alone without having been heard there: its former host cannot tell that from any other end of the
   * port there, and ends its connections with others of that host (docs/reference/live-migration.md).
   */
  #isUnheard(step: Step): boolean {
    if (step.do !== 'activate' && step.do !== 'turn-back') return false;
    const { other, saidAt } = this.#world.guests.get(step.guest) ?? { other: null, saidAt: null };
    // By the profile alone the way back after the activation is a binding to a host that expects nobody.
    return other?.by === 'profile' && (step.do === 'activate' ? saidAt === null : other.role === 'left');
  }

  async #do(step: Step): Promise<Played> {
    try {
      const isUnheard = this.#isUnheard(step);
      const played = await playStep(this.#world, step);
      if (isUnheard) this.#isCalm = false;
      else if (step.do === 'live') this.#isCalm = true;
      else if (!LIVE.has(step.do) && played !== 'nothing') this.#isCalm = false;
      this.#tally.step(step, played);
      return played;
    } catch (error) {
      throw new Error(`${stepText(step)}: ${(error as Error).message}`, { cause: error });
    }
  }

  /**
   * Opens cables that are new, closes those that are gone, and calls each by who is behind it: the guest, on the host where it is at home by the
   * store, or its silence on another.
   */
  #plugAll({ cloud }: CompiledCloud): void {
    const plugs = [...this.#world.guests.values()].flatMap((guest) =>
      [guest, ...(guest.other === null ? [] : [guest.other])].map((plug) => ({ guest, plug })),
    );
    const there = new Set(plugs.map(({ plug }) => plug.ifname));
    for (const [ifname, { links }] of this.#cables) {
      if (there.has(ifname)) continue;
      for (const { link } of links) link.close();
      this.#cables.delete(ifname);
    }
    const ends = new Map([[OUTSIDE, this.#outside]]);
    for (const { guest, plug } of plugs) {
      const end = this.#cables.get(plug.ifname) ?? guestEnd(guest, plug);
      this.#cables.set(plug.ifname, end);
      const isHome = plug.host === (cloud.placeOf(guest.port)?.host ?? guest.host);
      ends.set(isHome ? guest.port : silentEnd(guest.port, plug.host), end);
    }
    this.#ends = ends;
  }

  /** The cloud as the store has it, when it has heard what it must have heard of guests that say where they are; else which were not heard. */
  async #readHeard(step: Step | null): Promise<{ readonly now: CompiledCloud; readonly deaf: string | null }> {
    const deafTo = ({ cloud }: CompiledCloud): Guest | undefined =>
      [...this.#world.guests.values()].find(({ port, mustBeAt }) => mustBeAt !== null && cloud.placeOf(port)?.host !== mustBeAt);
    for (const began = performance.now(); ; await pause(20)) {
      const now = await this.#read();
      const deaf = step?.do === 'arrive' ? deafTo(now) : undefined;
      if (deaf === undefined) return { now, deaf: null };
      if (performance.now() - began < PATIENCE.other) continue;
      return { now, deaf: `guest ${deaf.slot} has announced itself on ${deaf.mustBeAt}, and nobody has heard it` };
    }
  }

  /** Waits for the hosts, tries every flow, and tells what disagrees; null when nothing does. What changes while it is looked at is looked at again. */
  async #check(step: Step | null): Promise<string | null> {
    for (let left = 3; ; left -= 1) {
      const { now, deaf } = await this.#readHeard(step);
      if (deaf !== null) return deaf;
      const found = await this.#checkAs(now, step);
      if (found === null || left === 0 || changedHosts(now, await this.#read()).size === 0) return found;
    }
  }

  async #checkAs(now: CompiledCloud, step: Step | null): Promise<string | null> {
    const began = performance.now();
    const late = await settled(this.#world.hosts, { before: this.#before.revision, changed: changedHosts(this.#before, now) });
    if (late !== null) return late;
    this.#before = now;
    this.#plugAll(now);
    const settledAt = performance.now();
    const old = await this.#lookAgain(now, step);
    const probes = probesOf(this.#world);
    let outcomes: readonly Outcome[] = [];
    const found = await this.#insist(probes, {
      flowOf: ({ outcome }): Probe => outcome.probe,
      disagreements: async (asked) => {
        const seen = await this.#looker.look(asked);
        if (outcomes.length === 0) outcomes = seen;
        return seen.flatMap((outcome) => judge(now.cloud, outcome) ?? []);
      },
    });
    const all = [...old, ...found];
    if (all.length > 0) return this.#report(all);
    this.#tally.look({
      outcomes,
      probes: outcomes.length + this.#kept.length,
      settleMs: settledAt - began,
      lookMs: performance.now() - settledAt,
      cloud: now.cloud,
    });
    this.#keep(now, outcomes);
    return null;
  }

  /** Packets of flows that were open before the last step: none may pass that may not now, and what may still pass has to. */
  async #lookAgain({ cloud }: CompiledCloud, step: Step | null): Promise<readonly Disagreement[]> {
    const there = this.#kept.filter(({ probe }) => probe.from === OUTSIDE || this.#ends.has(probe.from));
    const isFixed = this.#isBetweenFixed(cloud);
    // Of several that have an address a host cannot tell who began a flow: it goes on only if all of them might.
    const mayEnd = (probe: Probe): boolean =>
      isOfShared(probe) || (step !== null && (LIVE.has(step.do) ? !(this.#isCalm && isFixed(probe)) : ENDING.has(step.do)));
    const isEnded = (one: Disagreement): boolean =>
      !isBreach(one) && one.outcome.probe.protocol === protocols.tcp && (hasEnded(one.outcome) || mayEnd(one.outcome.probe));
    // The outcome is a new one; its ports are the flow's.
    const beganAs = ({ probe, sport }: Outcome): Outcome | undefined => there.find((flow) => flow.sport === sport && flow.probe === probe);
    const hasEnded = ({ probe, sport }: Outcome): boolean => this.#ended.some((flow) => flow.sport === sport && flow.probe === probe);
    this.#tally.kept(there.length, there.filter((flow) => isRefused(cloud, flow)).length);
    return await this.#insist(there, {
      flowOf: ({ outcome }) => outcome,
      disagreements: async (flows) =>
        (await this.#looker.later(flows))
          .flatMap((outcome) => judgeLater(cloud, outcome, beganAs(outcome)?.arrivals[0]?.source ?? null) ?? [])
          .filter((one) => !isEnded(one)),
    });
  }

  /** Whether a flow is from one guest's fixed IP to another's: such connections go on through live migrations. */
  #isBetweenFixed(cloud: CompiledCloud['cloud']): (probe: Probe) => boolean {
    const owns = (port: string | undefined, ip: Probe['source']): boolean =>
      port !== undefined && cloud.placeOf(port)?.endpoint.addresses.some((own) => own.ip === ip) === true;
    const ownerOf = (ip: Probe['source']): string | undefined => [...this.#world.guests.values()].find(({ port }) => owns(port, ip))?.port;
    return ({ from, source, destination }) => owns(from, source) && ownerOf(destination) !== undefined;
  }

  /** Flows that disagree are tried again while there is hope: until they agree, or patience ends. */
  async #insist<T>(
    flows: readonly T[],
    {
      flowOf,
      disagreements,
    }: { flowOf: (one: Disagreement) => T; disagreements: (flows: readonly T[]) => Promise<readonly Disagreement[]> },
  ): Promise<readonly Disagreement[]> {
    let found = await disagreements(flows);
    const began = performance.now();
    for (let waitMs = 20; found.length > 0; waitMs = Math.min(waitMs * 2, 500)) {
      const past = performance.now() - began;
      if (past > (found.some(isBreach) ? PATIENCE.breach : PATIENCE.other)) return found;
      await pause(waitMs);
      found = await disagreements(found.map(flowOf));
      if (found.length === 0) this.#tally.late(performance.now() - began);
    }
    return [];
  }

  /** Flows that pass and are answered, of one receiver: the next step may close them. And those that have been closed, the newest of them: no step is to bring them back. */
  #keep({ cloud }: CompiledCloud, outcomes: readonly Outcome[]): void {
    const ended = this.#kept.filter((flow) => isRefused(cloud, flow));
    this.#ended = [...ended, ...this.#ended.filter((flow) => !ended.includes(flow))].slice(0, KEPT_ENDED);
    const open = outcomes.filter(({ probe, answeredBy, arrivals }) => answeredBy !== null && arrivals.length === 1 && probe.port !== null);
    const every = Math.max(1, Math.floor(open.length / KEPT));
    this.#kept = [...open.filter((outcome, at) => at % every === 0 && judge(cloud, outcome) === null), ...this.#ended];
  }

  #report(found: readonly Disagreement[]): string {
    const names = [...this.#world.guests.values()].map(({ port, slot, host }) => [port, `guest ${slot} (${host})`] as const);
    const nameOf = (end: string): string => names.reduce((text, [port, name]) => text.replace(port, name), end);
    const shown = found.slice(0, 6).map((one) => disagreementText(one, nameOf));
    return [
      `${found.length} flows disagree`,
      ...shown,
      ...(found.length > shown.length ? [`  and ${found.length - shown.length} more`] : []),
    ].join('\n');
  }
}
