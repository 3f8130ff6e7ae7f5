import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpError } from '../http-error.js';
import { METRICS_DOC } from '../openapi/document-docs.js';
import type { Metrics } from './metrics.js';

/** Where metrics are, on whichever socket. */
export const METRICS_PATH = '/metrics';

type Text = Pick<Metrics, 'text' | 'contentType'>;

/**
 * `GET /metrics` on the API's own socket, without a token: for programs on this machine. Anybody else, and whatever a proxy has brought from
 * elsewhere, finds nothing there.
 */
export const addMetricsRoute = (app: FastifyInstance, metrics: Text): void => {
  app.get(METRICS_PATH, { config: { doc: METRICS_DOC } }, async (request, reply) => {
    if (!isFromThisMachine(request)) throw new HttpError(404);
    return reply.type(metrics.contentType).send(await metrics.text());
  });
};

/** Whether a request comes from a program on this machine, and was not brought by a proxy. */
export const isFromThisMachine = ({ socket, headers }: FastifyRequest): boolean => {
  const brought = ['forwarded', 'x-forwarded-for', 'x-real-ip'].some((name) => headers[name] !== undefined);
  // A Unix socket's peer has no address.
  const peer = (socket.remoteAddress ?? '127.0.0.1').replace(/^::ffff:/, '');
  return !brought && (peer === '::1' || peer.startsWith('127.'));
};

/** `GET /metrics` for a listener that serves nothing else (`listen.metrics`): to whoever reaches it. */
export const createMetricsServer =
  (metrics: Text): ((req: IncomingMessage, res: ServerResponse) => void) =>
  (req, res) => {
    if (req.url?.split('?', 1)[0] !== METRICS_PATH)
      return void res.writeHead(404, { 'content-type': 'text/plain' }).end('only /metrics is here\n');
    if (req.method !== 'GET' && req.method !== 'HEAD') return void res.writeHead(405, { allow: 'GET, HEAD' }).end();
    metrics.text().then(
      (text) => res.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      (error: unknown) => res.writeHead(500, { 'content-type': 'text/plain' }).end(`${String(error)}\n`),
    );
  };
