import { admit, type Command } from '@manx/admission';
import { isProblem, problem, type StateReader } from '@manx/model';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Answer, refusal } from './answer.js';
import type { OperationDoc } from './openapi/operation-doc.js';
import { wrapped } from './openapi/resource-schemas.js';
import { queryParameters } from './query-parameters.js';
import { actorOf, commitOrigin, send } from './request-facts.js';
import type { ResourceRoutesOptions } from './resource-routes.js';

type Member = { Params: { project: string } };

const URL = '/v2.0/auto-allocated-topology/:project';

const TOPOLOGY = wrapped('auto_allocated_topology', {
  type: 'object',
  properties: { id: { type: 'string' }, tenant_id: { type: 'string' }, project_id: { type: 'string' } },
});
const GET_DOC: OperationDoc = {
  summary: 'Shows the ready-made network of a project, and makes it when there is none.',
  tag: 'auto_allocated_topology',
  query: { fields: { type: 'string', description: '`dry-run`: only says whether it could be made.' } },
  answers: { '200': TOPOLOGY },
};
const DELETE_DOC: OperationDoc = {
  summary: 'Deletes the ready-made network of a project, with its subnets and router.',
  tag: 'auto_allocated_topology',
  answers: { '204': null },
};

/** Ready-made topologies: a GET makes one (neutron `services/auto_allocate/db.py`). */
export const addTopologyRoutes = (app: FastifyInstance, options: ResourceRoutesOptions): void => {
  const decide = async (request: FastifyRequest, command: Command, answer: (state: StateReader) => Answer): Promise<Answer> => {
    const actor = actorOf(request);
    return options.ledger.decide(commitOrigin(request, actor), (state) => {
      const admitted = admit(state, { actor, command }, options.context());
      if (isProblem(admitted)) return { changes: [], value: () => refusal(admitted) };
      return { changes: admitted.changes, value: answer };
    });
  };
  app.get<Member>(URL, { config: { doc: GET_DOC } }, async (request, reply) => {
    const project = projectOf(request);
    const fields = queryParameters(request.url).filter(([name, value]) => name === 'fields' && value !== '');
    const dry_run = fields.some(([, value]) => value === 'dry-run');
    if (fields.length > 0 && !dry_run)
      return send(reply, refusal(problem('BadRequest', { resource: 'auto_allocate', msg: 'Unrecognized field' })));
    const answer = (state: StateReader): Answer => {
      const id = dry_run ? 'dry-run=pass' : state.get('auto_allocated_topology', project)?.network_id;
      return { status: 200, text: JSON.stringify({ auto_allocated_topology: { id, tenant_id: project, project_id: project } }) };
    };
    return send(reply, await decide(request, { op: 'allocate_topology', project_id: project, dry_run }, answer));
  });
  app.delete<Member>(URL, { config: { doc: DELETE_DOC } }, async (request, reply) => {
    const command: Command = { op: 'remove_topology', project_id: projectOf(request) };
    return send(reply, await decide(request, command, () => ({ status: 204, text: null })));
  });
};

/** Clients that name no project send what their language calls nothing: it stands for the token's own. */
const projectOf = (request: FastifyRequest<Member>): string => {
  const { project } = request.params;
  return project === 'None' ? (actorOf(request).project_id ?? project) : project;
};
