import type { Cidr, Ip } from '@manx/ip';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { objectsOf } from './canonical-order.js';
import { danglingReferences } from './dangling-references.js';
import { decodeHostState } from './decode.js';
import { encodeHostObject, encodeHostState } from './encode.js';
import type { Endpoint, HostObject } from './host-state.js';
import { parseHostDelta } from './parse-host-delta.js';
import { parseHostObject } from './parse-host-object.js';
import { isProblem } from './problem.js';
import { endpoint, forward, names, paired, policy, rule, set, stateOf, subnet, twoFriends } from './testing/named-states.js';
import { hostStates } from './testing/random-states.js';

/** The same value with the keys of every object in the opposite order. */
function backwards(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(backwards);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, inner]) => [key, backwards(inner)]),
  );
}

describe('the canonical text', () => {
  it('a state that is written and read again is the same state', () => {
    fc.assert(
      fc.property(hostStates, (state) => {
        expect(decodeHostState(encodeHostState(state))).toEqual(state);
      }),
    );
  });

  it('states that say the same are the same bytes, whatever the order of maps and keys', () => {
    fc.assert(
      fc.property(hostStates, (state) => {
        const shuffled = stateOf(...(objectsOf(state).map(backwards).toReversed() as ReturnType<typeof objectsOf>));
        expect(encodeHostState(shuffled)).toBe(encodeHostState(state));
      }),
    );
  });

  it('objects come as sets, policies, subnets, endpoints, each by id, so that references point back', () => {
    expect(objectsOf(twoFriends).map(({ kind, id }) => `${kind} ${id}`)).toEqual([
      'set friends',
      'policy friends',
      'subnet sub',
      'subnet sub6',
      'endpoint web-1',
      'endpoint web-2',
    ]);
  });

  it('a torn, foreign or newer text is refused', () => {
    const text = encodeHostState(twoFriends);
    const lines = text.split('\n');
    for (let cut = 0; cut < text.length; cut += 7) expect(isProblem(decodeHostState(text.slice(0, cut)))).toBe(true);
    expect(decodeHostState(text.replace('"version":2', '"version":3'))).toMatchObject({ code: 'host-state-format' });
    expect(decodeHostState('')).toMatchObject({ code: 'host-state-format' });
    expect(decodeHostState(lines.toSpliced(2, 1).join('\n'))).toMatchObject({ code: 'host-state-torn' });
    expect(decodeHostState(lines.toSpliced(2, 1, lines[1] ?? '').join('\n'))).toMatchObject({ code: 'duplicate', subject: 'line 3' });
    expect(decodeHostState(lines.toSpliced(2, 1, '{').join('\n'))).toMatchObject({ code: 'malformed', subject: 'line 3: object.kind' });
  });
});

/** The object with one thing replaced, at a dotted path. */
function broken(object: object, path: string, value: unknown): unknown {
  const copy: unknown = structuredClone(object);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const parent = keys.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], copy);
  if (value === undefined) delete (parent as Record<string, unknown>)[last];
  else (parent as Record<string, unknown>)[last] = value;
  return copy;
}

describe('what comes from outside is taken only in its one right form', () => {
  const web = endpoint('web', ['10.65.0.2', '10.65.0.3'], ['a', 'b']);
  const rules = policy(
    'p',
    rule('r1', { protocol: 6, ports: { from: 22, to: 80 }, peer: { kind: 'cidr', cidr: '10.0.0.0/8' as never } }),
    rule('r2'),
  );
  const ping = policy('p', rule('r1', { protocol: 1, icmp: { type: 8, code: null } }));
  const lan = { ...subnet('sub'), dnsServers: ['10.65.0.9'], hostRoutes: [{ destination: '10.99.0.0/16', nexthop: '10.65.0.254' }] };

  const rich: Endpoint = {
    ...paired(endpoint('rich', ['10.65.0.2']), '10.65.0.100/32=', '10.65.8.0/24'),
    floating: [{ ip: '203.0.113.5' as Ip, fixed: '10.65.0.2' as Ip }],
    forwards: [forward('f1'), forward('f2', { protocol: 17, from: 50, to: 59 })],
    floatingLimits: [{ ip: '203.0.113.9' as never, limits: [{ direction: 'egress', unit: 'bytes', rate: 125_000, burst: 131_072 }] }],
    qos: { dscp: 26, limits: [{ direction: 'egress', unit: 'bytes', rate: 1000, burst: 100 }] },
    owner: { instance: 'e1f0', project: 'p1' },
    logs: [{ id: 'log-1', project: 'p1', event: 'drop', policy: null }],
    dhcpOptions: [
      { family: 4, code: 3, value: { kind: 'none' } },
      { family: 4, code: 26, value: { kind: 'number', bytes: 2, number: 1400 } },
      { family: 4, code: 67, value: { kind: 'word', word: 'http://x/y?z=$(a);b' } },
      { family: 4, code: 121, value: { kind: 'routes', routes: [{ destination: '10.0.0.0/8' as Cidr, nexthop: '10.65.0.9' as Ip }] } },
      { family: 4, code: 224, value: { kind: 'hex', hex: '01:ff' } },
      { family: 6, code: 23, value: { kind: 'ips', ips: ['fd00::53' as Ip] } },
      { family: 6, code: 24, value: { kind: 'names', names: ['a.example'] } },
    ],
  };

  const named = names('web', '10.65.0.2=web.a.example', 'fd00:65::2=web.a.example');

  it.each([web, rich, rules, ping, lan, named, set('s', '10.0.0.1', 'fd00::1', '10.0.0.0/8')])(
    'a right $kind is taken as it is',
    (object) => {
      expect(parseHostObject(object)).toEqual(object);
    },
  );

  const wrong: readonly (readonly [object, string, unknown])[] = [
    [web, 'kind', 'router'],
    [web, 'kind', undefined],
    [web, 'kind', '__proto__'],
    [web, 'id', '../etc'],
    [web, 'id', ''],
    [web, 'id', 7],
    [web, 'id', 'x'.repeat(65)],
    [web, 'extra', 1],
    [web, 'isUp', 'yes'],
    [web, 'isUp', undefined],
    [web, 'ifname', 'tap0;flush'],
    [web, 'ifname', 'a-name-of-16-byt'],
    [web, 'ifname', '..'],
    [web, 'mac', 'FA:16:3E:00:00:01'],
    [web, 'mac', 'fa163e000001'],
    [web, 'hostname', 'a.b'],
    [web, 'hostname', 'host-'],
    [web, 'hostname', 'x\nserver=1.2.3.4'],
    [web, 'addresses', {}],
    [web, 'addresses.0.ip', '010.65.0.2'],
    [web, 'addresses.0.ip', '10.65.0.4'],
    [web, 'addresses.0.ip', '10.65.0.3'],
    [web, 'addresses.0.subnet', 'a/b'],
    [web, 'policies', ['b', 'a']],
    [web, 'policies', ['a', 'a']],
    [rules, 'rules.0.id', 'r2'],
    [rules, 'rules.0.direction', 'both'],
    [rules, 'rules.0.family', 5],
    [rules, 'rules.0.protocol', 256],
    [rules, 'rules.0.protocol', 6.5],
    [rules, 'rules.0.protocol', null],
    [rules, 'rules.0.protocol', 47],
    [rules, 'rules.0.ports.from', 81],
    [rules, 'rules.0.ports.to', 65_536],
    [rules, 'rules.0.ports.to', null],
    [rules, 'rules.0.family', 6],
    [rules, 'rules.0.icmp', { type: 8, code: 0 }],
    [rules, 'rules.0.peer', { kind: 'cidr', cidr: '10.0.0.1/8' }],
    [rules, 'rules.0.peer', { kind: 'any', cidr: '10.0.0.0/8' }],
    [rules, 'rules.0.peer', { kind: 'constructor' }],
    [rules, 'rules.0.peer', null],
    [ping, 'rules.0.protocol', 58],
    [ping, 'rules.0.icmp.type', 256],
    [ping, 'rules.0.icmp.code', undefined],
    [named, 'records', []],
    [named, 'records.0.ip', '10.65.0.02'],
    [named, 'records.0.ip', 'fd00:65::3'],
    [named, 'records.0.fqdn', 'Web.a.example'],
    [named, 'records.0.fqdn', 'web.a.example.'],
    [named, 'records.0.fqdn', 'web..example'],
    [named, 'records.0.fqdn', `${'a'.repeat(63)}.`.repeat(4).slice(0, 254)],
    [named, 'records.0.fqdn', ''],
    [named, 'network', 'a b'],
    [named, 'project', ''],
    [lan, 'cidr', '10.65.0.1/24'],
    [lan, 'gateway', 'fd00::1'],
    [lan, 'isGatewayHeld', null],
    [lan, 'hasSnat', null],
    [subnet('s', 'fd00::/64'), 'hasSnat', true],
    [subnet('s', 'fd00::/64'), 'isGatewayHeld', true],
    [lan, 'dnsServers.0', 'fd00::1'],
    [lan, 'hostRoutes.0.nexthop', 'fd00::1'],
    [lan, 'hostRoutes.0.destination', 'default'],
    [lan, 'mtu', 67],
    [lan, 'mtu', 70_000],
    [lan, 'raMode', 'slaac'],
    [subnet('s', 'fd00::/64'), 'addressMode', 'static'],
    [web, 'isSecured', undefined],
    [rich, 'pairs.0.cidr', '10.65.0.100'],
    [rich, 'pairs.0.cidr', '10.65.9.0/24'],
    [rich, 'pairs.0.mac', 'fa16'],
    [rich, 'pairs.0.isRouted', 1],
    [rich, 'pairs.0.isYielded', undefined],
    [rich, 'pairs.1.isYielded', true],
    [paired(web, '10.65.0.100/32!'), 'pairs.0.isYielded', true],
    [rich, 'claims', undefined],
    [rich, 'claims.1', '10.65.0.100'],
    [rich, 'claims.1', '10.65.7.1'],
    [rich, 'floating.0.fixed', '10.65.0.3'],
    [rich, 'floating.0.ip', 'fd00::1'],
    [rich, 'floating.0.ip', '203.0.113.9'],
    [rich, 'forwards.1.id', 'f1'],
    [rich, 'floatingLimits.0.ip', '203.0.113.10'],
    [rich, 'logs.0.event', 'ACCEPT'],
    [rich, 'logs.0.policy', 'of-another'],
    [rich, 'floatingLimits.0.limits', []],
    [rich, 'floatingLimits.0.limits.0.unit', 'packets'],
    [rich, 'forwards.1.to', 49],
    [rich, 'forwards.1.protocol', 1],
    [rich, 'forwards.1.fixedTo', 81],
    [rich, 'forwards.0.from', 0],
    [rich, 'forwards.1', { ...forward('f2'), from: 70, to: 90 }],
    [rich, 'qos.dscp', 64],
    [rich, 'qos.limits.0.rate', 0],
    [rich, 'qos.limits.0.burst', 2 ** 32],
    [rich, 'qos.limits.1', { direction: 'egress', unit: 'bytes', rate: 1, burst: 1 }],
    [rich, 'owner.instance', 'e1f0\r\nX-Tenant-ID: p2'],
    [rich, 'owner.project', ''],
    [rich, 'owner', 'e1f0'],
    [rich, 'dhcpOptions.1.code', 3],
    [rich, 'dhcpOptions.1.value.number', 65_536],
    [rich, 'dhcpOptions.2.value.word', 'a b'],
    [rich, 'dhcpOptions.2.value.word', 'a\nserver=1.2.3.4'],
    [rich, 'dhcpOptions.2.value.word', 'a,option:router'],
    [rich, 'dhcpOptions.2.value.word', 'a"b'],
    [rich, 'dhcpOptions.2.value.word', 'a#b'],
    [rich, 'dhcpOptions.2.value.word', 'a\\b'],
    [rich, 'dhcpOptions.2.value.word', ''],
    [rich, 'dhcpOptions.3.value.routes', []],
    [rich, 'dhcpOptions.4.value.hex', '01ff'],
    [rich, 'dhcpOptions.5.value.ips.0', '10.0.0.1'],
    [rich, 'dhcpOptions.6.value.names.0', 'a.example\n'],
    [rules, 'isStateful', undefined],
    [set('s', '10.0.0.1'), 'members.0', '10.0.0.1/32'],
    [set('s', '10.0.0.1'), 'members.1', '10.0.0.1/8'],
    [set('s', '10.0.0.0/8'), 'members.1', '11.0.0.1'],
    [set('s', '10.0.0.1', '10.0.0.2'), 'members', ['10.0.0.2', '10.0.0.1']],
    [set('s', '10.0.0.1'), 'members.1', '10.0.0.1'],
    [set('s'), 'members', '10.0.0.1'],
  ];
  it.each(wrong)('%j with %s = %j is refused', (object, path, value) => {
    expect(isProblem(parseHostObject(object))).toBe(false);
    expect(parseHostObject(broken(object, path, value))).toMatchObject({ code: 'malformed' });
  });

  it('the problem names the path, what was expected there, and what was found', () => {
    expect(parseHostObject(broken(web, 'addresses.1.ip', '10.65.0.03'))).toEqual({
      code: 'malformed',
      subject: 'object.addresses[1].ip',
      detail: 'expected an address in canonical form, not "10.65.0.03"',
    });
  });

  it('no JSON value whatever makes a reader throw', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        parseHostObject(value);
        parseHostDelta(value);
        decodeHostState(JSON.stringify(value));
      }),
      { numRuns: 500 },
    );
  });

  it.each([web, rich, rules, ping, lan, set('s', '10.0.0.1')])(
    'a $kind that is taken from JSON is a fresh object in canonical order',
    (object) => {
      const parsed = parseHostObject(JSON.parse(JSON.stringify(backwards(object))));
      expect(JSON.stringify(parsed)).toBe(encodeHostObject(object as HostObject));
    },
  );

  it('a delta names each object once and each member once', () => {
    const delta = {
      deletes: [{ kind: 'set', id: 'a' }],
      puts: [set('b')],
      rules: [],
      members: [{ set: 'b', add: ['10.0.0.1'], remove: [] }],
    };
    expect(parseHostDelta(delta)).toEqual(delta);
    expect(parseHostDelta({ ...delta, puts: [set('a')] })).toMatchObject({ code: 'malformed' });
    expect(parseHostDelta({ ...delta, deletes: [{ kind: 'set', id: 'a', x: 1 }] })).toMatchObject({ code: 'malformed' });
    expect(parseHostDelta({ ...delta, members: [...delta.members, ...delta.members] })).toMatchObject({ code: 'malformed' });
    expect(parseHostDelta({ ...delta, members: [{ set: 'b', add: ['10.0.0.1'], remove: ['10.0.0.1'] }] })).toMatchObject({
      code: 'malformed',
    });
  });
});

describe('references', () => {
  it('what refers to something missing is named, once a reference', () => {
    const state = stateOf(
      endpoint('e', ['10.65.0.2@gone', '10.65.0.3@gone'], ['p', 'q']),
      policy('p', rule('r', { peer: { kind: 'set', set: 's' } })),
    );
    expect(danglingReferences(state).map(({ subject, detail }) => `${subject} ${detail.slice(0, 24)}`)).toEqual([
      'policy p refers to set s, which i',
      'endpoint e refers to policy q, whic',
      'endpoint e refers to subnet gone, w',
    ]);
    expect(danglingReferences(twoFriends)).toEqual([]);
  });
});
