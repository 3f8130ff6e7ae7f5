import type { Schema } from '../openapi/operation-doc.js';

/** Pieces that descriptions of bodies are put together from. */
export const text: Schema = { type: 'string' };
export const flag: Schema = { type: 'boolean' };
export const orNull = (type: string): Schema => ({ type: [type, 'null'] });
export const nullable = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });
export const list = (items: Schema): Schema => ({ type: 'array', items });
export const object = (properties: { readonly [name: string]: Schema }): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
export const described = (schema: Schema, description: string): Schema => ({ ...schema, description });
