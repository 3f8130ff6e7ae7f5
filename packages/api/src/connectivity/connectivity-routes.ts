import type { StateReader } from '@manx/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Answer } from '../answer.js';
import { queryParameters } from '../query-parameters.js';
import { actorOf, send } from '../request-facts.js';
import type { ResourceRoutesOptions } from '../resource-routes.js';
import { answerDrops } from './answer-drops.js';
import { answerExplain } from './answer-explain.js';
import { answerLogged } from './answer-logged.js';
import { answerMatrix } from './answer-matrix.js';
import { createTracer } from './answer-trace.js';
import { DROPS_DOC, EXPLAIN_DOC, LOGGED_DOC, MATRIX_DOC } from './connectivity-docs.js';
import type { DropBook } from './drop-book.js';
import type { EventBook } from './event-book.js';
import type { TraceFeed } from './run-trace.js';
import type { SampleBook } from './sample-book.js';
import { TRACE_DOC } from './trace-docs.js';
import type { Asker, CloudSource } from './viewer.js';

/** What the routes of connectivity need beside what all routes do: the compiled cloud, and what its hosts drop. */
export type ConnectivityOptions = {
  readonly connectivity: CloudSource;
  readonly drops: Pick<DropBook, 'drops'>;
  readonly samples: Pick<SampleBook, 'of'>;
  /** By which agents are told to watch a flow, and to send a packet of it. */
  readonly feed: TraceFeed;
  readonly events: Pick<EventBook, 'after'>;
};

type Answerer = (asker: Asker, source: CloudSource, body: unknown) => Answer;

/** Questions about who reaches whom (extension `connectivity`): asked by POST where they say much, but they change nothing. */
export const addConnectivityRoutes = (app: FastifyInstance, options: ResourceRoutesOptions & ConnectivityOptions): void => {
  const { ledger, context, policy, connectivity, drops, samples, events, feed } = options;
  const tracer = createTracer(feed);
  const ask =
    (answer: Answerer) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const actor = actorOf(request);
      const { isHostAlive } = context();
      return send(
        reply,
        await ledger.read((state: StateReader) => answer({ state, actor, policy, isHostAlive }, connectivity, request.body)),
      );
    };
  app.get('/v2.0/connectivity/drops', { config: { doc: DROPS_DOC } }, async (request, reply) => {
    const actor = actorOf(request);
    const { isHostAlive } = context();
    const asked = { parameters: queryParameters(request.url), drops: drops.drops(Date.now()), samples };
    return send(reply, await ledger.read((state: StateReader) => answerDrops({ state, actor, policy, isHostAlive }, connectivity, asked)));
  });
  app.get('/v2.0/connectivity/logged', { config: { doc: LOGGED_DOC } }, async (request, reply) => {
    const actor = actorOf(request);
    const { isHostAlive } = context();
    const asked = { parameters: queryParameters(request.url), events };
    return send(reply, await ledger.read((state: StateReader) => answerLogged({ state, actor, policy, isHostAlive }, asked)));
  });
  app.post('/v2.0/connectivity/explain', { config: { doc: EXPLAIN_DOC } }, ask(answerExplain));
  app.post('/v2.0/connectivity/trace', { config: { doc: TRACE_DOC } }, async (request, reply) => {
    const actor = actorOf(request);
    const { isHostAlive } = context();
    const planned = await ledger.read((state: StateReader) =>
      tracer.plan({ state, actor, policy, isHostAlive }, connectivity, request.body),
    );
    return send(reply, 'status' in planned ? planned : await tracer.run(planned, ledger.revision));
  });
  app.post('/v2.0/connectivity/matrix', { config: { doc: MATRIX_DOC } }, ask(answerMatrix));
};
