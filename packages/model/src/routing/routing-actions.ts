import type { Action } from '../action.js';
import { hostRoutes } from '../address-rules.js';
import type { Attributes } from '../declaration.js';
import { badRequest, isProblem, type Problem, problem } from '../problem.js';
import { isRecord, shown, uuid } from '../value-rule.js';

/** The router, the port that is or was its interface, and the subnets that came or went. */
const interfaceAnswer = {
  type: 'object',
  properties: {
    id: uuid.schema,
    tenant_id: { type: 'string' },
    project_id: { type: 'string' },
    port_id: uuid.schema,
    network_id: uuid.schema,
    subnet_id: uuid.schema,
    subnet_ids: { type: 'array', items: uuid.schema },
  },
  required: ['id', 'port_id', 'network_id', 'subnet_id', 'subnet_ids'],
};

/** What can be done to members of this folder's kinds beyond changing attributes, by the last part of the URL. */
export const ROUTING_ACTIONS: readonly Action[] = [
  interfaceAction('add_router_interface', 'Connects the router with a subnet, or makes a port its interface; `subnet_id` or `port_id`.'),
  interfaceAction('remove_router_interface', 'Takes an interface of the router away: by `port_id`, by `subnet_id`, or both.'),
  routesAction('add_extraroutes', 'Adds routes to those that the router has.'),
  routesAction('remove_extraroutes', 'Takes routes away from those that the router has; what it has not is passed over.'),
];

/** What `add_router_interface` and `remove_router_interface` are told. */
export type InterfaceWish = { readonly port_id?: string; readonly subnet_id?: string };

/** What `add_extraroutes` and `remove_extraroutes` are told is as the attribute `routes`. */
function routesAction(name: string, doc: string): Action {
  const schema = {
    type: 'object',
    properties: { router: { type: 'object', properties: { routes: hostRoutes.schema }, required: ['routes'] } },
    required: ['router'],
  };
  return { name, kind: 'router', doc, schema, decode: readRoutes };
}

function readRoutes(body: unknown): Attributes | Problem {
  const router = isRecord(body) ? body['router'] : undefined;
  if (!isRecord(router)) return badRequest("Unable to find 'router' in request body");
  if (!Object.hasOwn(router, 'routes')) return badRequest("Failed to parse request. Required attribute 'routes' not specified");
  const unknown = Object.keys(router).filter((key) => key !== 'routes');
  if (unknown.length > 0) return badRequest(`Unrecognized attribute(s) '${shown(unknown.join(', '))}'`);
  const read = hostRoutes.read(router['routes']);
  if (isProblem(read)) return read;
  return 'reason' in read ? badRequest(`Invalid input for routes. Reason: ${read.reason}.`) : { routes: read.value };
}

function interfaceAction(name: string, doc: string): Action {
  const schema = { type: 'object', properties: { port_id: uuid.schema, subnet_id: uuid.schema }, minProperties: 1 };
  return {
    name,
    kind: 'router',
    doc,
    schema,
    answer: interfaceAnswer,
    decode: (body) => readInterface(body, name === 'add_router_interface'),
  };
}

function readInterface(body: unknown, isAddition: boolean): Attributes | Problem {
  const refused = (msg: string): Problem => problem('BadRequest', { resource: 'router', msg });
  const given = isRecord(body) ? body : {};
  const wish: { port_id?: string; subnet_id?: string } = {};
  for (const key of ['port_id', 'subnet_id'] as const) {
    if (!Object.hasOwn(given, key)) continue;
    const read = uuid.read(given[key]);
    if (!('value' in read)) return refused(`'${shown(given[key])}' is not a valid UUID`);
    wish[key] = String(read.value);
  }
  if (wish.port_id === undefined && wish.subnet_id === undefined) return refused('Either subnet_id or port_id must be specified');
  if (isAddition && wish.port_id !== undefined && wish.subnet_id !== undefined) return refused('Cannot specify both subnet-id and port-id');
  return wish satisfies InterfaceWish;
}
