import type { Policy } from '@manx/policy';
import type { FastifyInstance } from 'fastify';
import { openApiDocument } from './openapi-document.js';

/** Where the description of the API is. It tells nothing of the deployment: nobody needs a token for it. */
export const OPENAPI_PATH = '/openapi.json';

/** `GET /openapi.json`; made when it is first asked for, of the routes that the app then has. */
export const addOpenApiRoute = (app: FastifyInstance, { policy }: { readonly policy: Policy }): void => {
  let text: string | null = null;
  const doc = {
    summary: 'This description of the API (OpenAPI 3.1).',
    tag: 'documents',
    isOpen: true,
    answers: { '200': { type: 'object' } },
  };
  app.get(OPENAPI_PATH, { config: { doc } }, (_request, reply) => {
    text ??= JSON.stringify(openApiDocument({ routes: app.listedRoutes, policy }));
    return reply.type('application/json').send(text);
  });
};
