import { admit, type TagChange } from '@manx/admission';
import {
  checkTag,
  declarationOf,
  decodeTags,
  isProblem,
  isVisible,
  notFound,
  type Problem,
  problem,
  type Resource,
  type ResourceKind,
  TAGGED_KINDS,
  type Viewpoint,
} from '@manx/model';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Answer, refusal } from './answer.js';
import type { OperationDoc, Schema } from './openapi/operation-doc.js';
import { wrapped } from './openapi/resource-schemas.js';
import { actorOf, commitOrigin, send } from './request-facts.js';
import type { ResourceRoutesOptions } from './resource-routes.js';

type Member = { Params: { id: string } };
type Tag = { Params: { id: string; tag: string } };

const tagList: Schema = wrapped('tags', { type: 'array', items: { type: 'string', maxLength: 255 }, maxItems: 50 });

/** The tags of every kind that has some (`standard-attr-tag`). */
export const addTagRoutes = (app: FastifyInstance, options: ResourceRoutesOptions): void => {
  for (const kind of TAGGED_KINDS) {
    const { path, collection, parent } = declarationOf(kind);
    if (parent !== undefined) continue;
    // Neutron has the tags of QoS policies at /v2.0/policies, where nothing else of them is.
    for (const base of new Set([path, collection.replaceAll('_', '-')]))
      addKindRoutes(app, { kind, url: `/v2.0/${base}/:id/tags` }, options);
  }
};

const addKindRoutes = (app: FastifyInstance, { kind, url }: { kind: ResourceKind; url: string }, options: ResourceRoutesOptions): void => {
  const { ledger, context, policy } = options;
  const doc = (summary: string, answers: OperationDoc['answers'], body?: Schema): { config: { doc: OperationDoc } } => ({
    config: { doc: { summary, tag: kind, answers, ...(body === undefined ? {} : { body }) } },
  });
  const read = async (request: FastifyRequest<Member>, answer: (tags: readonly string[]) => Answer): Promise<Answer> => {
    const [actor, { id }] = [actorOf(request), request.params];
    return ledger.read((state) => {
      const tags = tagsOf({ state, actor, policy }, kind, id);
      return isProblem(tags) ? refusal(tags) : answer(tags);
    });
  };
  const change = async (request: FastifyRequest<Member>, asked: TagChange | Problem, answer: Answer): Promise<Answer> => {
    const [actor, { id }] = [actorOf(request), request.params];
    if (isProblem(asked)) return refusal(asked);
    return ledger.decide(commitOrigin(request, actor), (state) => {
      const admitted = admit(state, { actor, command: { op: 'tag', kind, id, change: asked } }, context());
      if (isProblem(admitted)) return { changes: [], value: () => refusal(admitted) };
      return { changes: admitted.changes, value: () => answer };
    });
  };
  app.get<Member>(url, doc('Lists the tags of a resource.', { '200': tagList }), async (request, reply) =>
    send(reply, await read(request, (tags) => document(200, tags))),
  );
  app.put<Member>(url, doc('Replaces the tags of a resource.', { '200': tagList }, tagList), async (request, reply) => {
    const tags = decodeTags(request.body);
    return send(
      reply,
      await change(request, isProblem(tags) ? tags : { verb: 'replace', tags }, document(200, isProblem(tags) ? [] : tags)),
    );
  });
  app.post<Member>(url, doc('Adds tags to a resource.', { '201': tagList }, tagList), async (request, reply) => {
    const tags = decodeTags(request.body);
    return send(
      reply,
      await change(request, isProblem(tags) ? tags : { verb: 'create', tags }, document(201, isProblem(tags) ? [] : tags)),
    );
  });
  app.delete<Member>(url, doc('Takes all tags from a resource.', { '204': null }), async (request, reply) =>
    send(reply, await change(request, { verb: 'clear' }, { status: 204, text: null })),
  );
  app.get<Tag>(`${url}/:tag`, doc('Says whether a resource has a tag.', { '204': null }), async (request, reply) => {
    const { tag } = request.params;
    const found = (tags: readonly string[]): Answer =>
      tags.includes(tag) ? { status: 204, text: null } : refusal(problem('TagNotFound', { tag }));
    return send(reply, await read(request, found));
  });
  app.put<Tag>(`${url}/:tag`, doc('Adds a tag to a resource.', { '201': null }), async (request, reply) => {
    const { tag } = request.params;
    return send(reply, await change(request, checkTag(tag) ?? { verb: 'add', tags: [tag] }, { status: 201, text: null }));
  });
  app.delete<Tag>(`${url}/:tag`, doc('Takes a tag from a resource.', { '204': null }), async (request, reply) =>
    send(reply, await change(request, { verb: 'remove', tag: request.params.tag }, { status: 204, text: null })),
  );
};

const document = (status: number, tags: readonly string[]): Answer => ({ status, text: JSON.stringify({ tags }) });

const tagsOf = (viewpoint: Viewpoint, kind: ResourceKind, id: string): readonly string[] | Problem => {
  const resource: Resource | undefined = viewpoint.state.get(kind, id);
  return resource !== undefined && isVisible(viewpoint, kind, resource) ? (resource.tags ?? []) : notFound(kind, id);
};
