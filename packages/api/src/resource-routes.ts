import { admit, type Context } from '@manx/admission';
import { type Actor, DECLARATIONS, isPrivileged, isProblem, type Problem, type ResourceKind } from '@manx/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Answer, refusal } from './answer.js';
import { originOf } from './document-routes.js';
import { HttpError } from './http-error.js';
import type { Ledger, Origin } from './ledger.js';
import { queryParameters } from './query-parameters.js';
import { answerList, answerShow, type ReadRequest } from './resource-reads.js';
import { readCreate, readDelete, readUpdate, type Write, type WriteRequest } from './resource-writes.js';

/** What the routes of resources need. */
export type ResourceRoutesOptions = {
  readonly ledger: Ledger;
  /** What admission needs from outside, as of now: called once a decision. */
  readonly context: () => Context;
};

type Member = { Params: { id: string } };

/** The routes of every declared resource: list, show, create (one or many), update, delete. */
export const addResourceRoutes = (app: FastifyInstance, options: ResourceRoutesOptions): void => {
  for (const { kind, path } of Object.values(DECLARATIONS)) {
    const url = `/v2.0/${path}`;
    app.get(url, async (request, reply) => send(reply, await read(request, kind, options)));
    app.get<Member>(`${url}/:id`, async (request, reply) => send(reply, await read(request, kind, options, request.params.id)));
    app.post(url, async (request, reply) => send(reply, await write(request, readCreate(writeRequest(request, kind)), options)));
    app.put<Member>(`${url}/:id`, async (request, reply) =>
      send(reply, await write(request, readUpdate(writeRequest(request, kind), request.params.id), options)),
    );
    app.delete<Member>(`${url}/:id`, async (request, reply) =>
      send(reply, await write(request, readDelete(writeRequest(request, kind), request.params.id), options)),
    );
  }
};

const actorOf = ({ actor }: FastifyRequest): Actor => {
  if (actor === null) throw new HttpError(401);
  return actor;
};

const commitOrigin = (request: FastifyRequest, actor: Actor): Origin => ({
  requestId: request.id,
  userId: actor.user_id,
  projectId: actor.project_id,
});

const writeRequest = (request: FastifyRequest, kind: ResourceKind): WriteRequest => ({
  kind,
  actor: actorOf(request),
  body: request.body,
  ifMatch: request.headers['if-match'],
});

const write = (request: FastifyRequest, write: Write | Problem, { ledger, context }: ResourceRoutesOptions): Answer | Promise<Answer> => {
  if (isProblem(write)) return refusal(write);
  return ledger.decide(commitOrigin(request, actorOf(request)), (state) => write(state, context()));
};

const read = async (request: FastifyRequest, kind: ResourceKind, options: ResourceRoutesOptions, id?: string): Promise<Answer> => {
  const actor = actorOf(request);
  const parameters = queryParameters(request.url);
  if (kind === 'security_group' || kind === 'security_group_rule') await ensureDefaultGroup(request, options, parameters);
  const wanted: ReadRequest = { kind, actor, parameters, url: `${originOf(request)}${request.url.split('?', 1)[0] ?? ''}` };
  return options.ledger.read(id === undefined ? answerList(wanted) : answerShow(wanted, id));
};

/** S16: a project has its `default` group from the first time that its groups are looked at. */
const ensureDefaultGroup = async (
  request: FastifyRequest,
  { ledger, context }: ResourceRoutesOptions,
  parameters: ReadRequest['parameters'],
): Promise<void> => {
  const actor = actorOf(request);
  const asked = isPrivileged(actor) ? parameters.find(([name]) => name === 'project_id' || name === 'tenant_id')?.[1] : undefined;
  const project = asked ?? actor.project_id;
  if (project === null || ledger.state.countBy('security_group.default_of', project) > 0) return;
  await ledger.decide(commitOrigin(request, actor), (state) => {
    const admitted = admit(state, { actor, command: { op: 'ensure_default_group', project_id: project } }, context());
    return { changes: isProblem(admitted) ? [] : admitted.changes, value: () => undefined };
  });
};

const send = (reply: FastifyReply, { status, text }: Answer): FastifyReply => {
  void reply.code(status);
  return text === null ? reply.send() : reply.type('application/json').send(text);
};
