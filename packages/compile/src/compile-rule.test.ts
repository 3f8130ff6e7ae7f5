import { isProblem, type PolicyRule } from '@manx/hoststate';
import { applyChanges, type Change, type SecurityGroupRule, State } from '@manx/model';
import { describe, expect, it } from 'vitest';
import { compilePolicy } from './compile-policy.js';
import { compileRule } from './compile-rule.js';
import { rule } from './testing/cloud.js';

type Given = { readonly [K in keyof SecurityGroupRule]?: unknown };

const anything: PolicyRule = { id: 'r', direction: 'ingress', family: 4, protocol: null, ports: null, icmp: null, peer: { kind: 'any' } };

const v6 = { ethertype: 'IPv6' } as const;
const range = (min: number | null, max: number | null): Given => ({ port_range_min: min, port_range_max: max });

describe('S16: what a security group rule means', () => {
  const table: readonly (readonly [string, Given, Partial<PolicyRule>])[] = [
    ['everything in', {}, {}],
    ['everything out over IPv6', { ...v6, direction: 'egress' }, { direction: 'egress', family: 6 }],
    ['a protocol by name', { protocol: 'tcp' }, { protocol: 6 }],
    ['a protocol by number', { protocol: '132' }, { protocol: 132 }],
    ['a port range', { protocol: 'tcp', ...range(22, 80) }, { protocol: 6, ports: { from: 22, to: 80 } }],
    ['one port of UDP-Lite', { protocol: 'udplite', ...range(7, 7) }, { protocol: 136, ports: { from: 7, to: 7 } }],
    ['port 0', { protocol: 'udp', ...range(0, 0) }, { protocol: 17, ports: { from: 0, to: 0 } }],
    ['ICMP', { protocol: 'icmp' }, { protocol: 1 }],
    ['an ICMP type', { protocol: 'icmp', ...range(8, null) }, { protocol: 1, icmp: { type: 8, code: null } }],
    ['an ICMP type and code', { protocol: 'icmp', ...range(3, 4) }, { protocol: 1, icmp: { type: 3, code: 4 } }],
    ['ICMP type 0, code 0', { protocol: '1', ...range(0, 0) }, { protocol: 1, icmp: { type: 0, code: 0 } }],
    ['a type above its code', { protocol: 'icmp', ...range(8, 0) }, { protocol: 1, icmp: { type: 8, code: 0 } }],
    [
      'icmp over IPv6 is ICMP for IPv6',
      { ...v6, protocol: 'icmp', ...range(128, 0) },
      { family: 6, protocol: 58, icmp: { type: 128, code: 0 } },
    ],
    ['number 1 over IPv6 too', { ...v6, protocol: '1' }, { family: 6, protocol: 58 }],
    ['ipv6-icmp', { ...v6, protocol: 'ipv6-icmp' }, { family: 6, protocol: 58 }],
    ['icmpv6', { ...v6, protocol: 'icmpv6', ...range(135, null) }, { family: 6, protocol: 58, icmp: { type: 135, code: null } }],
    ['a remote group', { remote_group_id: 'g' }, { peer: { kind: 'set', set: 'g' } }],
    ['a remote prefix', { remote_ip_prefix: '10.0.0.0/8' }, { peer: { kind: 'cidr', cidr: '10.0.0.0/8' as never } }],
    ['a remote prefix with host bits', { remote_ip_prefix: '10.1.2.3/8' }, { peer: { kind: 'cidr', cidr: '10.0.0.0/8' as never } }],
    ['everybody of IPv4', { remote_ip_prefix: '0.0.0.0/0' }, {}],
    ['everybody of IPv6', { ...v6, remote_ip_prefix: '::/0' }, { family: 6 }],
  ];
  it.each(table)('%s: %j is %j', (_, given, expected) => {
    expect(compileRule(rule('r', 'g', given))).toEqual({ ...anything, ...expected });
  });

  const wrong: readonly (readonly [string, Given])[] = [
    ['a protocol that nobody knows', { protocol: 'martian' }],
    ['a protocol number too large', { protocol: '256' }],
    ['a protocol that is not one', { protocol: '6.5' }],
    ['ports of every protocol', range(1, 2)],
    ['ports of a protocol without ports', { protocol: 'gre', ...range(1, 2) }],
    ['half a port range', { protocol: 'tcp', ...range(22, null) }],
    ['the other half', { protocol: 'tcp', ...range(null, 22) }],
    ['a port range backwards', { protocol: 'tcp', ...range(80, 22) }],
    ['a port too large', { protocol: 'tcp', ...range(1, 65_536) }],
    ['an ICMP code without a type', { protocol: 'icmp', ...range(null, 0) }],
    ['an ICMP type too large', { protocol: 'icmp', ...range(256, null) }],
    ['ICMP types of the other family', { protocol: '58', ...range(128, 0) }],
    ['a prefix that is none', { remote_ip_prefix: '10.0.0.0' }],
    ['a prefix of the other family', { remote_ip_prefix: 'fd00::/8' }],
    ['everybody of the other family', { remote_ip_prefix: '::/0' }],
    ['a remote group that no host can name', { remote_group_id: '../g' }],
  ];
  it.each(wrong)('idea 8: %s (%j) allows nothing, and is a problem of that rule', (_, given) => {
    expect(compileRule(rule('r', 'g', given))).toMatchObject({ code: 'rule-not-compiled', subject: 'security_group_rule r' });
  });

  it('idea 8: a rule that cannot be compiled leaves the others of its group in force', () => {
    const rules = [
      rule('b', 'g', { remote_group_id: 'x' }),
      rule('c', 'g', { protocol: 'martian' }),
      rule('d', 'g', { remote_address_group_id: 'x' }),
      rule('a', 'g'),
    ];
    const state = new State();
    applyChanges(
      state,
      rules.map((value): Change => ({ op: 'put', kind: 'security_group_rule', id: value.id, value })),
    );
    const compiled = compilePolicy('g', state);
    expect(compiled.policy.rules.map(({ id }) => id)).toEqual(['a', 'b', 'd']);
    expect(compiled.sets).toEqual(['addresses-x', 'x']);
    expect(compiled.problems.every(isProblem)).toBe(true);
    expect(compiled.problems.map(({ subject }) => subject)).toEqual(['security_group_rule c']);
  });
});
