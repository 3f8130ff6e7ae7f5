import { TRACE_TABLE, type TraceCounter, type TraceHop } from '@manx/hoststate';
import type { Explanation } from '../explanation.js';
import { type Paint, plain } from '../format-explanation.js';
import { payloadText } from '../question.js';
import type { HostTrace, TraceFinding, TraceJudgement } from './judge-trace.js';

const ROLES = { agree: 'good', disagree: 'bad', unknown: 'doubt' } as const;
const MARKS = { agree: 'ok', disagree: 'NO', unknown: '??' } as const;
const VERDICTS = {
  agree: 'the kernels agree',
  disagree: 'the kernels disagree',
  unknown: 'what the kernels did is not known',
} as const;

/** A trace as people read it. */
export type ShownTrace = TraceJudgement & {
  readonly explanation: Explanation;
  readonly sent: { readonly mark: number };
  readonly hosts: readonly HostTrace[];
};

/** A trace as lines for a terminal: the answer and the verdict first, then what each host was to do, did, and by which rules. */
export function formatTrace({ explanation, verdict, findings, notes, sent, hosts }: ShownTrace, paint: Paint = plain): readonly string[] {
  const { flow, answer, ways } = explanation;
  const [way] = ways;
  const ends = `${endText(flow.source, way?.source.name)} -> ${endText(flow.destination, way?.destination.name)}`;
  const by = flow.icmp === null ? `from port ${sent.mark}` : `identifier ${sent.mark}`;
  const part = (direction: TraceFinding['direction']): readonly TraceFinding[] => findings.filter((one) => one.direction === direction);
  const lines = (some: readonly TraceFinding[]): readonly string[] => some.flatMap((finding) => findingLines(finding, hosts, paint));
  const answers = part('reply');
  return [
    `${paint('strong', `${payloadText(flow)}, ${ends}, ${by}`)}: ${answer}, and ${paint(ROLES[verdict], VERDICTS[verdict])}`,
    ...lines(part('forward')),
    ...(answers.length === 0 ? [] : [`  ${paint('faint', 'answers')}`, ...lines(answers)]),
    ...notes.map((note) => `  ${paint('doubt', 'note')}: ${note}`),
  ];
}

function endText(ip: string, name: string | null | undefined): string {
  return name === null || name === undefined ? ip : `${ip} (${name})`;
}

function findingLines(finding: TraceFinding, hosts: readonly HostTrace[], paint: Paint): readonly string[] {
  const { host, verdict, expected, seen, packet } = finding;
  const mark = paint(ROLES[verdict], MARKS[verdict]);
  const hops = packet === null ? [] : (hosts.find((one) => one.host === host)?.account?.packets[packet]?.hops ?? []);
  const said =
    verdict === 'agree'
      ? [`  ${host}  ${mark}  ${seen}`]
      : [`  ${host}  ${mark}  expected: ${expected}`, `  ${host}  ${mark}  but it: ${seen}`];
  return [...said, ...hopLines(hops, paint)];
}

/** What rules decided; those of the trace itself, and ends of chains that change nothing, are left out. */
function hopLines(hops: readonly TraceHop[], paint: Paint): readonly string[] {
  const shown = hops.filter(({ table, kind, verdict }) => table !== TRACE_TABLE && (kind === 'rule' || verdict === 'drop'));
  const placeOf = ({ family, table, chain }: TraceHop): string => `${family} ${table} ${chain}`;
  const width = Math.max(0, ...shown.map((hop) => placeOf(hop).length));
  return shown.map((hop) => {
    const to = hop.target === null ? hop.verdict : `${hop.verdict} ${hop.target}`;
    const rule = hop.kind === 'policy' ? 'policy' : shortened(hop.rule?.replace(OUR_MARK, '') ?? `rule ${hop.handle ?? '?'}`);
    const text = `      ${placeOf(hop).padEnd(width)}  ${rule}`;
    // Where the rule itself does not say what it decided: a map does.
    const decided = hop.verdict === 'continue' || rule.endsWith(to) ? [] : [paint(hop.verdict === 'drop' ? 'bad' : 'faint', `-> ${to}`)];
    return [paint('faint', text), ...decided, ...countersText(hop, paint)].join('  ');
  });
}

/** Of those that have grown; of the first where none has. Their names where there is a choice. */
function countersText({ counters }: TraceHop, paint: Paint): readonly string[] {
  const grown = counters.filter(({ before, after }) => after > before);
  const textOf = ({ name, before, after }: TraceCounter): string => `${counters.length > 1 ? `${name} ` : ''}packets ${before} -> ${after}`;
  if (grown.length > 0) return [paint('faint', grown.map(textOf).join(', '))];
  return counters.slice(0, 1).map((one) => paint('bad', textOf(one)));
}

/** By which the agent knows its rules again (`rule-mark` of reconcile); it says nothing to people. */
const OUR_MARK = / comment "[0-9a-f]{16}"$/;

const MOST_OF_A_RULE = 110;

function shortened(rule: string): string {
  return rule.length <= MOST_OF_A_RULE ? rule : `${rule.slice(0, MOST_OF_A_RULE)}...`;
}
