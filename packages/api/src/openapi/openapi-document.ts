import { ERROR_TABLE, type ErrorEntry } from '@manx/model';
import type { Policy } from '@manx/policy';
import { HTTP_ERRORS } from '../http-error.js';
import { generatedOperations, generatedSchemas, type Operation } from './generated-operations.js';
import type { Schema } from './operation-doc.js';
import { refTo } from './resource-schemas.js';
import type { ListedRoute } from './route-list.js';
import { pathParameters } from './shared-parameters.js';

/** An OpenAPI 3.1 document. */
export type OpenApiDocument = {
  readonly openapi: '3.1.0';
  readonly info: Schema;
  readonly paths: { readonly [path: string]: { readonly [method: string]: Schema } };
  readonly components: Schema;
  readonly security: readonly Schema[];
  readonly tags: readonly Schema[];
};

/**
 * The description of the whole API: what the declarations say, and what the other routes say of themselves. Equal for equal inputs; paths and
 * tags sorted.
 */
export const openApiDocument = ({
  routes,
  policy,
}: {
  readonly routes: readonly ListedRoute[];
  readonly policy: Policy;
}): OpenApiDocument => {
  const operations = [...generatedOperations(), ...routes.flatMap(ownOperation)];
  const paths = new Map<string, { [method: string]: Schema }>();
  for (const operation of operations) {
    const methods = paths.get(operation.path) ?? {};
    paths.set(operation.path, methods);
    methods[operation.method] = written(operation);
  }
  const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Manx Networking API',
      version: '2.0',
      description: 'The OpenStack Networking API v2.0 as Manx serves it. What is not here does not exist, and is answered 404 or 405.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: Object.fromEntries([...paths].sort(byName)),
    components: {
      schemas: { ...Object.fromEntries(Object.entries(generatedSchemas(policy)).sort(byName)), ...FIXED_SCHEMAS },
      responses: { Refusal: REFUSAL },
      headers: { RequestId: REQUEST_ID },
      securitySchemes: {
        token: { type: 'apiKey', in: 'header', name: 'X-Auth-Token', description: 'A Keystone token of a project, domain or the system.' },
      },
    },
    security: [{ token: [] }],
    tags: [...new Set(operations.map(({ tag }) => tag))].sort().map((name) => ({ name })),
  };
};

const METHODS = { GET: 'get', POST: 'post', PUT: 'put', DELETE: 'delete' } as const;

/** What a route says of itself; nothing when a declaration speaks for it. */
const ownOperation = ({ method, url, doc }: ListedRoute): readonly Operation[] => {
  if (doc === null || !Object.hasOwn(METHODS, method)) return [];
  const path = url.replaceAll(/:(\w+)/g, '{$1}');
  const id = `${method.toLowerCase()}${path.replaceAll(/\W+/g, '_')}`.replace(/_$/, '');
  const parameters = Object.entries(doc.query ?? {}).map(([name, schema]) => ({ name, in: 'query', schema }));
  const { summary, tag, answers, body = null, isOpen = false, contentType = 'application/json' } = doc;
  return [{ method: METHODS[method as keyof typeof METHODS], path, id, tag, summary, parameters, body, answers, isOpen, contentType }];
};

const written = ({ id, tag, summary, parameters, body, answers, isOpen, contentType, path }: Operation): Schema => ({
  operationId: id,
  tags: [tag],
  summary,
  parameters: [...pathParameters(path), ...parameters],
  ...(body === null ? {} : { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
  responses: {
    ...Object.fromEntries(Object.entries(answers).map(([status, schema]) => [status, answerOf(schema, contentType)])),
    default: { $ref: '#/components/responses/Refusal' },
  },
  ...(isOpen ? { security: [] } : {}),
});

const HEADERS = { 'X-Openstack-Request-Id': { $ref: '#/components/headers/RequestId' } };

const answerOf = (schema: Schema | null, contentType: string): Schema => ({
  description: schema === null ? 'Done; nothing to say.' : 'Done.',
  headers: HEADERS,
  ...(schema === null ? {} : { content: { [contentType]: { schema } } }),
});

/** Every type that an error document can have. */
const ERROR_TYPES: readonly string[] = [
  ...new Set([
    ...Object.entries<ErrorEntry>(ERROR_TABLE).map(([code, { type }]) => type ?? code),
    ...Object.values(HTTP_ERRORS).map(({ type }) => type),
  ]),
].sort();

const REQUEST_ID = { description: 'Names the request in logs.', schema: { type: 'string', pattern: '^req-[0-9a-f-]{36}$' } };

const REFUSAL = {
  description: 'Refused, and nothing has changed; clients branch on the status and the type.',
  headers: HEADERS,
  content: { 'application/json': { schema: refTo('Refusal') } },
};

const FIXED_SCHEMAS: { readonly [name: string]: Schema } = {
  PageLink: {
    type: 'object',
    properties: { rel: { enum: ['next', 'previous'] }, href: { type: 'string', format: 'uri' } },
    required: ['rel', 'href'],
    additionalProperties: false,
  },
  Refusal: {
    type: 'object',
    properties: {
      NeutronError: {
        type: 'object',
        properties: { type: { enum: ERROR_TYPES }, message: { type: 'string' }, detail: { type: 'string' } },
        required: ['type', 'message', 'detail'],
        additionalProperties: false,
      },
    },
    required: ['NeutronError'],
    additionalProperties: false,
  },
};
