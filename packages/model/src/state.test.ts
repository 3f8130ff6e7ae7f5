import { asCidr, asIp } from '@manx/ip';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyChanges, buildCloud, type Change, cloudChanges, EXAMPLE_CLOUDS, idOf, type Port, put, State } from './index.js';

const names = fc.constantFrom('p1', 'p2', 'p3', 'p4', 'p5');
const addresses = fc.uniqueArray(fc.constantFrom('10.0.0.2', '10.0.0.3', '10.0.0.4', '2001:db8::2'), { maxLength: 3 });

const portPut = fc.record({
  name: names,
  ips: addresses,
  host: fc.constantFrom('', 'h1', 'h2'),
  groups: fc.uniqueArray(names, { maxLength: 3 }),
  tags: fc.option(fc.subarray(['blue', 'green', 'red']), { nil: undefined }),
});
const subnetPut = fc.record({ name: names, cidr: fc.constantFrom('10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/24', '2001:db8::/64') });

const change: fc.Arbitrary<Change> = fc.oneof(
  portPut.map(({ name, ips, host, groups, tags }) => {
    const [made] = cloudChanges({ ports: { [name]: { network: 'n', host, groups } } }).slice(-1);
    const port = (made as { readonly value: Port }).value;
    const fixed_ips = ips.map((ip) => ({ subnet_id: idOf(ip.includes(':') ? 'v6' : 'v4'), ip_address: asIp(ip) }));
    return put('port', { ...port, fixed_ips, ...(tags === undefined ? {} : { tags }) });
  }),
  subnetPut.map(({ name, cidr }) => {
    const made = cloudChanges({ networks: { n: { subnets: { [name]: { cidr: asCidr(cidr) } } } } }).find(({ kind }) => kind === 'subnet');
    return made as Change;
  }),
  fc
    .record({ kind: fc.constantFrom('port', 'subnet'), name: names })
    .map(({ kind, name }): Change => ({ op: 'delete', kind, id: idOf(name) })),
);

/** The same resources put into an empty state, one after another. */
function rebuilt(state: State): State {
  const fresh = new State();
  for (const kind of ['port', 'subnet', 'network', 'security_group', 'security_group_rule'] as const) {
    applyChanges(
      fresh,
      [...state.all(kind)].map((resource) => put(kind, resource)),
    );
  }
  return fresh;
}

/** S12 holds of every state that admission lets be: no address has two holders. */
function withoutTheft(changes: readonly Change[]): Change[] {
  const holders = new Map<string, string>();
  return changes.map((one) => {
    if (one.op !== 'put' || one.kind !== 'port') return one;
    const fixed_ips = one.value.fixed_ips.filter(({ ip_address }) => (holders.get(ip_address) ?? one.id) === one.id);
    for (const { ip_address } of fixed_ips) holders.set(ip_address, one.id);
    return put('port', { ...one.value, fixed_ips });
  });
}

describe('state', () => {
  test('after any changes, every index equals the one of a rebuilt state', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        const state = new State();
        applyChanges(state, withoutTheft(changes));
        expect(state.derived()).toEqual(rebuilt(state).derived());
      }),
    );
  });

  test('the inverse of any changes restores tables and indexes', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), fc.array(change, { maxLength: 20 }), (before, after) => {
        const all = withoutTheft([...before, ...after]);
        const state = new State();
        applyChanges(state, all.slice(0, before.length));
        const derived = state.derived();
        const ports = new Map([...state.all('port')].map((port) => [port.id, port]));
        const inverse = applyChanges(state, all.slice(before.length));
        applyChanges(state, inverse);
        expect(state.derived()).toEqual(derived);
        expect(new Map([...state.all('port')].map((port) => [port.id, port]))).toEqual(ports);
      }),
    );
  });

  test('ids come in order, from any id, both ways, however many there are', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 60 }), fc.nat(), (ids, at) => {
        const state = new State();
        const [template] = [...buildCloud(EXAMPLE_CLOUDS['routed-pair']).all('port')];
        if (template === undefined) throw new Error('the example has ports');
        applyChanges(
          state,
          ids.map((id) => put('port', { ...template, id, fixed_ips: [] })),
        );
        const sorted = [...ids].sort();
        const pivot = sorted[at % sorted.length] ?? '';
        expect([...state.idsAfter('port', pivot)]).toEqual(sorted.filter((id) => id > pivot));
        expect([...state.idsBefore('port', pivot)]).toEqual(sorted.filter((id) => id < pivot).toReversed());
        expect([...state.idsBefore('port', null)]).toEqual([...sorted].toReversed());
      }),
    );
  });

  test('thousands of ids stay in order through insertions and deletions', () => {
    const state = new State();
    const [template] = [...buildCloud(EXAMPLE_CLOUDS['routed-pair']).all('port')];
    if (template === undefined) throw new Error('the example has ports');
    const ids = Array.from({ length: 5000 }, (_, at) => idOf(`port ${at}`));
    for (const id of ids) applyChanges(state, [put('port', { ...template, id, fixed_ips: [] })]);
    for (const id of ids.slice(0, 4000)) applyChanges(state, [{ op: 'delete', kind: 'port', id }]);
    expect([...state.idsAfter('port', '')]).toEqual(ids.slice(4000).sort());
  });

  test('the named clouds hold what they say', () => {
    const state = buildCloud(EXAMPLE_CLOUDS['web-and-db']);
    expect(state.holderOf(asIp('10.2.0.21'))?.id).toBe(idOf('db1'));
    expect(state.by('port.host', 'h1').map((port) => port.name)).toEqual(['web1']);
    expect(state.countBy('port.security_group', idOf('web'))).toBe(2);
    expect(state.overlapping(asCidr('10.1.0.0/16')).map((subnet) => subnet.id)).toEqual([idOf('front-v4')]);
    expect(state.by('security_group_rule.remote_group_id', idOf('web'))).toHaveLength(1);
  });
});
