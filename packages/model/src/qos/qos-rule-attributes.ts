import type { Attribute } from '../declaration.js';
import { idAttribute, ownerAttributes, settable, told } from '../standard-attributes.js';
import { integer, oneOf } from '../value-rule.js';

/** Where the traffic of a rule goes, seen from the instance. */
export type QosDirection = 'ingress' | 'egress';

/** The largest number that Neutron stores. */
const MOST = 2 ** 31 - 1;

const { tenant_id, project_id } = ownerAttributes;

/** What every rule has: its id in views; the owner may be named at creation, but a rule is its policy's project's. */
export const qosRuleAttributes = {
  ...idAttribute,
  tenant_id: hidden(tenant_id),
  project_id: hidden(project_id),
} as const satisfies { readonly [name: string]: Attribute };

function hidden(attribute: Attribute): Attribute {
  return { ...attribute, seenBy: 'nobody', isFilter: false, isSortKey: false };
}

/** A number without which a rule says nothing. */
export function requiredNumber(doc: string): Attribute {
  return { ...told(doc, integer(0, MOST)), onCreate: 'required', onUpdate: 'optional' };
}

/** A burst: 0 leaves it to the host. */
export function burst(doc: string): Attribute {
  return settable(doc, integer(0, MOST), 0);
}

/** Which way a rule applies; as an instance sees it, egress unless told. */
export function direction(directions: readonly string[]): Attribute {
  return settable('Which way, seen from the instance.', oneOf(directions), 'egress');
}
