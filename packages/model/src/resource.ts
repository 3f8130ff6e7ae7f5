import type { Network } from './network.js';
import type { Port } from './port.js';
import type { SecurityGroup } from './security-group.js';
import type { SecurityGroupRule } from './security-group-rule.js';
import type { Subnet } from './subnet.js';

/** The exact type of each kind of record that the state holds; the name is Neutron's singular, as in request bodies. */
export type ResourceOf = {
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
};

/** Every kind, in an order in which what is referred to comes before what refers to it. */
export const RESOURCE_KINDS: readonly ResourceKind[] = ['network', 'subnet', 'security_group', 'security_group_rule', 'port'];
