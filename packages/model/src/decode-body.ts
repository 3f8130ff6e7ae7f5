import type { Actor } from './actor.js';
import type { Attribute, Attributes, Declaration } from './declaration.js';
import { declarationOf, singularOf } from './declarations.js';
import { badRequest, isProblem, type Problem } from './problem.js';
import type { ResourceKind } from './resource.js';
import { isRecord } from './value-rule.js';

/** A decoded POST body: one resource, or many of `{"ports": [...]}`. */
export type DecodedCreate = { readonly isBulk: boolean; readonly items: readonly Attributes[] };

/** How many resources one bulk body may hold. */
export const BULK_LIMIT = 10_000;

/**
 * Reads the JSON body of a POST: `{"port": {...}}` or `{"ports": [...]}`. Unknown attributes, attributes that cannot be set, missing
 * ones and bad values are refused in Neutron's words; presets are filled in, the owner too. `tenant_id` is read as `project_id`.
 */
export function decodeCreate(kind: ResourceKind, body: unknown, actor: Actor): DecodedCreate | Problem {
  const declaration = declarationOf(kind);
  if (!isRecord(body)) return badRequest(isEmpty(body) ? 'Resource body required' : 'Body contains invalid data');
  if (Object.keys(body).length === 0) return badRequest('Resource body required');
  if (!Object.hasOwn(body, declaration.collection)) {
    const only = unwrapped(body, singularOf(declaration));
    const item = isProblem(only) ? only : decodeItem(only, declaration, actor);
    return isProblem(item) ? item : { isBulk: false, items: [item] };
  }
  const listed = body[declaration.collection];
  if (isEmpty(listed) || (Array.isArray(listed) && listed.length === 0)) return badRequest('Resources required');
  if (!Array.isArray(listed)) return badRequest('Body contains invalid data');
  if (listed.length > BULK_LIMIT) return badRequest(`At most ${BULK_LIMIT} resources can be created in one request`);
  const items: Attributes[] = [];
  for (const entry of listed) {
    const wrapped = isRecord(entry) && Object.hasOwn(entry, singularOf(declaration)) ? unwrapped(entry, singularOf(declaration)) : entry;
    if (isProblem(wrapped)) return wrapped;
    if (!isRecord(wrapped)) return badRequest('Body contains invalid data');
    const item = decodeItem(wrapped, declaration, actor);
    if (isProblem(item)) return item;
    items.push(item);
  }
  return { isBulk: true, items };
}

/** Reads the JSON body of a PUT: `{"port": {...}}`, any attributes that may be updated; those that are absent stay as they are. */
export function decodeUpdate(kind: ResourceKind, body: unknown): Attributes | Problem {
  const declaration = declarationOf(kind);
  if (!isRecord(body)) return badRequest(isEmpty(body) ? 'Resource body required' : 'Body contains invalid data');
  if (Object.keys(body).length === 0) return badRequest('Resource body required');
  const given = unwrapped(body, singularOf(declaration));
  const owned = isProblem(given) ? given : withOwner(given);
  if (isProblem(owned)) return owned;
  const unknown = unrecognized(owned, declaration);
  if (unknown !== null) return unknown;
  for (const name of Object.keys(declaration.attributes)) {
    if (Object.hasOwn(owned, name) && declaration.attributes[name]?.onUpdate === 'refused') {
      return badRequest(`Cannot update read-only attribute ${name}`);
    }
  }
  return readValues(owned, declaration);
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === '' || value === false || value === 0;
}

function unwrapped(body: { readonly [key: string]: unknown }, key: string): { readonly [key: string]: unknown } | Problem {
  const given = Object.hasOwn(body, key) ? body[key] : undefined;
  if (given === undefined || given === null) return badRequest(`Unable to find '${key}' in request body`);
  return isRecord(given) ? given : badRequest(`Object '${key}' contains invalid data`);
}

function decodeItem(given: { readonly [key: string]: unknown }, declaration: Declaration, actor: Actor): Attributes | Problem {
  const owned = withOwner(given);
  if (isProblem(owned)) return owned;
  const unknown = unrecognized(owned, declaration);
  if (unknown !== null) return unknown;
  if (!Object.hasOwn(owned, 'project_id')) {
    if (actor.project_id === null) return badRequest('Running without keystone AuthN requires that project_id is specified');
    owned['project_id'] = actor.project_id;
  }
  const filled: { [name: string]: unknown } = owned;
  for (const [name, attribute] of Object.entries(declaration.attributes)) {
    const isGiven = Object.hasOwn(owned, name);
    if (attribute.onCreate === 'refused' && isGiven) return badRequest(`Attribute '${name}' not allowed in POST`);
    if (attribute.onCreate === 'required' && !isGiven) {
      return badRequest(`Failed to parse request. Required attribute '${name}' not specified`);
    }
    if (!isGiven && attribute.preset !== undefined) filled[name] = attribute.preset;
  }
  return readValues(filled, declaration);
}

/** The given attributes with the owner under its one name `project_id`, if it was given at all. Whether it may be another's, admission asks. */
function withOwner(given: { readonly [key: string]: unknown }): { [name: string]: unknown } | Problem {
  const { tenant_id: tenant, ...rest } = given;
  const owned: { [name: string]: unknown } = rest;
  if (!Object.hasOwn(given, 'tenant_id') && !Object.hasOwn(given, 'project_id')) return owned;
  if (Object.hasOwn(given, 'tenant_id')) {
    if (Object.hasOwn(given, 'project_id') && given['project_id'] !== tenant)
      return badRequest("'project_id' and 'tenant_id' do not match");
    owned['project_id'] = tenant;
  }
  return owned;
}

function unrecognized(given: { readonly [key: string]: unknown }, declaration: Declaration): Problem | null {
  const unknown = Object.keys(given).filter((name) => !isKnown(declaration, name));
  return unknown.length === 0 ? null : badRequest(`Unrecognized attribute(s) '${unknown.join(', ').slice(0, 255)}'`);
}

/** What only filters know is no attribute of a body. */
function isKnown(declaration: Declaration, name: string): boolean {
  const attribute: Attribute | undefined = Object.hasOwn(declaration.attributes, name) ? declaration.attributes[name] : undefined;
  return attribute !== undefined && !(attribute.seenBy === 'nobody' && attribute.onCreate === 'refused');
}

function readValues(given: { readonly [key: string]: unknown }, declaration: Declaration): Attributes | Problem {
  const values: { [name: string]: unknown } = {};
  for (const [name, attribute] of Object.entries(declaration.attributes)) {
    if (!Object.hasOwn(given, name)) continue;
    const read = attribute.rule.read(given[name]);
    if (isProblem(read)) return read;
    if ('reason' in read) return badRequest(`Invalid input for ${name}. Reason: ${read.reason}.`);
    values[name] = read.value;
  }
  return values;
}
