import { type Actor, actionOf, decodeCreate, isProblem, type Problem, type Subnet } from '@manx/model';
import type { Admitted } from '../index.js';
import { ADMIN, Bench, memberOf } from '../test-bench.js';

/** Whose tenant network and instances those of `RoutingBench` are. */
export const TENANT = memberOf('tenant');

/** A project that has nothing. */
export const STRANGER = memberOf('stranger');

/** A bench with an external network of an administrator's (203.0.113.0/24, 2001:db8:ffff::/64) and a tenant network (10.0.0.0/24) with a port. */
export class RoutingBench extends Bench {
  readonly external = this.made('network', { name: 'public', 'router:external': true }).id;
  readonly outside: Subnet = this.made('subnet', { network_id: this.external, ip_version: 4, cidr: '203.0.113.0/24' });
  readonly outside6: Subnet = this.made('subnet', { network_id: this.external, ip_version: 6, cidr: '2001:db8:ffff::/64' });
  readonly network = this.made('network', { name: 'private' }, TENANT).id;
  readonly inside: Subnet = this.made('subnet', { network_id: this.network, ip_version: 4, cidr: '10.0.0.0/24' }, TENANT);
  readonly port = this.made('port', { network_id: this.network }, TENANT).id;

  /** Does an action on a router, its body as a client sends it. */
  act(action: string, router: string, body: unknown, actor: Actor = TENANT): Admitted | Problem {
    const values = actionOf('router', action)?.decode(body, actor) ?? {};
    return isProblem(values) ? values : this.run({ op: 'act', kind: 'router', action, id: router, values, if_match: null }, actor);
  }

  /** Does what must be taken, and gives its answer. */
  acted(action: string, router: string, body: unknown, actor: Actor = TENANT): { readonly [key: string]: unknown } {
    const done = this.act(action, router, body, actor);
    if (isProblem(done)) throw new Error(`${done.code}: ${done.detail}`);
    return done.answer ?? {};
  }

  /** The tenant's router, with a gateway on the external network and an interface on the tenant's subnet. */
  routed(): string {
    const { id } = this.made('router', { external_gateway_info: { network_id: this.external } }, TENANT);
    this.acted('add_router_interface', id, { subnet_id: this.inside.id });
    return id;
  }

  /** POSTs a port forwarding of a floating IP. */
  forward(floatingIp: string, body: object, actor: Actor = TENANT): Admitted | Problem {
    const decoded = decodeCreate('port_forwarding', { port_forwarding: body }, actor);
    if (isProblem(decoded)) return decoded;
    const items = decoded.items.map((item) => ({ ...item, floatingip_id: floatingIp }));
    return this.run({ op: 'create', kind: 'port_forwarding', items }, actor);
  }

  /** The only fixed IP of a port. */
  addressOf(port: string): string {
    return this.the('port', port).fixed_ips[0]?.ip_address ?? '';
  }
}

export { ADMIN };
