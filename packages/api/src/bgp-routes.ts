import { mayAct } from '@manx/admission';
import { advertisedRoutes, agents, notFound, type Resource, type ResourceKind, type Row, type Viewpoint, view } from '@manx/model';
import type { FastifyInstance } from 'fastify';
import { type Answer, refusal } from './answer.js';
import type { DerivedRoutesOptions } from './derived-routes.js';
import type { OperationDoc } from './openapi/operation-doc.js';
import { listAnswer, refTo } from './openapi/resource-schemas.js';
import { actorOf, send } from './request-facts.js';
import type { ResourceRoutesOptions } from './resource-routes.js';

type Member = { Params: { id: string } };

const DOCS = {
  routes: {
    summary: 'The routes that hosts announce in the scope of a speaker.',
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
    summary: 'The agents that speak for a speaker: all of them.',
    tag: 'bgp_speaker',
    answers: { '200': listAnswer('agents', refTo('Agent')) },
  },
  speakers: {
    summary: 'The speakers that an agent speaks for: all of them.',
    tag: 'agent',
    answers: { '200': listAnswer('bgp_speakers', refTo('BgpSpeaker')) },
  },
} as const satisfies { readonly [name: string]: OperationDoc };

/** What hosts announce, and which speak for whom: every host for every speaker. Nothing of it can be set. */
export const addBgpRoutes = (app: FastifyInstance, { ledger, facts, policy }: ResourceRoutesOptions & DerivedRoutesOptions): void => {
  app.get<Member>('/v2.0/bgp-speakers/:id/get_advertised_routes', { config: { doc: DOCS.routes } }, async (request, reply) => {
    const actor = actorOf(request);
    return send(
      reply,
      await ledger.read((state) =>
        answerOf({ state, actor, policy }, { kind: 'bgp_speaker', id: request.params.id, action: 'get_advertised_routes' }, (speaker) => ({
          advertised_routes: advertisedRoutes(speaker as never, state),
        })),
      ),
    );
  });
  app.get<Member>('/v2.0/bgp-speakers/:id/bgp-dragents', { config: { doc: DOCS.agents } }, async (request, reply) => {
    const actor = actorOf(request);
    return send(
      reply,
      await ledger.read((state) =>
        answerOf(
          { state, actor, policy },
          { kind: 'bgp_speaker', id: request.params.id, action: 'list_dragent_hosting_bgp_speaker' },
          () => ({ agents: agents.rows({ state, actor, policy }, facts()) }),
        ),
      ),
    );
  });
  app.get<Member>('/v2.0/agents/:id/bgp-drinstances', { config: { doc: DOCS.speakers } }, async (request, reply) => {
    const actor = actorOf(request);
    return send(
      reply,
      await ledger.read((state) => {
        const viewpoint = { state, actor, policy };
        const speakers = [...state.all('bgp_speaker')].map((speaker): Row => view('bgp_speaker', speaker, { ...viewpoint, fields: [] }));
        return answerOf(viewpoint, { kind: 'agent', id: request.params.id, action: 'list_bgp_speaker_on_dragent' }, () => ({
          bgp_speakers: speakers,
        }));
      }),
    );
  });
};

type Named = { readonly kind: ResourceKind; readonly id: string; readonly action: string };

/** The document made of a resource that the actor may see, when the policy lets it do this with it. */
const answerOf = (viewpoint: Viewpoint, named: Named, document: (resource: Resource) => object): Answer => {
  const refused = mayAct(viewpoint, named);
  const resource: Resource | undefined = viewpoint.state.get(named.kind, named.id);
  if (refused !== null || resource === undefined) return refusal(refused ?? notFound(named.kind, named.id));
  return { status: 200, text: JSON.stringify(document(resource)) };
};
