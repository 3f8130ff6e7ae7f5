import { setTimeout as pause } from 'node:timers/promises';
import { readRunningLab } from '@manx/lab/attack-kit';
import { closeGuests, closeOutside, type End, guestEnd, openGuests, openOutside } from './cables.js';
import { type CompiledCloud, changedHosts, readCloud } from './compiled-cloud.js';
import { mend } from './faults.js';
import { setHostSnat } from './host-snat.js';
import { type Disagreement, disagreementText, explanationOf, isBreach, judge, judgeLater } from './judge.js';
import { Looker, type Outcome } from './look.js';
import { clearWorld, freshWorld, type Ground, makeGround, type Played, playStep } from './play-step.js';
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
/** Flows of one cloud that are kept for the next look. */
const KEPT = 80;

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
  'fault',
]);

/** The oracle at work in a running lab: it plays sequences, each on a fresh cloud, and holds packets against `reach` after each step. */
export class Oracle {
  readonly #ground: Ground;
  readonly #outside: End;
  readonly #tally: Tally;
  readonly #ends = new Map<string, { readonly guest: Guest; readonly end: End }>();
  readonly #looker: Looker;
  #world: World;
  #kept: readonly Outcome[] = [];
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
    this.#looker = new Looker(() => this.#allEnds());
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
    for (const { end } of this.#ends.values()) for (const { link } of end.links) link.close();
    this.#ends.clear();
  }

  async #do(step: Step): Promise<Played> {
    try {
      const played = await playStep(this.#world, step);
      this.#tally.step(step, played);
      return played;
    } catch (error) {
      throw new Error(`${stepText(step)}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Opens the cables of guests that are new or elsewhere, closes those of others. */
  #plugAll(): void {
    const guests = new Map([...this.#world.guests.values()].map((guest) => [guest.port, guest]));
    for (const [port, { guest, end }] of this.#ends) {
      if (guests.get(port)?.ifname === guest.ifname) continue;
      for (const { link } of end.links) link.close();
      this.#ends.delete(port);
    }
    for (const [port, guest] of guests) if (!this.#ends.has(port)) this.#ends.set(port, { guest, end: guestEnd(guest) });
  }

  #allEnds(): ReadonlyMap<string, End> {
    return new Map([[OUTSIDE, this.#outside], ...[...this.#ends].map(([name, { end }]) => [name, end] as const)]);
  }

  /** Waits for the hosts, tries every flow, and tells what disagrees; null when nothing does. */
  async #check(step: Step | null): Promise<string | null> {
    const began = performance.now();
    const now = await this.#read();
    const late = await settled(this.#world.hosts, { before: this.#before.revision, changed: changedHosts(this.#before, now) });
    if (late !== null) return late;
    this.#before = now;
    this.#plugAll();
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
    this.#tally.look({
      outcomes,
      probes: outcomes.length + this.#kept.length,
      settleMs: settledAt - began,
      lookMs: performance.now() - settledAt,
      cloud: now.cloud,
    });
    this.#keep(now, outcomes);
    const all = [...old, ...found];
    return all.length === 0 ? null : this.#report(all);
  }

  /** Packets of flows that were open before the last step: none may pass that may not now, and what may still pass has to. */
  async #lookAgain({ cloud }: CompiledCloud, step: Step | null): Promise<readonly Disagreement[]> {
    const there = this.#kept.filter(({ probe }) => probe.from === OUTSIDE || this.#ends.has(probe.from));
    // Of several that have an address a host cannot tell who began a flow: it goes on only if all of them might.
    const mayEnd = (probe: Probe): boolean => isOfShared(probe) || (step !== null && ENDING.has(step.do));
    const isEnded = (one: Disagreement): boolean =>
      !isBreach(one) && one.outcome.probe.protocol === protocols.tcp && mayEnd(one.outcome.probe);
    const isRevoked = (flow: Outcome): boolean => explanationOf(cloud, flow).ways.every(({ forward }) => forward.answer === 'refused');
    this.#tally.kept(there.length, there.filter(isRevoked).length);
    return await this.#insist(there, {
      flowOf: ({ outcome }) => outcome,
      disagreements: async (flows) =>
        (await this.#looker.later(flows)).flatMap((outcome) => judgeLater(cloud, outcome) ?? []).filter((one) => !isEnded(one)),
    });
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

  /** Flows that pass and are answered, of one receiver: the next step may close them. */
  #keep({ cloud }: CompiledCloud, outcomes: readonly Outcome[]): void {
    const open = outcomes.filter(({ probe, answeredBy, arrivals }) => answeredBy !== null && arrivals.length === 1 && probe.port !== null);
    const every = Math.max(1, Math.floor(open.length / KEPT));
    this.#kept = open.filter((outcome, at) => at % every === 0 && judge(cloud, outcome) === null);
  }

  #report(found: readonly Disagreement[]): string {
    const names = new Map([...this.#world.guests.values()].map(({ port, slot, host }) => [port, `guest ${slot} (${host})`]));
    const nameOf = (end: string): string => names.get(end) ?? end;
    const shown = found.slice(0, 6).map((one) => disagreementText(one, nameOf));
    return [
      `${found.length} flows disagree`,
      ...shown,
      ...(found.length > shown.length ? [`  and ${found.length - shown.length} more`] : []),
    ].join('\n');
  }
}
