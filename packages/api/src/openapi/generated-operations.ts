import { ACTIONS, type Action, DECLARATIONS, DERIVED, type Declaration, type Derived, declarationOf, singularOf } from '@manx/model';
import type { Policy } from '@manx/policy';
import type { Schema } from './operation-doc.js';
import {
  componentName,
  createAnswer,
  createBody,
  createSchema,
  listAnswer,
  refTo,
  updateSchema,
  viewSchema,
  wrapped,
} from './resource-schemas.js';
import { derivedParameters, fieldsParameter, IF_MATCH, listParameters, type Parameter } from './shared-parameters.js';

/** An operation of the document before it is written out. */
export type Operation = {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** With `{parameters}`. */
  readonly path: string;
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | null;
  readonly answers: { readonly [status: string]: Schema | null };
  readonly isOpen: boolean;
  readonly contentType: string;
};

/** What the declarations, actions and derived collections say that the API does. */
export const generatedOperations = (): readonly Operation[] => [
  ...allDeclarations().flatMap(resourceOperations),
  ...ACTIONS.map(actionOperation),
  ...DERIVED.flatMap(derivedOperations),
];

/** The schemas that those operations refer to, by component name. */
export const generatedSchemas = (policy: Policy): { readonly [name: string]: Schema } => {
  const schemas: { [name: string]: Schema } = {};
  for (const declaration of allDeclarations()) {
    const name = componentName(declaration.kind);
    if (!isOnlyDeleted(declaration)) schemas[name] = viewSchema(declaration, policy);
    if (offersOf(declaration).has('create')) schemas[`${name}Create`] = createSchema(declaration);
    schemas[`${name}Update`] = updateSchema(declaration);
  }
  for (const derived of DERIVED) schemas[componentName(derived.singular)] = rowSchema(derived);
  return schemas;
};

const allDeclarations = (): readonly Declaration[] =>
  Object.values(DECLARATIONS).map((declaration) => declaration as unknown as Declaration);

const EVERYTHING = ['list', 'show', 'create', 'update', 'delete'] as const;
const offersOf = ({ offers }: Declaration): ReadonlySet<string> => new Set<string>(offers ?? EVERYTHING);
/** A kind of which answers show what is derived. */
const isOnlyDeleted = ({ path }: Declaration): boolean => DERIVED.some((derived) => derived.path === path);

const JSON_TYPE = { isOpen: false, contentType: 'application/json' } as const;

const resourceOperations = (declaration: Declaration): readonly Operation[] => {
  const { attributes, collection, kind } = declaration;
  const [path, singular, view] = [pathOf(declaration), singularOf(declaration), refTo(componentName(kind))];
  const names = Object.entries(attributes)
    .filter(([, { seenBy }]) => seenBy !== 'nobody')
    .map(([name]) => name);
  const plain = { ...JSON_TYPE, tag: kind, parameters: [], body: null };
  const one = { '200': wrapped(singular, view) };
  const all: { readonly [offer: string]: Operation } = {
    list: {
      ...plain,
      method: 'get',
      path,
      id: `list_${kind}`,
      summary: `Lists ${collection}.`,
      parameters: listParameters(attributes),
      answers: { '200': listAnswer(collection, view) },
    },
    show: {
      ...plain,
      method: 'get',
      path: `${path}/{id}`,
      id: `show_${kind}`,
      summary: `Shows one of ${collection}.`,
      parameters: [fieldsParameter(names)],
      answers: one,
    },
    create: {
      ...plain,
      method: 'post',
      path,
      id: `create_${kind}`,
      summary: `Makes one or many ${collection}: all or none.`,
      body: createBody(declaration),
      answers: { '201': createAnswer(declaration) },
    },
    update: {
      ...plain,
      method: 'put',
      path: `${path}/{id}`,
      id: `update_${kind}`,
      summary: `Changes one of ${collection}.`,
      parameters: [IF_MATCH],
      body: wrapped(singular, refTo(`${componentName(kind)}Update`)),
      answers: one,
    },
    delete: {
      ...plain,
      method: 'delete',
      path: `${path}/{id}`,
      id: `delete_${kind}`,
      summary: `Deletes one of ${collection}.`,
      parameters: [IF_MATCH],
      answers: { '204': null },
    },
  };
  const offers = offersOf(declaration);
  return Object.entries(all)
    .filter(([offer]) => offers.has(offer))
    .map(([, operation]) => operation);
};

const actionOperation = ({ kind, name, doc, schema, answer }: Action): Operation => ({
  ...JSON_TYPE,
  method: 'put',
  path: `${pathOf(declarationOf(kind))}/{id}/${name}`,
  id: name,
  tag: kind,
  summary: doc,
  parameters: [IF_MATCH],
  body: schema,
  answers: { '200': answer ?? wrapped(singularOf(declarationOf(kind)), refTo(componentName(kind))) },
});

const derivedOperations = (derived: Derived): readonly Operation[] => {
  const { key, path, name, singular, collection, doc, attributes } = derived;
  const row = refTo(componentName(singular));
  const plain = { ...JSON_TYPE, method: 'get', tag: name, body: null } as const;
  const list: Operation = {
    ...plain,
    path: `/v2.0/${path}`,
    id: `list_${name}`,
    summary: doc,
    parameters: derivedParameters(derived),
    answers: { '200': listAnswer(collection, row) },
  };
  const other = derived.otherPath;
  const lists = other === undefined ? [list] : [list, { ...list, path: `/v2.0/${other}`, id: `list_${name}_by_its_other_path` }];
  if (key === null) return lists;
  const parameters = [fieldsParameter(Object.keys(attributes))];
  return [
    ...lists,
    {
      ...plain,
      path: `/v2.0/${path}/{id}`,
      id: `show_${name}`,
      summary: `${doc} One of them.`,
      parameters,
      answers: { '200': wrapped(singular, row) },
    },
  ];
};

const rowSchema = ({ attributes, onlyShown = [] }: Derived): Schema => ({
  type: 'object',
  properties: attributes,
  required: Object.keys(attributes).filter((name) => !onlyShown.includes(name)),
  additionalProperties: false,
});

/** Where a kind lives, its parent's id under its own name. */
const pathOf = ({ path, parent }: Declaration): string =>
  parent === undefined ? `/v2.0/${path}` : `/v2.0/${declarationOf(parent.kind).path}/{${parent.attribute}}/${path}`;
