import { cidrContains } from '@manx/ip';
import { isProblem, type Problem, type StateReader } from '@manx/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Admitted } from '../index.js';
import { connectedSubnets, routerBetween } from './connections.js';
import { ADMIN, RoutingBench, STRANGER, TENANT } from './routing-bench.js';

const ACTORS = [ADMIN, TENANT, TENANT, STRANGER];

/** A request, drawn: what to do, who does it, and which of what there is it is about. */
type Drawn = { readonly what: number; readonly who: number; readonly picks: readonly number[] };

const drawn: fc.Arbitrary<Drawn> = fc.record({
  what: fc.nat(15),
  who: fc.nat(ACTORS.length - 1),
  picks: fc.array(fc.nat(1000), { minLength: 5, maxLength: 5 }),
});

/** Makes the request on whatever there is now. */
function request(bench: RoutingBench, { what, who, picks }: Drawn): Admitted | Problem {
  const actor = ACTORS[who] ?? ADMIN;
  const [a = 0, b = 0, c = 0, d = 0] = picks;
  const id = (kind: 'network' | 'subnet' | 'port' | 'router' | 'floatingip' | 'port_forwarding', pick: number): string => {
    const ids = [...bench.state.idsAfter(kind, '')];
    return ids[pick % Math.max(ids.length, 1)] ?? '99999999-9999-4999-8999-999999999999';
  };
  const wish = (pick: number) =>
    pick % 3 === 0 ? null : { network_id: id('network', pick), ...(pick % 5 === 0 ? { enable_snat: false } : {}) };
  const address = (pick: number): string => bench.state.get('port', id('port', pick))?.fixed_ips[0]?.ip_address ?? '10.0.0.44';
  const forwarding = {
    protocol: a % 2 === 0 ? 'tcp' : 'udp',
    internal_port_id: id('port', b),
    internal_ip_address: address(b),
    internal_port: 80 + (c % 3),
    external_port_range: `${8000 + (d % 4)}:${8000 + (d % 4) + (c % 2)}`,
  };
  const change = { actor };
  switch (what) {
    case 0:
      return bench.post('router', { external_gateway_info: wish(a) }, actor);
    case 1:
      return bench.put('router', id('router', a), { external_gateway_info: wish(b) }, change);
    case 2:
      return bench.act('add_router_interface', id('router', a), { subnet_id: id('subnet', b) }, actor);
    case 3:
      return bench.act('add_router_interface', id('router', a), { port_id: id('port', b) }, actor);
    case 4:
      return bench.act('remove_router_interface', id('router', a), { subnet_id: id('subnet', b) }, actor);
    case 5:
      return bench.act('remove_router_interface', id('router', a), { port_id: id('port', b) }, actor);
    case 6:
      return bench.post('floatingip', { floating_network_id: id('network', a), port_id: b % 2 === 0 ? null : id('port', b) }, actor);
    case 7:
      return bench.put('floatingip', id('floatingip', a), { port_id: b % 4 === 0 ? null : id('port', b) }, change);
    case 8:
      return bench.del('floatingip', id('floatingip', a), actor);
    case 9:
      return bench.forward(id('floatingip', a), forwarding, actor);
    case 10:
      return bench.put(
        'port_forwarding',
        id('port_forwarding', a),
        { internal_port_id: id('port', b), internal_ip_address: address(b) },
        change,
      );
    case 11:
      return bench.del(c % 2 === 0 ? 'port_forwarding' : 'router', id(c % 2 === 0 ? 'port_forwarding' : 'router', a), actor);
    case 12:
      return bench.del('port', id('port', a), actor);
    case 13:
      return bench.put('port', id('port', a), { fixed_ips: [{ subnet_id: id('subnet', b) }] }, change);
    case 14:
      return c % 3 === 0 ? bench.del('network', id('network', a), actor) : bench.post('port', { network_id: id('network', a) }, actor);
    default:
      return bench.put('router', id('router', a), { routes: [{ destination: '192.0.2.0/24', nexthop: address(b) }] }, change);
  }
}

/** Everything that is wrong with what hangs together, in words. */
function wrongs(state: StateReader): string[] {
  return [...gatewayWrongs(state), ...floatingIpWrongs(state), ...forwardingWrongs(state), ...holderWrongs(state)];
}

function gatewayWrongs(state: StateReader): string[] {
  return [...state.all('router')].flatMap((router) => {
    const { id, gateway, routes } = router;
    const port = gateway === null ? undefined : state.get('port', gateway.port_id);
    const isRight = gateway === null || (port?.device_id === id && port.network_id === gateway.network_id);
    const subnets = connectedSubnets(state, router);
    const astray = routes.filter(({ nexthop }) => !subnets.some(({ cidr }) => cidrContains(cidr, nexthop)));
    return [...(isRight ? [] : [`gateway of router ${id}`]), ...(astray.length === 0 ? [] : [`route of router ${id}`])];
  });
}

function floatingIpWrongs(state: StateReader): string[] {
  return [...state.all('floatingip')].flatMap((floatingIp) => {
    const { id, port_id, fixed_ip_address: ip, router_id, floating_network_id: network_id } = floatingIp;
    const own = state.get('port', floatingIp.floating_port_id);
    const found = [own?.device_id === id && own.fixed_ips[0]?.ip_address === floatingIp.floating_ip_address ? '' : `address of ${id}`];
    const fixed = port_id === null ? undefined : state.get('port', port_id)?.fixed_ips.find(({ ip_address }) => ip_address === ip);
    if (port_id !== null) {
      const subnet = state.get('subnet', fixed?.subnet_id ?? '');
      const isRouted = subnet !== undefined && routerBetween(state, { subnet, network_id }) !== null;
      if (!isRouted || state.get('router', router_id ?? '') === undefined) found.push(`association of ${id}`);
    }
    const isForwarding = state.countBy('port_forwarding.floatingip_id', id) > 0;
    if (port_id !== null && isForwarding) found.push(`both uses of ${id}`);
    if ((router_id !== null) !== (port_id !== null || isForwarding)) found.push(`router of ${id}`);
    return found.filter((wrong) => wrong !== '');
  });
}

function forwardingWrongs(state: StateReader): string[] {
  const taken = new Set<string>();
  return [...state.all('port_forwarding')].flatMap((forwarding) => {
    const found: string[] = [];
    for (let port = forwarding.external_first_port; port <= forwarding.external_last_port; port++) {
      const socket = `${forwarding.floatingip_id} ${forwarding.protocol} ${port}`;
      if (taken.has(socket)) found.push(`socket ${socket}`);
      taken.add(socket);
    }
    const held = state.get('port', forwarding.internal_port_id)?.fixed_ips ?? [];
    if (!held.some(({ ip_address }) => ip_address === forwarding.internal_ip_address)) found.push(`target of ${forwarding.id}`);
    if (state.get('floatingip', forwarding.floatingip_id) === undefined) found.push(`parent of ${forwarding.id}`);
    return found;
  });
}

/** S12, S14, and that no port of the network's own is left behind. */
function holderWrongs(state: StateReader): string[] {
  const seen = new Set<string>();
  return [...state.all('port')].flatMap((port) => {
    const found = port.fixed_ips.filter(({ ip_address: ip }) => seen.size === seen.add(ip).size).map(({ ip_address: ip }) => `twice ${ip}`);
    const isKept = {
      'network:router_gateway': () => state.get('router', port.device_id)?.gateway?.port_id === port.id,
      'network:router_interface': () => state.get('router', port.device_id) !== undefined,
      'network:floatingip': () => state.get('floatingip', port.device_id)?.floating_port_id === port.id,
    }[port.device_owner];
    return isKept === undefined || isKept() ? found : [...found, `left behind: ${port.device_owner} ${port.id}`];
  });
}

describe('routing, whatever is asked in whatever order', () => {
  it('S12, S14, S21, S23: nothing dangles, nothing is used twice, and what was refused changed nothing', () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.array(drawn, { minLength: 30, maxLength: 60 }), (requests) => {
        const bench = new RoutingBench();
        bench.routed();
        for (const one of requests) {
          const before = bench.state.derived();
          const done = request(bench, one);
          if (isProblem(done)) expect(bench.state.derived()).toEqual(before);
          else taken++;
          expect(wrongs(bench.state)).toEqual([]);
        }
      }),
      { numRuns: 30 },
    );
    expect(taken).toBeGreaterThan(200);
  });
});
