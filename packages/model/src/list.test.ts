import { defaultPolicy as policy } from '@manx/policy';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Actor,
  applyChanges,
  buildCloud,
  EXAMPLE_CLOUDS,
  EXAMPLE_PROJECT,
  EXTENSIONS,
  errorAnswer,
  idOf,
  isProblem,
  list,
  OTHER_PROJECT,
  type Port,
  pageLinks,
  parseQuery,
  put,
  type ResourceKind,
  type State,
  view,
} from './index.js';

const admin: Actor = { user_id: null, project_id: 'admin', domain_id: null, roles: ['admin'], is_admin: true };
const mine: Actor = { user_id: 'u', project_id: EXAMPLE_PROJECT, domain_id: null, roles: ['member', 'reader'], is_admin: false };
const web = buildCloud(EXAMPLE_CLOUDS['web-and-db']);
const two = buildCloud(EXAMPLE_CLOUDS['two-projects']);

function listed(kind: ResourceKind, search: string, { state = web, actor = admin }: { state?: State; actor?: Actor } = {}): string[] {
  const query = parseQuery(kind, [...new URLSearchParams(search)]);
  if (isProblem(query)) throw new Error(query.detail);
  const found = list(kind, query, { state, actor, policy });
  if (isProblem(found)) throw new Error(found.detail);
  return found.map((resource) => ('name' in resource ? String(resource.name) : resource.id));
}

function sorted(names: readonly string[]): string[] {
  return [...names].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
}

describe('filters', () => {
  test.each<[string, string, string[]]>([
    ['a name', 'name=web1', ['web1']],
    ['repeated values are alternatives', 'name=web1&name=db1', ['db1', 'web1']],
    ['different attributes must all hold', 'name=web1&status=DOWN', []],
    ['a truth value in any spelling', 'admin_state_up=true&name=idle', ['idle']],
    ['an id', `id=${idOf('db1')}`, ['db1']],
    ['an empty value', 'device_owner=', ['idle']],
    ['a host', 'binding:host_id=h3', ['db1']],
    ['a network', `network_id=${idOf('back')}&status=ACTIVE`, ['db1']],
    ['a group', `security_groups=${idOf('db')}`, ['db1']],
    ['an address', 'fixed_ips=ip_address=10.1.0.11', ['web1']],
    ['an address in another spelling', 'fixed_ips=ip_address=2001:DB8:1:0::11', ['web1']],
    ['addresses, alternatives', 'fixed_ips=ip_address=10.1.0.11&fixed_ips=ip_address=10.2.0.21', ['db1', 'web1']],
    ['an address and a subnet: of the same address', `fixed_ips=ip_address=10.1.0.11&fixed_ips=subnet_id=${idOf('front-v6')}`, []],
    ['a subnet', `fixed_ips=subnet_id=${idOf('front-v4')}`, ['web1', 'web2']],
    ['a part of an address', 'fixed_ips=ip_address_substr=0.0.2', []],
    ['a part of an address that is there', 'fixed_ips=ip_address_substr=.99', ['idle']],
    ['changed since', 'changed_since=2026-01-01T00:00:00', ['db1', 'idle', 'web1', 'web2']],
    ['changed since later', 'changed_since=2026-01-01 00:00:01', []],
    ['the owner by its older name', `tenant_id=${OTHER_PROJECT}`, []],
  ])('%s', (_, search, names) => {
    expect(listed('port', search)).toEqual(sorted(names));
  });

  test.each([
    ['foo=1', "['foo'] is invalid attribute for filtering"],
    ['subnets=1', "['subnets'] is invalid attribute for filtering"],
    ['sort_key=name', 'The number of sort_keys and sort_dirs must be same'],
    ['sort_key=foo&sort_dir=asc', "['foo'] is invalid attribute for sort_keys"],
    ['sort_key=name&sort_dir=up', "['up'] is invalid value for sort_dirs, valid value is 'asc' and 'desc'"],
    ['limit=x', "Bad limit request: Limit must be an integer 0 or greater and not 'x'."],
    ['limit=-1', "Bad limit request: Limit must be an integer 0 or greater and not '-1'."],
    ['admin_state_up=maybe', "Invalid input for operation: 'maybe' cannot be converted to boolean."],
    ['project_id=a&tenant_id=a', 'Both tenant_id and project_id passed as filters.'],
  ])('%s is refused', (search, message) => {
    const query = parseQuery('network', [...new URLSearchParams(search)]);
    expect(isProblem(query) && errorAnswer(query).status).toBe(400);
    expect(query).toMatchObject({ detail: message });
  });

  test('a fixed_ips filter that is no pair is refused', () => {
    expect(parseQuery('port', [['fixed_ips', '10.0.0.1']])).toMatchObject({ code: 'InvalidInput' });
  });
});

describe('sorting and paging', () => {
  test('by several keys, each in its direction', () => {
    expect(listed('port', 'sort_key=status&sort_dir=desc&sort_key=name&sort_dir=asc')).toEqual(['idle', 'db1', 'web1', 'web2']);
  });

  test('a marker that is not there is not found', () => {
    const query = parseQuery('port', [
      ['limit', '1'],
      ['marker', idOf('nobody')],
    ]);
    expect(isProblem(query) ? query : list('port', query, { state: web, actor: admin, policy })).toMatchObject({ code: 'PortNotFound' });
  });

  test('pages forth and back are the whole list, for any page size and order', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constant(1000)),
        fc.constantFrom('', '&sort_key=status&sort_dir=desc', '&sort_key=name&sort_dir=asc'),
        fc.boolean(),
        (limit, sort, isReverse) => {
          const whole = listed('port', sort.slice(1));
          const seen: string[] = [];
          let marker = '';
          for (;;) {
            const page = listed('port', `limit=${limit}${sort}${marker}${isReverse ? '&page_reverse=True' : ''}`);
            if (page.length === 0) break;
            if (isReverse) seen.unshift(...page);
            else seen.push(...page);
            marker = `&marker=${idOf((isReverse ? page[0] : page.at(-1)) ?? '')}`;
          }
          expect(seen).toEqual(whole);
        },
      ),
    );
  });

  test('links lead on unless the page is short, and back from any page', () => {
    const parameters = [
      ['limit', '2'],
      ['name', 'a b'],
    ] as const;
    const query = parseQuery('port', parameters);
    if (isProblem(query)) throw new Error(query.detail);
    expect(pageLinks(query, { url: 'http://x/v2.0/ports', parameters, ids: ['1', '2'] })).toEqual([
      { rel: 'next', href: 'http://x/v2.0/ports?limit=2&name=a%20b&marker=2' },
      { rel: 'previous', href: 'http://x/v2.0/ports?limit=2&name=a%20b&marker=1&page_reverse=True' },
    ]);
    expect(pageLinks(query, { url: 'u', parameters, ids: ['1'] }).map(({ rel }) => rel)).toEqual(['previous']);
    expect(pageLinks({ ...query, limit: null }, { url: 'u', parameters, ids: ['1'] })).toEqual([]);
  });
});

describe('who sees what', () => {
  test('a project sees its own, what is shared, and ports on its own networks', () => {
    expect(listed('network', '', { state: two, actor: mine })).toEqual(sorted(['mine', 'provider']));
    expect(listed('subnet', '', { state: two, actor: mine })).toEqual(sorted(['mine-v4', 'provider-v4']));
    expect(listed('port', '', { state: two, actor: mine })).toEqual(['m1']);
    expect(listed('security_group', '', { state: two, actor: mine })).toEqual(['default']);
    expect(listed('port', '', { state: two })).toEqual(sorted(['m1', 't1', 'p1']));
  });

  test('no filter shows what one may not see', () => {
    expect(listed('port', `id=${idOf('t1')}`, { state: two, actor: mine })).toEqual([]);
    expect(listed('port', 'fixed_ips=ip_address=10.20.0.5', { state: two, actor: mine })).toEqual([]);
    expect(listed('port', 'binding:host_id=h1', { state: two, actor: mine })).toEqual(['m1']);
    expect(listed('port', `project_id=${OTHER_PROJECT}`, { state: two, actor: mine })).toEqual([]);
  });

  test('where a port is bound is for administrators', () => {
    const port = two.get('port', idOf('m1')) as Port;
    expect(view('port', port, { state: two, actor: mine, policy, fields: [] })).not.toHaveProperty('binding:host_id');
    expect(view('port', port, { state: two, actor: admin, policy, fields: [] })).toMatchObject({
      'binding:host_id': 'h1',
      'binding:vif_details': { port_filter: true, mac_address: `fe${port.mac_address.slice(2)}`, connectivity: 'l3' },
    });
  });

  test('fields are those asked for; unknown ones are passed over', () => {
    const port = two.get('port', idOf('m1')) as Port;
    expect(view('port', port, { state: two, actor: mine, policy, fields: ['name', 'flags'] })).toEqual({ name: 'm1' });
  });

  test('S4: every network says that there is no L2 adjacency', () => {
    for (const network of two.all('network')) {
      expect(view('network', network, { state: two, actor: mine, policy, fields: [] })).toMatchObject({ l2_adjacency: false });
    }
  });

  test('a network lists its subnets, a group its rules', () => {
    const network = web.get('network', idOf('front'));
    const group = web.get('security_group', idOf('db'));
    if (network === undefined || group === undefined) throw new Error('the example has them');
    expect(view('network', network, { state: web, actor: admin, policy, fields: [] })['subnets']).toEqual(
      [idOf('front-v4'), idOf('front-v6')].sort(),
    );
    expect(view('security_group', group, { state: web, actor: admin, policy, fields: [] })['security_group_rules']).toHaveLength(2);
  });
});

test('extensions have distinct aliases', () => {
  expect(new Set(EXTENSIONS.map(({ alias }) => alias)).size).toBe(EXTENSIONS.length);
});

describe('lists by tags', () => {
  const many = (count: number): State => {
    const state = buildCloud(EXAMPLE_CLOUDS['web-and-db']);
    const [port] = [...state.all('port')];
    if (port === undefined) throw new Error('no port');
    for (let at = 0; at < count; at++) {
      const tags = [...(at % 2 === 0 ? ['even'] : []), ...(at % 50 === 0 ? ['fifty'] : []), ...(at === 7 ? ['seven', 'odd'] : [])];
      const id = `00000000-0000-4000-9000-${String(at).padStart(12, '0')}`;
      applyChanges(state, [put('port', { ...port, id, name: `n${at}`, fixed_ips: [], ...(tags.length === 0 ? {} : { tags }) })]);
    }
    return state;
  };

  test('read the tagged and no others, whichever of the tags is the rarest', () => {
    const state = many(1_000);
    let read = 0;
    const counted = new Proxy(state, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...given: readonly unknown[]): unknown => {
          const answer: unknown = Reflect.apply(value as () => unknown, target, given);
          if (name === 'by') read += (answer as readonly unknown[]).length;
          if (name === 'all' || name === 'idsAfter') throw new Error(`${name}: everything is read`);
          return answer;
        };
      },
    });
    const names = (search: string): string[] => {
      read = 0;
      return listed('port', search, { state: counted });
    };
    expect(names('tags=seven')).toEqual(['n7']);
    expect(read).toBe(1);
    expect(names('tags=even,fifty')).toHaveLength(20);
    expect(read).toBe(20);
    expect(names('tags-any=seven,fifty&limit=3')).toEqual(['n0', 'n7', 'n50']);
    expect(read).toBe(21);
    expect(names('tags=nowhere')).toEqual([]);
    expect(names('tags=even&tags=fifty&not-tags=fifty')).toEqual([]);
  });
});
