import { admit, type Command, disallowed } from '@manx/admission';
import {
  type Actor,
  DEFAULT_QUOTAS,
  decodeQuota,
  isProblem,
  type Problem,
  problem,
  QUOTA_RESOURCES,
  quotaLimits,
  quotaUsage,
  type StateReader,
} from '@manx/model';
import { type Policy, targetOf } from '@manx/policy';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Answer, refusal } from './answer.js';
import type { OperationDoc, Schema } from './openapi/operation-doc.js';
import { wrapped } from './openapi/resource-schemas.js';
import { actorOf, commitOrigin, send } from './request-facts.js';
import type { ResourceRoutesOptions } from './resource-routes.js';

type Member = { Params: { id: string } };

const URL = '/v2.0/quotas';

const limit: Schema = { type: 'integer', minimum: -1, description: '-1: no limit.' };
const byResource = (schema: Schema): Schema => ({
  type: 'object',
  properties: Object.fromEntries(QUOTA_RESOURCES.map((name) => [name, schema])),
});
const count: Schema = { type: 'integer', minimum: 0 };
const detail: Schema = { type: 'object', properties: { limit, used: count, reserved: count } };
const project: Schema = { type: 'object', properties: { project_id: { type: 'string' }, tenant_id: { type: 'string' } } };

const doc = (summary: string, answers: OperationDoc['answers'], body?: Schema): { config: { doc: OperationDoc } } => ({
  config: { doc: { summary, tag: 'quota', answers, ...(body === undefined ? {} : { body }) } },
});
const LIMITS = { '200': wrapped('quota', byResource(limit)) };
const DOCS = {
  list: doc('Lists the limits of the projects that have limits of their own.', {
    '200': wrapped('quotas', { type: 'array', items: byResource(limit) }),
  }),
  tenant: doc("Shows the asking token's project.", { '200': wrapped('tenant', project) }),
  project: doc("Shows the asking token's project.", { '200': wrapped('project', project) }),
  show: doc('Shows the limits of a project.', LIMITS),
  byDefault: doc('Shows the limits of projects that have none of their own.', LIMITS),
  details: doc('Shows the limits of a project and what it uses of them.', { '200': wrapped('quota', byResource(detail)) }),
  update: doc(
    'Sets limits of a project; those not named stay as they are.',
    LIMITS,
    wrapped('quota', {
      ...byResource(limit),
      properties: {
        ...(byResource(limit)['properties'] as object),
        check_limit: { type: 'boolean', description: 'True: no limit below what is used.' },
        force: { type: 'boolean', description: 'True: a limit may be below what is used; so it may anyway, unless `check_limit` is true.' },
      },
    }),
  ),
  remove: doc('Gives a project the default limits again.', { '204': null }),
};

/** Quotas: their URLs and bodies are of no other resource's form (neutron `extensions/quotasv2.py`, `quotasv2_detail.py`). */
export const addQuotaRoutes = (app: FastifyInstance, options: ResourceRoutesOptions): void => {
  addReads(app, options);
  const decide = async (request: FastifyRequest, command: Command, answer: (state: StateReader) => Answer): Promise<Answer> => {
    const actor = actorOf(request);
    return options.ledger.decide(commitOrigin(request, actor), (state) => {
      const admitted = admit(state, { actor, command }, options.context());
      if (isProblem(admitted)) return { changes: [], value: () => refusal(admitted) };
      return { changes: admitted.changes, value: answer };
    });
  };
  app.put<Member>(`${URL}/:id`, DOCS.update, async (request, reply) => {
    const { id } = request.params;
    const update = decodeQuota(request.body);
    if (isProblem(update)) return send(reply, refusal(update));
    return send(reply, await decide(request, { op: 'set_quota', project_id: id, update }, (state) => limitsOf(state, id, options)));
  });
  app.delete<Member>(`${URL}/:id`, DOCS.remove, async (request, reply) =>
    send(reply, await decide(request, { op: 'remove_quota', project_id: request.params.id }, () => ({ status: 204, text: null }))),
  );
};

const addReads = (app: FastifyInstance, options: ResourceRoutesOptions): void => {
  const { ledger, policy } = options;
  const own = (key: 'tenant' | 'project') => async (request: FastifyRequest) => {
    const { project_id: id } = actorOf(request);
    return id === null ? refusal(problem('QuotaMissingTenant', {})) : json({ [key]: { [`${key}_id`]: id } });
  };
  const read = (refused: Problem | null, answer: (state: StateReader) => Answer): Answer | Promise<Answer> =>
    refused === null ? ledger.read(answer) : refusal(refused);
  app.get(`${URL}/tenant`, DOCS.tenant, async (request, reply) => send(reply, await own('tenant')(request)));
  app.get(`${URL}/project`, DOCS.project, async (request, reply) => send(reply, await own('project')(request)));
  app.get(URL, DOCS.list, async (request, reply) =>
    send(reply, await read(mayLook(policy, actorOf(request)), (state) => json({ quotas: listed(state, options) }))),
  );
  app.get<Member>(`${URL}/:id`, DOCS.show, async (request, reply) => {
    const { id } = request.params;
    return send(reply, await read(mayLook(policy, actorOf(request), id), (state) => limitsOf(state, id, options)));
  });
  app.get<Member>(`${URL}/:id/default`, DOCS.byDefault, async (request, reply) =>
    send(
      reply,
      await read(mayLook(policy, actorOf(request), request.params.id), () =>
        json({ quota: { ...DEFAULT_QUOTAS, ...options.context().settings.quotas } }),
      ),
    ),
  );
  app.get<Member>(`${URL}/:id/details`, DOCS.details, async (request, reply) => {
    const { id } = request.params;
    const actor = actorOf(request);
    const isSeen = id === actor.project_id || policy.allows('get_quota:details', actor, targetOf({ project_id: id, tenant_id: id }));
    const refused = isSeen ? null : problem('AdminRequired', { reason: 'Only admin is authorized to access quotas for another project' });
    return send(reply, await read(refused, (state) => details(state, id, options)));
  });
};

/** Whether somebody may see quotas: the own project's always, others' (and the list) by policy, which is asked about the own. */
const mayLook = (policy: Policy, actor: Actor, id?: string): Problem | null => {
  if (id !== undefined && id === actor.project_id) return null;
  const own = (name: string): unknown => (name === 'project_id' || name === 'tenant_id' ? actor.project_id : undefined);
  return policy.allows('get_quota', actor, own) ? null : disallowed('get_quota');
};

const limitsOf = (state: StateReader, id: string, { context }: ResourceRoutesOptions): Answer =>
  json({ quota: quotaLimits(state, id, context().settings.quotas ?? {}) });

const listed = (state: StateReader, { context }: ResourceRoutesOptions): readonly object[] => {
  const defaults = context().settings.quotas ?? {};
  const ids = [...state.all('quota')].map(({ id }) => id).sort();
  return ids.map((id) => ({ ...quotaLimits(state, id, defaults), project_id: id, tenant_id: id }));
};

/** Nothing is ever reserved: what is made and what is counted is one commit. */
const details = (state: StateReader, id: string, { context }: ResourceRoutesOptions): Answer => {
  const limits = quotaLimits(state, id, context().settings.quotas ?? {});
  const rows = QUOTA_RESOURCES.map((name) => [name, { limit: limits[name], used: quotaUsage(state, id, name), reserved: 0 }]);
  return json({ quota: Object.fromEntries(rows) });
};

const json = (document: object): Answer => ({ status: 200, text: JSON.stringify(document) });
