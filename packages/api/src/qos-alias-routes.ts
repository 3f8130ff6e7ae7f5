import { mayAct } from '@manx/admission';
import { badRequest, declarationOf, isProblem, notFound, type Problem, QOS_RULE_KINDS, singularOf } from '@manx/model';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Answer, refusal } from './answer.js';
import type { OperationDoc } from './openapi/operation-doc.js';
import { componentName, refTo, wrapped } from './openapi/resource-schemas.js';
import { queryParameters } from './query-parameters.js';
import { actorOf, commitOrigin, send } from './request-facts.js';
import { answerShow } from './resource-reads.js';
import type { ResourceRoutesOptions } from './resource-routes.js';
import { readDelete, readUpdate, type Write, type WriteRequest } from './resource-writes.js';

/** The kinds that have such calls in Neutron: all but packet rate limits. */
export const ALIASED_KINDS = QOS_RULE_KINDS.filter((kind) => kind !== 'qos_packet_rate_limit_rule');

type AliasedKind = (typeof ALIASED_KINDS)[number];
type Member = { Params: { id: string } };

/** QoS rules by their own ids, without their policy's: show, update, delete (`qos-rules-alias`, `qos-pps-minimum-rule-alias`). */
export const addQosAliasRoutes = (app: FastifyInstance, options: ResourceRoutesOptions): void => {
  for (const kind of ALIASED_KINDS) addAliasRoutes(app, kind, options);
};

const addAliasRoutes = (app: FastifyInstance, kind: AliasedKind, { ledger, context, policy }: ResourceRoutesOptions): void => {
  const plain = singularOf(declarationOf(kind));
  const alias = `alias_${plain}`;
  const url = `/v2.0/qos/${alias}s/:id`;
  const docs = docsOf(kind, alias);
  const decide = async (request: FastifyRequest, { verb, id }: { verb: string; id: string }, write: Write | Problem): Promise<Answer> => {
    const actor = actorOf(request);
    if (isProblem(write)) return refusal(write);
    return ledger.decide(commitOrigin(request, actor), (state) => {
      const refused = mayAct({ state, actor, policy }, { kind, id, action: `${verb}_${alias}` });
      return refused === null ? write(state, context()) : { changes: [], value: () => refusal(refused) };
    });
  };
  app.get<Member>(url, { config: { doc: docs.show } }, async (request, reply) => {
    const actor = actorOf(request);
    const { id } = request.params;
    const show = answerShow({ kind, actor, policy, parameters: queryParameters(request.url), parentId: null, url: '' }, id);
    const answer = await ledger.read((state) =>
      mayAct({ state, actor, policy }, { kind, id, action: `get_${alias}` }) === null ? show(state) : refusal(notFound(kind, id)),
    );
    return send(reply, renamed(answer, plain, alias));
  });
  app.put<Member>(url, { config: { doc: docs.update } }, async (request, reply) => {
    const body = unaliased(request.body, { plain, alias });
    const write = isProblem(body) ? body : readUpdate({ ...writeRequest(request, kind), body }, request.params.id);
    return send(reply, renamed(await decide(request, { verb: 'update', id: request.params.id }, write), plain, alias));
  });
  app.delete<Member>(url, { config: { doc: docs.remove } }, async (request, reply) =>
    send(
      reply,
      await decide(request, { verb: 'delete', id: request.params.id }, readDelete(writeRequest(request, kind), request.params.id)),
    ),
  );
};

const docsOf = (kind: AliasedKind, alias: string): Record<'show' | 'update' | 'remove', OperationDoc> => {
  const one = wrapped(alias, refTo(componentName(kind)));
  return {
    show: { summary: 'Shows a rule by its own id.', tag: kind, answers: { '200': one } },
    update: {
      summary: 'Changes a rule by its own id.',
      tag: kind,
      body: wrapped(alias, refTo(`${componentName(kind)}Update`)),
      answers: { '200': one },
    },
    remove: { summary: 'Deletes a rule by its own id.', tag: kind, answers: { '204': null } },
  };
};

const writeRequest = (request: FastifyRequest, kind: AliasedKind): WriteRequest => ({
  kind,
  actor: actorOf(request),
  body: request.body,
  ifMatch: request.headers['if-match'],
  parentId: null,
});

/** The body with the rule under its plain name. */
const unaliased = (body: unknown, { plain, alias }: { readonly plain: string; readonly alias: string }): unknown => {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const given = (body as { readonly [key: string]: unknown })[alias];
  return given === undefined ? badRequest(`Unable to find '${alias}' in request body`) : { [plain]: given };
};

/** The answer with the resource under its other name. */
const renamed = (answer: Answer, plain: string, alias: string): Answer => {
  const start = `{"${plain}":`;
  return answer.text?.startsWith(start) === true ? { ...answer, text: `{"${alias}":${answer.text.slice(start.length)}` } : answer;
};
