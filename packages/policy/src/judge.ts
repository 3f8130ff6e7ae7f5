import { CREDENTIALS, type Credentials } from './credentials.js';
import type { Expression, Template } from './expression.js';
import { ruleText, type Target } from './target.js';

/** What a rule says of somebody: yes or no whatever the target, or a question about the target. */
export type Judgement = boolean | ((target: Target) => boolean);

/** A rule made ready: says of somebody what is decided without a target, and leaves the rest as a question. */
export type Judge = (credentials: Credentials) => Judgement;

/** Makes a rule ready; `judgeOf` gives what a rule that it refers to says. */
export function judgeFor(expression: Expression, judgeOf: (name: string, credentials: Credentials) => Judgement): Judge {
  const judgeOne = (inner: Expression): Judge => judgeFor(inner, judgeOf);
  switch (expression.kind) {
    case 'constant':
      return () => expression.value;
    case 'not': {
      const judge = judgeOne(expression.of);
      return (credentials) => negated(judge(credentials));
    }
    case 'all':
    case 'any': {
      const judges = expression.of.map(judgeOne);
      const deciding = expression.kind === 'any';
      return (credentials) => combined(judges, deciding, credentials);
    }
    case 'rule':
      return (credentials) => judgeOf(expression.name, credentials);
    case 'role':
      return ({ roles }) => {
        const held = new Set(roles.map((role) => role.toLowerCase()));
        return compared(expression.match, (text) => held.has(text.toLowerCase()));
      };
    case 'credential':
      return credentialJudge(expression.name, expression.match);
    case 'literal':
      return () => compared(expression.match, (text) => text === expression.text);
    case 'field':
      return fieldJudge(expression);
  }
}

function negated(judgement: Judgement): Judgement {
  return typeof judgement === 'boolean' ? !judgement : (target) => !judgement(target);
}

/** `any` for true, `all` for false: the first part that says the deciding word decides. */
function combined(judges: readonly Judge[], deciding: boolean, credentials: Credentials): Judgement {
  const open: Array<(target: Target) => boolean> = [];
  for (const judge of judges) {
    const judgement = judge(credentials);
    if (judgement === deciding) return deciding;
    if (typeof judgement === 'function') open.push(judgement);
  }
  const [only] = open;
  if (only === undefined) return !deciding;
  if (open.length === 1) return only;
  return (target) => {
    for (const ask of open) if (ask(target) === deciding) return deciding;
    return !deciding;
  };
}

/** A template without attributes is decided now; one whose attribute the target lacks matches nothing. */
function compared(match: Template, isMatch: (text: string) => boolean): Judgement {
  if (match.every((part) => typeof part === 'string')) return isMatch(match.join(''));
  const [only] = match;
  if (match.length === 1 && typeof only === 'object') {
    return (target) => {
      const text = ruleText(target(only.attribute));
      return text !== null && isMatch(text);
    };
  }
  return (target) => {
    const texts = match.map((part) => (typeof part === 'string' ? part : ruleText(target(part.attribute))));
    return texts.every((text) => text !== null) && isMatch(texts.join(''));
  };
}

function credentialJudge(name: string, match: Template): Judge {
  const valueOf = CREDENTIALS[name];
  return (credentials) => {
    const value = valueOf?.(credentials) ?? null;
    if (value === null) return false;
    if (Array.isArray(value)) return value.length > 0 && compared(match, (text) => value.includes(text));
    const own = ruleText(value);
    return compared(match, (text) => text === own);
  };
}

const WORDS: { readonly [word: string]: boolean } = { true: true, '1': true, false: false, '0': false };

function fieldJudge({ collection, field, test }: Extract<Expression, { kind: 'field' }>): Judge {
  // Whether a network is shared is asked of what is on it, too.
  const fallback = collection === 'networks' && field === 'shared' ? 'network:shared' : null;
  const valueOf = (target: Target): unknown => target(field) ?? (fallback === null ? undefined : target(fallback));
  if (typeof test !== 'string') {
    return () => (target) => {
      const value = valueOf(target);
      return typeof value === 'string' && test.test(value);
    };
  }
  const truth = WORDS[test.toLowerCase()];
  return () => (target) => {
    const value = valueOf(target);
    return typeof value === 'boolean' ? value === truth : value !== undefined && value !== null && ruleText(value) === test;
  };
}
