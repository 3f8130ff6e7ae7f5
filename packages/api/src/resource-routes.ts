import { admit, type Context } from '@manx/admission';
import {
  ACTIONS,
  type Actor,
  DECLARATIONS,
  type Declaration,
  declarationOf,
  isProblem,
  type Problem,
  parseQuery,
  type ResourceKind,
} from '@manx/model';
import type { Policy } from '@manx/policy';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Answer, refusal } from './answer.js';
import { originOf } from './document-routes.js';
import { HttpError } from './http-error.js';
import type { Ledger, Origin } from './ledger.js';
import { queryParameters } from './query-parameters.js';
import { answerList, answerShow, type ReadRequest } from './resource-reads.js';
import { readAction, readCreate, readDelete, readUpdate, type Write, type WriteRequest } from './resource-writes.js';

/** What the routes of resources need. */
export type ResourceRoutesOptions = {
  readonly ledger: Ledger;
  /** What admission needs from outside, as of now: called once a decision. */
  readonly context: () => Context;
  /** Who may see what; what they may do, the context says. */
  readonly policy: Policy;
};

type Member = { Params: { id: string } };

/** The routes of every declared resource: list, show, create (one or many), update, delete. */
export const addResourceRoutes = (app: FastifyInstance, options: ResourceRoutesOptions): void => {
  for (const declaration of Object.values(DECLARATIONS)) addKindRoutes(app, declaration as unknown as Declaration, options);
  for (const action of ACTIONS) {
    app.put<Member>(`${urlOf(declarationOf(action.kind))}/:id/${action.name}`, async (request, reply) =>
      send(reply, await write(request, readAction(writeRequest(request, action.kind), request.params.id, action), options)),
    );
  }
};

const EVERYTHING_OFFERED = ['list', 'show', 'create', 'update', 'delete'] as const;

const addKindRoutes = (app: FastifyInstance, declaration: Declaration, options: ResourceRoutesOptions): void => {
  const { kind } = declaration;
  const offers = new Set(declaration.offers ?? EVERYTHING_OFFERED);
  const url = urlOf(declaration);
  if (offers.has('list')) app.get(url, async (request, reply) => send(reply, await read(request, kind, options)));
  if (offers.has('show'))
    app.get<Member>(`${url}/:id`, async (request, reply) => send(reply, await read(request, kind, options, request.params.id)));
  if (offers.has('create'))
    app.post(url, async (request, reply) => send(reply, await write(request, readCreate(writeRequest(request, kind)), options)));
  if (offers.has('update')) {
    app.put<Member>(`${url}/:id`, async (request, reply) =>
      send(reply, await write(request, readUpdate(writeRequest(request, kind), request.params.id), options)),
    );
  }
  if (offers.has('delete')) {
    app.delete<Member>(`${url}/:id`, async (request, reply) =>
      send(reply, await write(request, readDelete(writeRequest(request, kind), request.params.id), options)),
    );
  }
};

/** Where a kind lives: `/v2.0/networks`, `/v2.0/floatingips/:parent/port_forwardings`. */
const urlOf = ({ path, parent }: Declaration): string =>
  parent === undefined ? `/v2.0/${path}` : `/v2.0/${declarationOf(parent.kind).path}/:parent/${path}`;

const parentOf = (request: FastifyRequest): string | null => (request.params as { readonly parent?: string }).parent ?? null;

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
  parentId: parentOf(request),
});

const write = (request: FastifyRequest, write: Write | Problem, { ledger, context }: ResourceRoutesOptions): Answer | Promise<Answer> => {
  if (isProblem(write)) return refusal(write);
  return ledger.decide(commitOrigin(request, actorOf(request)), (state) => write(state, context()));
};

const read = async (request: FastifyRequest, kind: ResourceKind, options: ResourceRoutesOptions, id?: string): Promise<Answer> => {
  const actor = actorOf(request);
  const parameters = queryParameters(request.url);
  const isList = id === undefined && isFirstLook(kind, parameters);
  const isOfGroups = kind === 'security_group' || kind === 'security_group_rule';
  if (isOfGroups && (isList || id !== undefined)) await ensureDefaultGroup(request, options, isList ? parameters : []);
  if (kind === 'default_security_group_rule' && isList) await ensureDefaultRules(request, options);
  const wanted: ReadRequest = {
    kind,
    actor,
    policy: options.policy,
    parameters,
    parentId: parentOf(request),
    url: `${originOf(request)}${request.url.split('?', 1)[0] ?? ''}`,
  };
  return options.ledger.read(id === undefined ? answerList(wanted) : answerShow(wanted, id));
};

/** Whether a list will be answered for what it asks, and from its beginning: what is refused must change nothing. */
const isFirstLook = (kind: ResourceKind, parameters: ReadRequest['parameters']): boolean => {
  const query = parseQuery(kind, parameters);
  return !isProblem(query) && query.marker === null;
};

/** S16: a project has its `default` group from the first time that its groups are looked at. */
const ensureDefaultGroup = async (
  request: FastifyRequest,
  { ledger, context }: ResourceRoutesOptions,
  parameters: ReadRequest['parameters'],
): Promise<void> => {
  const actor = actorOf(request);
  const asked = parameters.find(([name]) => name === 'project_id' || name === 'tenant_id')?.[1];
  const project = asked ?? actor.project_id;
  if (project === null || ledger.state.countBy('security_group.default_of', project) > 0) return;
  await ledger.decide(commitOrigin(request, actor), (state) => {
    const admitted = admit(state, { actor, command: { op: 'ensure_default_group', project_id: project } }, context());
    return { changes: isProblem(admitted) ? [] : admitted.changes, value: () => undefined };
  });
};

/** The templates that hold from the beginning are written down when they are first listed, so that each has an id. */
const ensureDefaultRules = async (request: FastifyRequest, { ledger, context }: ResourceRoutesOptions): Promise<void> => {
  if (ledger.state.count('default_security_group_rule') > 0) return;
  const actor = actorOf(request);
  await ledger.decide(commitOrigin(request, actor), (state) => {
    const admitted = admit(state, { actor, command: { op: 'ensure_default_rules' } }, context());
    return { changes: isProblem(admitted) ? [] : admitted.changes, value: () => undefined };
  });
};

const send = (reply: FastifyReply, { status, text, bytes }: Answer): FastifyReply => {
  void reply.code(status);
  if (bytes !== undefined) return reply.type('application/json').send(bytes);
  return text === null ? reply.send() : reply.type('application/json').send(text);
};
