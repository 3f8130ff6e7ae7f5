import { type Attribute, type Declaration, policyName, singularOf } from '@manx/model';
import type { Policy } from '@manx/policy';
import type { Schema } from './operation-doc.js';

/** `qos_policy` as components are called: `QosPolicy`. */
export const componentName = (kind: string): string => kind.replaceAll(/(?:^|_|-)(\w)/g, (_, letter: string) => letter.toUpperCase());

/** A reference to a component. */
export const refTo = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/** A document with one value under a key, which must be there. */
export const wrapped = (key: string, schema: Schema): Schema => ({ type: 'object', required: [key], properties: { [key]: schema } });

/** One resource as answers show it: attributes that every caller sees are required (without `fields`), no others are there. */
export const viewSchema = (declaration: Declaration, policy: Policy): Schema => {
  const shown = attributesOf(declaration).filter(([, { seenBy }]) => seenBy !== 'nobody');
  const isForAll = ([name, { seenBy }]: readonly [string, Attribute]): boolean =>
    seenBy === 'all' && !policy.has(`get_${policyName(declaration.kind)}:${name}`);
  const properties = shown.map(([name, { shown: own, rule, doc, onCreate, onUpdate }]) => {
    const isReadOnly = onCreate === 'refused' && onUpdate === 'refused';
    return [name, { ...(own ?? rule.schema), description: doc, ...(isReadOnly ? { readOnly: true } : {}) }];
  });
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    required: shown.filter(isForAll).map(([name]) => name),
    additionalProperties: false,
  };
};

/** What a POST may say of one resource. */
export const createSchema = (declaration: Declaration): Schema => {
  const given = attributesOf(declaration).filter(([, { onCreate }]) => onCreate !== 'refused');
  return {
    type: 'object',
    properties: properties(given, ({ doc, preset }) => ({ description: doc, ...(preset === undefined ? {} : { default: preset }) })),
    required: given.filter(([, { onCreate }]) => onCreate === 'required').map(([name]) => name),
    additionalProperties: false,
  };
};

/** What a PUT may say. */
export const updateSchema = (declaration: Declaration): Schema => ({
  type: 'object',
  properties: properties(
    attributesOf(declaration).filter(([, { onUpdate }]) => onUpdate === 'optional'),
    ({ doc }) => ({ description: doc }),
  ),
  additionalProperties: false,
});

/** A POST's body: one, or many of which all or none are made. */
export const createBody = (declaration: Declaration): Schema => {
  const one = refTo(`${componentName(declaration.kind)}Create`);
  return {
    anyOf: [wrapped(singularOf(declaration), one), wrapped(declaration.collection, { type: 'array', items: one, minItems: 1 })],
  };
};

/** What answers a POST: one, or many, as were asked for. */
export const createAnswer = (declaration: Declaration): Schema => {
  const one = refTo(componentName(declaration.kind));
  return { anyOf: [wrapped(singularOf(declaration), one), wrapped(declaration.collection, { type: 'array', items: one })] };
};

/** What answers a list. */
export const listAnswer = (collection: string, one: Schema): Schema => ({
  type: 'object',
  required: [collection],
  properties: { [collection]: { type: 'array', items: one }, [`${collection}_links`]: { type: 'array', items: refTo('PageLink') } },
  additionalProperties: false,
});

const attributesOf = ({ attributes }: Declaration): readonly (readonly [string, Attribute])[] => Object.entries(attributes);

const properties = (attributes: readonly (readonly [string, Attribute])[], notes: (attribute: Attribute) => Schema): Schema =>
  Object.fromEntries(attributes.map(([name, attribute]) => [name, { ...attribute.rule.schema, ...notes(attribute) }]));
