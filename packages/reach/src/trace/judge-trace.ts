import type { HostName, TraceAccount } from '@manx/hoststate';
import type { Explanation, Way } from '../explanation.js';
import { type Expectation, expectationsOf, hostsOf } from './expectation.js';
import { objectionTo } from './objections.js';
import { directionOf, type Fate, fateOf } from './packet-fate.js';

/** Whether the kernel did what was expected; `unknown`: it is not known what it did. */
export type TraceVerdictWord = 'agree' | 'disagree' | 'unknown';

/** What a host told of a traced flow, or why it told nothing. */
export type HostTrace = { readonly host: HostName; readonly account: TraceAccount | null; readonly problem: string | null };

/** One packet at one host: what was expected, and what became of it. */
export type TraceFinding = {
  readonly host: HostName;
  readonly direction: 'forward' | 'reply';
  readonly verdict: TraceVerdictWord;
  /** In words, each a part of a sentence about the host. */
  readonly expected: string;
  readonly seen: string;
  /** Among the packets of the host's account; null: it saw none. */
  readonly packet: number | null;
};

/** What came of a trace. */
export type TraceJudgement = {
  readonly verdict: TraceVerdictWord;
  /** In order of the way; those of the answers last. Of several ways (anycast) the one that fits best. */
  readonly findings: readonly TraceFinding[];
  /** What decides nothing: that no answer came, for one. */
  readonly notes: readonly string[];
};

/** Every host that may see a packet of the flow, by any of its ways, sorted. */
export function hostsConcerned({ ways }: Explanation): readonly HostName[] {
  const hosts = ways.flatMap((way) => [...hostsOf(way, 'forward'), ...hostsOf(way, 'reply')]);
  return [...new Set(hosts)].sort();
}

/** Holds what the kernels of the hosts did with one packet of the flow, and with the answer to it, against the explanation. `mark` tells the packet's direction. */
export function judgeTrace({ ways }: Explanation, traces: readonly HostTrace[], mark: number): TraceJudgement {
  const judged = ways.map((way) => judgeWay(way, { traces, mark }));
  const [best] = judged.toSorted((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict));
  return best ?? { verdict: 'unknown', findings: [], notes: ['there is no way to follow'] };
}

const ORDER: readonly TraceVerdictWord[] = ['agree', 'unknown', 'disagree'];

type Seen = { readonly traces: readonly HostTrace[]; readonly mark: number };

function judgeWay(way: Way, seen: Seen): TraceJudgement {
  const forward = findings(way, 'forward', seen);
  const reply = judgeReply(way, seen);
  const all = [...forward, ...reply.findings];
  const verdicts = new Set(all.map(({ verdict }) => verdict));
  const verdict = verdicts.has('disagree') ? 'disagree' : verdicts.has('unknown') || all.length === 0 ? 'unknown' : 'agree';
  const within = all.length > 0 ? [] : way.forward.steps.map(({ text }) => `no host gets to see it: ${text}`);
  return { verdict, findings: all, notes: [...within, ...incomplete(seen), ...(all.length > 0 ? reply.notes : [])] };
}

function incomplete({ traces }: Seen): readonly string[] {
  return traces.flatMap(({ host, account }) =>
    account === null || account.isComplete ? [] : [`${host}: the kernel told more than was kept; what is missing here may have happened`],
  );
}

/** Nobody can be made to answer: the answer is looked at where there is one. */
function judgeReply(way: Way, seen: Seen): Pick<TraceJudgement, 'findings' | 'notes'> {
  const hosts = hostsOf(way, 'reply');
  const elsewhere = way.blockers.find(({ code }) => code === 'answers-elsewhere');
  if (elsewhere !== undefined) return { findings: [], notes: [`the way back was not looked at: ${elsewhere.text}`] };
  const isAny = seen.traces.some(({ account }) => account?.packets.some((packet) => directionOf(packet, seen.mark) === 'reply') ?? false);
  if (isAny) return { findings: findings(way, 'reply', seen), notes: [] };
  const isDelivered = way.forward.answer !== 'refused';
  if (!isDelivered || hosts.length === 0) return { findings: [], notes: [] };
  // The host's services answer from an address and port of their own, which are translated only then.
  if (way.destination.kind === 'host') return { findings: [], notes: ['what the host answers was not looked at'] };
  const who = way.destination.name ?? way.destination.ip;
  return {
    findings: [],
    notes: [`no answer of ${who} was seen: nothing listens there, or it does not answer this; the way back was not tried`],
  };
}

function findings(way: Way, direction: 'forward' | 'reply', { traces, mark }: Seen): readonly TraceFinding[] {
  return [...expectationsOf(way, direction)].map(([host, expectation]) => {
    const trace = traces.find((one) => one.host === host);
    const expected = expectedText(expectation);
    if (trace === undefined || trace.account === null)
      return { host, direction, verdict: 'unknown', expected, seen: trace?.problem ?? 'it was not asked', packet: null };
    const { packets, isComplete } = trace.account;
    const own = packets.flatMap((packet, at) => (directionOf(packet, mark) === direction ? [{ at, fate: fateOf(packet) }] : []));
    // Where a flow comes by a host twice, on its way to be translated and back, each time has an end of its own.
    const chosen = own.find(({ fate }) => isAsExpected(expectation, fate)) ?? own[0] ?? null;
    const fits =
      expectation.kind === 'gives-to-nobody'
        ? own.every(({ fate }) => isAsExpected(expectation, fate))
        : isAsExpected(expectation, chosen?.fate ?? null);
    const objected = own.flatMap(({ at, fate }) => {
      const text = objectionTo(way, { direction, host, hops: packets[at]?.hops ?? [] });
      return text === null ? [] : [{ at, fate, text }];
    });
    const objection = objected.find(({ at }) => at === chosen?.at) ?? objected[0] ?? null;
    const shown = objection ?? chosen;
    const verdict = objection !== null ? 'disagree' : fits ? 'agree' : isComplete ? 'disagree' : 'unknown';
    const seen = fateText(shown?.fate ?? null) + (objection === null ? '' : `, ${objection.text}`);
    return { host, direction, verdict, expected, seen, packet: shown?.at ?? null };
  });
}

function isAsExpected(expectation: Expectation, fate: Fate | null): boolean {
  switch (expectation.kind) {
    case 'sends-on':
      return fate?.kind === 'sent' && !fate.isTap;
    case 'delivers':
      return fate?.kind === 'sent' && fate.by === expectation.tap;
    case 'keeps':
      return fate?.kind === 'here';
    case 'drops':
      return fate?.kind === 'dropped' && fate.reason !== null && expectation.reasons.includes(fate.reason);
    case 'gives-to-nobody':
      return !(fate?.kind === 'sent' && fate.isTap);
    case 'sees-nothing':
      return fate === null;
    default:
      return expectation satisfies never;
  }
}

function expectedText(expectation: Expectation): string {
  switch (expectation.kind) {
    case 'sends-on':
      return 'sends it on';
    case 'delivers':
      return `gives it to ${expectation.tap}`;
    case 'keeps':
      return 'takes it for itself';
    case 'drops':
      return `drops it (${expectation.reasons.join(' or ')}): ${expectation.text}`;
    case 'gives-to-nobody':
      return `gives it to nobody: ${expectation.text}`;
    case 'sees-nothing':
      return 'does not get to see it';
    default:
      return expectation satisfies never;
  }
}

function fateText(fate: Fate | null): string {
  if (fate === null) return 'did not see it';
  switch (fate.kind) {
    case 'sent':
      return fate.isTap ? `gave it to ${fate.by}` : `sent it on by ${fate.by}`;
    case 'here':
      return 'took it for itself';
    case 'dropped': {
      const { family, table, chain, rule, kind } = fate.hop;
      if (fate.reason !== null) return `dropped it (${fate.reason})`;
      const how = kind === 'policy' ? 'by its policy' : `by the rule ${rule ?? 'of which the text is not known'}`;
      return `dropped it in table ${family} ${table}, chain ${chain}, ${how}`;
    }
    case 'lost': {
      const { family, table, chain } = fate.hop;
      return `lost it after table ${family} ${table}, chain ${chain}: no rule of nftables dropped it (no route, or a filter that is not nftables')`;
    }
    default:
      return fate satisfies never;
  }
}
