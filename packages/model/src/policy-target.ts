import type { Target } from '@manx/policy';
import type { Actor } from './actor.js';
import { attributeValue } from './attribute-value.js';
import { declarationOf } from './declarations.js';
import type { Network } from './network.js';
import type { Resource, ResourceKind } from './resource.js';
import { isOpenTo } from './sharing.js';
import type { StateReader } from './state-reader.js';

/** Who asks, of which state. */
export type Asking = { readonly state: StateReader; readonly actor: Actor };

/** What is not yet, or no longer only, a stored resource: a creation's attributes, or a resource with an update's over it. */
type Item = { readonly [attribute: string]: unknown };

/**
 * A resource as the policy's rules see it: its attributes by their names, its owner under both of its names, and those of what it
 * belongs to: `network:project_id`, `security_group:project_id`, `ext_parent:project_id`, each also as `tenant_id`.
 */
export function resourceTarget(kind: ResourceKind, resource: Resource, asking: Asking): Target {
  const declaration = declarationOf(kind);
  return (name) => {
    if (name === 'router:external') return externalOf(kind, resource, asking);
    const own = attributeValue(resource, name, { declaration, ...asking });
    return own === undefined ? aboveValue(kind, resource, { name, ...asking }) : own;
  };
}

/** As `resourceTarget`, of attributes that are asked for: of a resource to be made, or over the resource that is to change. */
export function itemTarget(kind: ResourceKind, item: Item, { before, ...asking }: Asking & { readonly before: Resource | null }): Target {
  const beneath = before === null ? null : resourceTarget(kind, before, asking);
  return (name) => {
    const asked = name === 'tenant_id' ? 'project_id' : name;
    if (Object.hasOwn(item, asked) && item[asked] !== undefined) return item[asked];
    return beneath === null ? aboveValue(kind, item, { name, ...asking }) : beneath(name);
  };
}

/** What a prefix of a name speaks of: the attribute that holds its id, and its kind. */
const ABOVE: { readonly [prefix: string]: { readonly attribute: string; readonly kind: ResourceKind } } = {
  network: { attribute: 'network_id', kind: 'network' },
  security_group: { attribute: 'security_group_id', kind: 'security_group' },
};

function aboveValue(kind: ResourceKind, item: Item, { name, state, actor }: Asking & { readonly name: string }): unknown {
  if (name === 'belongs_to_default_sg') return aboveValue(kind, item, { name: 'security_group:name', state, actor }) === 'default';
  const colon = name.indexOf(':');
  const prefix = name.slice(0, Math.max(0, colon));
  const above = prefix === 'ext_parent' ? declarationOf(kind).parent : Object.hasOwn(ABOVE, prefix) ? ABOVE[prefix] : undefined;
  if (above === undefined) return undefined;
  const id = item[above.attribute];
  const owner: Resource | undefined = typeof id === 'string' ? state.get(above.kind, id) : undefined;
  return owner === undefined
    ? undefined
    : attributeValue(owner, name.slice(colon + 1), { declaration: declarationOf(above.kind), state, actor });
}

/** Whether a network, or the network of a subnet, is external as far as the asker is concerned: it may be so for some projects only. */
function externalOf(kind: ResourceKind, resource: Resource, { state, actor }: Asking): boolean | undefined {
  if (kind !== 'network' && kind !== 'subnet') return undefined;
  const id = kind === 'network' ? resource.id : (resource as { readonly network_id?: string }).network_id;
  const network: Network | undefined = id === undefined ? undefined : state.get('network', id);
  if (network?.['router:external'] !== true) return false;
  return isOpenTo(state, network.id, { project: actor.project_id, action: 'access_as_external' });
}
