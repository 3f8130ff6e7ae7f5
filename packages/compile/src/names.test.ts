import { asHostName, type HostDelta } from '@manx/hoststate';
import { applyChanges, type Change, State } from '@manx/model';
import { describe, expect, it } from 'vitest';
import { compileHost, compileProblems } from './compile-host.js';
import { Compiler } from './compiler.js';
import { fixedIp, network, port, subnet } from './testing/cloud.js';

const [h1, h2] = ['h1', 'h2'].map(asHostName) as [ReturnType<typeof asHostName>, ReturnType<typeof asHostName>];

const put = (id: string, ip: string, more: object = {}): Change => ({
  op: 'put',
  kind: 'port',
  id,
  value: port(id, { project_id: 'blue', fixed_ips: [fixedIp(ip, 'sub4')], ...more }),
});

const net = (id: string, dns_domain = ''): Change => ({ op: 'put', kind: 'network', id, value: network(id, { dns_domain }) });

const STREET: readonly Change[] = [
  net('net-a'),
  net('net-b'),
  { op: 'put', kind: 'subnet', id: 'sub4', value: subnet('sub4') },
  put('web', '10.65.0.2', { dns_name: 'web' }),
  put('db', '10.65.0.3', { dns_name: 'db', 'binding:host_id': 'h2' }),
];

/** A cloud, its compiler, and a commit to it. */
function cloudOf(
  changes: readonly Change[],
  dnsDomain?: string,
): { readonly state: State; readonly commit: (...more: readonly Change[]) => Record<string, HostDelta | undefined> } {
  const state = new State({ dnsDomain });
  applyChanges(state, changes);
  const compiler = new Compiler(state);
  return {
    state,
    commit: (...more) => {
      applyChanges(state, more);
      return Object.fromEntries(compiler.apply(more, state));
    },
  };
}

/** What resolves on a host, as `port: ip=fqdn`. */
const namesOn = (state: State, host: ReturnType<typeof asHostName>): readonly string[] =>
  [...compileHost(state, host).names.values()]
    .map(({ id, records }) => `${id}: ${records.map(({ ip, fqdn }) => `${ip}=${fqdn}`).join()}`)
    .sort();

describe('S28: names that a host is told', () => {
  it('are those of the same project on the same network, wherever the ports are, as dns_assignment shows them', () => {
    const { state } = cloudOf([
      ...STREET,
      put('unbound', '10.65.0.4', { 'binding:host_id': '', dns_name: 'www.deep' }),
      put('whole', '10.65.0.5', { dns_name: 'www.example.org.', admin_state_up: false }),
      put('domain', '10.65.0.6', { dns_name: 'x', dns_domain: 'port.example.' }),
      put('foreign', '10.65.0.7', { project_id: 'red', dns_name: 'web' }),
      put('elsewhere', '10.65.0.8', { network_id: 'net-b', dns_name: 'web' }),
      put('nobody', '10.65.0.9', { project_id: '', dns_name: 'web' }),
      put('bare', '10.65.0.10', { fixed_ips: [], dns_name: 'web' }),
    ]);
    const names = [
      'db: 10.65.0.3=db.openstacklocal',
      'domain: 10.65.0.6=x.port.example',
      'unbound: 10.65.0.4=www.deep.openstacklocal',
      'web: 10.65.0.2=web.openstacklocal',
      'whole: 10.65.0.5=www.example.org',
    ];
    expect(namesOn(state, h2)).toEqual(names);
    // The endpoints of the other project and network are on h1 too: so are their names, which theirs alone may ask for.
    expect(namesOn(state, h1)).toEqual(
      [...names, 'elsewhere: 10.65.0.8=web.openstacklocal', 'foreign: 10.65.0.7=web.openstacklocal'].sort(),
    );
  });

  it('that follow from addresses are told to the port’s own host alone, until one is chosen', () => {
    const { state, commit } = cloudOf([...STREET, put('plain', '10.65.0.20')]);
    expect(namesOn(state, h1)).toContain('plain: 10.65.0.20=host-10-65-0-20.openstacklocal');
    expect(namesOn(state, h2).some((text) => text.startsWith('plain'))).toBe(false);
    expect(commit(put('plain', '10.65.0.21'))[h2]).toBeUndefined();
    const chosen = commit(put('plain', '10.65.0.21', { dns_name: 'plain' }));
    expect(chosen[h2]).toMatchObject({ deletes: [], puts: [{ id: 'plain', records: [{ fqdn: 'plain.openstacklocal' }] }] });
    const given = commit(put('plain', '10.65.0.21'));
    expect(given[h2]).toMatchObject({ deletes: [{ kind: 'names', id: 'plain' }], puts: [] });
    expect(given[h1]?.puts).toMatchObject([{ id: 'plain', records: [{ fqdn: 'host-10-65-0-21.openstacklocal' }] }]);
  });

  it('are in the domain of the network, or the deployment’s', () => {
    expect(namesOn(cloudOf(STREET, 'cloud.example.').state, h1)).toContain('web: 10.65.0.2=web.cloud.example');
    expect(namesOn(cloudOf([...STREET, net('net-a', 'a.example.')], 'cloud.example.').state, h1)).toContain('web: 10.65.0.2=web.a.example');
    expect(namesOn(cloudOf(STREET, '').state, h1)).toContain('web: 10.65.0.2=web');
  });

  it('that the domain of the network has made too long resolve nowhere, and that is told', () => {
    const { state, commit } = cloudOf(STREET);
    const deltas = commit(net('net-a', 'longer.'.repeat(36)));
    expect(deltas[h2]?.deletes).toEqual([
      { kind: 'names', id: 'web' },
      { kind: 'names', id: 'db' },
    ]);
    expect(compileProblems(state).map(({ code, subject }) => `${code} ${subject}`)).toEqual([
      'names-not-compiled port db',
      'names-not-compiled port web',
    ]);
  });

  it('a name more is one object, told alike to the hosts of its project and network, and to no other', () => {
    const foreign = put('foreign', '10.65.0.7', { project_id: 'red', 'binding:host_id': 'h3' });
    const { commit } = cloudOf([...STREET, foreign]);
    const deltas = commit(put('new', '10.65.0.9', { 'binding:host_id': '', dns_name: 'new' }));
    expect(Object.keys(deltas).sort()).toEqual([h1, h2]);
    expect(deltas[h1]).toMatchObject({ deletes: [], puts: [{ kind: 'names', id: 'new' }], rules: [], members: [] });
    expect(deltas[h2]).toBe(deltas[h1]);
  });

  it('come whole with the first endpoint that may ask for them, and go with the last', () => {
    const { commit } = cloudOf(STREET);
    const moved = put('web', '10.65.0.2', { dns_name: 'web', 'binding:host_id': 'h3' });
    const deltas = commit(moved);
    expect(deltas['h3']?.puts.map(({ kind, id }) => `${kind} ${id}`)).toEqual(['subnet sub4', 'names db', 'names web', 'endpoint web']);
    expect(deltas[h1]?.deletes.map(({ kind, id }) => `${kind} ${id}`)).toEqual(['endpoint web', 'names web', 'names db', 'subnet sub4']);
    expect(deltas[h2]).toBeUndefined();
  });

  it('follow a change of name, and of the network’s domain, in one delta', () => {
    const { commit } = cloudOf(STREET);
    const renamed = commit(put('web', '10.65.0.2', { dns_name: 'shop' }));
    expect(renamed[h2]).toMatchObject({ puts: [{ kind: 'names', records: [{ ip: '10.65.0.2', fqdn: 'shop.openstacklocal' }] }] });
    const domain = commit(net('net-a', 'a.example.'));
    expect(domain[h2]?.puts).toMatchObject([
      { id: 'db', records: [{ fqdn: 'db.a.example' }] },
      { id: 'web', records: [{ fqdn: 'shop.a.example' }] },
    ]);
  });
});
