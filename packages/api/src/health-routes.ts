import type { FastifyInstance } from 'fastify';
import { HEALTH_DOCS } from './openapi/document-docs.js';

/** `GET /healthz`: the process answers. `GET /readyz`: it can serve; 503 with the reasons when it cannot. Neither needs a token. */
export const addHealthRoutes = (app: FastifyInstance, notReady: () => readonly string[]): void => {
  app.get('/healthz', { config: { doc: HEALTH_DOCS.healthz } }, (_request, reply) =>
    reply.type('application/json').send('{"status":"ok"}'),
  );
  app.get('/readyz', { config: { doc: HEALTH_DOCS.readyz } }, (_request, reply) => {
    const reasons = notReady();
    return reply
      .code(reasons.length === 0 ? 200 : 503)
      .type('application/json')
      .send(JSON.stringify(reasons.length === 0 ? { status: 'ok' } : { status: 'not ready', reasons }));
  });
};
