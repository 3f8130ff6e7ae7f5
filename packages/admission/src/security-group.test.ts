import { protocolNumber } from '@manx/model';
import { describe, expect, test } from 'vitest';
import { ADMIN, Bench, memberOf, outcome } from './test-bench.js';

const MINE = memberOf('mine');
const THEIRS = memberOf('theirs');
const reader = { ...MINE, roles: ['reader'] };

describe('the default group', () => {
  test('comes with a project’s first use, once: everything out, and in from its own', () => {
    const bench = new Bench();
    const first = bench.run({ op: 'ensure_default_group', project_id: 'mine' }, reader);
    const [group] = bench.state.by('security_group.default_of', 'mine');
    expect(first).toMatchObject({ ids: [group?.id] });
    const rules = bench.state.by('security_group_rule.security_group_id', group?.id ?? '');
    expect(
      rules.map(({ direction, ethertype, remote_group_id }) => `${direction} ${ethertype} ${remote_group_id ?? 'any'}`).sort(),
    ).toEqual(['egress IPv4 any', 'egress IPv6 any', `ingress IPv4 ${group?.id}`, `ingress IPv6 ${group?.id}`]);
    expect(bench.run({ op: 'ensure_default_group', project_id: 'mine' }, MINE)).toEqual({ changes: [], ids: [group?.id], answer: null });
    bench.made('network', {}, MINE);
    expect(bench.state.countBy('security_group.default_of', 'mine')).toBe(1);
  });

  test('is not made for another project by looking', () => {
    const bench = new Bench();
    expect(bench.run({ op: 'ensure_default_group', project_id: 'theirs' }, MINE)).toEqual({ changes: [], ids: [], answer: null });
  });

  test('keeps its name, and only an administrator removes it', () => {
    const bench = new Bench();
    bench.made('network', {}, MINE);
    const id = bench.state.by('security_group.default_of', 'mine')[0]?.id ?? '';
    expect(outcome(bench.put('security_group', id, { name: 'x' }, { actor: MINE }))).toBe('409 SecurityGroupCannotUpdateDefault');
    expect(bench.changed('security_group', id, { description: 'x' }, MINE).description).toBe('x');
    expect(outcome(bench.del('security_group', id, MINE))).toBe('409 SecurityGroupCannotRemoveDefault');
    expect(outcome(bench.del('security_group', id, ADMIN))).toBe('taken');
    bench.made('network', {}, MINE);
    expect(bench.state.by('security_group.default_of', 'mine').map((group) => group.id)).not.toContain(id);
    expect(bench.state.countBy('security_group.default_of', 'mine')).toBe(1);
  });

  test('is in use first, and the default group second: an administrator cannot remove it from under its ports either', () => {
    const bench = new Bench();
    const port = bench.made('port', { network_id: bench.made('network', {}, MINE).id }, MINE);
    const id = port.security_groups[0] ?? '';
    expect(outcome(bench.del('security_group', id, MINE))).toBe('409 SecurityGroupInUse');
    expect(outcome(bench.del('security_group', id, ADMIN))).toBe('409 SecurityGroupInUse');
  });

  test('goes with the rules of other groups about it', () => {
    const bench = new Bench();
    const web = bench.made('security_group', { name: 'web' }, MINE);
    const id = bench.state.by('security_group.default_of', 'mine')[0]?.id ?? '';
    const rule = bench.made('security_group_rule', { security_group_id: web.id, direction: 'ingress', remote_group_id: id }, MINE);
    const before = bench.the('security_group', web.id).revision_number;
    expect(outcome(bench.del('security_group', id, ADMIN))).toBe('taken');
    expect(bench.state.get('security_group_rule', rule.id)).toBeUndefined();
    expect(bench.the('security_group', web.id).revision_number).toBe(before + 1);
  });
});

describe('groups', () => {
  test('begin with two rules that let everything out', () => {
    const bench = new Bench();
    const group = bench.made('security_group', { name: 'web' }, MINE);
    const rules = bench.state.by('security_group_rule.security_group_id', group.id);
    expect(rules.map(({ direction, ethertype }) => `${direction} ${ethertype}`).sort()).toEqual(['egress IPv4', 'egress IPv6']);
  });

  test('in use by a port stay; others go with their rules and the rules about them', () => {
    const bench = new Bench();
    const web = bench.made('security_group', { name: 'web' }, MINE);
    const db = bench.made('security_group', { name: 'db' }, MINE);
    bench.made('security_group_rule', { security_group_id: db.id, direction: 'ingress', remote_group_id: web.id }, MINE);
    const port = bench.made('port', { network_id: bench.made('network', {}, MINE).id, security_groups: [web.id] }, MINE);
    expect(outcome(bench.del('security_group', web.id, MINE))).toBe('409 SecurityGroupInUse');
    bench.del('port', port.id, MINE);
    const before = bench.the('security_group', db.id).revision_number;
    expect(outcome(bench.del('security_group', web.id, MINE))).toBe('taken');
    expect(bench.state.countBy('security_group_rule.security_group_id', web.id)).toBe(0);
    expect(bench.state.countBy('security_group_rule.security_group_id', db.id)).toBe(2);
    expect(bench.the('security_group', db.id).revision_number).toBe(before + 1);
  });

  test('of another project are not there', () => {
    const bench = new Bench();
    const group = bench.made('security_group', { name: 'web' }, MINE);
    const own = bench.made('security_group', { name: 'own' }, THEIRS);
    const rule = { direction: 'ingress', protocol: 'tcp' };
    expect(outcome(bench.del('security_group', group.id, THEIRS))).toBe('404 SecurityGroupNotFound');
    expect(outcome(bench.post('security_group_rule', { ...rule, security_group_id: group.id }, THEIRS))).toBe('404 SecurityGroupNotFound');
    expect(outcome(bench.post('security_group_rule', { ...rule, security_group_id: own.id, remote_group_id: group.id }, THEIRS))).toBe(
      '404 SecurityGroupNotFound',
    );
  });
});

describe('rules', () => {
  function made(body: object): string {
    const bench = new Bench();
    const { id } = bench.made('security_group', { name: 'web' }, MINE);
    return outcome(bench.post('security_group_rule', { security_group_id: id, direction: 'ingress', ...body }, MINE));
  }

  test.each<[object, string]>([
    [{}, 'taken'],
    [{ protocol: 'tcp', port_range_min: 80, port_range_max: 80 }, 'taken'],
    [{ protocol: 132, port_range_min: 1, port_range_max: 9 }, 'taken'],
    [{ protocol: 'udplite', port_range_min: 1, port_range_max: 9 }, 'taken'],
    [{ protocol: 'icmp', port_range_min: 8 }, 'taken'],
    [{ protocol: 'icmp', port_range_min: 0, port_range_max: 0 }, 'taken'],
    [{ protocol: 'icmpv6', ethertype: 'IPv6', port_range_min: 128, port_range_max: 0 }, 'taken'],
    [{ protocol: 'esp' }, 'taken'],
    [{ remote_ip_prefix: '10.0.0.0/8' }, 'taken'],
    [{ remote_ip_prefix: '2001:db8::/32', ethertype: 'IPv6' }, 'taken'],
    [{ port_range_min: 80, port_range_max: 80 }, '400 SecurityGroupProtocolRequiredWithPorts'],
    [{ protocol: 'tcp', port_range_min: 80 }, '400 SecurityGroupInvalidPortRange'],
    [{ protocol: 'tcp', port_range_max: 80 }, '400 SecurityGroupInvalidPortRange'],
    [{ protocol: 'tcp', port_range_min: 81, port_range_max: 80 }, '400 SecurityGroupInvalidPortRange'],
    [{ protocol: 'tcp', port_range_min: 0, port_range_max: 80 }, '400 SecurityGroupInvalidPortValue'],
    [{ protocol: 'esp', port_range_min: 1, port_range_max: 2 }, '400 SecurityGroupInvalidProtocolForPort'],
    [{ protocol: '0', port_range_min: 1, port_range_max: 2 }, '400 SecurityGroupInvalidProtocolForPort'],
    [{ protocol: 'icmp', port_range_min: 256 }, '400 SecurityGroupInvalidIcmpValue'],
    [{ protocol: 'icmp', port_range_min: 8, port_range_max: 256 }, '400 SecurityGroupInvalidIcmpValue'],
    [{ protocol: 'icmp', port_range_max: 0 }, '400 SecurityGroupMissingIcmpType'],
    [{ protocol: 'icmpv6' }, '400 SecurityGroupEthertypeConflictWithProtocol'],
    [{ protocol: 58 }, '400 SecurityGroupEthertypeConflictWithProtocol'],
    [{ remote_ip_prefix: '2001:db8::/32' }, '400 SecurityGroupRuleParameterConflict'],
    [{ remote_ip_prefix: '10.0.0.0/8', ethertype: 'IPv6' }, '400 SecurityGroupRuleParameterConflict'],
    [{ remote_group_id: 'nowhere' }, '404 SecurityGroupNotFound'],
    [{ security_group_id: 'nowhere' }, '404 SecurityGroupNotFound'],
    [{ remote_group_id: 'x', remote_ip_prefix: '10.0.0.0/8' }, '400 SecurityGroupMultipleRemoteEntites'],
  ])('%j: %s', (body, expected) => {
    expect(made(body)).toBe(expected);
  });

  test('ICMP of IPv6 is stored under its own name and number; a range of all ports is none', () => {
    const bench = new Bench();
    const security_group_id = bench.made('security_group', { name: 'web' }).id;
    const rule = { security_group_id, direction: 'ingress', ethertype: 'IPv6' };
    expect(bench.made('security_group_rule', { ...rule, protocol: 'icmp' }).protocol).toBe('ipv6-icmp');
    expect(bench.made('security_group_rule', { ...rule, protocol: 1, port_range_min: 5 }).protocol).toBe('58');
    expect(bench.made('security_group_rule', { ...rule, protocol: 'tcp', port_range_min: 1, port_range_max: 65535 })).toMatchObject({
      port_range_min: null,
      port_range_max: null,
    });
  });

  test.each<[object, object]>([
    [{ protocol: 'tcp' }, { protocol: 6 }],
    [
      { protocol: 'tcp', description: 'a' },
      { protocol: 'tcp', description: 'b' },
    ],
    [{ remote_ip_prefix: '10.0.0.0/8' }, { remote_ip_prefix: '10.1.2.3/8' }],
    [{ protocol: 'udp', remote_ip_prefix: '0.0.0.0/0' }, { protocol: 'udp' }],
    [{ protocol: 'udp' }, { protocol: 'udp', port_range_min: 1, port_range_max: 65535 }],
  ])('%j and %j are the same: the second is 409', (one, two) => {
    const bench = new Bench();
    const security_group_id = bench.made('security_group', { name: 'web' }).id;
    const rule = { security_group_id, direction: 'ingress' };
    bench.made('security_group_rule', { ...rule, ...one });
    expect(outcome(bench.post('security_group_rule', { ...rule, ...two }))).toBe('409 SecurityGroupRuleExists');
    expect(outcome(bench.post('security_group_rule', { ...rule, ...two, direction: 'egress', protocol: 'sctp' }))).toBe('taken');
  });

  test('protocol 0 means every protocol under its number: kept as 0, a rule beside the one without a protocol, the same as `ip`', () => {
    const bench = new Bench();
    const security_group_id = bench.made('security_group', { name: 'web' }).id;
    const rule = { security_group_id, direction: 'ingress' };
    const every = bench.made('security_group_rule', { ...rule, protocol: 'any' });
    expect(every.protocol).toBeNull();
    const zero = bench.made('security_group_rule', { ...rule, protocol: 0 });
    expect(zero.protocol).toBe('0');
    expect(protocolNumber({ protocol: '0' })).toBeNull();
    for (const protocol of ['0', 'ip', 'hopopt'] as const) {
      expect(outcome(bench.post('security_group_rule', { ...rule, protocol }))).toBe('409 SecurityGroupRuleExists');
    }
  });

  test('many at once: of one group, all or none, none twice, one revision of the group', () => {
    const bench = new Bench();
    const security_group_id = bench.made('security_group', { name: 'web' }).id;
    const other = bench.made('security_group', { name: 'db' }).id;
    const rule = (port: number, id = security_group_id): object => ({
      security_group_id: id,
      direction: 'ingress',
      protocol: 'tcp',
      port_range_min: port,
      port_range_max: port,
    });
    expect(outcome(bench.post('security_group_rule', [rule(1), rule(2, other)]))).toBe('400 SecurityGroupNotSingleGroupRules');
    expect(outcome(bench.post('security_group_rule', [rule(1), rule(1)]))).toBe('409 DuplicateSecurityGroupRuleInPost');
    expect(bench.state.countBy('security_group_rule.security_group_id', security_group_id)).toBe(2);
    const admitted = bench.post('security_group_rule', [rule(1), rule(2), rule(3)]);
    expect('changes' in admitted && admitted.changes.filter(({ kind }) => kind === 'security_group')).toHaveLength(1);
    expect(bench.the('security_group', security_group_id).revision_number).toBe(2);
  });

  test('a deleted rule is a revision of its group', () => {
    const bench = new Bench();
    const security_group_id = bench.made('security_group', { name: 'web' }).id;
    const rule = bench.made('security_group_rule', { security_group_id, direction: 'ingress', protocol: 'tcp' });
    expect(outcome(bench.del('security_group_rule', rule.id))).toBe('taken');
    expect(bench.the('security_group', security_group_id).revision_number).toBe(3);
  });
});
