import { type Cidr, type Ip, type Mac, parseIp } from '@manx/ip';
import { type AddressPairWish, allowedAddressPairs } from './address-pair-rule.js';
import { fixedIps, macAddress } from './address-rules.js';
import type { Attribute, Declaration } from './declaration.js';
import { type ExtraDhcpOptionWish, extraDhcpOptions } from './dhcp-option-rule.js';
import { dnsAssignment } from './dns-assignment.js';
import { dnsDomain, dnsName } from './dns-rules.js';
import { portHints } from './port-hints-rule.js';
import { problem } from './problem.js';
import { resourceRequest } from './qos/resource-request.js';
import type { Resource, StandardAttributes } from './resource.js';
import { changedSince, idAttribute, NAME_LENGTH, ownerAttributes, settable, standardAttributes, told } from './standard-attributes.js';
import { boolean, jsonObject, listOf, nameText, oneOf, orNull, readOnly, shown, text, uuid, type ValueRule } from './value-rule.js';

/** One address of a port, and the subnet it is of. */
export type FixedIp = { readonly subnet_id: string; readonly ip_address: Ip };

/**
 * What the port's host last said of it: ACTIVE when it is programmed, ERROR when the host could not, BUILD while it is at work on it.
 * DOWN for a port that is bound nowhere, whose binding failed, or of which its host has not yet said anything, as in Neutron.
 * N/A for the port of a floating IP, which is nobody's interface.
 */
export type PortStatus = 'ACTIVE' | 'DOWN' | 'BUILD' | 'ERROR' | 'N/A';

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
  /** False lifts source checks and security groups (S19). */
  readonly port_security_enabled: boolean;
  /** What it may also send from, and get what is sent to (S8, S17); addresses and prefixes in canonical text. */
  readonly allowed_address_pairs: readonly AddressPair[];
  /** Addresses within its pairs that it has announced as its own, and that go to it alone (S9); absent: none. */
  readonly claimed_addresses?: readonly ClaimedAddress[];
  /** What hosts that it may move to by live migration say of it; absent: nothing. No attribute of the API. */
  readonly visits?: readonly PortVisit[];
  readonly extra_dhcp_opts: readonly ExtraDhcpOption[];
  readonly qos_policy_id: string | null;
  readonly dns_name: string;
  readonly dns_domain: string;
  readonly propagate_uplink_status: boolean;
  readonly numa_affinity_policy: 'required' | 'preferred' | 'legacy' | 'socket' | null;
  readonly hints: { readonly [key: string]: unknown } | null;
  /** Whether it got addresses at once, gets them with its host, or was asked for without; absent: at once. */
  readonly ip_allocation?: IpAllocation;
};

/** When a port gets its addresses: at its creation, when it is bound to a host (whose segments say which), or never by itself. */
export type IpAllocation = 'immediate' | 'deferred' | 'none';

/** An address or prefix that a port may have beside its fixed IPs, and with which MAC. */
export type AddressPair = { readonly ip_address: Ip | Cidr; readonly mac_address: Mac };

/** An address that a port has announced as its own, and when its host saw that by the server's clock: ISO 8601, UTC, to the millisecond. */
export type ClaimedAddress = { readonly ip_address: Ip; readonly claimed_at: string };

/** A host that a port may move to has programmed it; `has_arrived`: and has heard the instance there, which runs nowhere else then. */
export type PortVisit = { readonly host: string; readonly has_arrived: boolean };

/** A DHCP option for one port: a name or number of `dhcpOption`, and a checked value; empty text: the option is given without a value. */
export type ExtraDhcpOption = { readonly opt_name: string; readonly opt_value: string; readonly ip_version: 4 | 6 };

/** What is asked for one address: a given one, any one of a subnet, or a given one of a given subnet. */
export type FixedIpWish = { readonly subnet_id?: string; readonly ip_address?: Ip };

/** What a creation of a port asks for, decoded. What is absent, the rules of ports decide. */
export type PortDraft = Pick<
  Port,
  | 'project_id'
  | 'name'
  | 'description'
  | 'network_id'
  | 'admin_state_up'
  | 'device_id'
  | 'device_owner'
  | 'binding:vnic_type'
  | 'qos_policy_id'
  | 'dns_name'
  | 'dns_domain'
  | 'propagate_uplink_status'
  | 'numa_affinity_policy'
  | 'hints'
> &
  Partial<Pick<Port, 'security_groups' | 'binding:host_id' | 'binding:profile' | 'port_security_enabled' | 'tags'>> & {
    /** Null: a new one. */
    readonly mac_address?: Mac | null;
    readonly fixed_ips?: readonly FixedIpWish[];
    readonly allowed_address_pairs?: readonly AddressPairWish[];
    readonly extra_dhcp_opts?: readonly ExtraDhcpOptionWish[];
  };

const ALLOCATIONS: readonly IpAllocation[] = ['immediate', 'deferred', 'none'];
const NUMA_POLICIES = ['required', 'preferred', 'legacy', 'socket'];

/** Neutron's limits: tags of a resource, and characters of a tag. */
const MOST_TAGS = 50;
const TAG_LENGTH = 255;

/** Tags at creation, as `tag-ports-during-bulk-creation` has them: a list of text, none twice, stored sorted. */
const tagList: ValueRule = {
  ...listOf(text(TAG_LENGTH)),
  read: (value) => {
    const read = listOf(text(TAG_LENGTH)).read(value);
    if (!('value' in read)) return read;
    const tags = read.value as readonly string[];
    return tags.length > MOST_TAGS
      ? { reason: `The number of tags exceed the per-resource limit of ${MOST_TAGS}` }
      : { value: [...tags].sort() };
  },
};

/** The longest text of a profile that Neutron stores. */
const PROFILE_LENGTH = 4095;

/** Ports, declared. Extensions: `binding`, `security-group`, `ip-substring-filtering`. */
export const portDeclaration: Declaration<'port'> = {
  kind: 'port',
  collection: 'ports',
  path: 'ports',
  notFound: 'PortNotFound',
  attributes: {
    ...idAttribute,
    name: settable('A name for people; need not be unique.', nameText(NAME_LENGTH), ''),
    network_id: { ...told('The network.', uuid), onCreate: 'required' },
    ...ownerAttributes,
    mac_address: settable('The MAC address: a free one unless told; null for a new one.', orNull(macAddress), undefined),
    admin_state_up: settable('False cuts the port.', boolean, true),
    status: told(
      'BUILD from its binding until its host has said how it is, DOWN without an interface, ACTIVE when programmed, ERROR when its host cannot; N/A for the port of a floating IP.',
      readOnly({ enum: ['ACTIVE', 'DOWN', 'BUILD', 'ERROR', 'N/A'] }),
    ),
    device_id: settable('What the port is plugged into: the instance.', text(NAME_LENGTH), ''),
    device_owner: settable('What kind of device that is, such as `compute:nova`.', text(NAME_LENGTH), ''),
    fixed_ips: {
      ...settable('Its addresses, unique in the whole deployment.', { ...fixedIps, readFilter: addressTest }, undefined),
      isSortKey: false,
    },
    'binding:host_id': {
      ...settable('The compute host; Nova sets it.', orNull(text(NAME_LENGTH), ''), undefined),
    },
    'binding:profile': {
      ...settable('What Nova wants to keep with the binding.', jsonObject(PROFILE_LENGTH), undefined),
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
    port_security_enabled: plain(
      settable('False lifts source checks and security groups; as its network says unless told.', boolean, undefined),
    ),
    allowed_address_pairs: plain(settable('Addresses and prefixes that it may have beside its own.', allowedAddressPairs, undefined)),
    claimed_addresses: plain(
      told('Addresses of its pairs that it has announced as its own last: packets to them go to it alone.', readOnly({ type: 'array' })),
    ),
    extra_dhcp_opts: plain(settable('DHCP options for this port alone.', extraDhcpOptions, undefined)),
    qos_policy_id: plain(settable('Its QoS policy.', orNull(uuid), null)),
    qos_network_policy_id: plain(told('The QoS policy of its network.', readOnly({ type: ['string', 'null'] }))),
    dns_name: plain(settable('Its name in the DNS.', dnsName, '')),
    dns_domain: plain(settable("Its domain in the DNS, with a dot at the end; its network's unless told.", dnsDomain, '')),
    dns_assignment: plain(told('The names of its addresses in the DNS.', readOnly({ type: 'array' }))),
    ip_allocation: told(
      'When it gets its addresses: `immediate`, `deferred` until it is bound, or `none`.',
      readOnly({ enum: ALLOCATIONS }),
    ),
    propagate_uplink_status: plain(settable('Whether its link is to follow that of its host; taps have no uplink.', boolean, true)),
    numa_affinity_policy: plain(settable('What Nova is to do about NUMA.', orNull(oneOf(NUMA_POLICIES)), null)),
    hints: { ...plain(settable('Hints to its backend.', portHints, null)) },
    resource_request: {
      ...admins('What Nova asks Placement for before it chooses a host.', 'object'),
      shown: { type: ['object', 'null'] },
    },
    ...standardAttributes,
    tags: { ...standardAttributes.tags, rule: tagList, onCreate: 'optional' },
  },
  computed: {
    'binding:vif_details': vifDetails,
    qos_network_policy_id: (port, state) => state.get('network', port.network_id)?.qos_policy_id ?? null,
    dns_assignment: dnsAssignment,
    claimed_addresses: (port) => port.claimed_addresses ?? [],
    ip_allocation: (port) => port.ip_allocation ?? 'immediate',
    resource_request: resourceRequest,
  },
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
export function vifDetails(port: Pick<Port, 'mac_address' | 'binding:vif_type'>): { readonly [key: string]: unknown } {
  if (port['binding:vif_type'] !== 'tap') return {};
  return { port_filter: true, mac_address: `fe${port.mac_address.slice(2)}`, connectivity: 'l3' };
}

/** Neither filtered nor sorted by. */
function plain(attribute: Attribute): Attribute {
  return { ...attribute, isFilter: false, isSortKey: false };
}

function admins(doc: string, type: string): Attribute {
  return { ...told(doc, readOnly({ type })), isFilter: false, isSortKey: false };
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
