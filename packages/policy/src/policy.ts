import type { Credentials } from './credentials.js';
import { scopeOf } from './credentials.js';
import { DEFAULT_POLICY } from './default-policy.js';
import { type Expression, looksAtTarget, references } from './expression.js';
import { type Judge, type Judgement, judgeFor } from './judge.js';
import { nearestName } from './nearest-name.js';
import { isPolicyProblem, parseRule, type RuleText } from './parse-rule.js';
import type { PolicyProblem } from './policy-problem.js';
import type { PolicyRule } from './policy-rule.js';
import type { Target } from './target.js';

/** Who may do what: a rule an action. */
export type Policy = {
  /** Whether the action has a rule of its own. */
  readonly has: (action: string) => boolean;
  /**
   * What the action's rule says of somebody: yes, no, or a question about the target. What was said is kept with the credentials, so
   * that asking again costs a lookup. An action without a rule is judged by the rule `default`.
   */
  readonly judge: (action: string, credentials: Credentials) => Judgement;
  /** Whether somebody may do something to the target. */
  readonly allows: (action: string, credentials: Credentials, target: Target) => boolean;
  /** Whether the answer may differ from target to target, for anybody at all. */
  readonly dependsOnTarget: (action: string) => boolean;
  /** Whether the action's rule, and every rule that it refers to, is the default policy's own. */
  readonly isDefault: (action: string) => boolean;
};

/** What a policy is made from: the defaults, and what the operator says otherwise. */
export type PolicyOptions = {
  /** By rule name; a name that no default has is a rule for other rules to refer to. */
  readonly overrides?: { readonly [name: string]: RuleText };
  /** The line of each override in its file, for problems. */
  readonly lines?: { readonly [name: string]: number };
  /** False lets tokens of system and domain scope do what a project's may, as Neutron did before it knew scopes. */
  readonly enforcesScope?: boolean;
};

/** The policy, or everything that is wrong with the overrides: mistakes in a rule, references to no rule, circles. */
export function createPolicy(options: PolicyOptions = {}): Policy | readonly PolicyProblem[] {
  const { overrides = {}, lines = {}, enforcesScope = true } = options;
  const expressions = new Map<string, Expression>();
  const problems: PolicyProblem[] = [];
  const names = new Set([...Object.keys(DEFAULT_POLICY), ...Object.keys(overrides)]);
  for (const name of names) {
    const expression = parseRule(name, overrides[name] ?? DEFAULT_POLICY[name]?.rule ?? '!');
    if (isPolicyProblem(expression)) problems.push({ ...expression, line: lines[name] ?? null });
    else expressions.set(name, expression);
  }
  problems.push(...referenceProblems(expressions, names, lines));
  return problems.length > 0 ? problems : readyPolicy(expressions, { enforcesScope, changed: new Set(Object.keys(overrides)) });
}

/** Whether `createPolicy` made a policy. */
export function isPolicy(made: Policy | readonly PolicyProblem[]): made is Policy {
  return 'judge' in made;
}

/** Neutron's default policy, as it is: for whatever has no file over it, and for tests. */
export const defaultPolicy: Policy = readyDefaults();

function readyDefaults(): Policy {
  const made = createPolicy();
  if (isPolicy(made)) return made;
  throw new Error(made.map(({ subject, detail }) => `${subject}: ${detail}`).join('; '));
}

function readyPolicy(
  expressions: ReadonlyMap<string, Expression>,
  { enforcesScope, changed }: { readonly enforcesScope: boolean; readonly changed: ReadonlySet<string> },
): Policy {
  const kept = new WeakMap<Credentials, Map<string, Judgement>>();
  const judges = new Map<string, Judge>();
  // Within a rule scope is not asked: it is the action that is of a scope, not the rules it is put together from.
  const judgeRule = (name: string, credentials: Credentials): Judgement => {
    let own = kept.get(credentials);
    if (own === undefined) kept.set(credentials, (own = new Map()));
    const known = own.get(name);
    if (known !== undefined) return known;
    const judgement = judges.get(name)?.(credentials) ?? false;
    own.set(name, judgement);
    return judgement;
  };
  for (const [name, expression] of expressions) judges.set(name, judgeFor(expression, judgeRule));
  const ruleFor = (action: string): string => (expressions.has(action) ? action : 'default');
  const judge = (action: string, credentials: Credentials): Judgement => {
    const name = ruleFor(action);
    if (enforcesScope && isScoped(DEFAULT_POLICY[name]) && scopeOf(credentials) !== 'project') return false;
    return judgeRule(name, credentials);
  };
  return {
    has: (action) => expressions.has(action),
    judge,
    allows: (action, credentials, target) => {
      const judgement = judge(action, credentials);
      return typeof judgement === 'boolean' ? judgement : judgement(target);
    },
    dependsOnTarget: remembered((action) => someRule(ruleFor(action), expressions, (_name, expression) => looksAtTarget(expression))),
    isDefault: remembered((action) => !someRule(ruleFor(action), expressions, (name) => changed.has(name))),
  };
}

function isScoped(rule: PolicyRule | undefined): boolean {
  return rule?.scope === 'project';
}

/** Whether something holds of the rule or of any that it refers to. */
function someRule(
  name: string,
  expressions: ReadonlyMap<string, Expression>,
  test: (name: string, expression: Expression) => boolean,
): boolean {
  const expression = expressions.get(name);
  if (expression === undefined) return false;
  return test(name, expression) || references(expression).some((reference) => someRule(reference.name, expressions, test));
}

/** The function, asked once about each name; rules are few. */
function remembered(ask: (name: string) => boolean): (name: string) => boolean {
  const answers = new Map<string, boolean>();
  return (name) => {
    const answer = answers.get(name) ?? ask(name);
    if (answers.size < 1_000) answers.set(name, answer);
    return answer;
  };
}

/** References to rules that are not there, and rules that refer to themselves by whatever way. */
function referenceProblems(
  expressions: ReadonlyMap<string, Expression>,
  names: ReadonlySet<string>,
  lines: { readonly [name: string]: number },
): PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  for (const [subject, expression] of expressions) {
    const said = { kind: 'policy-problem', subject, line: lines[subject] ?? null } as const;
    for (const { name, column } of references(expression)) {
      const near = names.has(name) ? null : nearestName(name, names);
      const hint = near === null ? '' : ` (did you mean ${near}?)`;
      if (!names.has(name)) problems.push({ ...said, code: 'unknown-rule', column, detail: `there is no rule '${name}'${hint}` });
      const circle = circleTo(subject, name, expressions);
      if (circle !== null)
        problems.push({ ...said, code: 'cyclic-rule', column, detail: `refers to itself: ${[subject, ...circle].join(' > ')}` });
    }
  }
  return problems;
}

/** The way from one rule's reference back to the rule itself; null when there is none. */
function circleTo(rule: string, reference: string, expressions: ReadonlyMap<string, Expression>): string[] | null {
  const seen = new Set<string>();
  const walk = (name: string): string[] | null => {
    if (name === rule) return [name];
    if (seen.has(name)) return null;
    seen.add(name);
    const expression = expressions.get(name);
    for (const next of expression === undefined ? [] : references(expression)) {
      const way = walk(next.name);
      if (way !== null) return [name, ...way];
    }
    return null;
  };
  return walk(reference);
}
