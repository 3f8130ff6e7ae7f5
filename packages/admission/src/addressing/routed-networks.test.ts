import type { Port } from '@manx/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ADMIN, Bench, message, outcome } from '../test-bench.js';

/** A routed provider network: rack1 is 10.1.0.0/24, rack2 10.2.0.0/24. h1 is on rack1, h2 on rack2, h3 named none, h4 has said nothing yet. */
class Racks extends Bench {
  readonly network: string;
  readonly subnets: readonly string[];

  constructor() {
    super();
    for (const host of ['h3', 'h4', 'h5']) this.alive.add(host);
    this.hear('h1', ['rack1']);
    this.hear('h2', ['rack2']);
    this.hear('h3', []);
    this.hear('h4', undefined);
    this.hear('h5', ['elsewhere']);
    this.network = this.made('network', { 'provider:network_type': 'flat', 'provider:physical_network': 'rack1' }).id;
    const [first] = this.state.by('segment.network_id', this.network);
    const second = this.made('segment', { network_id: this.network, network_type: 'flat', physical_network: 'rack2' });
    this.subnets = [first, second].map((segment, at) => {
      const body = { network_id: this.network, ip_version: 4, cidr: `10.${at + 1}.0.0/24`, segment_id: segment?.id };
      return this.made('subnet', body).id;
    });
  }

  /** The server hears what the agent of a host says of it. */
  hear(host: string, physical_networks: readonly string[] | undefined): void {
    const id = `00000000-0000-4000-8000-00000000aa0${host.slice(1)}`;
    const known = this.state.get('agent', id);
    const said = physical_networks === undefined ? {} : { physical_networks };
    this.run(
      known === undefined
        ? { op: 'create', kind: 'agent', items: [{ id, host, project_id: '', ...said }] }
        : { op: 'update', kind: 'agent', id, values: said, if_match: null },
    );
  }

  port(body: object = {}): Port {
    return this.made('port', { network_id: this.network, device_owner: 'compute:nova', ...body });
  }

  racksOf(port: Port): string[] {
    return port.fixed_ips.map(({ ip_address }) => ip_address.split('.').slice(0, 2).join('.'));
  }
}

describe('a routed provider network', () => {
  it('gives a port no address before it has a host, and then one of the segment that the host is on', () => {
    const bench = new Racks();
    const port = bench.port();
    expect(port).toMatchObject({ fixed_ips: [], ip_allocation: 'deferred' });
    const bound = bench.changed('port', port.id, { 'binding:host_id': 'h2' });
    expect([bench.racksOf(bound), bound.ip_allocation]).toEqual([['10.2'], 'deferred']);
    expect(bench.racksOf(bench.port({ 'binding:host_id': 'h1' }))).toEqual(['10.1']);
    expect(bench.port({ 'binding:host_id': 'h1' })).toMatchObject({ ip_allocation: 'immediate' });
  });

  it('is near every host that names no physical network, and near none that has said nothing or is elsewhere', () => {
    const bench = new Racks();
    expect(bench.racksOf(bench.port({ 'binding:host_id': 'h3' }))).toEqual(['10.1']);
    for (const host of ['h4', 'h5']) {
      const refused = bench.post('port', { network_id: bench.network, 'binding:host_id': host });
      expect(outcome(refused)).toBe('409 HostNotConnectedToAnySegment');
      expect(message(refused)).toContain(`Host ${host} is not connected to any segments on routed provider network '${bench.network}'`);
    }
    bench.hear('h4', ['rack2', 'rack9']);
    expect(bench.racksOf(bench.port({ 'binding:host_id': 'h4' }))).toEqual(['10.2']);
  });

  it('keeps a port that has addresses from hosts that are not near them, by whatever way', () => {
    const bench = new Racks();
    const { id } = bench.port({ 'binding:host_id': 'h1' });
    expect(outcome(bench.put('port', id, { 'binding:host_id': 'h2' }))).toBe('409 HostNotCompatibleWithFixedIps');
    const binding = (host: string): string => outcome(bench.does('create_port_binding', { kind: 'port', id, values: { host } }));
    expect([binding('h2'), binding('h3')]).toEqual(['409 PortBindingError', 'taken']);
    expect(bench.the('port', id)).toMatchObject({ 'binding:host_id': 'h1' });
    const moved = bench.changed('port', id, { 'binding:host_id': 'h2', fixed_ips: [{ subnet_id: bench.subnets[1] }] });
    expect(bench.racksOf(moved)).toEqual(['10.2']);
    expect(bench.changed('port', id, { 'binding:host_id': '' }).fixed_ips).toHaveLength(1);
  });

  it('takes addresses that are asked for by name before there is a host, of one segment, and holds the host to them', () => {
    const bench = new Racks();
    const [one, two] = bench.subnets;
    const port = bench.port({ fixed_ips: [{ subnet_id: two }] });
    expect([bench.racksOf(port), port.ip_allocation]).toEqual([['10.2'], 'immediate']);
    expect(outcome(bench.put('port', port.id, { 'binding:host_id': 'h1' }))).toBe('409 HostNotCompatibleWithFixedIps');
    expect(outcome(bench.put('port', port.id, { 'binding:host_id': 'h2' }))).toBe('taken');
    const both = { network_id: bench.network, fixed_ips: [{ subnet_id: one }, { subnet_id: two }] };
    expect(outcome(bench.post('port', both))).toBe('400 FixedIpsSubnetsNotOnSameSegment');
    expect(outcome(bench.post('port', { ...both, 'binding:host_id': 'h3' }))).toBe('taken');
    const far = { network_id: bench.network, 'binding:host_id': 'h1', fixed_ips: [{ subnet_id: two }] };
    expect(outcome(bench.post('port', far))).toBe('400 InvalidInput');
    expect(bench.port({ fixed_ips: [] })).toMatchObject({ ip_allocation: 'none' });
  });

  it('gives addresses that make themselves to the ports that are near, and to no other', () => {
    const bench = new Racks();
    const [near, far, nowhere] = [bench.port({ 'binding:host_id': 'h1' }), bench.port({ 'binding:host_id': 'h2' }), bench.port()];
    const [segment_id] = bench.subnets.map((id) => bench.the('subnet', id).segment_id);
    const auto = { ip_version: 6, cidr: '2001:db8:1::/64', ipv6_ra_mode: 'slaac', ipv6_address_mode: 'slaac' };
    bench.made('subnet', { network_id: bench.network, segment_id, ...auto });
    expect([near, far, nowhere].map(({ id }) => bench.the('port', id).fixed_ips.length)).toEqual([2, 1, 0]);
    expect(bench.changed('port', nowhere?.id ?? '', { 'binding:host_id': 'h1' }).fixed_ips).toHaveLength(2);
  });

  it('whatever is asked in whatever order: who is bound holds addresses near its host only', () => {
    const step = fc.record({
      what: fc.constantFrom('post', 'bind', 'wish', 'binding', 'activate', 'del'),
      pick: fc.nat(20),
      host: fc.constantFrom('', 'h1', 'h2', 'h3', 'h4', 'h5'),
      rack: fc.constantFrom(0, 1),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
        const bench = new Racks();
        for (const { what, pick, host, rack } of steps) {
          const ids = [...bench.state.idsAfter('port', '')];
          const id = ids[pick % Math.max(1, ids.length)] ?? '';
          const wish = pick % 3 === 0 ? { fixed_ips: [{ subnet_id: bench.subnets[rack] }] } : {};
          if (what === 'post')
            bench.post('port', { network_id: bench.network, device_owner: 'compute:nova', 'binding:host_id': host, ...wish }, ADMIN);
          else if (what === 'bind') bench.put('port', id, { 'binding:host_id': host, ...wish });
          else if (what === 'wish') bench.put('port', id, { fixed_ips: [{ subnet_id: bench.subnets[rack] }] });
          else if (what === 'binding') bench.does('create_port_binding', { kind: 'port', id, values: { host } });
          else if (what === 'activate') bench.does('activate', { kind: 'port', id, values: { at: host } });
          else bench.del('port', id);
        }
        const racks: { readonly [host: string]: readonly string[] } = { h1: ['10.1'], h2: ['10.2'], h4: [], h5: [] };
        for (const port of bench.state.all('port')) {
          const near = racks[port['binding:host_id']];
          for (const rack of near === undefined ? [] : bench.racksOf(port)) expect(near).toContain(rack);
        }
      }),
      { numRuns: 200 },
    );
  });
});
