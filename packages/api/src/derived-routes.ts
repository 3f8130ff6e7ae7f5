import { type Actor, DERIVED, type Derived, type Facts, problem, type Row, type StateReader } from '@manx/model';
import { type Policy, targetOf } from '@manx/policy';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Answer, refusal } from './answer.js';
import { answerRows, pick } from './derived-list.js';
import { originOf } from './document-routes.js';
import { HttpError } from './http-error.js';
import { jsonText } from './json-text.js';
import type { Ledger } from './ledger.js';
import { queryParameters } from './query-parameters.js';

/** What the routes of derived collections need. */
export type DerivedRoutesOptions = { readonly ledger: Ledger; readonly facts: () => Facts; readonly policy: Policy };

/** The routes of every derived collection: list and show. Filters compare text; `fields` picks; rows come in key order. */
export const addDerivedRoutes = (app: FastifyInstance, { ledger, facts, policy }: DerivedRoutesOptions): void => {
  const rowsFor = (derived: Derived, state: StateReader, actor: Actor): readonly Row[] =>
    visibleRows(derived, derived.rows({ state, actor, policy }, facts()), { actor, policy });
  for (const derived of DERIVED) {
    const url = `/v2.0/${derived.path}`;
    for (const path of [derived.path, ...(derived.otherPath === undefined ? [] : [derived.otherPath])]) {
      const listUrl = `/v2.0/${path}`;
      app.get(listUrl, async (request, reply) => {
        const [actor, parameters] = [actorOf(request), queryParameters(request.url)];
        return send(
          reply,
          await ledger.read((state) =>
            answerRows(derived, rowsFor(derived, state, actor), { parameters, url: `${originOf(request)}${listUrl}` }),
          ),
        );
      });
    }
    if (derived.key === null) continue;
    app.get<{ Params: { id: string } }>(`${url}/:id`, async (request, reply) => {
      const [actor, parameters] = [actorOf(request), queryParameters(request.url)];
      const fields = parameters.filter(([name, value]) => name === 'fields' && value !== '').map(([, value]) => value);
      const { shownBy } = derived;
      if (shownBy !== undefined && !allows(policy, shownBy, actor)) {
        return send(reply, refusal(problem('PolicyNotAuthorized', { rule: `rule:${shownBy}` })));
      }
      return send(
        reply,
        await ledger.read((state) => answerRow(derived, rowsFor(derived, state, actor), { id: request.params.id, fields })),
      );
    });
  }
};

/** Answers the URL of one row. */
const answerRow = (derived: Derived, rows: readonly Row[], { id, fields }: { id: string; fields: readonly string[] }): Answer => {
  const row = rows.find((candidate) => derived.key !== null && candidate[derived.key] === id);
  if (row !== undefined)
    return { status: 200, text: jsonText({ [derived.singular]: pick(row, new Set(fields), Object.keys(derived.attributes)) }) };
  const shown = id.slice(0, 255);
  if (derived.notFoundCode === undefined) throw new HttpError(404, derived.notFound.replace('{id}', shown));
  return refusal(problem(derived.notFoundCode as 'AgentNotFound', { id: shown }));
};

/** The rows that the policy's `get_{name}` allows; one that says nothing of a project is everybody's own. */
const visibleRows = (derived: Derived, rows: readonly Row[], { actor, policy }: { actor: Actor; policy: Policy }): readonly Row[] => {
  const judgement = policy.judge(`get_${derived.name}`, actor);
  if (typeof judgement === 'boolean') return judgement ? rows : [];
  return rows.filter((row) => {
    const owner = row['project_id'] ?? row['tenant_id'] ?? actor.project_id;
    return judgement(targetOf({ ...row, project_id: owner, tenant_id: owner }));
  });
};

/** Whether the actor may do this with what belongs to no project: it counts as everybody's own. */
const allows = (policy: Policy, rule: string, actor: Actor): boolean => {
  const judgement = policy.judge(rule, actor);
  const owner = actor.project_id;
  return typeof judgement === 'boolean' ? judgement : judgement(targetOf({ project_id: owner, tenant_id: owner }));
};

const actorOf = ({ actor }: FastifyRequest): Actor => {
  if (actor === null) throw new HttpError(401);
  return actor;
};

const send = (reply: FastifyReply, { status, text }: Answer): FastifyReply => reply.code(status).type('application/json').send(text);
