import { DECLARATIONS, EXTENSIONS } from '@manx/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpError } from './http-error.js';

/** How the client reached us, `http://host:port`: links in answers lead back the same way. */
export const originOf = (request: FastifyRequest): string => `${request.protocol}://${request.host || 'localhost'}`;

/** Answers a value as a JSON document. */
const sendJson = (reply: FastifyReply, document: unknown): FastifyReply => reply.type('application/json').send(JSON.stringify(document));

/** `GET /`: the one version of the API. */
const versions = (origin: string): object => ({
  versions: [{ id: 'v2.0', status: 'CURRENT', links: [{ rel: 'self', href: `${origin}/v2.0/` }] }],
});

/** `GET /v2.0/`: where each kind of resource lives. */
const resources = (origin: string): object => ({
  resources: Object.values(DECLARATIONS).map(({ kind, collection, path }) => ({
    name: kind,
    collection,
    links: [{ rel: 'self', href: `${origin}/v2.0/${path}` }],
  })),
});

/** The documents by which clients find their way: versions, resources, extensions. */
export const addDocumentRoutes = (app: FastifyInstance): void => {
  app.get('/', (request, reply) => sendJson(reply, versions(originOf(request))));
  app.get('/v2.0', (request, reply) => sendJson(reply, resources(originOf(request))));
  app.get('/v2.0/extensions', (_request, reply) => sendJson(reply, { extensions: EXTENSIONS }));
  app.get<{ Params: { alias: string } }>('/v2.0/extensions/:alias', (request, reply) => {
    const extension = EXTENSIONS.find(({ alias }) => alias === request.params.alias);
    if (extension === undefined) throw new HttpError(404, `Extension with alias ${request.params.alias} does not exist`);
    return sendJson(reply, { extension });
  });
};
