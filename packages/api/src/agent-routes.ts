import { agents, isProblem } from '@manx/model';
import type { FastifyInstance } from 'fastify';
import { type Answer, refusal } from './answer.js';
import type { DerivedRoutesOptions } from './derived-routes.js';
import type { OperationDoc } from './openapi/operation-doc.js';
import { refTo, wrapped } from './openapi/resource-schemas.js';
import { actorOf, commitOrigin, send } from './request-facts.js';
import type { ResourceRoutesOptions } from './resource-routes.js';
import { readUpdate } from './resource-writes.js';

const DOC: OperationDoc = {
  summary: 'Changes one of agents: its description, and whether new ports are bound to its host.',
  tag: 'agent',
  body: wrapped('agent', refTo('AgentUpdate')),
  answers: { '200': wrapped('agent', refTo('Agent')) },
};

/** The update of an agent: it is answered by what is derived of it, as a GET is. */
export const addAgentRoutes = (
  app: FastifyInstance,
  { ledger, context, facts, policy }: ResourceRoutesOptions & DerivedRoutesOptions,
): void => {
  app.put<{ Params: { id: string } }>('/v2.0/agents/:id', { config: { doc: DOC } }, async (request, reply) => {
    const actor = actorOf(request);
    const { id } = request.params;
    const write = readUpdate({ kind: 'agent', actor, body: request.body, ifMatch: request.headers['if-match'], parentId: null }, id);
    if (isProblem(write)) return send(reply, refusal(write));
    const answer = await ledger.decide(commitOrigin(request, actor), (state) => {
      const { changes, value } = write(state, context());
      return {
        changes,
        value: (after): Answer => {
          const own = value(after);
          const agent =
            own.status === 200 ? agents.rows({ state: after, actor, policy }, facts()).find((row) => row['id'] === id) : undefined;
          return agent === undefined ? own : { status: 200, text: JSON.stringify({ agent }) };
        },
      };
    });
    return send(reply, answer);
  });
};
