import { type Change, type Commit, type FloatingIp, type Port, put, State } from '@manx/model';
import { describe, expect, it } from 'vitest';
import { createInstancePorts } from './instance-ports.js';
import type { NovaEvent } from './nova-event.js';

const INSTANCE = '6f1c1bb4-2a4b-4f3c-9d52-0f7d0d9f4a10';
const OTHER = '7f1c1bb4-2a4b-4f3c-9d52-0f7d0d9f4a11';

const port = (changes: Readonly<Record<string, unknown>> = {}): Port =>
  ({
    id: 'p1',
    device_id: INSTANCE,
    device_owner: 'compute:nova',
    mac_address: 'fa:16:3e:00:00:01',
    status: 'DOWN',
    fixed_ips: [{ subnet_id: 's', ip_address: '10.0.0.5' }],
    'binding:host_id': 'h1',
    'binding:vif_type': 'tap',
    'binding:vnic_type': 'normal',
    'binding:profile': {},
    ...changes,
  }) as unknown as Port;
const floatingIp = (port_id: string | null, changes: Readonly<Record<string, unknown>> = {}): FloatingIp =>
  ({ id: 'f1', port_id, fixed_ip_address: port_id === null ? null : '10.0.0.5', ...changes }) as unknown as FloatingIp;
const commit = (...changes: readonly Change[]): Commit => ({
  revision: 1,
  at: '',
  request_id: '',
  user_id: null,
  project_id: null,
  changes,
});

/** What Nova is told of the last of these steps, each a commit; nothing is there before the first. */
const told = (...steps: readonly (readonly Change[])[]): readonly NovaEvent[] => {
  const ports = createInstancePorts(new State());
  return steps.map((changes) => ports.eventsOf(commit(...changes))).at(-1) ?? [];
};
const was = (changes: Readonly<Record<string, unknown>>): readonly Change[] => [put('port', port(changes))];
const gone = (kind: 'port' | 'floatingip', id: string): readonly Change[] => [{ op: 'delete', kind, id }];

const plugged = { name: 'network-vif-plugged', server_uuid: INSTANCE, tag: 'p1', status: 'completed' };
const changed = { name: 'network-changed', server_uuid: INSTANCE, tag: 'p1' };

describe('what Nova is told of a commit', () => {
  it.each<[string, string, readonly unknown[]]>([
    ['DOWN', 'ACTIVE', [plugged]],
    ['BUILD', 'ACTIVE', [plugged]],
    ['ERROR', 'ACTIVE', [plugged]],
    ['DOWN', 'ERROR', [{ ...plugged, status: 'failed' }]],
    ['BUILD', 'ERROR', [{ ...plugged, status: 'failed' }]],
    ['ACTIVE', 'DOWN', [{ ...plugged, name: 'network-vif-unplugged' }]],
    ['ACTIVE', 'ERROR', []],
    ['ERROR', 'DOWN', []],
    ['DOWN', 'BUILD', []],
    ['BUILD', 'DOWN', []],
    ['ERROR', 'BUILD', []],
    ['ACTIVE', 'BUILD', [{ ...plugged, name: 'network-vif-unplugged' }]],
    ['ACTIVE', 'ACTIVE', []],
  ])('%s to %s', (before, after, events) => {
    expect(told(was({ status: before }), was({ status: after }))).toEqual(events);
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['of a router', { device_owner: 'network:router_interface' }],
    ['without an owner', { device_owner: '' }],
    ['without an instance', { device_id: '' }],
    ['of something that is no instance', { device_id: 'dhcp-h1' }],
  ])('nothing of a port %s, whatever becomes of it', (_title, odd) => {
    for (const step of [was({ ...odd, status: 'ACTIVE' }), was({ ...odd, fixed_ips: [] }), gone('port', 'p1')]) {
      expect(told(was(odd), step)).toEqual([]);
    }
  });

  it('of a port that another host has programmed for a live migration: plugged, once, though it stays ACTIVE', () => {
    const visit = (has_arrived: boolean): readonly Change[] => was({ status: 'ACTIVE', visits: [{ host: 'h2', has_arrived }] });
    const active = was({ status: 'ACTIVE' });
    expect(told(active, visit(false))).toEqual([plugged]);
    expect(told(active, visit(false), visit(true))).toEqual([]);
    expect(told(active, visit(true), was({ status: 'ACTIVE', visits: [] }))).toEqual([]);
    expect(told(active, visit(true), was({ status: 'ACTIVE', visits: [], 'binding:host_id': 'h2' }))).toEqual([changed]);
  });

  it('of a deleted port: deleted, and nothing more', () => {
    expect(told(was({ status: 'ACTIVE' }), gone('port', 'p1'))).toEqual([
      { name: 'network-vif-deleted', server_uuid: INSTANCE, tag: 'p1' },
    ]);
    expect(told(was({}), gone('port', 'p1'), gone('port', 'p1'))).toEqual([]);
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['addresses', { fixed_ips: [{ subnet_id: 's', ip_address: '10.0.0.6' }] }],
    ['MAC', { mac_address: 'fa:16:3e:00:00:02' }],
    ['host', { 'binding:host_id': 'h2' }],
    ['profile', { 'binding:profile': { migrating_to: 'h2' } }],
  ])('of other %s: changed', (_title, changes) => {
    expect(told(was({}), was(changes))).toEqual([changed]);
  });

  it('of an instance that gets the port: changed; of one that loses it: nothing, as Neutron', () => {
    expect(told(was({ device_id: '', device_owner: '' }), was({}))).toEqual([changed]);
    expect(told(was({}), was({ device_id: '', device_owner: '' }))).toEqual([]);
    expect(told(was({}), was({ device_id: OTHER }))).toEqual([{ ...changed, server_uuid: OTHER }]);
  });

  it('of a rename, a new port, another group: nothing', () => {
    expect(told(was({}))).toEqual([]);
    expect(told(was({}), was({ name: 'x', security_groups: ['g'], revision_number: 7 }))).toEqual([]);
  });

  it('of a floating IP that comes, moves, goes: changed, for each port that it concerns', () => {
    const both = [put('port', port()), put('port', port({ id: 'p2', device_id: OTHER }))];
    const at = (id: string | null): readonly Change[] => [put('floatingip', floatingIp(id))];
    const second = { ...changed, server_uuid: OTHER, tag: 'p2' };
    expect(told(both, at('p1'))).toEqual([changed]);
    expect(told(both, at('p1'), at('p2'))).toEqual([changed, second]);
    expect(told(both, at('p1'), at(null))).toEqual([changed]);
    expect(told(both, at('p1'), gone('floatingip', 'f1'))).toEqual([changed]);
    expect(told(both, at('p1'), [put('floatingip', floatingIp('p1', { fixed_ip_address: '10.0.0.6' }))])).toEqual([changed]);
    expect(told(both, at('p1'), [put('floatingip', floatingIp('p1', { description: 'x' }))])).toEqual([]);
    expect(told(both, at(null))).toEqual([]);
  });

  it('a port that goes with its floating IP in one commit is told of once, as deleted', () => {
    const steps = [...was({}), put('floatingip', floatingIp('p1'))];
    for (const order of [
      [...gone('port', 'p1'), ...gone('floatingip', 'f1')],
      [put('floatingip', floatingIp(null)), ...gone('port', 'p1')],
    ]) {
      expect(told(steps, order).map(({ name }) => name)).toEqual(['network-vif-deleted']);
    }
  });

  it('begins with what is there: no event for a state that was loaded', () => {
    const ports = createInstancePorts({
      all: (kind: string) => (kind === 'port' ? [port({ status: 'ACTIVE' })] : [])[Symbol.iterator](),
    } as never);
    expect(ports.eventsOf(commit(...was({ status: 'ACTIVE' })))).toEqual([]);
    expect(ports.eventsOf(commit(...was({ status: 'DOWN' }))).map(({ name }) => name)).toEqual(['network-vif-unplugged']);
  });
});
