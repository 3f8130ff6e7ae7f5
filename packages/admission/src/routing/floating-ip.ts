import {
  type FixedIpWish,
  type FloatingIp,
  type FloatingIpDraft,
  type FloatingIpUpdate,
  isProblem,
  type Network,
  type Port,
  type Problem,
  problem,
} from '@manx/model';
import { networkFor } from '../authority.js';
import { endPort } from '../port-release.js';
import { checkQosPolicyChange } from '../qos/qos-policy-use.js';
import type { Work } from '../work.js';
import { type Association, associate, DISASSOCIATED } from './floating-ip-association.js';
import { createNetworkPort, FLOATING_IP } from './network-port.js';

const refused = (msg: string): Problem => problem('BadRequest', { resource: 'floatingip', msg });

/** Makes a floating IP: a port on the external network holds its address (S14), and it stands for what was asked. */
export function createFloatingIp(work: Work, draft: FloatingIpDraft): FloatingIp | Problem {
  const network = externalNetwork(work, draft.floating_network_id);
  if (isProblem(network)) return network;
  const policy = checkQosPolicyChange(work, { target: 'floatingip', object_id: '', from: null, to: draft.qos_policy_id });
  if (policy !== null) return policy;
  if (draft.fixed_ip_address !== null && draft.port_id === null) return withoutPort();
  const id = work.context.newId();
  const port = addressPort(work, { id, network, draft });
  if (isProblem(port)) return port;
  const address = port.fixed_ips[0]?.ip_address;
  if (address === undefined) return problem('ExternalIpAddressExhausted', { net_id: network.id });
  const known = { id, project_id: draft.project_id, floating_network_id: network.id, floating_ip_address: address };
  const association =
    draft.port_id === null ? DISASSOCIATED : associate(work, known, { port_id: draft.port_id, ip: draft.fixed_ip_address });
  if (isProblem(association)) return association;
  const { description, dns_name, dns_domain, qos_policy_id } = draft;
  return work.create('floatingip', {
    ...known,
    description,
    floating_port_id: port.id,
    ...association,
    dns_name,
    dns_domain,
    qos_policy_id,
  });
}

/** Changes a floating IP: null as the port disassociates it, another moves it, and so does an update that says nothing at all, as ever in Neutron. */
export function updateFloatingIp(work: Work, floatingIp: FloatingIp, values: FloatingIpUpdate): FloatingIp | Problem {
  const { port_id: port, fixed_ip_address: ip = null, description, qos_policy_id: policy } = values;
  if (ip !== null && typeof port !== 'string') return withoutPort();
  const { id, qos_policy_id: from } = floatingIp;
  const unknown = policy === undefined ? null : checkQosPolicyChange(work, { target: 'floatingip', object_id: id, from, to: policy });
  if (unknown !== null) return unknown;
  const association = nextAssociation(work, floatingIp, values);
  if (isProblem(association)) return association;
  return work.update('floatingip', floatingIp, {
    ...association,
    ...(description === undefined ? {} : { description }),
    ...(policy === undefined ? {} : { qos_policy_id: policy }),
  });
}

/** Deletes a floating IP that has no port forwardings, and gives its address back. */
export function deleteFloatingIp(work: Work, floatingIp: FloatingIp): Problem | null {
  if (work.state.countBy('port_forwarding.floatingip_id', floatingIp.id) > 0) return inUse(floatingIp);
  work.delete('floatingip', floatingIp.id);
  const port = work.state.get('port', floatingIp.floating_port_id);
  if (port !== undefined) endPort(work, port);
  return null;
}

/** What it stands for after an update; nothing to change when no port is named, or when one that forwards is to stand for none. */
function nextAssociation(work: Work, floatingIp: FloatingIp, values: FloatingIpUpdate): Partial<Association> | Problem {
  const { fixed_ip_address: ip = null } = values;
  const port = Object.keys(values).length === 0 ? null : values.port_id;
  const isForwarding = work.state.countBy('port_forwarding.floatingip_id', floatingIp.id) > 0;
  if (port === undefined || (port === null && isForwarding)) return {};
  if (port === null) return DISASSOCIATED;
  if (isForwarding) return inUse(floatingIp);
  return associate(work, floatingIp, { port_id: port, ip });
}

function inUse({ id }: FloatingIp): Problem {
  return problem('FipInUseByPortForwarding', { id });
}

function withoutPort(): Problem {
  return refused('fixed_ip_address cannot be specified without a port_id');
}

function externalNetwork(work: Work, id: string): Network | Problem {
  const network = networkFor(work, id);
  if (isProblem(network)) return network;
  if (!network['router:external']) return refused(`Network ${id} is not a valid external network`);
  const hasIpv4 = work.state.by('subnet.network_id', id).some(({ ip_version }) => ip_version === 4);
  return hasIpv4 ? network : refused(`Network ${id} does not contain any IPv4 subnet`);
}

type AddressWish = { readonly id: string; readonly network: Network; readonly draft: FloatingIpDraft };

function addressPort(work: Work, { id, network, draft }: AddressWish): Port | Problem {
  const { subnet_id: subnet, floating_ip_address: ip } = draft;
  // Hosts answer for a gateway's address: it cannot stand for an instance.
  const isGateway = work.state.by('subnet.network_id', network.id).some(({ gateway_ip }) => ip !== null && gateway_ip === ip);
  if (isGateway) return problem('IpAddressInUse', { ip_address: ip ?? '', net_id: network.id });
  const wish: FixedIpWish = { ...(subnet === null ? {} : { subnet_id: subnet }), ...(ip === null ? {} : { ip_address: ip }) };
  return createNetworkPort(work, {
    network,
    project_id: '',
    device_owner: FLOATING_IP,
    device_id: id,
    fixed_ips: subnet === null && ip === null ? undefined : [wish],
  });
}
