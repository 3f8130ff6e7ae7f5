import { bindingsOf } from '@manx/model';
import { describe, expect, test } from 'vitest';
import { Bench, outcome } from '../test-bench.js';

/** An instance's port on h1, and what is done to its bindings. */
function bound(host = 'h1'): { bench: Bench; id: string; act: (action: string, values: object) => string; hosts: () => unknown } {
  const bench = new Bench();
  const network_id = bench.made('network', {}).id;
  const { id } = bench.made('port', { network_id, device_owner: 'compute:nova', 'binding:host_id': host, 'binding:profile': { a: 1 } });
  const act = (action: string, values: object): string => outcome(bench.does(action, { kind: 'port', id, values: { ...values } }));
  const hosts = (): unknown => bindingsOf(bench.state, bench.the('port', id)).map((row) => [row.host, row.status, row.vif_type]);
  return { bench, id, act, hosts };
}

describe('bindings of a port', () => {
  test('a second one waits for a live migration, and takes the first one’s place', () => {
    const { bench, id, act, hosts } = bound();
    expect(act('create_port_binding', { host: 'h2', profile: { b: 2 } })).toBe('taken');
    expect(hosts()).toEqual([
      ['h1', 'ACTIVE', 'tap'],
      ['h2', 'INACTIVE', 'tap'],
    ]);
    bench.run({ op: 'report', host: 'h1', statuses: [{ id, status: 'ACTIVE' }] });
    expect(act('activate', { at: 'h2' })).toBe('taken');
    expect(hosts()).toEqual([
      ['h2', 'ACTIVE', 'tap'],
      ['h1', 'INACTIVE', 'unbound'],
    ]);
    expect(bench.the('port', id)).toMatchObject({ 'binding:host_id': 'h2', 'binding:profile': { b: 2 }, status: 'BUILD' });
    expect(act('delete_port_binding', { at: 'h1' })).toBe('taken');
    expect(hosts()).toEqual([['h2', 'ACTIVE', 'tap']]);
  });

  test('what hosts say of a port that may move to them is kept while it may, and the last that has heard it has it', () => {
    const { bench, id, act } = bound();
    const said = (host: string, status: 'ACTIVE' | 'DOWN', has_arrived = false): unknown => {
      bench.run({ op: 'report', host, statuses: [{ id, status, has_arrived }] });
      const { visits, status: seen } = bench.the('port', id);
      return [seen, visits];
    };
    said('h1', 'ACTIVE');
    expect(said('h2', 'ACTIVE')).toEqual(['ACTIVE', undefined]);
    act('create_port_binding', { host: 'h2' });
    expect(said('h2', 'ACTIVE')).toEqual(['ACTIVE', [{ host: 'h2', has_arrived: false }]]);
    expect(said('h2', 'ACTIVE', true)).toEqual(['ACTIVE', [{ host: 'h2', has_arrived: true }]]);
    // What is left of it on its own host says nothing of it.
    expect(said('h1', 'DOWN')).toEqual(['ACTIVE', [{ host: 'h2', has_arrived: true }]]);
    expect(said('h1', 'ACTIVE', true)).toEqual(['ACTIVE', [{ host: 'h2', has_arrived: false }]]);
    expect(said('h2', 'DOWN')).toEqual(['ACTIVE', []]);
    said('h2', 'ACTIVE', true);
    act('delete_port_binding', { at: 'h2' });
    expect(bench.the('port', id).visits).toEqual([]);
  });

  test('a host that has programmed it before need not say so again when its binding becomes the one in use', () => {
    const { bench, id, act } = bound();
    act('create_port_binding', { host: 'h2' });
    bench.run({ op: 'report', host: 'h2', statuses: [{ id, status: 'ACTIVE' }] });
    act('activate', { at: 'h2' });
    expect(bench.the('port', id)).toMatchObject({ status: 'ACTIVE', 'binding:host_id': 'h2', visits: [] });
  });

  test('is one a host, on hosts that live, and only for what moves', () => {
    const { bench, act } = bound();
    expect(act('create_port_binding', { host: 'h1' })).toBe('409 PortBindingAlreadyExists');
    expect(act('create_port_binding', { host: 'h2' })).toBe('taken');
    expect(act('create_port_binding', { host: 'h2' })).toBe('409 PortBindingAlreadyExists');
    expect(act('create_port_binding', { host: 'dead' })).toBe('409 PortBindingError');
    expect(act('activate', { at: 'h1' })).toBe('409 PortBindingAlreadyActive');
    expect(act('activate', { at: 'h9' })).toBe('404 PortBindingNotFound');
    expect(act('update_port_binding', { at: 'h9' })).toBe('404 PortBindingNotFound');
    expect(act('delete_port_binding', { at: 'h9' })).toBe('404 PortBindingNotFound');
    const plain = bench.made('port', { network_id: bench.made('network', {}).id });
    expect(outcome(bench.does('create_port_binding', { kind: 'port', id: plain.id, values: { host: 'h2' } }))).toBe('400 BadRequest');
  });

  test('the active one is the port’s own: it changes and ends there', () => {
    const { bench, id, act, hosts } = bound();
    expect(act('update_port_binding', { at: 'h1', profile: { c: 3 } })).toBe('taken');
    expect(bench.the('port', id)['binding:profile']).toEqual({ c: 3 });
    expect(act('delete_port_binding', { at: 'h1' })).toBe('taken');
    expect(hosts()).toEqual([['', 'ACTIVE', 'unbound']]);
    expect(act('create_port_binding', { host: 'h2' })).toBe('taken');
    expect(act('activate', { at: 'h2' })).toBe('taken');
    expect(hosts()).toEqual([['h2', 'ACTIVE', 'tap']]);
  });

  test('a port that is bound to a host in the old way takes the waiting one’s place; all end with the port', () => {
    const { bench, id, act, hosts } = bound();
    act('create_port_binding', { host: 'h2' });
    bench.changed('port', id, { 'binding:host_id': 'h2' });
    expect(hosts()).toEqual([['h2', 'ACTIVE', 'tap']]);
    act('create_port_binding', { host: 'h1' });
    bench.del('port', id);
    expect(bench.state.count('port_binding')).toBe(0);
  });
});
