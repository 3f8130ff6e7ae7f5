import { type Ip, type Mac, parseIp } from '@manx/ip';
import { fixedIps, macAddress } from './address-rules.js';
import type { Attribute, Declaration } from './declaration.js';
import { problem } from './problem.js';
import type { Resource, StandardAttributes } from './resource.js';
import { changedSince, idAttribute, NAME_LENGTH, ownerAttributes, settable, standardAttributes, told } from './standard-attributes.js';
import { boolean, jsonObject, listOf, nameText, oneOf, orNull, readOnly, shown, text, uuid } from './value-rule.js';

/** One address of a port, and the subnet it is of. */
export type FixedIp = { readonly subnet_id: string; readonly ip_address: Ip };

/** What the port's host last said of it; DOWN until it has said anything. */
export type PortStatus = 'ACTIVE' | 'DOWN' | 'BUILD' | 'ERROR';

/** How a port is plugged in: not bound, as a tap, or not bindable where it was asked for. */
export type VifType = 'unbound' | 'tap' | 'binding_failed';

/** A Neutron port: an instance's interface. */
export type Port = StandardAttributes & {
  readonly name: string;
  readonly network_id: string;
  /** False cuts the port (S19). */
  readonly admin_state_up: boolean;
  readonly mac_address: Mac;
  /** In the order given or allocated; no address is on two ports anywhere (S12). */
  readonly fixed_ips: readonly FixedIp[];
  readonly device_id: string;
  readonly device_owner: string;
  readonly status: PortStatus;
  /** Ids, sorted; empty: nothing is allowed in or out (S16). */
  readonly security_groups: readonly string[];
  /** The compute host's name; empty: not bound. */
  readonly 'binding:host_id': string;
  readonly 'binding:vnic_type': 'normal';
  readonly 'binding:profile': { readonly [key: string]: unknown };
  readonly 'binding:vif_type': VifType;
};

/** What is asked for one address: a given one, any one of a subnet, or a given one of a given subnet. */
export type FixedIpWish = { readonly subnet_id?: string; readonly ip_address?: Ip };

/** What a creation of a port asks for, decoded. What is absent, the rules of ports decide. */
export type PortDraft = Pick<
  Port,
  'project_id' | 'name' | 'description' | 'network_id' | 'admin_state_up' | 'device_id' | 'device_owner' | 'binding:vnic_type'
> &
  Partial<Pick<Port, 'mac_address' | 'security_groups' | 'binding:host_id' | 'binding:profile'>> & {
    readonly fixed_ips?: readonly FixedIpWish[];
  };

/** The longest text of a profile that Neutron stores. */
const PROFILE_LENGTH = 4095;

/** Ports, declared. Extensions: `binding`, `security-group`, `ip-substring-filtering`. */
export const portDeclaration: Declaration<'port'> = {
  kind: 'port',
  collection: 'ports',
  path: 'ports',
  attributes: {
    ...idAttribute,
    name: settable('A name for people; need not be unique.', nameText(NAME_LENGTH), ''),
    network_id: { ...told('The network.', uuid), onCreate: 'required' },
    ...ownerAttributes,
    mac_address: settable('The MAC address: a free one unless told.', macAddress, undefined),
    admin_state_up: settable('False cuts the port.', boolean, true),
    status: told('ACTIVE when its host has programmed it.', readOnly({ enum: ['ACTIVE', 'DOWN', 'BUILD', 'ERROR'] })),
    device_id: settable('What the port is plugged into: the instance.', text(NAME_LENGTH), ''),
    device_owner: settable('What kind of device that is, such as `compute:nova`.', text(NAME_LENGTH), ''),
    fixed_ips: {
      ...settable('Its addresses, unique in the whole deployment.', { ...fixedIps, readFilter: addressTest }, undefined),
      isSortKey: false,
    },
    'binding:host_id': {
      ...settable('The compute host; Nova sets it.', orNull(text(NAME_LENGTH), ''), undefined),
      seenBy: 'admin',
    },
    'binding:profile': {
      ...settable('What Nova wants to keep with the binding.', jsonObject(PROFILE_LENGTH), undefined),
      seenBy: 'admin',
      isFilter: false,
      isSortKey: false,
    },
    'binding:vif_type': { ...admins('How it is plugged in: `unbound`, `tap` or `binding_failed`.', 'string'), isFilter: true },
    'binding:vif_details': admins('What Nova must know to plug it in.', 'object'),
    'binding:vnic_type': { ...settable('Only `normal`.', oneOf(['normal']), 'normal'), isSortKey: false },
    security_groups: {
      ...settable('Ids of its security groups; the default group unless told.', listOf(uuid), undefined),
      isSortKey: false,
    },
    ...standardAttributes,
  },
  computed: { 'binding:vif_details': vifDetails },
  filters: { ...changedSince, fixed_ips: hasFixedIp, security_groups: isInGroup },
  indexed: {
    project_id: 'port.project_id',
    network_id: 'port.network_id',
    device_id: 'port.device_id',
    mac_address: 'port.mac_address',
    security_groups: 'port.security_group',
    'binding:host_id': 'port.host',
  },
};

/** The host's end of the tap has the port's MAC with `fe` in front, so that no two ends of a link are alike. */
function vifDetails(port: Port): unknown {
  if (port['binding:vif_type'] !== 'tap') return {};
  return { port_filter: true, mac_address: `fe${port.mac_address.slice(2)}`, connectivity: 'l3' };
}

function admins(doc: string, type: string): Attribute {
  return { ...told(doc, readOnly({ type })), seenBy: 'admin', isFilter: false, isSortKey: false };
}

/** One `key=value` of a `fixed_ips` filter. */
type AddressTest = { readonly key: string; readonly value: string };

function addressTest(filter: string): unknown {
  const at = filter.indexOf('=');
  const key = filter.slice(0, Math.max(at, 0)).trim();
  if (key === '') return problem('InvalidInput', { error_message: `'${shown(filter)}' is not of the form <key>=[value]` });
  const value = filter.slice(at + 1).trim();
  return { key, value: key === 'ip_address' ? (parseIp(value) ?? value) : value };
}

/** Values of one key are alternatives; one address must satisfy every key. Keys that addresses do not have are passed over, as in Neutron. */
function hasFixedIp(resource: Resource, wanted: readonly unknown[]): boolean {
  const tests = wanted as readonly AddressTest[];
  const valuesOf = (key: string): string[] => tests.filter((test) => test.key === key).map((test) => test.value);
  const [exact, subnets, parts] = [valuesOf('ip_address'), valuesOf('subnet_id'), valuesOf('ip_address_substr')];
  return (resource as Port).fixed_ips.some(
    ({ ip_address, subnet_id }) =>
      (exact.length === 0 || exact.includes(ip_address)) &&
      (subnets.length === 0 || subnets.includes(subnet_id)) &&
      (parts.length === 0 || parts.some((part) => ip_address.includes(part))),
  );
}

function isInGroup(resource: Resource, wanted: readonly unknown[]): boolean {
  return (resource as Port).security_groups.some((id) => wanted.includes(id));
}
