import { ACTIONS, DECLARATIONS, DERIVED, type Declaration, declarationOf, RESOURCE_KINDS, singularOf } from '@manx/model';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi, testContext } from './api-fixture.js';

/*
 * Every route of the API, with everything that may be sent to it. What is asserted is the same for all: an answer below 500, an error
 * document with every refusal, no commit with a refusal, and lists that can still be read.
 */

const DECLARED = Object.values(DECLARATIONS).map((declaration) => declaration as unknown as Declaration);

const METACHARACTERS = [
  "'; DROP TABLE ports; --",
  '" OR "1"="1',
  '$(reboot)',
  '`id`',
  '| nc -l 1',
  'a\nb',
  'a\r\nserver=/#/10.0.0.1',
  'option:router,10.0.0.66',
  'tag:evil,set:x',
  '\u0000',
  '\u202Eabc',
  '\uD800',
  '😀'.repeat(70),
  '../../etc/passwd',
  '%s%n{0}{id}',
  'x'.repeat(300),
  'x'.repeat(5000),
  ' ',
  '',
];

/** Values that some attribute somewhere takes. */
const PLAUSIBLE = [
  true,
  false,
  null,
  0,
  1,
  4,
  6,
  -1,
  64,
  24,
  1450,
  'tcp',
  'udp',
  'icmp',
  80,
  '80:90',
  'ingress',
  'egress',
  'IPv4',
  'IPv6',
  '10.0.0.5',
  '10.0.0.0/24',
  '2001:db8::/64',
  '2001:db8::5',
  'fa:16:3e:00:00:01',
  'slaac',
  'network',
  'security_group',
  'access_as_shared',
  '*',
  'local',
  'flat',
  'physnet1',
  'normal',
  'h1',
  'compute:nova',
  'network:router_interface',
  'ALL',
  'none',
  65_001,
  { network_id: 'nothing' },
  [],
  {},
  ['10.0.0.0/24'],
  [{ ip_address: '10.0.0.9' }],
  [{ opt_name: 'bootfile-name', opt_value: 'a\nb' }],
  [{ destination: '10.9.0.0/16', nexthop: '10.0.0.1' }],
];

/** A value: plausible, hostile, of any type, or (as a number to be resolved) the id of something that exists. */
const value = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<unknown>(...PLAUSIBLE) },
  { weight: 4, arbitrary: fc.record({ $id: fc.nat(200) }) },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(...METACHARACTERS) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(2 ** 53, -(2 ** 31), 0.5, '1e3', '0x10', '٣') },
);

type Shot = {
  readonly target: number;
  readonly verb: string;
  readonly id: number;
  readonly names: readonly number[];
  readonly values: readonly unknown[];
  readonly wrap: number;
  readonly role: number;
  /** Whether it goes to what is no collection. */
  readonly isBeside: boolean;
};

const shot: fc.Arbitrary<Shot> = fc.record({
  target: fc.nat(10_000),
  verb: fc.constantFrom('POST', 'POST', 'POST', 'PUT', 'PUT', 'DELETE', 'GET', 'PATCH'),
  id: fc.nat(10_000),
  names: fc.array(fc.nat(10_000), { maxLength: 6 }),
  values: fc.array(value, { minLength: 6, maxLength: 6 }),
  wrap: fc.nat(20),
  role: fc.nat(3),
  isBeside: fc.nat(4).map((at) => at === 0),
});

const ACTORS: ReadonlyArray<Readonly<Record<string, string>>> = [
  {},
  { 'x-project-id': 'one', 'x-roles': 'member,reader' },
  { 'x-project-id': 'two', 'x-roles': 'member,reader' },
  { 'x-project-id': 'one', 'x-roles': 'reader' },
];

let api: TestApi;

/** An API whose ids are the same every time: the same shots meet the same things. */
const openSameApi = async (): Promise<TestApi> => {
  let ids = 0;
  const newId = (): string => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`;
  return await openTestApi({ context: () => ({ ...testContext(), newId }) });
};

beforeEach(async () => {
  api = await openSameApi();
});
afterEach(async () => {
  expect(api.bugs).toEqual([]);
  await api.close();
});

/** Ids of everything there is, kinds first that much refers to. */
const idsOf = (): string[] => RESOURCE_KINDS.flatMap((kind) => [...api.ledger.state.idsAfter(kind, '')].slice(0, 8));

const pick = <T>(list: readonly T[], at: number): T | undefined => list[at % Math.max(1, list.length)];

const resolve = (given: unknown, ids: readonly string[]): unknown => {
  if (typeof given === 'object' && given !== null && '$id' in given) return pick(ids, Number(given.$id)) ?? null;
  return given;
};

const urlOf = ({ path, parent }: Declaration, ids: readonly string[], at: number): string => {
  if (parent === undefined) return `/v2.0/${path}`;
  const parents = [...api.ledger.state.idsAfter(parent.kind, '')];
  return `/v2.0/${declarationOf(parent.kind).path}/${pick(parents, at) ?? pick(ids, at) ?? 'nothing'}/${path}`;
};

const PROJECTS = ['one', 'two', 'default', 'nothing', '%00', 'a'.repeat(300), encodeURIComponent(METACHARACTERS[0] ?? '')];
const LIMITS = ['network', 'port', 'rbac_policy', 'no_such_thing', 'project_id', 'force'];

/** A shot at what is no collection: tags of anything, quotas, ready-made topologies. */
const requestBeside = (one: Shot, ids: readonly string[]): { line: string; body?: unknown } => {
  const project = pick(PROJECTS, one.id) ?? 'one';
  const verb = one.verb === 'PATCH' ? 'PUT' : one.verb;
  const values = one.values.map((given) => resolve(given, ids));
  const word = encodeURIComponent(shownIn(values[0]).slice(0, 100)) || 'blue';
  const hasBody = verb === 'PUT' || verb === 'POST';
  if (one.target % 3 === 0) {
    const { path } = pick(DECLARED, one.names[0] ?? one.id) as Declaration;
    const url = `/v2.0/${path}/${pick(ids, one.id) ?? 'nothing'}/tags`;
    if (one.wrap % 2 === 0) return { line: `${verb} ${url}/${word}`, ...(hasBody && one.wrap % 4 === 0 ? { body: values[1] } : {}) };
    return { line: `${verb} ${url}`, ...(hasBody ? { body: one.wrap % 3 === 0 ? values[0] : { tags: values.slice(0, 3) } } : {}) };
  }
  if (one.target % 3 === 1) {
    const quota = Object.fromEntries(one.names.map((at, index) => [pick(LIMITS, at) ?? 'port', values[index]]));
    const url = `/v2.0/quotas${['', `/${project}`, `/${project}`, `/${project}/details`, `/${project}/default`][one.wrap % 5] ?? ''}`;
    return { line: `${verb} ${url}`, ...(hasBody ? { body: one.wrap % 7 === 0 ? values[0] : { quota } } : {}) };
  }
  const query = one.wrap % 2 === 0 ? `?fields=${word}` : '';
  return { line: `${verb} /v2.0/auto-allocated-topology/${project}${query}`, ...(hasBody ? { body: values[0] } : {}) };
};

/** A shot as a request. */
const requestOf = (one: Shot): { line: string; body?: unknown } => {
  const ids = idsOf();
  if (one.isBeside) return requestBeside(one, ids);
  const declaration = pick(DECLARED, one.target) as Declaration;
  const own = [...api.ledger.state.idsAfter(declaration.kind, '')];
  const id = pick(one.id % 5 === 0 ? ids : own, one.id) ?? 'nothing';
  const url = urlOf(declaration, ids, one.id);
  const names = Object.keys(declaration.attributes);
  // Required attributes are usually there, so that more than the first check is met.
  const wanted = one.wrap % 4 === 0 ? [] : names.filter((name) => declaration.attributes[name]?.onCreate === 'required');
  const chosen = [...(one.verb === 'POST' ? wanted : []), ...one.names.map((at) => pick(names, at) ?? 'name')];
  const attributes = Object.fromEntries(chosen.map((name, at) => [name, resolve(pick(one.values, at), ids)]));
  const action = pick(
    ACTIONS.filter(({ kind }) => kind === declaration.kind),
    one.id,
  );
  if (one.verb === 'POST') {
    const body = one.wrap === 1 ? { [declaration.collection]: [attributes, attributes] } : { [singularOf(declaration)]: attributes };
    return { line: `POST ${url}`, body: one.wrap === 2 ? pick(one.values, 0) : body };
  }
  if (one.verb === 'PUT' && action !== undefined && one.wrap % 2 === 0) {
    const inside = Object.fromEntries(
      ['subnet_id', 'port_id', 'network_id', 'prefixes', 'addresses', 'bgp_peer_id', 'routes'].map((name, at) => [
        name,
        resolve(pick(one.values, at), ids),
      ]),
    );
    const few = Object.fromEntries(Object.entries(inside).filter((_, at) => (one.target >> at) % 3 === 0));
    return { line: `PUT ${url}/${id}/${action.name}`, body: one.wrap % 3 === 0 ? { [singularOf(declaration)]: few } : few };
  }
  if (one.verb === 'PUT') return { line: `PUT ${url}/${id}`, body: { [singularOf(declaration)]: attributes } };
  if (one.verb === 'DELETE') return { line: `DELETE ${url}/${id}` };
  const query = one.names.map((at) => `${pick(names, at)}=${encodeURIComponent(shownIn(pick(one.values, at)))}`).join('&');
  return { line: `${one.verb} ${one.wrap % 2 === 0 ? url : `${url}/${id}`}?${query}` };
};

const shownIn = (given: unknown): string =>
  (typeof given === 'string' ? given : (JSON.stringify(given) ?? '')).replaceAll(/\p{Surrogate}/gu, '?');

const SEEDS = [
  ['networks', { network: { name: 'n', shared: false } }],
  ['networks', { network: { name: 'out', 'router:external': true } }],
  ['routers', { router: { name: 'r' } }],
  ['security-groups', { security_group: { name: 'g' } }],
  ['address-groups', { address_group: { name: 'a', addresses: ['10.0.0.0/24'] } }],
  ['qos/policies', { policy: { name: 'q' } }],
  ['subnetpools', { subnetpool: { name: 'p', prefixes: ['10.64.0.0/16'], default_prefixlen: 26 } }],
] as const;

/** A look at groups makes the project's default one where there is none: that is no change by a refusal, so all have theirs before the next shot. */
const makeDefaultGroups = async (): Promise<void> => {
  for (const headers of ACTORS) await api.call('GET /v2.0/security-groups', { headers });
};

/** Makes a little of much, so that references can be right. */
const seed = async (): Promise<void> => {
  await makeDefaultGroups();
  for (const [path, body] of SEEDS) await api.call(`POST /v2.0/${path}`, { body, headers: { 'x-project-id': 'one' } });
  const [first, second] = [...api.ledger.state.all('network')];
  for (const [network, cidr] of [
    [first, '10.0.0.0/24'],
    [second, '203.0.113.0/24'],
  ] as const) {
    await api.call('POST /v2.0/subnets', {
      body: { subnet: { network_id: network?.id, ip_version: 4, cidr } },
      headers: { 'x-project-id': 'one' },
    });
    await api.call('POST /v2.0/ports', { body: { port: { network_id: network?.id } }, headers: { 'x-project-id': 'one' } });
  }
};

const expectGoodAnswer = async (
  line: string,
  { body, headers }: { body?: unknown; headers: Readonly<Record<string, string>> },
): Promise<void> => {
  const before = api.ledger.revision;
  const answer = await api.call(line, { ...(body === undefined ? {} : { body }), headers });
  const what = `${line} ${JSON.stringify(body)?.slice(0, 500)} -> ${answer.text.slice(0, 500)}`;
  expect(answer.status, what).toBeLessThan(500);
  if (answer.status >= 400) {
    expect(answer.json.NeutronError?.type, what).toBeTypeOf('string');
    expect(answer.json.NeutronError?.message.length, what).toBeLessThan(3000);
    expect(api.ledger.revision, what).toBe(before);
  }
  if (line.startsWith('DELETE /v2.0/security-groups/')) await makeDefaultGroups();
};

describe('every route', { timeout: 120_000 }, () => {
  it('anything sent by anybody is answered or refused: never a 500, never a change with a refusal, and all can still be listed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(shot, { minLength: 30, maxLength: 60 }), async (shots) => {
        await api.close();
        api = await openSameApi();
        await seed();
        for (const one of shots) {
          const { line, body } = requestOf(one);
          await expectGoodAnswer(line, { body, headers: ACTORS[one.role] ?? {} });
        }
        for (const headers of ACTORS) {
          for (const declaration of DECLARED.filter(({ parent, offers }) => parent === undefined && offers === undefined)) {
            expect((await api.call(`GET /v2.0/${declaration.path}`, { headers })).status, declaration.path).toBe(200);
          }
          for (const { path, name } of DERIVED) expect((await api.call(`GET /v2.0/${path}`, { headers })).status, name).toBeLessThan(404);
        }
        expect(api.bugs).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it('an unknown attribute, a body that is no object, and a method that is not offered are refused on every collection', async () => {
    for (const declaration of DECLARED.filter(({ parent }) => parent === undefined)) {
      const url = `/v2.0/${declaration.path}`;
      const offers = declaration.offers ?? ['create'];
      if (offers.includes('create')) {
        for (const body of ['[]', '"x"', '1', 'null', '{', '{"a":1}', `{"${singularOf(declaration)}":[]}`, '{"a":1,"a":2}']) {
          const answer = await api.call(`POST ${url}`, { body, headers: { 'content-type': 'application/json' } });
          expect(answer.status, `${url} ${body}`).toBe(400);
        }
        const answer = await api.call(`POST ${url}`, { body: { [singularOf(declaration)]: { 'no:such': 1 } } });
        expect([answer.status, answer.json.NeutronError?.message]).toEqual([400, "Unrecognized attribute(s) 'no:such'"]);
      }
      // Ready-made topologies have no URL for all of them.
      if (declaration.kind !== 'auto_allocated_topology') expect((await api.call(`PATCH ${url}`)).status, url).toBe(405);
    }
  });
});
