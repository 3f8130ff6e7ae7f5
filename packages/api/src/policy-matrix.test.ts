import {
  ACTIONS,
  type Change,
  DERIVED,
  declarationOf,
  policyName,
  RESOURCE_KINDS,
  type ResourceKind,
  singularOf,
  TAGGED_KINDS,
} from '@manx/model';
import { DEFAULT_POLICY, defaultPolicy, isNotServed, targetOf } from '@manx/policy';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi } from './api-fixture.js';
import { ALIASED_KINDS } from './qos-alias-routes.js';
import { matrixChanges, PLACES, type Place, placeId, SHAREABLE } from './testing/matrix-cloud.js';
import { NEUTRON_CATEGORIES } from './testing/neutron-categories.js';
import { NEUTRON_DEVIATIONS, OURS_ONLY } from './testing/neutron-deviations.js';
import { CATEGORIES, neutronAllows, PEOPLE, type Standing } from './testing/neutron-says.js';

type Owner = 'own' | 'network' | 'parent' | 'group';

/** Every set of owners that the asker can be of, with what the rules then see. */
const standings = (): { standing: Standing; target: Record<string, unknown> }[] =>
  [[], ['own'], ['network'], ['parent'], ['group'], ['own', 'network'], ['own', 'network', 'parent', 'group']].flatMap((owners) => {
    const owns = new Set(owners as Owner[]);
    const ofBlue = (owner: Owner): string => (owns.has(owner) ? 'blue' : 'red');
    const projects = {
      project_id: ofBlue('own'),
      tenant_id: ofBlue('own'),
      'network:project_id': ofBlue('network'),
      'ext_parent:project_id': ofBlue('parent'),
      'security_group:project_id': ofBlue('group'),
    };
    return [false, true].flatMap((isShared) =>
      [false, true].flatMap((isExternal) =>
        [false, true].map((isPlain) => ({
          standing: { owns, isShared, isExternal, isPlainDevice: isPlain, isOneProject: isPlain },
          target: {
            ...projects,
            shared: isShared,
            'router:external': isExternal,
            device_owner: isPlain ? 'compute:nova' : 'network:router_interface',
            target_tenant: isPlain ? 'green' : '*',
          },
        })),
      ),
    );
  });

describe('the default policy beside Neutron’s own files', () => {
  it('has a rule for every action that Neutron has one for, and says which others it has', () => {
    const ours = Object.entries(DEFAULT_POLICY).flatMap(([name, { scope }]) => (scope === 'project' ? [name] : []));
    expect(ours.toSorted()).toEqual([...CATEGORIES.keys()].toSorted());
    const theirs = Object.values(NEUTRON_CATEGORIES).flatMap((names) => names.split(' '));
    for (const name of Object.keys(NEUTRON_DEVIATIONS)) expect(theirs).toContain(name);
    for (const name of Object.keys(OURS_ONLY)) expect(theirs).not.toContain(name);
  });

  it.each(Object.entries(PEOPLE))('says of %s what Neutron says, for every action and owner', (_name, roles) => {
    const who = { roles, user_id: 'u', project_id: 'blue', domain_id: null, is_admin: roles.includes('admin') };
    const wrong: string[] = [];
    for (const { standing, target } of standings()) {
      for (const action of CATEGORIES.keys()) {
        const [ours, theirs] = [defaultPolicy.allows(action, who, targetOf(target)), neutronAllows(action, roles, standing)];
        if (ours !== theirs)
          wrong.push(`${action} of ${JSON.stringify({ ...standing, owns: [...standing.owns] })}: ${ours}, Neutron: ${theirs}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

/** Actions that a file of their own asks the policy about. */
const ASKED_ELSEWHERE: readonly string[] = [
  // access/quota.ts: of the asker's own project.
  'get_quota',
  'update_quota',
  'delete_quota',
  // addressing/topology.ts.
  'get_auto_allocated_topology',
  'delete_auto_allocated_topology',
  // agent-routes.ts by the kind's own update; agents are made by the server itself, which Neutron has a rule for all the same.
  'update_agent',
  'create_agent',
  // Asked by way of target_tenant, the older name that the API has it by.
  'create_rbac_policy:target_project',
  'update_rbac_policy:target_project',
  // port-binding-routes.ts.
  'get_port_binding',
  'create_port_binding',
  'update_port_binding',
  'delete_port_binding',
  'activate',
  // connectivity/answer-trace.ts.
  'trace_connectivity',
  // bgp-routes.ts.
  'get_advertised_routes',
  'list_bgp_speaker_on_dragent',
  'add_bgp_speaker_to_dragent',
  'remove_bgp_speaker_from_dragent',
  'list_dragent_hosting_bgp_speaker',
  // qos-alias-routes.ts.
  ...ALIASED_KINDS.flatMap((kind) => ['get', 'update', 'delete'].map((verb) => `${verb}_alias_${singularOf(declarationOf(kind))}`)),
];

const VERBS = ['create', 'get', 'update', 'delete'] as const;

/** Every action that the declarations make somebody ask the policy about, attributes included. */
const asked = (): Set<string> => {
  const kinds = RESOURCE_KINDS.flatMap((kind) => {
    const [{ offers: offered, attributes }, name] = [declarationOf(kind), policyName(kind)];
    const is = { create: 'create', update: 'update', delete: 'delete', get: 'show' } as const;
    const own = VERBS.filter((verb) => offered?.includes(is[verb]) ?? true).map((verb) => `${verb}_${name}`);
    const inside = Object.entries(attributes).flatMap(([attribute, { onCreate, onUpdate, seenBy }]) => [
      ...(onCreate === 'refused' ? [] : [`create_${name}:${attribute}`]),
      ...(onUpdate === 'refused' ? [] : [`update_${name}:${attribute}`]),
      ...(seenBy === 'nobody' ? [] : [`get_${name}:${attribute}`]),
      ...(attribute === 'tags' ? VERBS.map((verb) => `${verb}_${name}:tags`) : []),
    ]);
    return [...own, ...inside];
  });
  return new Set([...kinds, ...ACTIONS.map(({ name }) => name), ...DERIVED.map(({ name }) => `get_${name}`), ...ASKED_ELSEWHERE]);
};

describe('every rule of the policy', () => {
  it('is asked by somebody, or said to be about what is not served', () => {
    const known = asked();
    // Of a key in a value, the attribute is what is declared: create_port:fixed_ips:ip_address.
    const isAsked = (name: string): boolean =>
      known.has(name) || [...known].some((other) => other.includes(':') && name.startsWith(`${other}:`));
    const names = Object.entries(DEFAULT_POLICY).flatMap(([name, { scope }]) => (scope === 'project' ? [name] : []));
    expect(names.filter((name) => !isAsked(name) && !isNotServed(name))).toEqual([]);
    expect(names.filter((name) => isAsked(name) && isNotServed(name))).toEqual([]);
  });
});

/** What came of a request, as far as the policy goes: it was refused, or not there, or it was let through (whatever came of it then). */
type Verdict = 'not found' | 'refused' | 'let through';

type Asked = { readonly kind: ResourceKind; readonly place: Place; readonly roles: readonly string[] };

const standingOf = (kind: ResourceKind, place: Place): Standing => {
  const [own, above]: Owner[][] = [place.owner === 'blue' ? ['own'] : [], place.above === 'blue' ? ['network', 'parent', 'group'] : []];
  // Whose network a network is, is no question; what is on a shared network is shared as far as a rule asks for it.
  const isShared = place.isShared && (SHAREABLE.has(kind) || kind === 'subnet' || kind === 'port');
  return { owns: new Set([...(own ?? []), ...(above ?? [])]), isShared, isExternal: false };
};

const says = ({ kind, place, roles }: Asked, verb: string): boolean =>
  (kind === 'quota' && verb === 'get' && place.owner === 'blue') ||
  neutronAllows(`${verb}_${policyName(kind)}`, roles, standingOf(kind, place));

/** Where a resource is, and whether its URL leads through a parent that the asker sees. */
const urlOf = (kind: ResourceKind, place: Place): string => {
  const { path, parent } = declarationOf(kind);
  return parent === undefined ? `/v2.0/${path}` : `/v2.0/${declarationOf(parent.kind).path}/${placeId(place, parent.kind, true)}/${path}`;
};

const seesParent = ({ kind, place, roles }: Asked): boolean => {
  const { parent } = declarationOf(kind);
  return parent === undefined || says({ kind: parent.kind, place: { ...place, owner: place.above }, roles }, 'get');
};

const expected = (asked: Asked, verb: 'get' | 'update' | 'delete'): Verdict => {
  if (!seesParent(asked) || !says(asked, 'get')) return 'not found';
  return says(asked, verb) ? 'let through' : 'refused';
};

const verdictOf = ({ status, json }: { status: number; json: { NeutronError?: { type: string } } }): Verdict => {
  const type = json.NeutronError?.type ?? '';
  if (status === 403 && type === 'PolicyNotAuthorized') return 'refused';
  return status === 404 && type !== 'HTTPNotFound' ? 'not found' : 'let through';
};

/** An attribute that every such resource lets change, as far as its own rules go. */
const changeOf = (kind: ResourceKind): object | null => {
  const { attributes } = declarationOf(kind);
  const name = ['description', 'name'].find((candidate) => attributes[candidate]?.onUpdate === 'optional');
  return name === undefined ? null : { [name]: 'other' };
};

const offers = (kind: ResourceKind, what: 'list' | 'show' | 'update' | 'delete'): boolean =>
  declarationOf(kind).offers?.includes(what) ?? true;

type Call = { readonly kind: ResourceKind; readonly body: (place: Place) => { readonly [name: string]: unknown } };

const on = (place: Place): { readonly network_id: string } => ({ network_id: placeId(place, 'network', true) });
const PORT_ATTRIBUTES: readonly { readonly [name: string]: unknown }[] = [
  { device_id: 'vm', device_owner: 'compute:nova' },
  { device_owner: 'network:router_interface' },
  { mac_address: 'fa:16:3e:aa:bb:cc' },
  { fixed_ips: [{ ip_address: '10.1.0.9' }] },
  { port_security_enabled: false },
  { 'binding:host_id': 'h1' },
  { 'binding:profile': { a: 1 } },
  { allowed_address_pairs: [{ ip_address: '10.1.0.8' }] },
  { hints: { openvswitch: { other_config: { 'tx-steering': 'hash' } } } },
];
const NETWORK_ATTRIBUTES: readonly { readonly [name: string]: unknown }[] = [
  { shared: true },
  { 'router:external': true },
  { is_default: true },
  { port_security_enabled: false },
];

/** Creations, with what each sets; where they say nothing else the asker's own project owns what is made. */
const CREATIONS: readonly Call[] = [
  { kind: 'network', body: () => ({ name: 'n' }) },
  ...[
    ...NETWORK_ATTRIBUTES,
    { 'provider:network_type': 'local' },
    { 'provider:network_type': 'flat', 'provider:physical_network': 'p' },
  ].map((attributes): Call => ({ kind: 'network', body: () => attributes })),
  { kind: 'subnet', body: (place) => ({ ...on(place), ip_version: 4, cidr: '198.51.100.0/24' }) },
  { kind: 'subnet', body: (place) => ({ ...on(place), ip_version: 4, cidr: '198.51.100.0/24', service_types: ['compute:nova'] }) },
  { kind: 'port', body: on },
  ...PORT_ATTRIBUTES.map((attributes): Call => ({ kind: 'port', body: (place) => ({ ...on(place), ...attributes }) })),
  { kind: 'port', body: (place) => ({ ...on(place), fixed_ips: [{ subnet_id: placeId(place, 'subnet') }] }) },
  { kind: 'security_group', body: () => ({ name: 'g' }) },
  { kind: 'security_group_rule', body: (place) => ({ security_group_id: placeId(place, 'security_group', true), direction: 'ingress' }) },
  {
    kind: 'default_security_group_rule',
    body: () => ({ direction: 'ingress', protocol: 'tcp', used_in_default_sg: true, used_in_non_default_sg: true }),
  },
  { kind: 'address_scope', body: () => ({ name: 'a', ip_version: 4 }) },
  { kind: 'address_scope', body: () => ({ name: 'a', ip_version: 4, shared: true }) },
  { kind: 'subnetpool', body: () => ({ name: 'p', prefixes: ['10.200.0.0/16'] }) },
  { kind: 'subnetpool', body: () => ({ name: 'p', prefixes: ['10.200.0.0/16'], is_default: true }) },
  { kind: 'address_group', body: () => ({ name: 'a' }) },
  { kind: 'qos_policy', body: () => ({ name: 'q' }) },
  { kind: 'qos_policy', body: () => ({ name: 'q', shared: true }) },
  { kind: 'qos_dscp_marking_rule', body: () => ({ dscp_mark: 10 }) },
  { kind: 'qos_bandwidth_limit_rule', body: () => ({ max_kbps: 10 }) },
  { kind: 'router', body: () => ({ name: 'r' }) },
  { kind: 'router', body: (place) => ({ external_gateway_info: on(place) }) },
  { kind: 'router', body: (place) => ({ external_gateway_info: { ...on(place), enable_snat: true } }) },
  { kind: 'router', body: (place) => ({ external_gateway_info: { ...on(place), external_fixed_ips: [{ ip_address: '10.1.0.7' }] } }) },
  { kind: 'router', body: () => ({ ha: true }) },
  { kind: 'floatingip', body: () => ({ floating_network_id: placeId(PLACES[0] as Place, 'network') }) },
  { kind: 'floatingip', body: () => ({ floating_network_id: placeId(PLACES[0] as Place, 'network'), floating_ip_address: '10.1.0.6' }) },
  {
    kind: 'rbac_policy',
    body: (place) => ({ object_type: 'network', object_id: placeId(place, 'network'), action: 'access_as_shared', target_tenant: 'x' }),
  },
  {
    kind: 'rbac_policy',
    body: (place) => ({ object_type: 'network', object_id: placeId(place, 'network'), action: 'access_as_shared', target_tenant: '*' }),
  },
  { kind: 'log', body: () => ({ resource_type: 'security_group' }) },
  { kind: 'bgp_peer', body: () => ({ name: 'b', peer_ip: '192.0.2.9', remote_as: 65_010, auth_type: 'none' }) },
  { kind: 'bgp_speaker', body: () => ({ name: 'b', local_as: 65_010, ip_version: 4 }) },
];

/** Bodies that each action can read. */
const ACTION_BODIES: { readonly [name: string]: (place: Place) => object } = {
  add_prefixes: () => ({ prefixes: ['10.50.0.0/16'] }),
  remove_prefixes: () => ({ prefixes: ['10.50.0.0/16'] }),
  onboard_network_subnets: (place) => ({ network_id: placeId(place, 'network') }),
  add_addresses: () => ({ addresses: ['10.0.0.1/32'] }),
  remove_addresses: () => ({ addresses: ['10.0.0.1/32'] }),
  add_router_interface: (place) => ({ subnet_id: placeId(place, 'subnet') }),
  remove_router_interface: (place) => ({ subnet_id: placeId(place, 'subnet') }),
  add_extraroutes: () => ({ router: { routes: [] } }),
  remove_extraroutes: () => ({ router: { routes: [] } }),
  add_bgp_peer: (place) => ({ bgp_peer_id: placeId(place, 'bgp_peer') }),
  remove_bgp_peer: (place) => ({ bgp_peer_id: placeId(place, 'bgp_peer') }),
  add_gateway_network: (place) => ({ network_id: placeId(place, 'network') }),
  remove_gateway_network: (place) => ({ network_id: placeId(place, 'network') }),
};

const UPDATES: readonly Call[] = [
  ...NETWORK_ATTRIBUTES.map((attributes): Call => ({ kind: 'network', body: () => attributes })),
  ...PORT_ATTRIBUTES.map((attributes): Call => ({ kind: 'port', body: () => attributes })),
  { kind: 'port', body: () => ({ 'binding:vnic_type': 'normal' }) },
  { kind: 'subnet', body: () => ({ service_types: ['compute:nova'] }) },
  { kind: 'router', body: () => ({ ha: true }) },
  { kind: 'router', body: (place) => ({ external_gateway_info: { ...on(place), enable_snat: false } }) },
  { kind: 'rbac_policy', body: () => ({ target_tenant: '*' }) },
];

/** The rules that are asked about attributes: those that Neutron has, of attributes and of the keys in their values. */
const attributeRules = (action: string, given: { readonly [name: string]: unknown }): string[] =>
  Object.entries(given)
    .flatMap(([name, value]) => [
      name,
      ...[value]
        .flat()
        .flatMap((item) => (typeof item === 'object' && item !== null ? Object.keys(item) : []))
        .map((key) => `${name}:${key}`),
    ])
    .map((name) => `${action}:${name}`)
    .filter((name) => CATEGORIES.has(name));

const expectedOf = (asked: Asked, verb: 'create' | 'update', given: { readonly [name: string]: unknown }): Verdict => {
  const { kind, place, roles } = asked;
  const action = `${verb}_${policyName(kind)}`;
  const made = verb === 'create' ? { ...place, owner: 'blue' } : place;
  const standing: Standing = {
    ...standingOf(kind, made),
    isPlainDevice: !String(given['device_owner']).startsWith('network:'),
    isOneProject: given['target_tenant'] !== '*',
  };
  const above: ResourceKind | undefined = 'network_id' in given ? 'network' : 'security_group_id' in given ? 'security_group' : undefined;
  // Who may not even with everything being its own, hears that before its parent is looked for.
  const everything: Standing = { owns: new Set(['own', 'network', 'parent', 'group']), isShared: true, isExternal: true };
  const isUnder = verb === 'create' && declarationOf(kind).parent !== undefined;
  if (isUnder && !neutronAllows(action, roles, everything)) return 'refused';
  if (!seesParent({ ...asked, place: made })) return 'not found';
  if (verb === 'update' && !says(asked, 'get')) return 'not found';
  const seesAbove = (other: ResourceKind): boolean => says({ kind: other, place: { ...place, owner: place.above }, roles }, 'get');
  const seesNetwork = seesAbove('network');
  if (above !== undefined && !seesAbove(above)) return 'not found';
  const isAllowed = [action, ...attributeRules(action, given)].every((name) => neutronAllows(name, roles, standing));
  // A gateway's network is looked for by the router's own rules, after the policy.
  if (isAllowed && 'external_gateway_info' in given && !seesNetwork) return 'not found';
  return isAllowed ? 'let through' : 'refused';
};

describe('every call x role x owner, against the API', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await openTestApi();
  });
  beforeEach(() => reset());
  afterEach(() => expect(api.bugs).toEqual([]));
  afterAll(() => api.close());

  const reset = (): Promise<void> =>
    api.ledger.decide({ requestId: 'seed', userId: null, projectId: null }, (state) => {
      const seeds = matrixChanges();
      const seeded = new Set(seeds.map(({ id }) => id));
      const grown = RESOURCE_KINDS.toReversed().flatMap((kind) =>
        [...state.idsAfter(kind, '')].filter((id) => !seeded.has(id)).map((id): Change => ({ op: 'delete', kind, id })),
      );
      return { changes: [...grown, ...seeds], value: () => undefined };
    });
  const as = (roles: readonly string[], project = 'blue'): { headers: Record<string, string> } => ({
    headers: { 'x-project-id': project, 'x-roles': roles.join(','), 'x-user-id': 'u' },
  });

  it.each(RESOURCE_KINDS.filter((kind) => offers(kind, 'show') || offers(kind, 'delete')))('%s', async (kind) => {
    const wrong: string[] = [];
    const note = (asked: Asked & { who: string }, call: string, [was, should]: readonly [unknown, unknown]): void => {
      if (was !== should)
        wrong.push(`${call} ${kind} by ${asked.who} of ${asked.place.name}: ${String(was)}, but Neutron: ${String(should)}`);
    };
    for (const [who, roles] of Object.entries(PEOPLE)) {
      for (const place of PLACES) {
        const asked = { kind, place, roles, who };
        const url = `${urlOf(kind, place)}/${placeId(place, kind)}`;
        if (offers(kind, 'show')) note(asked, 'GET', [verdictOf(await api.call(`GET ${url}`, as(roles))), expected(asked, 'get')]);
        if (offers(kind, 'list')) {
          const { json } = await api.call(`GET ${urlOf(kind, place)}`, as(roles));
          const rows = (json[declarationOf(kind).collection] ?? []) as readonly { readonly id?: string }[];
          note(asked, 'LIST', [rows.some(({ id }) => id === placeId(place, kind)), expected(asked, 'get') === 'let through']);
        }
        const body = changeOf(kind);
        if (offers(kind, 'update') && body !== null) {
          const answer = await api.call(`PUT ${url}`, { ...as(roles), body: { [singularOf(declarationOf(kind))]: body } });
          note(asked, 'PUT', [verdictOf(answer), expected(asked, 'update')]);
        }
        if (offers(kind, 'delete')) {
          const answer = await api.call(`DELETE ${url}`, as(roles));
          note(asked, 'DELETE', [verdictOf(answer), expected(asked, 'delete')]);
          if (answer.status < 300) await reset();
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  const calls = [
    ...CREATIONS.map((call) => ({ ...call, verb: 'create' as const })),
    ...UPDATES.map((call) => ({ ...call, verb: 'update' as const })),
  ];
  it.each(
    calls.map((call): [string, typeof call] => [
      `${call.verb} ${call.kind} ${Object.keys(call.body(PLACES[0] as Place)).join(', ')}`,
      call,
    ]),
  )('%s', async (_title, { kind, verb, body }) => {
    const wrong: string[] = [];
    for (const [who, roles] of Object.entries(PEOPLE)) {
      for (const place of PLACES) {
        const asked = { kind, place, roles };
        const given = body(place);
        const url = verb === 'create' ? `POST ${urlOf(kind, place)}` : `PUT ${urlOf(kind, place)}/${placeId(place, kind)}`;
        const answer = await api.call(url, { ...as(roles), body: { [singularOf(declarationOf(kind))]: given } });
        const should = expectedOf(asked, verb, given);
        if (verdictOf(answer) !== should)
          wrong.push(`${who} of ${place.name}: ${verdictOf(answer)} (${answer.text}), but Neutron: ${should}`);
        if (answer.status < 300) await reset();
      }
    }
    expect(wrong).toEqual([]);
  });

  it.each(ACTIONS.map((action): [string, (typeof ACTIONS)[number]] => [action.name, action]))('%s', async (name, { kind }) => {
    const wrong: string[] = [];
    for (const [who, roles] of Object.entries(PEOPLE)) {
      for (const place of PLACES) {
        const url = `${urlOf(kind, place)}/${placeId(place, kind)}/${name}`;
        const answer = await api.call(`PUT ${url}`, { ...as(roles), body: ACTION_BODIES[name]?.(place) ?? {} });
        const seen = says({ kind, place, roles }, 'get');
        const should = seen ? (neutronAllows(name, roles, standingOf(kind, place)) ? 'let through' : 'refused') : 'not found';
        // What the action itself does not find is another matter.
        const was =
          answer.json.NeutronError?.type === declarationOf(kind).notFound
            ? 'not found'
            : verdictOf({ ...answer, status: answer.status === 404 ? 400 : answer.status });
        if (was !== should) wrong.push(`${who} of ${place.name}: ${was} (${answer.text}), but Neutron: ${should}`);
        if (answer.status < 300) await reset();
      }
    }
    expect(wrong).toEqual([]);
  });

  it.each(TAGGED_KINDS.filter((kind) => declarationOf(kind).parent === undefined))('tags of %s', async (kind) => {
    // Some kinds have tags without a rule about them: whoever may change the resource may change them.
    const own = `update_${policyName(kind)}:tags`;
    const rule = CATEGORIES.has(own) ? own : `update_${policyName(kind)}`;
    const wrong: string[] = [];
    for (const [who, roles] of Object.entries(PEOPLE)) {
      for (const place of PLACES) {
        const answer = await api.call(`PUT ${urlOf(kind, place)}/${placeId(place, kind)}/tags`, { ...as(roles), body: { tags: ['a'] } });
        const isAllowed = neutronAllows(rule, roles, standingOf(kind, place));
        const should = says({ kind, place, roles }, 'get') ? (isAllowed ? 'let through' : 'refused') : 'not found';
        if (verdictOf(answer) !== should)
          wrong.push(`${who} of ${place.name}: ${verdictOf(answer)} (${answer.text}), but Neutron: ${should}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it.each(DERIVED.map(({ name, path, collection }): [string, string, string] => [name, path, collection]))(
    'the rows of %s',
    async (name, path, collection) => {
      const rowsOf = async (roles: readonly string[]): Promise<number> => {
        const { json } = await api.call(`GET /v2.0/${path}`, as(roles));
        return ((json[collection] ?? []) as readonly unknown[]).length;
      };
      const own: Standing = { owns: new Set(['own']), isShared: false, isExternal: false };
      for (const [who, roles] of Object.entries(PEOPLE)) {
        const [rows, all] = [await rowsOf(roles), await rowsOf(PEOPLE['admin'] ?? [])];
        expect([who, rows > 0]).toEqual([who, all > 0 && neutronAllows(`get_${name}`, roles, own)]);
      }
    },
  );

  it('what of a port is shown follows the rules of its attributes', async () => {
    const names = Object.keys(declarationOf('port').attributes).filter((name) => CATEGORIES.has(`get_port:${name}`));
    expect(names).toContain('binding:host_id');
    for (const [who, roles] of Object.entries(PEOPLE)) {
      const place = PLACES[0] as Place;
      const { json } = await api.call(`GET /v2.0/ports/${placeId(place, 'port')}`, as(roles));
      const port = json['port'] as object | undefined;
      const shown = names.filter((name) => port !== undefined && name in port);
      const isSeen = says({ kind: 'port', place, roles }, 'get');
      expect([who, shown]).toEqual([
        who,
        names.filter((name) => isSeen && neutronAllows(`get_port:${name}`, roles, standingOf('port', place))),
      ]);
    }
  });
});
