import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Actor, decodeCreate, decodeUpdate, errorAnswer, isProblem, RESOURCE_KINDS, type ResourceKind } from './index.js';

const member: Actor = { user_id: 'u', project_id: 'mine', domain_id: null, roles: ['member'], is_admin: false };
const admin: Actor = { user_id: 'a', project_id: 'admin', domain_id: null, roles: ['admin'], is_admin: true };
const NET = 'd32019d3-bc6e-4319-9c1d-6722fc136a22';

function refusal(kind: ResourceKind, body: unknown, actor = member): [number, string, string] {
  const decoded = decodeCreate(kind, body, actor);
  if (!isProblem(decoded)) throw new Error(`taken: ${JSON.stringify(decoded)}`);
  const { status, body: answer } = errorAnswer(decoded);
  return [status, answer.NeutronError.type, answer.NeutronError.message];
}

function item(kind: ResourceKind, attributes: object, actor = member): { readonly [name: string]: unknown } {
  const decoded = decodeCreate(kind, { [kind]: attributes }, actor);
  if (isProblem(decoded)) throw new Error(decoded.detail);
  return decoded.items[0] ?? {};
}

const subnet = { network_id: NET, ip_version: 4, cidr: '10.0.0.0/24' };
const rule = { security_group_id: NET, direction: 'ingress' };

describe('bodies that are refused, in the words of Neutron', () => {
  test.each<[string, ResourceKind, unknown, string]>([
    ['nothing', 'network', null, 'Resource body required'],
    ['an empty object', 'network', {}, 'Resource body required'],
    ['a list', 'network', [1], 'Body contains invalid data'],
    ['text', 'network', 'x', 'Body contains invalid data'],
    ['another resource', 'network', { port: {} }, "Unable to find 'network' in request body"],
    ['a resource that is a list', 'network', { network: [] }, "Object 'network' contains invalid data"],
    ['no resources', 'port', { ports: [] }, 'Resources required'],
    ['many that are not a list', 'port', { ports: 'x' }, 'Body contains invalid data'],
    ['many with a number', 'port', { ports: [1] }, 'Body contains invalid data'],
    ['an unknown attribute', 'network', { network: { foo: 1 } }, "Unrecognized attribute(s) 'foo'"],
    ['an attribute that only filters know', 'network', { network: { changed_since: 'x' } }, "Unrecognized attribute(s) 'changed_since'"],
    ['an attribute of Object', 'network', { network: { constructor: 1 } }, "Unrecognized attribute(s) 'constructor'"],
    [
      'an extension that is not there',
      'port',
      { port: { network_id: NET, vlan_transparent: true } },
      "Unrecognized attribute(s) 'vlan_transparent'",
    ],
    ['an id of one’s own', 'network', { network: { id: NET } }, "Attribute 'id' not allowed in POST"],
    ['a status', 'port', { port: { network_id: NET, status: 'ACTIVE' } }, "Attribute 'status' not allowed in POST"],
    ['no network', 'port', { port: {} }, "Failed to parse request. Required attribute 'network_id' not specified"],
    ['no ip_version', 'subnet', { subnet: { network_id: NET } }, "Failed to parse request. Required attribute 'ip_version' not specified"],
    ['a name that is a number', 'network', { network: { name: 5 } }, "Invalid input for name. Reason: '5' is not a valid string."],
    ['a name with a line break', 'network', { network: { name: 'a\nb' } }, "Invalid input for name. Reason: 'a\nb' is not a valid string."],
    [
      'a name with a space at the end',
      'network',
      { network: { name: 'a ' } },
      "Invalid input for name. Reason: 'a ' is not a valid string.",
    ],
    ['a network that is no UUID', 'port', { port: { network_id: 'x' } }, "Invalid input for network_id. Reason: 'x' is not a valid UUID."],
    [
      'an IP version of 5',
      'subnet',
      { subnet: { ...subnet, ip_version: 5 } },
      "Invalid input for ip_version. Reason: '5' is not in [4, 6].",
    ],
    [
      'host bits',
      'subnet',
      { subnet: { ...subnet, cidr: '10.0.0.1/24' } },
      "Invalid input for cidr. Reason: '10.0.0.1/24' isn't a recognized IP subnet cidr, '10.0.0.0/24' is recommended.",
    ],
    [
      'an address as a prefix',
      'subnet',
      { subnet: { ...subnet, cidr: '10.0.0.0' } },
      "Invalid input for cidr. Reason: '10.0.0.0' isn't a recognized IP subnet cidr, '10.0.0.0/32' is recommended.",
    ],
    [
      'octal digits',
      'subnet',
      { subnet: { ...subnet, cidr: '010.0.0.0/8' } },
      "Invalid input for cidr. Reason: '010.0.0.0/8' is not a valid IP subnet.",
    ],
    [
      'a gateway that is no address',
      'subnet',
      { subnet: { ...subnet, gateway_ip: 'x' } },
      "Invalid input for gateway_ip. Reason: 'x' is not a valid IP address.",
    ],
    [
      'the same name server twice',
      'subnet',
      { subnet: { ...subnet, dns_nameservers: ['9.9.9.9', '9.9.9.9'] } },
      "Invalid input for dns_nameservers. Reason: Duplicate nameserver '9.9.9.9'.",
    ],
    [
      'a pool without an end',
      'subnet',
      { subnet: { ...subnet, allocation_pools: [{ start: '10.0.0.2' }] } },
      "Invalid input for allocation_pools. Reason: 'null' is not a valid IP address.",
    ],
    [
      'a multicast MAC',
      'port',
      { port: { network_id: NET, mac_address: '01:00:5e:00:00:01' } },
      "Invalid input for mac_address. Reason: '01:00:5e:00:00:01' is not a valid MAC address.",
    ],
    [
      'the same address twice',
      'port',
      { port: { network_id: NET, fixed_ips: [{ ip_address: '10.0.0.2' }, { ip_address: '10.0.0.2' }] } },
      "Invalid input for fixed_ips. Reason: Duplicate IP address '10.0.0.2'.",
    ],
    [
      'fixed_ips that are no list',
      'port',
      { port: { network_id: NET, fixed_ips: {} } },
      "Invalid input for fixed_ips. Reason: Invalid data format for fixed IP: '{}'.",
    ],
    [
      'a group that is no UUID',
      'port',
      { port: { network_id: NET, security_groups: ['x'] } },
      "Invalid input for security_groups. Reason: 'x' is not a valid UUID.",
    ],
    [
      'a vnic_type that cannot be plugged in',
      'port',
      { port: { network_id: NET, 'binding:vnic_type': 'direct' } },
      "Invalid input for binding:vnic_type. Reason: 'direct' is not in [normal].",
    ],
    [
      'an unknown direction',
      'security_group_rule',
      { security_group_rule: { ...rule, direction: 'up' } },
      "Invalid input for direction. Reason: 'up' is not in [ingress, egress].",
    ],
    ['two owners', 'network', { network: { tenant_id: 'a', project_id: 'b' } }, "'project_id' and 'tenant_id' do not match"],
  ])('%s', (_, kind, body, message) => {
    expect(refusal(kind, body)).toEqual([400, 'HTTPBadRequest', message]);
  });

  test.each<[string, ResourceKind, unknown, string, number, string]>([
    [
      'no truth value',
      'network',
      { network: { admin_state_up: 'maybe' } },
      'InvalidInput',
      400,
      "Invalid input for operation: 'maybe' cannot be converted to boolean.",
    ],
    [
      'an unknown protocol',
      'security_group_rule',
      { security_group_rule: { ...rule, protocol: 'foo' } },
      'SecurityGroupRuleInvalidProtocol',
      400,
      'Security group rule protocol foo not supported.',
    ],
    [
      'protocol 256',
      'security_group_rule',
      { security_group_rule: { ...rule, protocol: 256 } },
      'SecurityGroupRuleInvalidProtocol',
      400,
      'Security group rule protocol 256 not supported.',
    ],
    [
      'an unknown ether type',
      'security_group_rule',
      { security_group_rule: { ...rule, ethertype: 'IPX' } },
      'SecurityGroupRuleInvalidEtherType',
      400,
      "Security group rule for ethertype 'IPX' not supported.",
    ],
    [
      'port 70000',
      'security_group_rule',
      { security_group_rule: { ...rule, port_range_min: 70000 } },
      'SecurityGroupInvalidPortValue',
      400,
      'Invalid value for port 70000',
    ],
    [
      'a remote prefix that is none',
      'security_group_rule',
      { security_group_rule: { ...rule, remote_ip_prefix: '10.0/8' } },
      'InvalidCIDR',
      400,
      'Invalid CIDR 10.0/8 given as IP prefix.',
    ],
    [
      'the name of the default group',
      'security_group',
      { security_group: { name: 'Default' } },
      'SecurityGroupDefaultAlreadyExists',
      409,
      'Default security group already exists.',
    ],
  ])('%s', (...[, kind, body, type, status, message]) => {
    const [code, name, text] = refusal(kind, body);
    expect([code, name]).toEqual([status, type]);
    expect(text.startsWith(message)).toBe(true);
  });

  test('a long value is not thrown back whole', () => {
    expect(refusal('network', { network: { name: 'x'.repeat(100_000) } })[2].length).toBeLessThan(400);
    expect(refusal('network', { network: { ['x'.repeat(100_000)]: 1 } })[2].length).toBeLessThan(400);
  });

  test('someone without a project must name one', () => {
    expect(refusal('network', { network: {} }, { ...admin, project_id: null })[2]).toContain('requires that project_id is specified');
  });
});

describe('bodies that are taken', () => {
  test('what is left out has its preset, and the owner is the actor’s project', () => {
    expect(item('network', {})).toEqual({
      name: '',
      project_id: 'mine',
      admin_state_up: true,
      shared: false,
      description: '',
      'router:external': false,
      is_default: false,
      port_security_enabled: true,
      availability_zone_hints: [],
      dns_domain: '',
      qos_policy_id: null,
    });
    expect(item('security_group_rule', rule)).toMatchObject({
      ethertype: 'IPv4',
      protocol: null,
      remote_group_id: null,
      port_range_min: null,
    });
  });

  test('an administrator names another owner by either name', () => {
    expect(item('network', { tenant_id: 'theirs' }, admin)['project_id']).toBe('theirs');
    expect(item('network', { project_id: 'theirs', tenant_id: 'theirs' }, admin)['project_id']).toBe('theirs');
  });

  test('values are stored in one spelling', () => {
    expect(item('network', { admin_state_up: 'False' })['admin_state_up']).toBe(false);
    expect(item('subnet', { ...subnet, ip_version: '6', cidr: '2001:DB8:0::/64' })).toMatchObject({ ip_version: 6, cidr: '2001:db8::/64' });
    expect(item('port', { network_id: NET.toUpperCase(), mac_address: 'FA-16-3E-00-00-01' })).toMatchObject({
      network_id: NET,
      mac_address: 'fa:16:3e:00:00:01',
    });
    expect(
      item('security_group_rule', { ...rule, protocol: 'TCP', ethertype: 'ipv4', port_range_min: '80', remote_ip_prefix: '10.1.2.3' }),
    ).toMatchObject({
      protocol: 'tcp',
      ethertype: 'IPv4',
      port_range_min: 80,
      remote_ip_prefix: '10.1.2.3/32',
    });
    expect(item('security_group_rule', { ...rule, protocol: 'any' })['protocol']).toBeNull();
    expect(item('port', { network_id: NET, 'binding:host_id': null, 'binding:profile': null })).toMatchObject({
      'binding:host_id': '',
      'binding:profile': {},
    });
  });

  test('any text is data: markup, quotes, other scripts, and control characters in descriptions', () => {
    for (const name of ["'; DROP TABLE ports; --", '$(reboot)', 'größe 東京 🦊', '<b>'])
      expect(item('network', { name })['name']).toBe(name);
    expect(item('network', { description: 'a\nb\u0000' })['description']).toBe('a\nb\u0000');
    expect(item('network', { name: '🦊'.repeat(255) })['name']).toHaveLength(510);
  });

  test('many at once, wrapped or not', () => {
    const decoded = decodeCreate('network', { networks: [{ name: 'a' }, { network: { name: 'b' } }] }, member);
    expect(decoded).toMatchObject({ isBulk: true, items: [{ name: 'a' }, { name: 'b' }] });
  });

  test('a lone update changes what it names and nothing else', () => {
    expect(decodeUpdate('port', { port: { name: 'x' } })).toEqual({ name: 'x' });
    expect(decodeUpdate('port', { port: { network_id: NET } })).toMatchObject({
      detail: 'Cannot update read-only attribute network_id',
    });
    expect(decodeUpdate('security_group_rule', { security_group_rule: { protocol: 'tcp' } })).toMatchObject({
      detail: 'Cannot update read-only attribute protocol',
    });
    expect(decodeUpdate('port', { port: { tags: [] } })).toMatchObject({ detail: 'Cannot update read-only attribute tags' });
  });

  test('no JSON whatever makes decoding throw', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...RESOURCE_KINDS),
        fc.jsonValue(),
        fc.dictionary(fc.constantFrom('name', 'cidr', 'fixed_ips', 'protocol', 'mac_address', 'host_routes', 'project_id'), fc.jsonValue()),
        (kind, junk, attributes) => {
          for (const body of [
            junk,
            { [kind]: junk },
            { [`${kind}s`]: junk },
            { [kind]: attributes },
            { [kind]: { ...subnet, ...rule, ...attributes } },
          ]) {
            decodeCreate(kind, body, member);
            decodeUpdate(kind, body);
          }
        },
      ),
    );
  });
});
