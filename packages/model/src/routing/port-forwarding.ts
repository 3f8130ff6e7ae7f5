import type { Ip } from '@manx/ip';
import { ipAddress } from '../address-rules.js';
import type { Attribute, Declaration } from '../declaration.js';
import type { Resource, StandardAttributes } from '../resource.js';
import { idAttribute, settable, standardAttributes } from '../standard-attributes.js';
import { integer, orNull, shown, text, uuid, type ValueRule } from '../value-rule.js';
import { type PortRange, portRange } from './port-range.js';

/** One forwarding of ports of a floating IP to a fixed IP (S23). */
export type PortForwarding = StandardAttributes & {
  readonly floatingip_id: string;
  /** IANA name, lower case. */
  readonly protocol: ForwardedProtocol;
  readonly internal_port_id: string;
  readonly internal_ip_address: Ip;
  /** Both ends counted; equal for one port. As many as external ports, or one. */
  readonly internal_first_port: number;
  readonly internal_last_port: number;
  readonly external_first_port: number;
  readonly external_last_port: number;
};

/** What has ports, and is translated by Linux: Neutron's list without ICMP (no ports) and DCCP (no longer tracked by the kernel). */
export type ForwardedProtocol = 'tcp' | 'udp' | 'sctp';

/** What a creation of a port forwarding asks for, decoded. */
export type PortForwardingDraft = Pick<
  PortForwarding,
  'project_id' | 'description' | 'floatingip_id' | 'protocol' | 'internal_port_id' | 'internal_ip_address'
> & {
  readonly internal_port?: number | null;
  readonly internal_port_range?: PortRange | null;
  readonly external_port?: number | null;
  readonly external_port_range?: PortRange | null;
};

const PROTOCOLS: ReadonlyMap<string, ForwardedProtocol> = new Map([
  ['tcp', 'tcp'],
  ['6', 'tcp'],
  ['udp', 'udp'],
  ['17', 'udp'],
  ['sctp', 'sctp'],
  ['132', 'sctp'],
]);

const protocol: ValueRule = {
  schema: { enum: ['tcp', 'udp', 'sctp'] },
  read: (value) => {
    const known = PROTOCOLS.get(String(value).toLowerCase());
    return known === undefined ? { reason: `'${shown(value)}' is not in [tcp, udp, sctp]` } : { value: known };
  },
  readFilter: (value) => PROTOCOLS.get(value.toLowerCase()) ?? value,
};

/** Port forwardings, declared. Extensions: `floating-ip-port-forwarding` and its successors. They have no timestamps in Neutron's answers. */
export const portForwardingDeclaration: Declaration<'port_forwarding'> = {
  kind: 'port_forwarding',
  collection: 'port_forwardings',
  path: 'port_forwardings',
  parent: { kind: 'floatingip', attribute: 'floatingip_id' },
  notFound: 'PortForwardingNotFound',
  attributes: {
    ...idAttribute,
    external_port: { ...port('The one port of the floating IP; null for a range.'), isFilter: true },
    external_port_range: { ...range('The ports of the floating IP: `first:last`.'), isFilter: true },
    internal_port: port('The one port of the fixed IP; null for a range.'),
    internal_port_range: range('The ports of the fixed IP: as many as external ones, or one.'),
    internal_ip_address: {
      ...required('An IPv4 address of the internal port.', ipAddress),
      isFilter: false,
      isSortKey: false,
    },
    protocol: required('tcp, udp or sctp, or its number.', protocol),
    internal_port_id: required('The port that it leads to.', uuid),
    project_id: {
      ...settable('The owner of the floating IP.', text(255), undefined),
      onUpdate: 'refused',
      seenBy: 'nobody',
      isFilter: false,
      isSortKey: false,
    },
    description: standardAttributes.description,
  },
  computed: {
    external_port: ({ external_first_port: first, external_last_port: last }) => (first === last ? first : null),
    external_port_range: ({ external_first_port: first, external_last_port: last }) => `${first}:${last}`,
    internal_port: ({ internal_first_port: first, internal_last_port: last }) => (first === last ? first : null),
    internal_port_range: ({ internal_first_port: first, internal_last_port: last }) => `${first}:${last}`,
  },
  filters: {
    external_port: (resource, wanted) => {
      const { external_first_port: first, external_last_port: last } = resource as PortForwarding;
      return first === last && wanted.includes(first);
    },
    external_port_range: (resource: Resource, wanted) => {
      const { external_first_port: first, external_last_port: last } = resource as PortForwarding;
      return wanted.includes(`${first}:${last}`);
    },
  },
  indexed: { floatingip_id: 'port_forwarding.floatingip_id', internal_port_id: 'port_forwarding.internal_port_id' },
};

function port(doc: string): Attribute {
  return { ...settable(doc, orNull(integer(1, 65_535)), undefined), isFilter: false, isSortKey: false };
}

function range(doc: string): Attribute {
  return { ...settable(doc, portRange, undefined), isFilter: false, isSortKey: false };
}

function required(doc: string, rule: ValueRule): Attribute {
  return { ...settable(doc, rule, undefined), onCreate: 'required' };
}
