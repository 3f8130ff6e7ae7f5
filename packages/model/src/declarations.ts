import type { Declaration } from './declaration.js';
import { networkDeclaration } from './network.js';
import { portDeclaration } from './port.js';
import type { ResourceKind } from './resource.js';
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
};

/** The declaration for code that is generic over kinds. */
export function declarationOf(kind: ResourceKind): Declaration {
  return DECLARATIONS[kind] as unknown as Declaration;
}
