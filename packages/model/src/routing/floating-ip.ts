import type { Ip } from '@manx/ip';
import { ipAddress } from '../address-rules.js';
import type { Attribute, Declaration } from '../declaration.js';
import type { Resource, StandardAttributes } from '../resource.js';
import { changedSince, idAttribute, ownerAttributes, settable, standardAttributes, told } from '../standard-attributes.js';
import type { StateReader } from '../state-reader.js';
import { orNull, readOnly, shown, uuid, type ValueRule } from '../value-rule.js';

/** A Neutron floating IP: an address of an external network that stands for a fixed IP (S21). Its status is computed: `floatingIpStatus`. */
export type FloatingIp = StandardAttributes & {
  readonly floating_network_id: string;
  readonly floating_ip_address: Ip;
  /** The port of the external network that holds the address (`network:floatingip`), as in Neutron: S14 follows from S12. */
  readonly floating_port_id: string;
  /** The router that connects the port, or the ports of the forwardings, with the external network; null when there are none. */
  readonly router_id: string | null;
  /** What it stands for; null too while it has port forwardings. */
  readonly port_id: string | null;
  readonly fixed_ip_address: Ip | null;
  readonly dns_name: string;
  readonly dns_domain: string;
  readonly qos_policy_id: string | null;
};

/** What a creation of a floating IP asks for, decoded. */
export type FloatingIpDraft = Pick<
  FloatingIp,
  'project_id' | 'description' | 'floating_network_id' | 'port_id' | 'fixed_ip_address' | 'dns_name' | 'dns_domain' | 'qos_policy_id'
> & { readonly floating_ip_address: Ip | null; readonly subnet_id: string | null };

/** What an update asks for, decoded. */
export type FloatingIpUpdate = Partial<Pick<FloatingIp, 'description' | 'port_id' | 'fixed_ip_address' | 'qos_policy_id'>>;

/** A DNS name of at most 253 characters, in lower case (RFC 1035, section 2.3.1); empty for none. A domain ends in a dot. */
function dnsText(what: 'name' | 'domain'): ValueRule {
  return {
    schema: { type: 'string', maxLength: 255 },
    read: (value) => {
      if (value === null) return { value: '' };
      const name = typeof value === 'string' ? value.toLowerCase() : null;
      if (name === '') return { value: '' };
      if (name === null || name.length > 254 || !DNS.test(name)) return { reason: `'${shown(value)}' not a valid PQDN or FQDN` };
      return what === 'domain' && !name.endsWith('.') ? { reason: `'${shown(value)}' is not a FQDN` } : { value: name };
    },
    readFilter: (text) => text.toLowerCase(),
  };
}

const DNS = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.?$/;

/** Floating IPs, declared. Extensions: `router`, `fip-port-details`, `expose-port-forwarding-in-fip`, `dns-integration`, `qos-fip`. */
export const floatingIpDeclaration: Declaration<'floatingip'> = {
  kind: 'floatingip',
  collection: 'floatingips',
  path: 'floatingips',
  notFound: 'FloatingIPNotFound',
  attributes: {
    ...idAttribute,
    ...ownerAttributes,
    floating_network_id: { ...fixed('The external network.', uuid), onCreate: 'required' },
    floating_ip_address: { ...fixed('The address, IPv4: a free one unless told.', orNull(ipAddress)), preset: null },
    subnet_id: {
      ...fixed('The subnet to take an address of.', orNull(uuid)),
      preset: null,
      seenBy: 'nobody',
      isFilter: false,
      isSortKey: false,
    },
    router_id: told(
      'The router that connects it with its port.',
      readOnly({ type: ['string', 'null'] }, (value) => value.toLowerCase()),
    ),
    port_id: settable('The port that it stands for; null for none.', orNull(uuid), null),
    fixed_ip_address: settable('The address of the port that it stands for: its only IPv4 address unless told.', orNull(ipAddress), null),
    status: told(
      'ACTIVE when its router is up and it leads to a port that its host has programmed, else DOWN.',
      readOnly({ enum: ['ACTIVE', 'DOWN'] }),
    ),
    dns_name: { ...fixed('A name in `dns_domain`.', dnsText('name')), preset: '' },
    dns_domain: { ...fixed('The domain of `dns_name`.', dnsText('domain')), preset: '' },
    qos_policy_id: unlisted(settable('The QoS policy for what goes through it.', orNull(uuid), null)),
    qos_network_policy_id: unlisted(told('The QoS policy of its network.', readOnly({ type: ['string', 'null'] }))),
    port_details: unlisted(told('The port that it stands for.', readOnly({ type: ['object', 'null'] }))),
    port_forwardings: unlisted(told('Its port forwardings.', readOnly({ type: 'array' }))),
    ...standardAttributes,
  },
  computed: {
    status: floatingIpStatus,
    qos_network_policy_id: (floatingIp, state) => state.get('network', floatingIp.floating_network_id)?.qos_policy_id ?? null,
    port_details: portDetails,
    port_forwardings: forwardingsOf,
  },
  filters: {
    ...changedSince,
    status: (resource: Resource, wanted, state) => wanted.includes(floatingIpStatus(resource as FloatingIp, state)),
  },
  indexed: {
    project_id: 'floatingip.project_id',
    port_id: 'floatingip.port_id',
    router_id: 'floatingip.router_id',
    floating_network_id: 'floatingip.floating_network_id',
    floating_ip_address: 'floatingip.floating_ip_address',
  },
};

/**
 * ACTIVE when its router is up and the port that it stands for, or that one of its forwardings leads to, is ACTIVE: that port's host
 * has said that what belongs to the port is programmed. DOWN otherwise.
 */
export function floatingIpStatus({ id, port_id, router_id }: FloatingIp, state: StateReader): 'ACTIVE' | 'DOWN' {
  if (router_id === null || state.get('router', router_id)?.admin_state_up !== true) return 'DOWN';
  const forwarded = state.by('port_forwarding.floatingip_id', id).map(({ internal_port_id }) => internal_port_id);
  const ports = port_id === null ? forwarded : [port_id];
  return ports.some((port) => state.get('port', port)?.status === 'ACTIVE') ? 'ACTIVE' : 'DOWN';
}

function fixed(doc: string, rule: ValueRule): Attribute {
  return { ...settable(doc, rule, undefined), onUpdate: 'refused' };
}

function unlisted(attribute: Attribute): Attribute {
  return { ...attribute, isFilter: false, isSortKey: false };
}

function portDetails({ port_id }: FloatingIp, state: StateReader): unknown {
  const port = port_id === null ? undefined : state.get('port', port_id);
  if (port === undefined) return null;
  const { name, network_id, mac_address, admin_state_up, status, device_id, device_owner } = port;
  return { name, network_id, mac_address, admin_state_up, status, device_id, device_owner };
}

/** As Neutron shows them inside a floating IP: only single ports have a port here. Oldest first. */
function forwardingsOf({ id }: FloatingIp, state: StateReader): unknown {
  return state
    .by('port_forwarding.floatingip_id', id)
    .sort((a, b) => (`${a.created_at} ${a.id}` < `${b.created_at} ${b.id}` ? -1 : 1))
    .map((forwarding) => {
      const { external_first_port: outer, internal_first_port: inner } = forwarding;
      return {
        id: forwarding.id,
        protocol: forwarding.protocol,
        internal_port_id: forwarding.internal_port_id,
        internal_ip_address: forwarding.internal_ip_address,
        ...(inner === forwarding.internal_last_port ? { internal_port: inner } : {}),
        ...(outer === forwarding.external_last_port ? { external_port: outer } : {}),
      };
    });
}
