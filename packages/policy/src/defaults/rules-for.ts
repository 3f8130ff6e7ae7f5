import type { PolicyRule, PolicyRules } from '../policy-rule.js';

/** What can be done to a resource. */
export type Verb = 'create' | 'get' | 'update' | 'delete';

/** The noun that a resource's documentation uses, with its article. */
export type Noun = { readonly name: string; readonly noun: string };

const OPERATIONS: { readonly [V in Verb]: (noun: string) => string } = {
  create: (noun) => `Create ${noun}.`,
  get: (noun) => `See ${noun}.`,
  update: (noun) => `Change ${noun}.`,
  delete: (noun) => `Delete ${noun}.`,
};

const ATTRIBUTES: { readonly [V in Verb]: (noun: string, attribute: string) => string } = {
  create: (noun, attribute) => `Set \`${attribute}\` when creating ${noun}.`,
  get: (noun, attribute) => `See \`${attribute}\` of ${noun}.`,
  update: (noun, attribute) => `Change \`${attribute}\` of ${noun}.`,
  delete: (noun, attribute) => `Take \`${attribute}\` from ${noun}.`,
};

/** A rule for what only a token of a project does. */
export function allowed(rule: string, doc: string): PolicyRule {
  return { rule, doc, scope: 'project' };
}

/** The rules of a resource's operations. */
export function operations({ name, noun }: Noun, rules: { readonly [V in Verb]?: string }): PolicyRules {
  return Object.fromEntries(
    Object.entries(rules).map(([verb, rule]) => [`${verb}_${name}`, allowed(rule, OPERATIONS[verb as Verb](noun))]),
  );
}

/** The rules of some attributes of a resource, all for one verb and the same people. */
export function attributes(verb: Verb, { name, noun }: Noun, rules: { readonly [rule: string]: readonly string[] }): PolicyRules {
  return Object.fromEntries(
    Object.entries(rules).flatMap(([rule, names]) =>
      names.map((attribute) => [`${verb}_${name}:${attribute}`, allowed(rule, ATTRIBUTES[verb](noun, attribute))]),
    ),
  );
}

/** The rules of a resource's tags: whoever sees the resource sees them, and the writers write them. */
export function tags(resource: Noun, writers: string, deleters = writers): PolicyRules {
  return {
    ...attributes('create', resource, { [writers]: ['tags'] }),
    ...attributes('get', resource, { [`rule:get_${resource.name}`]: ['tags'] }),
    ...attributes('update', resource, { [writers]: ['tags'] }),
    ...attributes('delete', resource, { [deleters]: ['tags'] }),
  };
}
