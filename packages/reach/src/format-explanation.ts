import type { Answer, Blocker, EndFacts, Explanation, Passage, Way } from './explanation.js';
import { payloadText } from './question.js';

/** What parts of the text mean, for whoever colours them. */
export type Paint = (role: 'good' | 'bad' | 'doubt' | 'faint' | 'strong', text: string) => string;

/** As it is: for files and tests. */
export const plain: Paint = (_, text) => text;

const ROLES: { readonly [A in Answer | 'mixed']: 'good' | 'bad' | 'doubt' } = {
  allowed: 'good',
  'allowed-here': 'good',
  refused: 'bad',
  mixed: 'doubt',
};

const ANSWER_WORDS: { readonly [A in Answer | 'mixed']: string } = {
  allowed: 'allowed',
  'allowed-here': 'allowed on your side; the rest is not yours to see',
  refused: 'refused',
  mixed: 'depends on which holder gets it',
};

/** An explanation as lines for a terminal: what was asked and the answer first, then each way step by step, then all that blocks it. */
export function formatExplanation({ flow, answer, ways }: Explanation, paint: Paint = plain): readonly string[] {
  const [first] = ways;
  const isOfGroup = first?.destination.by === 'group';
  const one = ways.length === 1 ? first : undefined;
  const ends = `${endText(flow.source, one?.source)} -> ${endText(flow.destination, one?.destination)}`;
  const head = `${paint('strong', `${payloadText(flow)}, ${ends}`)}: ${paint(ROLES[answer], answer === 'mixed' && isOfGroup ? 'some of its listeners get it' : ANSWER_WORDS[answer])}`;
  return [head, ...ways.flatMap((way) => ['', ...wayLines(way, { paint, isOnly: one !== undefined })])];
}

function endText(ip: string, end: EndFacts | undefined): string {
  if (end === undefined) return ip;
  if (end.name !== null) return `${ip} (${end.name})`;
  return end.kind === 'outside' ? `${ip} (outside)` : ip;
}

function wayLines(way: Way, { paint, isOnly }: { readonly paint: Paint; readonly isOnly: boolean }): readonly string[] {
  const { source, destination, answer, forward, reply, mtu, blockers, warnings } = way;
  const title = isOnly
    ? []
    : [`${source.name ?? source.ip} -> ${destination.name ?? destination.ip}: ${paint(ROLES[answer], ANSWER_WORDS[answer])}`];
  const answers = reply === null ? [] : [`  ${paint('faint', 'answers')}`, ...passageLines(reply, paint)];
  return [
    ...title,
    ...passageLines(forward, paint),
    ...answers,
    ...(mtu === null ? [] : [`  ${paint('faint', `MTU ${mtu}`)}`]),
    ...warnings.map(({ text }) => `  ${paint('doubt', 'note')}: ${text}`),
    ...(blockers.length === 0 ? [] : ['', paint('bad', blockers.length === 1 ? 'blocked by' : `blocked by ${blockers.length} things`)]),
    ...blockers.flatMap((blocker, at) => blockerLines(blocker, { number: at + 1, paint })),
  ];
}

function passageLines({ steps }: Passage, paint: Paint): readonly string[] {
  const hostWidth = Math.max(1, ...steps.map(({ host }) => host?.length ?? 0));
  const kindWidth = Math.max(...steps.map(({ kind }) => kind.length));
  return steps.map(({ host, passes, kind, text }) => {
    const mark = passes ? paint('good', 'ok') : paint('bad', 'NO');
    return `  ${(host ?? '-').padEnd(hostWidth)}  ${mark}  ${kind.padEnd(kindWidth)}  ${text}`;
  });
}

function blockerLines(
  { host, direction, text, opening }: Blocker,
  { number, paint }: { readonly number: number; readonly paint: Paint },
): readonly string[] {
  const where = [...(host === null ? [] : [host]), ...(direction === 'reply' ? ['the answer'] : [])].join(', ');
  const open = opening === null ? 'no change of the API opens this' : opening.text;
  return [`  ${number}. ${where === '' ? '' : `${where}: `}${text}`, `     ${paint('faint', 'to open:')} ${open}`];
}
