import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Actor } from '@manx/model';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { AdvertisedRoutesOptions } from './advertised-routes.js';
import { addAgentRoutes } from './agent-routes.js';
import { type Authenticator, isRefusal, type Refusal } from './authenticator.js';
import { addBgpRoutes } from './bgp-routes.js';
import type { CloudStatus } from './cloud-status.js';
import { addConnectivityRoutes, type ConnectivityOptions } from './connectivity/connectivity-routes.js';
import { addDebugRoutes, DEBUG_STATE_PATH } from './debug-routes.js';
import { addDerivedRoutes, type DerivedRoutesOptions } from './derived-routes.js';
import { addDocumentRoutes } from './document-routes.js';
import { addHealthRoutes } from './health-routes.js';
import { errorText, HTTP_ERRORS, HttpError, type HttpErrorStatus } from './http-error.js';
import { BODY_BYTES_LIMIT, parseJsonBody } from './json-body.js';
import { watchRoutes } from './known-urls.js';
import { LedgerFault } from './ledger-fault.js';
import type { Metrics } from './metrics/metrics.js';
import { addMetricsRoute, METRICS_PATH } from './metrics/serve-metrics.js';
import { listRoutes } from './openapi/route-list.js';
import { addOpenApiRoute, OPENAPI_PATH } from './openapi/serve-openapi.js';
import { withPolicyAdmins } from './policy-admins.js';
import { addPortBindingRoutes } from './port-binding-routes.js';
import { addQosAliasRoutes } from './qos-alias-routes.js';
import { addQuotaRoutes } from './quota-routes.js';
import { addResourceRoutes, type ResourceRoutesOptions } from './resource-routes.js';
import { addTagRoutes } from './tag-routes.js';
import { addTopologyRoutes } from './topology-routes.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** On whose behalf; set before any resource route runs. */
    actor: Actor | null;
  }
}

/** One answered request, for the log: never a body, a query, a header or a token. */
export type RequestRecord = {
  readonly requestId: string;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** The template of the route that took it, `/v2.0/networks/:id`; null for none. */
  readonly route: string | null;
  readonly status: number;
  readonly ms: number;
  /** Null for a request without a token, and for one that was not let in. */
  readonly userId: string | null;
  readonly projectId: string | null;
  /** The id under which the caller's own caller knows it all, when the request came with one (`X-OpenStack-Request-ID`, as oslo.middleware). */
  readonly globalRequestId: string | null;
};

/** What the API is made from. */
export type ApiOptions = ResourceRoutesOptions &
  DerivedRoutesOptions &
  ConnectivityOptions &
  AdvertisedRoutesOptions & {
    readonly authenticator: Authenticator;
    /** Told of every request when its answer has been sent. */
    readonly onAnswer?: (record: RequestRecord) => void;
    /** Told of what must not happen: a request that ended in 500. */
    readonly onBug?: (error: unknown, requestId: string) => void;
    /** What keeps the server from being ready, in words; empty when it is. */
    readonly notReady?: () => readonly string[];
    /** Served at `/debug/state` to this machine; nothing is there without. */
    readonly status?: () => CloudStatus;
    /** Served at `/metrics` to this machine; nothing is there without. */
    readonly metrics?: Pick<Metrics, 'text' | 'contentType'>;
  };

const JSON_TYPE = /^(application\/([\w.+-]+\+)?json|text\/json)\s*(;|$)/i;
const REQUEST_ID = 'x-openstack-request-id';
/** Paths that nobody needs a token for. */
const OPEN_PATHS = new Set(['/', '/healthz', '/readyz', DEBUG_STATE_PATH, METRICS_PATH, OPENAPI_PATH]);

/** Makes the HTTP server of the Networking API; the caller makes it listen, and closes it. */
export const createApi = (options: ApiOptions): FastifyInstance => {
  const app = fastify({
    logger: false,
    genReqId: () => `req-${randomUUID()}`,
    requestIdHeader: false,
    exposeHeadRoutes: false,
    bodyLimit: BODY_BYTES_LIMIT,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    requestTimeout: 120_000,
    rewriteUrl: ({ url }) => withoutJsonSuffix(url ?? '/'),
    frameworkErrors: (error, request, reply) => {
      void reply.header(REQUEST_ID, request.id);
      sendError(error, request, reply, options);
    },
    clientErrorHandler: answerClientError,
    routerOptions: {
      ignoreTrailingSlash: true,
      ignoreDuplicateSlashes: true,
      maxParamLength: 512,
      // The model reads queries: repeated names and their order mean something there.
      querystringParser: () => ({}),
    },
  });
  const allowedMethods = watchRoutes(app);
  listRoutes(app);
  const authenticator = withPolicyAdmins(options.authenticator, options.policy);
  app.decorateRequest('actor', null);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      done(null, parseBody(request.headers['content-type'], body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  app.addHook('onRequest', (request, reply, done) => {
    void reply.header(REQUEST_ID, request.id);
    if (OPEN_PATHS.has(pathOf(request.url))) done();
    else letIn(request, authenticator, done);
  });
  let isClosing = false;
  app.addHook('preClose', (done) => {
    isClosing = true;
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    options.onAnswer?.(recordOf(request, reply));
    // A request from before the close leaves its connection open for the next one, which must not come.
    if (isClosing) setImmediate(() => app.server.closeIdleConnections());
    done();
  });
  app.setErrorHandler<FastifyError>((error, request, reply) => sendError(error, request, reply, options));
  app.setNotFoundHandler((request) => {
    const methods = allowedMethods(pathOf(request.url));
    throw methods === null ? new HttpError(404) : new HttpError(405, undefined, { allow: methods.join(', ') });
  });
  addDocumentRoutes(app);
  addHealthRoutes(app, options.notReady ?? (() => []));
  if (options.status !== undefined) addDebugRoutes(app, options.status);
  if (options.metrics !== undefined) addMetricsRoute(app, options.metrics);
  addResourceRoutes(app, options);
  addDerivedRoutes(app, options);
  addAgentRoutes(app, options);
  addBgpRoutes(app, options);
  addQosAliasRoutes(app, options);
  addQuotaRoutes(app, options);
  addTagRoutes(app, options);
  addTopologyRoutes(app, options);
  addPortBindingRoutes(app, options);
  addConnectivityRoutes(app, options);
  addOpenApiRoute(app, options);
  return app;
};

const pathOf = (url: string): string => {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
};

/** Neutron takes `/v2.0/networks.json` for `/v2.0/networks`, on every path of its own. */
const withoutJsonSuffix = (url: string): string =>
  url.includes('.json') && url.startsWith('/v2.0') ? url.replace(/\.json(?=\?|$)/, '') : url;

const parseBody = (contentType: string | undefined, body: Buffer): unknown => {
  if (body.length > 0 && contentType !== undefined && contentType !== '' && !JSON_TYPE.test(contentType)) throw new HttpError(415);
  return parseJsonBody(body);
};

const letIn = (request: FastifyRequest, authenticator: Authenticator, done: (error?: Error) => void): void => {
  const take = (answer: Actor | Refusal): void => {
    if (isRefusal(answer)) {
      const headers: Record<string, string> = answer.wwwAuthenticate === null ? {} : { 'www-authenticate': answer.wwwAuthenticate };
      done(new HttpError(answer.status, answer.message, headers));
    } else {
      request.actor = answer;
      done();
    }
  };
  const answer = authenticator.authenticate(request.headers, { method: request.method, path: pathOf(request.originalUrl) });
  if (answer instanceof Promise) answer.then(take, done);
  else take(answer);
};

const recordOf = (request: FastifyRequest, reply: FastifyReply): RequestRecord => ({
  requestId: request.id,
  method: request.method,
  path: pathOf(request.originalUrl),
  route: request.is404 ? null : (request.routeOptions.url ?? null),
  status: reply.statusCode,
  ms: Math.round(reply.elapsedTime * 1000) / 1000,
  userId: request.actor?.user_id ?? null,
  projectId: request.actor?.project_id ?? null,
  globalRequestId: globalRequestIdOf(request.headers[REQUEST_ID]),
});

/** What oslo.middleware takes for a request id: anything else could be anything, and goes into no log. */
const GLOBAL_REQUEST_ID = /^req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const globalRequestIdOf = (value: string | string[] | undefined): string | null =>
  typeof value === 'string' && GLOBAL_REQUEST_ID.test(value) ? value : null;

/** What the framework refuses, by its own codes; what is not listed and below 500 is a bad request. */
const FRAMEWORK_STATUS: Readonly<Record<string, HttpErrorStatus>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 413,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 415,
  FST_ERR_BAD_URL: 404,
  FST_ERR_NOT_FOUND: 404,
  FST_ERR_ROUTE_METHOD_NOT_SUPPORTED: 405,
  FST_ERR_MAX_PARAM_LENGTH: 404,
};

const toHttpError = (error: FastifyError | HttpError | LedgerFault): HttpError => {
  if (error instanceof HttpError) return error;
  if (error instanceof LedgerFault) return new HttpError(503, `${HTTP_ERRORS[503].message} (${error.message})`, { 'retry-after': '1' });
  const status = 'statusCode' in error ? error.statusCode : undefined;
  const known = FRAMEWORK_STATUS[error.code];
  if (known !== undefined) return new HttpError(known);
  return new HttpError(status !== undefined && status >= 400 && status < 500 ? 400 : 500);
};

const sendError = (error: FastifyError, request: FastifyRequest, reply: FastifyReply, options: ApiOptions): void => {
  const answer = toHttpError(error);
  if (answer.status === 500) options.onBug?.(error, request.id);
  // What is left of a refused body is not read: the connection cannot be used for another request.
  if (answer.status === 413) void reply.header('connection', 'close');
  void reply.code(answer.status).headers(answer.headers).type('application/json').send(answer.body);
};

const CLIENT_ERRORS: Readonly<Record<string, HttpErrorStatus>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** Answers what never became a request: bytes that are not HTTP, headers without end, a client that stops halfway. */
function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = CLIENT_ERRORS[error.code ?? ''] ?? 400;
  const body = errorText(HTTP_ERRORS[status].type, HTTP_ERRORS[status].message);
  const head = [
    `HTTP/1.1 ${status} ${HTTP_ERRORS[status].type.slice('HTTP'.length)}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Openstack-Request-Id: req-${randomUUID()}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
