import { type PortForwarding, type Problem, problem, type StateReader } from '@manx/model';

/** A forwarding as it is to be; without an id it is a new one. */
export type WantedForwarding = Pick<
  PortForwarding,
  | 'floatingip_id'
  | 'protocol'
  | 'internal_port_id'
  | 'internal_ip_address'
  | 'internal_first_port'
  | 'internal_last_port'
  | 'external_first_port'
  | 'external_last_port'
> & { readonly id: string | null };

/** No two forwardings of a protocol may share a port of a floating IP, nor, as in Neutron, a port of a fixed IP. */
export function checkCollisions(state: StateReader, wanted: WantedForwarding): Problem | null {
  const isOther = ({ id, protocol }: PortForwarding): boolean => id !== wanted.id && protocol === wanted.protocol;
  const inside = state
    .by('port_forwarding.internal_port_id', wanted.internal_port_id)
    .filter((other) => isOther(other) && other.internal_ip_address === wanted.internal_ip_address);
  const outside = state.by('port_forwarding.floatingip_id', wanted.floatingip_id).filter(isOther);
  return collision('internal', inside, wanted) ?? collision('external', outside, wanted);
}

function collision(side: 'internal' | 'external', others: readonly PortForwarding[], wanted: WantedForwarding): Problem | null {
  const [first, last] = [`${side}_first_port`, `${side}_last_port`] as const;
  const found = others.find((other) => other[first] <= wanted[last] && wanted[first] <= other[last]);
  if (found === undefined) return null;
  const key = `${side}_port_range`;
  const msg = `There is a port collision with the ${key}. The following ranges collide: ${found[first]}:${found[last]} and ${wanted[first]}:${wanted[last]}`;
  return problem('BadRequest', { resource: 'port_forwarding', msg });
}
