import { admit, mayAct } from '@manx/admission';
import {
  agents,
  isProblem,
  isSpokenForBy,
  notFound,
  problem,
  type ResourceKind,
  type ResourceOf,
  type Row,
  type Viewpoint,
  view,
} from '@manx/model';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type AdvertisedRoutesOptions, advertisedRoutes } from './advertised-routes.js';
import { type Answer, refusal } from './answer.js';
import type { DerivedRoutesOptions } from './derived-routes.js';
import type { OperationDoc } from './openapi/operation-doc.js';
import { listAnswer, refTo } from './openapi/resource-schemas.js';
import { actorOf, commitOrigin, send } from './request-facts.js';
import type { ResourceRoutesOptions } from './resource-routes.js';

type Member = { Params: { id: string } };
type OfAgent = { Params: { id: string; speaker: string } };

const DOCS = {
  routes: {
    summary: 'The routes that hosts announce to the peers of a speaker that they have a session with.',
    tag: 'bgp_speaker',
    answers: {
      '200': listAnswer('advertised_routes', {
        type: 'object',
        properties: { destination: { type: 'string' }, next_hop: { type: 'null' }, host: { type: 'string' } },
        required: ['destination', 'next_hop', 'host'],
        additionalProperties: false,
      }),
    },
  },
  agents: {
    summary: 'The agents whose hosts speak for a speaker.',
    tag: 'bgp_speaker',
    answers: { '200': listAnswer('agents', refTo('Agent')) },
  },
  speakers: {
    summary: 'The speakers that the host of an agent speaks for.',
    tag: 'agent',
    answers: { '200': listAnswer('bgp_speakers', refTo('BgpSpeaker')) },
  },
  add: {
    summary: 'Has the host of an agent speak for a speaker. While every host does, and it has no peers, this makes it the only one.',
    tag: 'agent',
    body: {
      type: 'object',
      properties: { bgp_speaker_id: { type: 'string', format: 'uuid' } },
      required: ['bgp_speaker_id'],
    },
    answers: { '201': { type: 'null' } },
  },
  remove: { summary: 'Has the host of an agent speak for a speaker no longer.', tag: 'agent', answers: { '204': null } },
} as const satisfies { readonly [name: string]: OperationDoc };

const INSTANCES = '/v2.0/agents/:id/bgp-drinstances';

/** What hosts announce, and which speak for whom. */
export const addBgpRoutes = (
  app: FastifyInstance,
  options: ResourceRoutesOptions & DerivedRoutesOptions & AdvertisedRoutesOptions,
): void => {
  const { ledger, facts, policy } = options;
  app.get<Member>('/v2.0/bgp-speakers/:id/get_advertised_routes', { config: { doc: DOCS.routes } }, async (request, reply) => {
    const actor = actorOf(request);
    const named = { kind: 'bgp_speaker', id: request.params.id, action: 'get_advertised_routes' } as const;
    const answer = await ledger.read((state) =>
      answerOf({ state, actor, policy }, named, (speaker: ResourceOf['bgp_speaker']) => ({
        advertised_routes: advertisedRoutes(speaker, { state, hosts: facts().hosts }, options),
      })),
    );
    return send(reply, answer);
  });
  app.get<Member>('/v2.0/bgp-speakers/:id/bgp-dragents', { config: { doc: DOCS.agents } }, async (request, reply) => {
    const actor = actorOf(request);
    const named = { kind: 'bgp_speaker', id: request.params.id, action: 'list_dragent_hosting_bgp_speaker' } as const;
    const answer = await ledger.read((state) =>
      answerOf({ state, actor, policy }, named, (speaker: ResourceOf['bgp_speaker']) => ({
        agents: agents.rows({ state, actor, policy }, facts()).filter(({ id }) => isSpokenForBy(speaker, String(id))),
      })),
    );
    return send(reply, answer);
  });
  app.get<Member>(INSTANCES, { config: { doc: DOCS.speakers } }, async (request, reply) => {
    const actor = actorOf(request);
    const { id } = request.params;
    const answer = await ledger.read((state) => {
      const viewpoint = { state, actor, policy };
      return answerOf(viewpoint, { kind: 'agent', id, action: 'list_bgp_speaker_on_dragent' }, () => ({
        bgp_speakers: [...state.all('bgp_speaker')]
          .filter((speaker) => isSpokenForBy(speaker, id))
          .map((speaker): Row => view('bgp_speaker', speaker, { ...viewpoint, fields: [] })),
      }));
    });
    return send(reply, answer);
  });
  app.post<Member>(INSTANCES, { config: { doc: DOCS.add } }, async (request, reply) => {
    const speaker = (request.body as { bgp_speaker_id?: unknown } | null | undefined)?.bgp_speaker_id;
    if (typeof speaker !== 'string') {
      return send(reply, refusal(problem('BadRequest', { resource: 'agent', msg: 'bgp_speaker_id must be specified' })));
    }
    return send(reply, await schedule(request, { action: 'add_bgp_speaker_to_dragent', speaker, status: 201 }, options));
  });
  app.delete<OfAgent>(`${INSTANCES}/:speaker`, { config: { doc: DOCS.remove } }, async (request, reply) => {
    const { speaker } = request.params;
    return send(reply, await schedule(request, { action: 'remove_bgp_speaker_from_dragent', speaker, status: 204 }, options));
  });
};

type Schedule = { readonly action: string; readonly speaker: string; readonly status: 201 | 204 };

/** Neutron answers an addition with `null`. */
const schedule = async (
  request: FastifyRequest<Member>,
  { action, speaker, status }: Schedule,
  { ledger, context }: ResourceRoutesOptions,
): Promise<Answer> => {
  const actor = actorOf(request);
  const values = { agent_id: request.params.id };
  const command = { op: 'act', action, kind: 'bgp_speaker', id: speaker, values, if_match: null } as const;
  return ledger.decide(commitOrigin(request, actor), (state) => {
    const admitted = admit(state, { actor, command }, context());
    if (isProblem(admitted)) return { changes: [], value: () => refusal(admitted) };
    return { changes: admitted.changes, value: () => ({ status, text: status === 204 ? null : 'null' }) };
  });
};

type Named<K extends ResourceKind> = { readonly kind: K; readonly id: string; readonly action: string };

/** The document made of a resource that the actor may see, when the policy lets it do this with it. */
const answerOf = <K extends ResourceKind>(viewpoint: Viewpoint, named: Named<K>, document: (resource: ResourceOf[K]) => object): Answer => {
  const refused = mayAct(viewpoint, named);
  const resource = viewpoint.state.get(named.kind, named.id);
  if (refused !== null || resource === undefined) return refusal(refused ?? notFound(named.kind, named.id));
  return { status: 200, text: JSON.stringify(document(resource)) };
};
