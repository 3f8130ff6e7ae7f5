import type { StateReader } from '@manx/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Answer } from '../answer.js';
import { actorOf, send } from '../request-facts.js';
import type { ResourceRoutesOptions } from '../resource-routes.js';
import { answerExplain } from './answer-explain.js';
import { answerMatrix } from './answer-matrix.js';
import { EXPLAIN_DOC, MATRIX_DOC } from './connectivity-docs.js';
import type { Asker, CloudSource } from './viewer.js';

/** What the routes of connectivity need: the compiled cloud, beside what all routes do. */
export type ConnectivityOptions = { readonly connectivity: CloudSource };

type Answerer = (asker: Asker, source: CloudSource, body: unknown) => Answer;

/** Questions about who reaches whom (extension `connectivity`): asked by POST, since they say much, but they change nothing. */
export const addConnectivityRoutes = (app: FastifyInstance, options: ResourceRoutesOptions & ConnectivityOptions): void => {
  const { ledger, context, policy, connectivity } = options;
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
  app.post('/v2.0/connectivity/explain', { config: { doc: EXPLAIN_DOC } }, ask(answerExplain));
  app.post('/v2.0/connectivity/matrix', { config: { doc: MATRIX_DOC } }, ask(answerMatrix));
};
