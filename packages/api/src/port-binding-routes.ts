import { admit, mayAct } from '@manx/admission';
import {
  type Attributes,
  BINDING_SCHEMA,
  type BindingView,
  bindingsOf,
  decodeBinding,
  isProblem,
  isVisible,
  notFound,
  type Port,
  type Problem,
  problem,
  type Viewpoint,
} from '@manx/model';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Answer, refusal } from './answer.js';
import type { OperationDoc } from './openapi/operation-doc.js';
import { listAnswer, wrapped } from './openapi/resource-schemas.js';
import { queryParameters } from './query-parameters.js';
import { actorOf, commitOrigin, send } from './request-facts.js';
import type { ResourceRoutesOptions } from './resource-routes.js';

type OfPort = { Params: { id: string } };
type OfHost = { Params: { id: string; host: string } };

const URL = '/v2.0/ports/:id/bindings';
const TAG = 'port';

const ONE = {
  type: 'object',
  properties: {
    host: { type: 'string' },
    vif_type: { enum: ['unbound', 'tap', 'binding_failed'] },
    vif_details: { type: 'object' },
    vnic_type: { enum: ['normal'] },
    profile: { type: 'object' },
    status: { enum: ['ACTIVE', 'INACTIVE'] },
  },
  additionalProperties: false,
} as const;

/** What the list can be filtered by, as in Neutron. */
const FILTERS: ReadonlySet<string> = new Set(['host', 'vif_type', 'vnic_type', 'status']);

const DOCS = {
  list: { summary: 'Lists the bindings of a port.', tag: TAG, answers: { '200': listAnswer('bindings', ONE) } },
  show: { summary: 'Shows the binding of a port to a host.', tag: TAG, answers: { '200': wrapped('binding', ONE) } },
  create: {
    summary: 'Binds a port to another host, inactive at first.',
    tag: TAG,
    body: wrapped('binding', { ...BINDING_SCHEMA, required: ['host'] }),
    answers: { '201': wrapped('binding', ONE) },
  },
  update: {
    summary: 'Changes a binding of a port.',
    tag: TAG,
    body: wrapped('binding', BINDING_SCHEMA),
    answers: { '200': wrapped('binding', ONE) },
  },
  remove: { summary: 'Ends the binding of a port to a host.', tag: TAG, answers: { '204': null } },
  activate: { summary: 'Makes a binding of a port the one in use.', tag: TAG, answers: { '200': wrapped('binding', ONE) } },
} as const satisfies { readonly [name: string]: OperationDoc };

/** The bindings of a port to hosts (`binding-extended`): URLs end in host names, so that these routes are none of a declaration's. */
export const addPortBindingRoutes = (app: FastifyInstance, options: ResourceRoutesOptions): void => {
  addReads(app, options);
  app.post<OfPort>(URL, { config: { doc: DOCS.create } }, async (request, reply) => {
    const values = decodeBinding(request.body, true);
    return send(reply, await act(request, { action: 'create_port_binding', values, status: 201 }, options));
  });
  app.put<OfHost>(`${URL}/:host`, { config: { doc: DOCS.update } }, async (request, reply) => {
    const read = decodeBinding(request.body, false);
    const values = isProblem(read) ? read : { ...read, at: request.params.host };
    return send(reply, await act(request, { action: 'update_port_binding', values, status: 200 }, options));
  });
  app.delete<OfHost>(`${URL}/:host`, { config: { doc: DOCS.remove } }, async (request, reply) =>
    send(reply, await act(request, { action: 'delete_port_binding', values: { at: request.params.host }, status: 204 }, options)),
  );
  app.put<OfHost>(`${URL}/:host/activate`, { config: { doc: DOCS.activate } }, async (request, reply) =>
    send(reply, await act(request, { action: 'activate', values: { at: request.params.host }, status: 200 }, options)),
  );
};

const addReads = (app: FastifyInstance, { ledger, policy }: ResourceRoutesOptions): void => {
  app.get<OfPort>(URL, { config: { doc: DOCS.list } }, async (request, reply) => {
    const actor = actorOf(request);
    const tests = queryParameters(request.url).filter(([name]) => FILTERS.has(name));
    return send(
      reply,
      await ledger.read((state) =>
        answerOf({ state, actor, policy }, request.params.id, (bindings) => ({
          bindings: bindings.filter((binding) => tests.every(([name, value]) => binding[name as 'host'] === value)),
        })),
      ),
    );
  });
  app.get<OfHost>(`${URL}/:host`, { config: { doc: DOCS.show } }, async (request, reply) => {
    const actor = actorOf(request);
    const { id, host } = request.params;
    return send(
      reply,
      await ledger.read((state) =>
        answerOf({ state, actor, policy }, id, (bindings) => {
          const binding = bindings.find((candidate) => candidate.host === host);
          return binding === undefined ? problem('PortBindingNotFound', { port_id: id, host }) : { binding };
        }),
      ),
    );
  });
};

/** The document made of a port's bindings; whoever may not see them learns of none, as in Neutron. */
const answerOf = (viewpoint: Viewpoint, id: string, document: (bindings: readonly BindingView[]) => object): Answer => {
  const port: Port | undefined = viewpoint.state.get('port', id);
  if (port === undefined || !isVisible(viewpoint, 'port', port)) return refusal(notFound('port', id));
  const isAllowed = mayAct(viewpoint, { kind: 'port', id, action: 'get_port_binding' }) === null;
  const made = document(isAllowed ? bindingsOf(viewpoint.state, port) : []);
  return isProblem(made) ? refusal(made) : { status: 200, text: JSON.stringify(made) };
};

type Act = { readonly action: string; readonly values: Attributes | Problem; readonly status: 200 | 201 | 204 };

const act = async (
  request: FastifyRequest<OfPort>,
  { action, values, status }: Act,
  { ledger, context }: ResourceRoutesOptions,
): Promise<Answer> => {
  const actor = actorOf(request);
  if (isProblem(values)) return refusal(values);
  const command = { op: 'act', action, kind: 'port', id: request.params.id, values, if_match: null } as const;
  return ledger.decide(commitOrigin(request, actor), (state) => {
    const admitted = admit(state, { actor, command }, context());
    if (isProblem(admitted)) return { changes: [], value: () => refusal(admitted) };
    const text = status === 204 ? null : JSON.stringify(admitted.answer);
    return { changes: admitted.changes, value: () => ({ status, text }) };
  });
};
