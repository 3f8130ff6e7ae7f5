import { describe, expect, it } from 'vitest';
import { type Credentials, createPolicy, DEFAULT_POLICY, isPolicy, type Policy, type PolicyOptions, targetOf } from './index.js';

const BLUE: Credentials = {
  roles: ['member', 'reader'],
  user_id: 'ann',
  project_id: 'blue',
  domain_id: null,
  system_scope: null,
  is_admin: false,
};
const ADMIN: Credentials = { ...BLUE, roles: ['admin', 'manager', 'member', 'reader'], project_id: 'ops', is_admin: true };

const made = (options: PolicyOptions = {}): Policy => {
  const policy = createPolicy(options);
  if (!isPolicy(policy)) throw new Error(policy.map(({ subject, detail }) => `${subject}: ${detail}`).join('\n'));
  return policy;
};
const problemsOf = (overrides: NonNullable<PolicyOptions['overrides']>): string[] => {
  const policy = createPolicy({ overrides });
  return isPolicy(policy) ? [] : policy.map(({ code, subject, column, detail }) => `${code} ${subject}:${column} ${detail}`);
};
/** What a rule says of a member of blue and a target. */
const says = (rule: string, target: object = {}, credentials = BLUE): boolean =>
  made({ overrides: { it: rule } }).allows('it', credentials, targetOf(target as Record<string, unknown>));

describe("oslo.policy's language", () => {
  it.each<[rule: string, expected: boolean, target?: object]>([
    ['', true],
    ['@', true],
    ['!', false],
    ['not !', true],
    ['role:member', true],
    ['role:MEMBER', true],
    ['role:manager', false],
    ['role:%(wanted)s', true, { wanted: 'reader' }],
    ['project_id:%(project_id)s', true, { project_id: 'blue' }],
    ['project_id:%(project_id)s', false, { project_id: 'red' }],
    ['project_id:%(project_id)s', false, {}],
    ['tenant_id:%(network:tenant_id)s', true, { 'network:tenant_id': 'blue' }],
    ['user_id:%(user_id)s', true, { user_id: 'ann' }],
    ['domain_id:%(domain_id)s', false, { domain_id: null }],
    ['is_admin:True', false],
    ['is_admin:False', true],
    ['roles:reader', true],
    ['system_scope:all', false],
    ["'compute:nova':%(device_owner)s", true, { device_owner: 'compute:nova' }],
    ['True:%(shared)s', true, { shared: true }],
    ['field:networks:shared=True', true, { shared: true }],
    ['field:networks:shared=True', false, { shared: false }],
    ['field:networks:shared=True', true, { 'network:shared': true }],
    ['field:networks:shared=True', false, {}],
    ['field:networks:router:external=True', true, { 'router:external': true }],
    ['field:port:device_owner=~^network:', true, { device_owner: 'network:dhcp' }],
    ['field:port:device_owner=~^network:', false, { device_owner: 'my-network:' }],
    ['field:port:device_owner=~network:', false, { device_owner: 'my-network:' }],
    ['field:rbac_policy:target_tenant=*', true, { target_tenant: '*' }],
    ['role:reader or ! and !', true],
    ['! and ! or role:reader', true],
    ['(role:reader or !) and !', false],
    ['not role:reader or role:member', true],
    ['not (role:reader or role:member)', false],
    ['NOT role:manager AND role:reader', true],
    ['((role:reader))', true],
  ])('"%s" is %s of a member and %o', (rule, expected, target) => {
    expect(says(rule, target)).toBe(expected);
  });

  it.each<[rule: NonNullable<PolicyOptions['overrides']>[string], expected: boolean]>([
    [[], true],
    [[[]], false],
    [['role:manager', 'role:reader'], true],
    [[['role:manager', 'role:reader']], false],
    [[['role:member', 'role:reader'], 'role:manager'], true],
  ])('the list %j is %s of a member', (rule, expected) => {
    expect(made({ overrides: { it: rule } }).allows('it', BLUE, targetOf({}))).toBe(expected);
  });

  it.each<[rule: string, expected: RegExp]>([
    ['role:a and', /^syntax it:11 the rule ends where a check/],
    ['role:a role:b', /^syntax it:8 'role:b' is not expected/],
    ['(role:a or role:b', /^syntax it:18 the \( of column 1 is not closed/],
    ['role:a)', /^syntax it:7 '\)' is not expected/],
    ['and role:a', /^syntax it:1 'and' is not expected/],
    ['role:a or admin', /^syntax it:11 'admin' is neither/],
    ['project_id:%(project_id', /^syntax it:1 .* does not begin %\(attribute\)s/],
    ['field:networks:shared', /^syntax it:1 /],
    ['field:port:device_owner=~(', /^syntax it:1 '\(' is not a regular expression/],
    ['http://example.org/check', /^unknown-check it:1 /],
    ['role:a or projectid:%(project_id)s', /^unknown-credential it:11 .*did you mean project_id/],
    ['rule:admin_onyl', /^unknown-rule it:1 .*did you mean admin_only/],
    [`${'('.repeat(2000)}@${')'.repeat(2000)}`, /^syntax it:\d+ nested too deeply/],
  ])('a mistake in "%s" is told with its column', (rule, expected) => {
    expect(problemsOf({ it: rule }).join('\n')).toMatch(expected);
  });

  it('a circle of rules is refused at each of its rules, by whatever way', () => {
    expect(problemsOf({ a: 'rule:b', b: 'role:x or rule:c', c: 'rule:a' })).toEqual([
      'cyclic-rule a:1 refers to itself: a > b > c > a',
      'cyclic-rule b:11 refers to itself: b > c > a > b',
      'cyclic-rule c:1 refers to itself: c > a > b > c',
    ]);
    expect(problemsOf({ admin_only: 'rule:context_is_admin', context_is_admin: 'rule:admin_only' })).toHaveLength(2);
  });
});

describe('the default policy', () => {
  const policy = made();
  const own = targetOf({ project_id: 'blue', 'network:project_id': 'blue' });
  const theirs = targetOf({ project_id: 'red', 'network:project_id': 'red' });
  const reader = { ...BLUE, roles: ['reader'] };

  it('has no mistakes, and says of each rule what it allows', () => {
    expect(Object.keys(DEFAULT_POLICY).length).toBeGreaterThan(250);
    for (const { doc } of Object.values(DEFAULT_POLICY)) expect(doc).toMatch(/^[A-Z].*\.$/);
  });

  it('lets administrators do everything, whatever the target', () => {
    const refused = Object.entries(DEFAULT_POLICY).filter(([name, { scope }]) => scope !== 'any' && !policy.allows(name, ADMIN, theirs));
    expect(refused).toEqual([]);
  });

  it('a reader changes nothing, not even on a shared network', () => {
    const shared = targetOf({ project_id: 'blue', 'network:project_id': 'red', 'network:shared': true, shared: true });
    const writing = Object.keys(DEFAULT_POLICY).filter(
      // What is asked of an attribute is asked after the operation itself.
      (name) => DEFAULT_POLICY[name]?.scope === 'project' && !name.startsWith('get_') && !name.includes(':'),
    );
    expect(writing.length).toBeGreaterThan(100);
    for (const name of writing)
      for (const target of [own, theirs, shared]) expect([name, policy.allows(name, reader, target)]).toEqual([name, false]);
  });

  it('whoever has no role gets at nothing but what is shared with everybody', () => {
    const nobody = { ...BLUE, roles: [] };
    for (const name of Object.keys(DEFAULT_POLICY)) {
      if (DEFAULT_POLICY[name]?.scope === 'project' && !name.includes(':'))
        expect([name, policy.allows(name, nobody, own)]).toEqual([name, false]);
    }
    expect(policy.allows('get_network', nobody, targetOf({ project_id: 'red', shared: true }))).toBe(true);
  });

  it('judges an action without a rule by the default: administrators and the owner', () => {
    expect([ADMIN, BLUE].map((who) => policy.allows('create_wonder', who, own))).toEqual([true, true]);
    expect([ADMIN, BLUE].map((who) => policy.allows('create_wonder', who, theirs))).toEqual([true, false]);
    expect(policy.has('create_wonder')).toBe(false);
  });

  it('takes tokens of a project only, unless told otherwise', () => {
    const system = { ...ADMIN, project_id: null, system_scope: 'all' };
    const domain = { ...ADMIN, project_id: null, domain_id: 'default' };
    for (const who of [system, domain]) expect(policy.allows('create_network', who, own)).toBe(false);
    expect(made({ enforcesScope: false }).allows('create_network', system, own)).toBe(true);
  });

  it('decides without a target what does not depend on it', () => {
    expect(policy.judge('get_port:binding:host_id', BLUE)).toBe(false);
    expect(policy.judge('get_port', ADMIN)).toBe(true);
    expect(policy.judge('get_port', BLUE)).toBeTypeOf('function');
    expect(policy.judge('get_port:tags', BLUE)).toBe(policy.judge('get_port', BLUE));
    expect(policy.dependsOnTarget('get_port:binding:host_id')).toBe(false);
    expect(policy.dependsOnTarget('get_port')).toBe(true);
    expect(policy.dependsOnTarget('get_flavor')).toBe(false);
  });

  it('knows which actions the operator has changed, however indirectly', () => {
    const changed = made({ overrides: { shared: '@' } });
    expect(['get_network', 'create_port', 'get_agent'].map(changed.isDefault)).toEqual([false, false, true]);
  });

  it('an override takes effect in every rule that refers to it', () => {
    const changed = made({ overrides: { context_is_admin: 'role:boss' } });
    expect(changed.allows('create_network:shared', ADMIN, own)).toBe(false);
    expect(changed.allows('create_network:shared', { ...BLUE, roles: ['boss'] }, own)).toBe(true);
  });
});
