import type { Attributes, Declaration } from '../declaration.js';
import { type Port, type VifType, vifDetails } from '../port.js';
import { badRequest, isProblem, type Problem } from '../problem.js';
import type { StandardAttributes } from '../resource.js';
import { idAttribute, ownerAttributes } from '../standard-attributes.js';
import type { StateReader } from '../state-reader.js';
import { isRecord, jsonObject, oneOf, shown, text, type ValueRule } from '../value-rule.js';

/** A second binding of a port, to a host that it may move to; the active binding is on the port itself. One a host. */
export type PortBinding = StandardAttributes & {
  readonly port_id: string;
  readonly host: string;
  readonly vif_type: VifType;
  readonly vnic_type: 'normal';
  readonly profile: { readonly [key: string]: unknown };
  readonly status: 'INACTIVE';
};

/** A binding as the API shows it, the port's own or another. */
export type BindingView = Pick<PortBinding, 'host' | 'vif_type' | 'vnic_type' | 'profile'> & {
  readonly status: 'ACTIVE' | 'INACTIVE';
  readonly vif_details: { readonly [key: string]: unknown };
};

const HOST_LENGTH = 255;
const PROFILE_LENGTH = 4095;

/** Port bindings: their URLs end in hosts, not in ids, so that routes and answers are written by hand. Extension: `binding-extended`. */
export const portBindingDeclaration: Declaration<'port_binding'> = {
  kind: 'port_binding',
  singular: 'binding',
  collection: 'bindings',
  path: 'bindings',
  parent: { kind: 'port', attribute: 'port_id' },
  notFound: 'PortNotFound',
  offers: [],
  attributes: { ...idAttribute, ...ownerAttributes },
  computed: {},
  filters: {},
  indexed: { project_id: 'port_binding.project_id' },
};

/** What a body says of a binding. */
const RULES: { readonly [name: string]: ValueRule } = {
  host: {
    ...text(HOST_LENGTH),
    read: (value) => (value === '' ? { reason: "'' Blank strings are not permitted" } : text(HOST_LENGTH).read(value)),
  },
  vnic_type: oneOf(['normal']),
  profile: jsonObject(PROFILE_LENGTH),
};

/** JSON Schema of a body. */
export const BINDING_SCHEMA = {
  type: 'object',
  properties: { host: { type: 'string' }, vnic_type: { enum: ['normal'] }, profile: { type: ['object', 'null'] } },
  additionalProperties: false,
} as const;

/** Reads `{"binding": {...}}`: of a creation (which needs a host), or an update. */
export function decodeBinding(body: unknown, isCreation: boolean): Attributes | Problem {
  const given = isRecord(body) ? body['binding'] : undefined;
  if (!isRecord(given)) return badRequest("Unable to find 'binding' in request body");
  const values: { [name: string]: unknown } = {};
  for (const [name, value] of Object.entries(given)) {
    const rule = Object.hasOwn(RULES, name) ? RULES[name] : undefined;
    // The owner is the port's, whatever clients repeat.
    if (isCreation && (name === 'project_id' || name === 'tenant_id')) continue;
    if (rule === undefined) return badRequest(`Unrecognized attribute(s) '${shown(name)}'`);
    const read = rule.read(value);
    if (isProblem(read)) return read;
    if ('reason' in read) return badRequest(`Invalid input for ${name}. Reason: ${read.reason}.`);
    values[name] = read.value;
  }
  return isCreation && values['host'] === undefined
    ? badRequest("Failed to parse request. Required attribute 'host' not specified")
    : values;
}

/** The bindings of a port: its own first, then those to other hosts by name. */
export function bindingsOf(state: StateReader, port: Port): BindingView[] {
  const own = {
    host: port['binding:host_id'],
    vif_type: port['binding:vif_type'],
    vnic_type: port['binding:vnic_type'],
    profile: port['binding:profile'],
    status: 'ACTIVE' as const,
  };
  const others = state.by('port_binding.port_id', port.id).sort((a, b) => (a.host < b.host ? -1 : 1));
  return [own, ...others].map(({ host, vif_type, vnic_type, profile, status }) => ({
    host,
    vif_type,
    vif_details: vifDetails({ mac_address: port.mac_address, 'binding:vif_type': vif_type }),
    vnic_type,
    profile,
    status,
  }));
}
