/** A piece of a rule's text; columns count from 1. */
export type Token = {
  readonly kind: '(' | ')' | 'and' | 'or' | 'not' | 'check' | 'end';
  readonly text: string;
  readonly column: number;
};

const WORDS: ReadonlySet<string> = new Set(['and', 'or', 'not']);

/**
 * The pieces of a rule in order, the end last. As oslo.policy has it, white space parts them; parentheses stand alone only at the
 * start and the end of a word, so that `%(project_id)s` is of one piece; `AND`, `Or` and `not` are words in any case.
 */
export function tokensOf(text: string): Token[] {
  return [...[...text.matchAll(/\S+/g)].flatMap(({ 0: word, index }) => wordTokens(word, index + 1)), end(text)];
}

function wordTokens(word: string, column: number): Token[] {
  const opening = /^\(*/.exec(word)?.[0].length ?? 0;
  const rest = word.slice(opening);
  const closing = /\)*$/.exec(rest)?.[0].length ?? 0;
  const clean = rest.slice(0, rest.length - closing);
  const lower = clean.toLowerCase();
  const kind: Token['kind'] = WORDS.has(lower) ? (lower as 'and' | 'or' | 'not') : 'check';
  return [
    ...parentheses('(', opening, column),
    ...(clean === '' ? [] : [{ kind, text: clean, column: column + opening }]),
    ...parentheses(')', closing, column + opening + clean.length),
  ];
}

function parentheses(kind: '(' | ')', count: number, column: number): Token[] {
  return Array.from({ length: count }, (_, at) => ({ kind, text: kind, column: column + at }));
}

function end(text: string): Token {
  return { kind: 'end', text: '', column: text.length + 1 };
}
