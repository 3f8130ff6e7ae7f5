import type { Expression } from './expression.js';
import { parseCheck } from './parse-check.js';
import type { PolicyProblem } from './policy-problem.js';
import { type Token, tokensOf } from './tokens.js';

/** A rule as it is written: text, or oslo.policy's older form, a list (any of) of checks and of lists (all of) of checks. */
export type RuleText = string | ReadonlyArray<string | readonly string[]>;

/** A refusal while reading; thrown and caught in this file only. */
class Refusal extends Error {
  readonly problem: Pick<PolicyProblem, 'code' | 'detail' | 'column'>;

  constructor(code: PolicyProblem['code'], detail: string, column: number) {
    super(detail);
    this.problem = { code, detail, column };
  }
}

/**
 * Reads a rule of oslo.policy's language. `not` binds closest, then `and`, then `or`; the empty text is true, and so is an empty
 * list. The first mistake comes back as a problem with its column.
 */
export function parseRule(name: string, rule: RuleText): Expression | PolicyProblem {
  try {
    return typeof rule === 'string' ? parseText(rule) : parseList(rule);
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'policy-problem', subject: name, line: null, ...error.problem };
    throw error;
  }
}

/** Whether a rule could not be read. */
export function isPolicyProblem(value: { readonly kind: string }): value is PolicyProblem {
  return value.kind === 'policy-problem';
}

function parseText(text: string): Expression {
  const tokens = tokensOf(text);
  if (tokens.length === 1) return { kind: 'constant', value: true };
  const reader: Reader = { tokens, at: 0, depth: 0 };
  const expression = parseAny(reader);
  const rest = peek(reader);
  if (rest.kind !== 'end') throw new Refusal('syntax', `'${rest.text}' is not expected here`, rest.column);
  return expression;
}

function parseList(rule: Exclude<RuleText, string>): Expression {
  const groups = rule.map((item): readonly string[] => (typeof item === 'string' ? [item] : item)).filter((items) => items.length > 0);
  if (groups.length === 0) return { kind: 'constant', value: rule.length === 0 };
  return joined(
    'any',
    groups.map((items) =>
      joined(
        'all',
        items.map((item) => checkOf({ kind: 'check', text: item, column: 1 })),
      ),
    ),
  );
}

type Reader = { readonly tokens: readonly Token[]; at: number; depth: number };

function peek(reader: Reader): Token {
  return reader.tokens[reader.at] ?? { kind: 'end', text: '', column: 1 };
}

function parseAny(reader: Reader): Expression {
  return parseSequence(reader, 'or', parseAll);
}

function parseAll(reader: Reader): Expression {
  return parseSequence(reader, 'and', parseOne);
}

function parseSequence(reader: Reader, word: 'and' | 'or', parsePart: (reader: Reader) => Expression): Expression {
  const parts = [parsePart(reader)];
  while (peek(reader).kind === word) {
    reader.at += 1;
    parts.push(parsePart(reader));
  }
  return joined(word === 'or' ? 'any' : 'all', parts);
}

/** How deep parentheses and `not` may nest: nobody writes more, and the reader calls itself. */
const DEPTH = 100;

function parseOne(reader: Reader): Expression {
  const token = peek(reader);
  reader.at += 1;
  switch (token.kind) {
    case 'check':
      return checkOf(token);
    case 'not':
      return nested(reader, token, () => ({ kind: 'not', of: parseOne(reader) }));
    case '(':
      return nested(reader, token, () => parseGroup(reader, token));
    case 'and':
    case 'or':
    case ')':
      throw new Refusal('syntax', `'${token.text}' is not expected here`, token.column);
    case 'end':
      throw new Refusal('syntax', 'the rule ends where a check is expected', token.column);
  }
}

function parseGroup(reader: Reader, opening: Token): Expression {
  const inner = parseAny(reader);
  const close = peek(reader);
  if (close.kind !== ')') throw new Refusal('syntax', `the ( of column ${opening.column} is not closed`, close.column);
  reader.at += 1;
  return inner;
}

function nested(reader: Reader, token: Token, parse: () => Expression): Expression {
  reader.depth += 1;
  if (reader.depth > DEPTH) throw new Refusal('syntax', 'nested too deeply', token.column);
  const inner = parse();
  reader.depth -= 1;
  return inner;
}

function checkOf({ text, column }: Token): Expression {
  const check = parseCheck(text, column);
  if ('code' in check) throw new Refusal(check.code, check.detail, column);
  return check;
}

function joined(kind: 'all' | 'any', of: readonly Expression[]): Expression {
  const [only] = of;
  return of.length === 1 && only !== undefined ? only : { kind, of };
}
