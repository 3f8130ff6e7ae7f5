import type { FastifyInstance } from 'fastify';
import type { CloudStatus } from './cloud-status.js';
import { HttpError } from './http-error.js';
import { isFromThisMachine } from './metrics/serve-metrics.js';
import { STATE_DOC } from './openapi/document-docs.js';

/** Where a server tells how its cloud is. */
export const DEBUG_STATE_PATH = '/debug/state';

/** `GET /debug/state` on the API's own socket, without a token, for programs on this machine: `./manx status` is one. Anybody else finds nothing there. */
export const addDebugRoutes = (app: FastifyInstance, status: () => CloudStatus): void => {
  app.get(DEBUG_STATE_PATH, { config: { doc: STATE_DOC } }, (request, reply) => {
    if (!isFromThisMachine(request)) throw new HttpError(404);
    return reply.type('application/json').send(JSON.stringify(status()));
  });
};
