import {
  type FixedIp,
  type FloatingIp,
  isProblem,
  isVisible,
  notFound,
  type Port,
  type PortForwarding,
  type PortForwardingDraft,
  type PortRange,
  type Problem,
  problem,
} from '@manx/model';
import type { Work } from '../work.js';
import { alreadyAssociated, routerFor } from './floating-ip-association.js';
import { checkCollisions } from './forwarding-collisions.js';

const refused = (msg: string): Problem => problem('BadRequest', { resource: 'port_forwarding', msg });

/** Makes a port forwarding of a floating IP that stands for no port; the first one says by which router it leads in. */
export function createPortForwarding(work: Work, draft: PortForwardingDraft): PortForwarding | Problem {
  const floatingIp = work.state.get('floatingip', draft.floatingip_id);
  if (floatingIp === undefined) return notFound('floatingip', draft.floatingip_id);
  const ports = forwardedPorts(draft, null);
  if (isProblem(ports)) return ports;
  const { floatingip_id, description, protocol, internal_port_id, internal_ip_address } = draft;
  const wanted = { id: null, floatingip_id, protocol, internal_port_id, internal_ip_address, ...ports };
  const collision = checkCollisions(work.state, wanted);
  if (collision !== null) return collision;
  const router = checkedRouter(work, floatingIp, draft);
  if (isProblem(router)) return router;
  work.update('floatingip', floatingIp, { router_id: router });
  work.touch('floatingip', floatingIp.id);
  work.touch('port', internal_port_id);
  const { id: _none, ...attributes } = wanted;
  return work.create('port_forwarding', { project_id: floatingIp.project_id, description, ...attributes });
}

/** Changes a port forwarding: where it leads, and by which ports. */
export function updatePortForwarding(
  work: Work,
  forwarding: PortForwarding,
  values: Partial<PortForwardingDraft>,
): PortForwarding | Problem {
  const floatingIp = work.state.get('floatingip', forwarding.floatingip_id);
  if (floatingIp === undefined) return notFound('floatingip', forwarding.floatingip_id);
  const ports = forwardedPorts(values, forwarding);
  if (isProblem(ports)) return ports;
  const { description, protocol, internal_port_id, internal_ip_address } = { ...forwarding, ...values };
  const wanted = { ...forwarding, protocol, internal_port_id, internal_ip_address, ...ports };
  const collision = checkCollisions(work.state, wanted);
  if (collision !== null) return collision;
  const router = checkedRouter(work, floatingIp, wanted);
  if (isProblem(router)) return router;
  const { id: _id, created_at: _created, updated_at: _updated, revision_number: _revision, ...attributes } = wanted;
  const updated = work.update('port_forwarding', forwarding, { ...attributes, description });
  if (updated !== forwarding) {
    work.touch('floatingip', floatingIp.id);
    for (const port of new Set([forwarding.internal_port_id, internal_port_id])) work.touch('port', port);
  }
  return updated;
}

/** Deletes a port forwarding; with the last one the floating IP belongs to no router any more. */
export function deletePortForwarding(work: Work, forwarding: PortForwarding): null {
  work.delete('port_forwarding', forwarding.id);
  work.touch('port', forwarding.internal_port_id);
  const floatingIp = work.state.get('floatingip', forwarding.floatingip_id);
  if (floatingIp === undefined) return null;
  const isLast = work.state.countBy('port_forwarding.floatingip_id', floatingIp.id) === 0;
  if (isLast) work.update('floatingip', floatingIp, { router_id: null });
  else work.touch('floatingip', floatingIp.id);
  return null;
}

type Ports = Pick<PortForwarding, 'internal_first_port' | 'internal_last_port' | 'external_first_port' | 'external_last_port'>;
type PortsWish = Pick<PortForwardingDraft, 'internal_port' | 'internal_port_range' | 'external_port' | 'external_port_range'>;

/** Both sides' ports: as many inside as outside, or one inside for all. What an update leaves out stays. */
function forwardedPorts(wish: PortsWish, before: PortForwarding | null): Ports | Problem {
  const inner = rangeOf('internal_port', wish.internal_port, wish.internal_port_range);
  const outer = rangeOf('external_port', wish.external_port, wish.external_port_range);
  if (isProblem(inner)) return inner;
  if (isProblem(outer)) return outer;
  const internal = inner ?? (before === null ? null : { first: before.internal_first_port, last: before.internal_last_port });
  const external = outer ?? (before === null ? null : { first: before.external_first_port, last: before.external_last_port });
  if (internal === null) return refused('Either internal_port or internal_port_range must be specified');
  if (external === null) return refused('Either external_port or external_port_range must be specified');
  const width = internal.last - internal.first;
  if (width > 0 && width !== external.last - external.first) {
    return refused('Invalid ranges of internal and/or external ports. The relation between internal and external ports must be N-N or 1-N');
  }
  return {
    internal_first_port: internal.first,
    internal_last_port: internal.last,
    external_first_port: external.first,
    external_last_port: external.last,
  };
}

/** One side's ports, by one port or a range, or both when they say the same; null when nothing is said. */
function rangeOf(name: string, port: number | null | undefined, range: PortRange | null | undefined): PortRange | null | Problem {
  const single = port ?? null;
  const ranged = range ?? null;
  if (single === null || ranged === null) return ranged ?? (single === null ? null : { first: single, last: single });
  return ranged.first === single && ranged.last === single ? ranged : refused(`${name} and ${name}_range cannot be specified together`);
}

type Inside = Pick<PortForwarding, 'internal_port_id' | 'internal_ip_address'>;

/** The router by which the forwarding leads in: the one of the floating IP's other forwardings. */
function checkedRouter(work: Work, floatingIp: FloatingIp, inside: Inside): string | Problem {
  const { internal_port_id: id, internal_ip_address: ip } = inside;
  const port = work.state.get('port', id);
  if (port === undefined || !isVisible(work, 'port', port)) return notFound('port', id);
  if (floatingIp.port_id !== null) return alreadyAssociated(floatingIp, { port_id: id, ip });
  const [bound] = work.state.by('floatingip.port_id', id);
  if (bound !== undefined) {
    // It may be an administrator's, which the port's project does not see.
    const isSeen = isVisible(work, 'floatingip', bound);
    return problem('PortHasBindingFloatingIP', {
      floating_ip_address: isSeen ? bound.floating_ip_address : 'of another project',
      fip_id: isSeen ? bound.id : 'not shown',
      port_id: id,
      fixed_ip: ip,
    });
  }
  const fixedIp = internalAddress(port, inside);
  if (isProblem(fixedIp)) return fixedIp;
  const router = routerFor(work, { port, fixedIp, network_id: floatingIp.floating_network_id });
  if (isProblem(router)) {
    return refused(
      `External network ${floatingIp.floating_network_id} is not reachable from subnet ${fixedIp.subnet_id}. Cannot set Port forwarding for port ${id} with Floating IP ${floatingIp.id}`,
    );
  }
  if (floatingIp.router_id === null || floatingIp.router_id === router) return router;
  return refused(
    `The Floating IP ${floatingIp.id} had been set on router ${floatingIp.router_id}, the internal Neutron port ${id} can not reach it`,
  );
}

function internalAddress(port: Port, { internal_ip_address: ip }: Inside): FixedIp | Problem {
  const candidates = port.fixed_ips.filter(({ ip_address }) => !ip_address.includes(':'));
  if (candidates.length === 0) return refused(`Requested internal port ${port.id} must allocate an IPv4 address at least.`);
  return (
    candidates.find(({ ip_address }) => ip_address === ip) ??
    refused(
      `Requested internal IP address ${ip} is not suitable for internal neutron port ${port.id}, as its fixed_ips are ${JSON.stringify(candidates)}`,
    )
  );
}
