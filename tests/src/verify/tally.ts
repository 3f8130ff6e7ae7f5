import type { Cloud } from '@manx/reach';
import { explanationOf } from './judge.js';
import type { Outcome } from './look.js';
import type { Played } from './play-step.js';
import type { RuleWish, Step } from './step.js';

type Look = {
  readonly outcomes: readonly Outcome[];
  readonly probes: number;
  readonly settleMs: number;
  readonly lookMs: number;
  readonly cloud: Cloud;
};

/** The promise that is tried by what was counted under such a name. */
const PROMISES: readonly (readonly [RegExp, string])[] = [
  [/^allowed to fixed$/, 'S1, S5, S6'],
  [/^allowed to outside$/, 'S7'],
  [/^(allowed to pair|spread)$/, 'S8'],
  [/^claim$/, 'S9'],
  [/^(no-rule|no-policy)/, 'S16'],
  [/^source-not-own$/, 'S17'],
  [/^(endpoint-down|holder-down|security)/, 'S19'],
  [/-(killed|cut|flushed|flushed-unwatched|table)$/, 'S20'],
  [/^allowed to floating$/, 'S21'],
  [/^sent in another name to outside$/, 'S22, S24'],
  [/^(migrate|arrive|activate|turn-back)$/, 'live migration'],
  [/^(allowed to forward|not-forwarded)$/, 'S23'],
];

/** What kind of rule a rule is: `ingress IPv4 tcp ports, remote group`. */
const ruleKind = ({ direction, ethertype, protocol, ...rule }: RuleWish): string => {
  const ports = rule.port_range_min === undefined ? '' : protocol?.includes('icmp') === true ? ' type' : ' ports';
  const remote =
    rule.remoteGroup !== undefined
      ? 'group'
      : rule.remoteAddressGroup !== undefined
        ? 'address group'
        : rule.remote_ip_prefix !== undefined
          ? 'prefix'
          : 'anybody';
  return `${direction} ${ethertype} ${protocol ?? 'all'}${ports} ${remote}`;
};

/** Counts what was exercised: steps by kind, flows by what became of them, what lets pass and what blocks, and how long it took. */
export class Tally {
  readonly #steps = new Map<string, number>();
  readonly #paths = new Map<string, number>();
  readonly #rules = new Map<string, number>();
  #kept = 0;
  #revoked = 0;
  readonly #refused = new Map<string, number>();
  #looks = 0;
  #probes = 0;
  #lookMs = 0;
  #settleMs = 0;
  #late = 0;
  #latest = 0;

  step(step: Step, played: Played): void {
    const name = step.do === 'fault' ? step.fault : step.do;
    if (played === 'nothing') return;
    if (played !== 'done') return count(this.#refused, `${name} ${played.refused.split(':')[0] ?? ''}`);
    count(this.#steps, name);
    if (step.do === 'rule') count(this.#rules, ruleKind(step.rule));
  }

  look({ outcomes, probes, settleMs, lookMs, cloud }: Look): void {
    this.#looks += 1;
    this.#probes += probes;
    this.#settleMs += settleMs;
    this.#lookMs += lookMs;
    // What every tenth flow met stands for all.
    for (const outcome of outcomes.filter((_, at) => at % 10 === 0)) {
      for (const way of explanationOf(cloud, outcome).ways) {
        if (
          way.answer === 'allowed' &&
          way.source.kind === 'port' &&
          way.forward.steps.some(({ translation }) => translation?.what === 'source')
        )
          count(this.#paths, `sent in another name to ${way.destination.by ?? way.destination.kind}`);
        if (way.answer === 'allowed') count(this.#paths, `allowed to ${way.destination.by ?? way.destination.kind}`);
        for (const { code, direction } of way.blockers) count(this.#paths, `${code}${direction === 'reply' ? ' (answer)' : ''}`);
        for (const { code } of way.warnings) if (code !== 'port-assumed') count(this.#paths, code);
      }
    }
  }

  /** Flows that were open before a step and looked at again after it, and how many of them may not pass any more. */
  kept(flows: number, revoked: number): void {
    this.#kept += flows;
    this.#revoked += revoked;
  }

  /** A look in which flows agreed only at a second try, after so many milliseconds. */
  late(afterMs: number): void {
    this.#late += 1;
    this.#latest = Math.max(this.#latest, afterMs);
  }

  /** What a benchmark asks: sums over all looks, times in milliseconds. */
  figures(): { readonly looks: number; readonly flows: number; readonly settleMs: number; readonly probesPerSecond: number } {
    const probesPerSecond = Math.round(this.#probes / (this.#lookMs / 1_000));
    return { looks: this.#looks, flows: this.#probes, settleMs: this.#settleMs, probesPerSecond };
  }

  /** What was exercised, in a few lines. */
  text(): string {
    const lines = (counts: ReadonlyMap<string, number>): string =>
      [...counts]
        .toSorted(([, a], [, b]) => b - a)
        .map(([name, times]) => `${name} ${times}`)
        .join(', ');
    return [
      `${this.#looks} looks, ${this.#probes.toLocaleString('en')} flows, ${this.figures().probesPerSecond.toLocaleString('en')} a second of looking; hosts were done ${Math.round(this.#settleMs / Math.max(1, this.#looks))} ms after a step on average`,
      `steps: ${lines(this.#steps)}`,
      `promises: ${PROMISES.flatMap(([pattern, promise]) => ([...this.#steps.keys(), ...this.#paths.keys()].some((name) => pattern.test(name)) ? [promise] : [])).join(', ')}`,
      `rules of ${this.#rules.size} kinds: ${lines(this.#rules)}`,
      `refused by the API: ${lines(this.#refused) || 'none'}`,
      `flows, every tenth: ${lines(this.#paths)}`,
      `flows that were open before a step: ${this.#kept}, of which ${this.#revoked} may not pass after it`,
      `${this.#late} looks agreed only at a second try, the last of them after ${Math.round(this.#latest)} ms`,
    ].join('\n');
  }
}

const count = (counts: Map<string, number>, name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
