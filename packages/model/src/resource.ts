import type { AccessResources } from './access/access-declarations.js';
import type { AddressingResources } from './addressing/addressing-declarations.js';
import type { Network } from './network.js';
import type { OperationsResources } from './operations/operations-declarations.js';
import type { Port } from './port.js';
import type { QosResources } from './qos/qos-declarations.js';
import type { RoutingResources } from './routing/routing-declarations.js';
import type { SecurityGroup } from './security-group.js';
import type { SecurityGroupRule } from './security-group-rule.js';
import type { Subnet } from './subnet.js';

/** The exact type of each kind of record that the state holds; the name is Neutron's singular, as in request bodies. */
export type ResourceOf = CoreResources & AddressingResources & RoutingResources & QosResources & AccessResources & OperationsResources;

/** What every cloud has. */
export type CoreResources = {
  network: Network;
  subnet: Subnet;
  port: Port;
  security_group: SecurityGroup;
  security_group_rule: SecurityGroupRule;
};

/** The kinds of records that the state holds. */
export type ResourceKind = keyof ResourceOf;

/** A stored resource: Neutron's attribute names, plain JSON values; what a view computes from other resources is not in it. */
export type Resource = ResourceOf[ResourceKind];

/** What every stored resource has: owner, description, timestamps and revision (Neutron's standard attributes). */
export type StandardAttributes = {
  /** A UUID in canonical lower-case text. */
  readonly id: string;
  /** The owner; Keystone's project id, any text of up to 255 characters. */
  readonly project_id: string;
  readonly description: string;
  /** ISO 8601 in UTC, to the second: `2026-01-31T23:59:59Z`. */
  readonly created_at: string;
  readonly updated_at: string;
  /** 1 at creation; grows with each change of the resource, and with changes of what Neutron counts as part of it. */
  readonly revision_number: number;
  /** Sorted; absent: none. */
  readonly tags?: readonly string[];
};

/** Every kind, in an order in which what is referred to comes before what refers to it. */
export const RESOURCE_KINDS: readonly ResourceKind[] = [
  'quota',
  'agent',
  'address_scope',
  'subnetpool',
  'address_group',
  'qos_policy',
  'qos_bandwidth_limit_rule',
  'qos_packet_rate_limit_rule',
  'qos_dscp_marking_rule',
  'qos_minimum_bandwidth_rule',
  'qos_minimum_packet_rate_rule',
  'network',
  'segment',
  'subnet',
  'default_security_group_rule',
  'security_group',
  'security_group_rule',
  'port',
  'port_binding',
  'router',
  'floatingip',
  'port_forwarding',
  'auto_allocated_topology',
  'rbac_policy',
  'log',
  'bgp_peer',
  'bgp_speaker',
];
