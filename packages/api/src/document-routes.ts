import { COLLECTIONS, EXTENSIONS, type Extension } from '@manx/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpError } from './http-error.js';
import { DOCUMENT_DOCS as DOCS } from './openapi/document-docs.js';

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
  resources: [...COLLECTIONS].map(({ singular, collection, path }) => ({
    name: singular,
    collection,
    links: [{ rel: 'self', href: `${origin}/v2.0/${path}` }],
  })),
});

/** An extension as Neutron shows it; it has never had links. */
const shown = (extension: Extension): object => ({ ...extension, links: [] });

/** The documents by which clients find their way: versions, resources, extensions. */
export const addDocumentRoutes = (app: FastifyInstance): void => {
  app.get('/', { config: { doc: DOCS.versions } }, (request, reply) => sendJson(reply, versions(originOf(request))));
  app.get('/v2.0', { config: { doc: DOCS.resources } }, (request, reply) => sendJson(reply, resources(originOf(request))));
  app.get('/v2.0/extensions', { config: { doc: DOCS.extensions } }, (_request, reply) =>
    sendJson(reply, { extensions: EXTENSIONS.map(shown) }),
  );
  app.get<{ Params: { alias: string } }>('/v2.0/extensions/:alias', { config: { doc: DOCS.extension } }, (request, reply) => {
    const extension = EXTENSIONS.find(({ alias }) => alias === request.params.alias);
    if (extension === undefined) throw new HttpError(404, `Extension with alias ${request.params.alias} does not exist`);
    return sendJson(reply, { extension: shown(extension) });
  });
};
