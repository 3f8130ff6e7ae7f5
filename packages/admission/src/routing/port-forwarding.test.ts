import { isProblem, view } from '@manx/model';
import { defaultPolicy } from '@manx/policy';
import { describe, expect, it } from 'vitest';
import { message, outcome } from '../test-bench.js';
import { ADMIN, RoutingBench, TENANT } from './routing-bench.js';

/** A routed tenant with a floating IP that stands for nothing, and the body of a forwarding to its port. */
function forwardable(): { bench: RoutingBench; router: string; fip: string; body: { [name: string]: unknown } } {
  const bench = new RoutingBench();
  const router = bench.routed();
  const fip = bench.made('floatingip', { floating_network_id: bench.external }, TENANT).id;
  const internal_ip_address = bench.addressOf(bench.port);
  const body = { protocol: 'tcp', internal_port_id: bench.port, internal_ip_address, internal_port: 80, external_port: 8080 };
  return { bench, router, fip, body };
}

function made(bench: RoutingBench, fip: string, body: object): string {
  const done = bench.forward(fip, body);
  if (isProblem(done)) throw new Error(done.detail);
  return done.ids[0] ?? '';
}

const shown = (bench: RoutingBench, kind: 'port_forwarding' | 'floatingip', id: string) =>
  view(kind, bench.the(kind, id), { state: bench.state, actor: ADMIN, policy: defaultPolicy, fields: [] });

describe('port forwardings', () => {
  it('lead from a port of a floating IP to one of a fixed IP, by the router between (S23)', () => {
    const { bench, router, fip, body } = forwardable();
    const id = made(bench, fip, { ...body, description: 'web' });
    expect(shown(bench, 'port_forwarding', id)).toEqual({
      id,
      ...body,
      internal_port_range: '80:80',
      external_port_range: '8080:8080',
      description: 'web',
    });
    expect(bench.the('floatingip', fip)).toMatchObject({ router_id: router, port_id: null, revision_number: 2 });
    expect(shown(bench, 'floatingip', fip)['port_forwardings']).toMatchObject([
      { id, protocol: 'tcp', external_port: 8080, internal_port: 80 },
    ]);
  });

  it('ranges are as wide inside as outside, or one port inside', () => {
    const { bench, fip, body } = forwardable();
    const { internal_port: _inner, external_port: _outer, ...rest } = body;
    const post = (more: object) => bench.forward(fip, { ...rest, ...more });
    const id = made(bench, fip, { ...rest, internal_port_range: '20:22', external_port_range: '120:122' });
    expect(shown(bench, 'port_forwarding', id)).toMatchObject({
      internal_port: null,
      external_port: null,
      internal_port_range: '20:22',
      external_port_range: '120:122',
    });
    expect(outcome(post({ internal_port: 25, external_port_range: '200:210' }))).toBe('taken');
    expect(message(post({ internal_port_range: '30:32', external_port_range: '300:303' }))).toContain('N-N or 1-N');
    expect(message(post({ internal_port_range: '30:32', external_port: 300 }))).toContain('N-N or 1-N');
    expect(outcome(post({ internal_port: 1 }))).toBe('400 BadRequest');
    expect(outcome(post({ external_port: 1 }))).toBe('400 BadRequest');
    expect(outcome(post({ internal_port: 1, external_port: 4, external_port_range: '5:6' }))).toBe('400 BadRequest');
    for (const external_port_range of ['9:8', '0:1', '1:65536', '1:2:3', ':', 'a', '1-2', [1], {}]) {
      expect(outcome(post({ internal_port: 1, external_port_range }))).toBe('400 HTTPBadRequest');
    }
  });

  it('no two of a protocol share a port of the floating IP, or of the fixed IP', () => {
    const { bench, fip, body } = forwardable();
    made(bench, fip, body);
    const post = (more: object) => bench.forward(fip, { ...body, ...more });
    expect(message(post({ internal_port: 81 }))).toContain('external_port_range');
    expect(message(post({ external_port: 8081 }))).toContain('internal_port_range');
    expect(message(post({ internal_port: 81, external_port: null, external_port_range: '8000:8100' }))).toContain('external_port_range');
    expect(outcome(post({ protocol: 'udp' }))).toBe('taken');
    expect(outcome(post({ internal_port: 81, external_port: 8081 }))).toBe('taken');
  });

  it('are of what has ports and can be translated', () => {
    const { bench, fip, body } = forwardable();
    for (const protocol of ['icmp', 'dccp', 'ipv6-icmp', 'x', null, 1]) {
      expect(outcome(bench.forward(fip, { ...body, protocol }))).toBe('400 HTTPBadRequest');
    }
    const id = made(bench, fip, { ...body, protocol: 'TCP' });
    expect(bench.the('port_forwarding', id).protocol).toBe('tcp');
    expect(bench.the('port_forwarding', made(bench, fip, { ...body, protocol: 17 })).protocol).toBe('udp');
  });

  it('lead to an IPv4 address of a port that a router connects, and to nothing else', () => {
    const { bench, fip, body } = forwardable();
    const post = (more: object) => bench.forward(fip, { ...body, ...more });
    expect(outcome(post({ internal_ip_address: '10.0.0.200' }))).toBe('400 BadRequest');
    expect(outcome(post({ internal_port_id: bench.network }))).toBe('404 PortNotFound');
    const far = bench.made('network', {}, TENANT).id;
    bench.made('subnet', { network_id: far, ip_version: 4, cidr: '10.2.0.0/24' }, TENANT);
    const port = bench.made('port', { network_id: far }, TENANT).id;
    const away = post({ internal_port_id: port, internal_ip_address: bench.addressOf(port) });
    expect(outcome(away)).toBe('400 BadRequest');
    expect(message(away)).toContain('is not reachable from subnet');
    const { internal_ip_address: _none, ...incomplete } = body;
    expect(outcome(bench.forward(fip, incomplete))).toBe('400 HTTPBadRequest');
    expect(outcome(bench.forward(far, body, ADMIN))).toBe('404 FloatingIPNotFound');
  });

  it('all of a floating IP lead in by one router', () => {
    const { bench, fip, body } = forwardable();
    made(bench, fip, body);
    const far = bench.made('network', {}, TENANT).id;
    const subnet = bench.made('subnet', { network_id: far, ip_version: 4, cidr: '10.2.0.0/24' }, TENANT).id;
    const port = bench.made('port', { network_id: far }, TENANT).id;
    const other = bench.made('router', { external_gateway_info: { network_id: bench.external } }, TENANT).id;
    bench.acted('add_router_interface', other, { subnet_id: subnet });
    const second = { ...body, external_port: 9, internal_port_id: port, internal_ip_address: bench.addressOf(port) };
    expect(message(bench.forward(fip, second))).toContain('can not reach it');
  });

  it('and a floating IP that stands for a port exclude each other', () => {
    const { bench, fip, body } = forwardable();
    const id = made(bench, fip, body);
    const other = bench.made('port', { network_id: bench.network }, TENANT).id;
    expect(outcome(bench.put('floatingip', fip, { port_id: other }, { actor: TENANT }))).toBe('409 FipInUseByPortForwarding');
    expect(outcome(bench.del('floatingip', fip, TENANT))).toBe('409 FipInUseByPortForwarding');
    expect(outcome(bench.put('floatingip', fip, { port_id: null, description: 'x' }, { actor: TENANT }))).toBe('taken');
    expect(bench.the('floatingip', fip).router_id).not.toBeNull();
    expect(outcome(bench.run({ op: 'delete', kind: 'port_forwarding', id, if_match: null }, TENANT))).toBe('taken');
    expect(bench.the('floatingip', fip).router_id).toBeNull();
    bench.changed('floatingip', fip, { port_id: other }, TENANT);
    expect(outcome(bench.forward(fip, body))).toBe('409 FloatingIPPortAlreadyAssociated');
    const free = bench.made('floatingip', { floating_network_id: bench.external }, TENANT).id;
    const bound = { ...body, internal_port_id: other, internal_ip_address: bench.addressOf(other) };
    expect(outcome(bench.forward(free, bound))).toBe('409 PortHasBindingFloatingIP');
  });

  it('an update changes what it names, under the same rules', () => {
    const { bench, fip, body } = forwardable();
    const id = made(bench, fip, body);
    made(bench, fip, { ...body, internal_port: 81, external_port: 8081 });
    const put = (values: object) => bench.put('port_forwarding', id, values, { actor: TENANT });
    expect(outcome(put({ external_port: 8081 }))).toBe('400 BadRequest');
    expect(outcome(put({ internal_port: 81 }))).toBe('400 BadRequest');
    expect(outcome(put({ external_port: 9090, description: 'moved' }))).toBe('taken');
    expect(shown(bench, 'port_forwarding', id)).toMatchObject({ external_port: 9090, internal_port: 80, description: 'moved' });
    expect(outcome(put({ internal_ip_address: '10.0.0.200' }))).toBe('400 BadRequest');
    expect(outcome(put({ external_port: 9090 }))).toBe('taken');
    expect(outcome(put({ project_id: 'x' }))).toBe('400 HTTPBadRequest');
  });

  it('hold the interface and the gateway, and end with the port or the address that they lead to', () => {
    const { bench, router, fip, body } = forwardable();
    made(bench, fip, body);
    expect(outcome(bench.act('remove_router_interface', router, { subnet_id: bench.inside.id }))).toBe(
      '409 RouterInterfaceInUseByFloatingIP',
    );
    expect(outcome(bench.put('router', router, { external_gateway_info: {} }))).toBe('409 RouterExternalGatewayInUseByFloatingIp');
    const { revision_number } = bench.the('port', bench.port);
    bench.changed('port', bench.port, { fixed_ips: [{ ip_address: '10.0.0.222' }] });
    expect([...bench.state.all('port_forwarding')]).toEqual([]);
    // The forwarding's end counts for the port too: one command is one revision.
    expect(bench.the('port', bench.port).revision_number).toBe(revision_number + 1);
    expect(bench.the('floatingip', fip).router_id).toBeNull();
    made(bench, fip, { ...body, internal_ip_address: '10.0.0.222' });
    expect(outcome(bench.del('port', bench.port, TENANT))).toBe('taken');
    expect([...bench.state.all('port_forwarding')]).toEqual([]);
    expect(bench.the('floatingip', fip).router_id).toBeNull();
  });

  it('a refusal does not tell which floating IP of another project stands for the port', () => {
    const bench = new RoutingBench();
    bench.routed();
    const own = bench.made('floatingip', { floating_network_id: bench.external }, TENANT);
    const foreign = bench.made('floatingip', { floating_network_id: bench.external, port_id: bench.port });
    const body = {
      protocol: 'tcp',
      internal_port_id: bench.port,
      internal_ip_address: bench.addressOf(bench.port),
      internal_port: 80,
      external_port: 80,
    };
    const told = (actor = TENANT): string => message(bench.forward(own.id, body, actor));
    expect(told()).toContain('Cannot create port forwarding to floating IP of another project');
    expect(told()).not.toContain(foreign.id);
    expect(told()).not.toContain(foreign.floating_ip_address);
    expect(told(ADMIN)).toContain(`${foreign.floating_ip_address} (${foreign.id})`);
  });
});
