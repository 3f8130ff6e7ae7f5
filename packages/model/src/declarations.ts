import { ACCESS_DECLARATIONS } from './access/access-declarations.js';
import { ADDRESSING_DECLARATIONS } from './addressing/addressing-declarations.js';
import type { Declaration } from './declaration.js';
import { networkDeclaration } from './network.js';
import { OPERATIONS_DECLARATIONS } from './operations/operations-declarations.js';
import { portDeclaration } from './port.js';
import { QOS_DECLARATIONS } from './qos/qos-declarations.js';
import type { ResourceKind } from './resource.js';
import { ROUTING_DECLARATIONS } from './routing/routing-declarations.js';
import { securityGroupDeclaration } from './security-group.js';
import { securityGroupRuleDeclaration } from './security-group-rule.js';
import { subnetDeclaration } from './subnet.js';

/** Every resource of the API by kind. */
export const DECLARATIONS: { readonly [K in ResourceKind]: Declaration<K> } = {
  network: networkDeclaration,
  subnet: subnetDeclaration,
  port: portDeclaration,
  security_group: securityGroupDeclaration,
  security_group_rule: securityGroupRuleDeclaration,
  ...ADDRESSING_DECLARATIONS,
  ...ROUTING_DECLARATIONS,
  ...QOS_DECLARATIONS,
  ...ACCESS_DECLARATIONS,
  ...OPERATIONS_DECLARATIONS,
};

/** The key of a body with one resource of this declaration. */
export function singularOf({ singular, kind }: Declaration): string {
  return singular ?? kind;
}

/** The declaration for code that is generic over kinds. */
export function declarationOf(kind: ResourceKind): Declaration {
  return DECLARATIONS[kind] as unknown as Declaration;
}
