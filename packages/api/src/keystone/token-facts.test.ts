import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTokenFacts } from './token-facts.js';

const token = (changes: Readonly<Record<string, unknown>> = {}): unknown => ({
  token: {
    user: { id: 'u', name: 'ann', domain: { id: 'default', name: 'Default' } },
    project: { id: 'p', name: 'blue', domain: { id: 'd', name: 'D' } },
    roles: [
      { id: '1', name: 'Member' },
      { id: '2', name: 'reader' },
    ],
    issued_at: '2026-01-01T00:00:00.000000Z',
    expires_at: '2026-01-01T01:00:00.000000Z',
    ...changes,
  },
});

describe('what Keystone says of a token', () => {
  it('becomes an actor: user, scope, roles in lower case', () => {
    expect(readTokenFacts(token())).toEqual({
      actor: {
        user_id: 'u',
        user_name: 'ann',
        user_domain_id: 'default',
        project_id: 'p',
        project_name: 'blue',
        project_domain_id: 'd',
        domain_id: null,
        system_scope: null,
        roles: ['member', 'reader'],
        is_admin: false,
      },
      issuedAtMs: Date.UTC(2026, 0, 1),
      expiresAtMs: Date.UTC(2026, 0, 1, 1),
      accessRules: null,
    });
  });

  it.each([
    ['a domain', { project: undefined, domain: { id: 'd' } }, { project_id: null, domain_id: 'd', system_scope: null }],
    ['the system', { project: undefined, system: { all: true } }, { project_id: null, domain_id: null, system_scope: 'all' }],
    ['nothing', { project: undefined, roles: undefined }, { project_id: null, domain_id: null, system_scope: null, roles: [] }],
  ])('scoped to %s', (_title, changes, expected) => {
    expect(readTokenFacts(token(changes))?.actor).toMatchObject(expected);
  });

  it('restrictions that cannot be read let nothing through', () => {
    expect(readTokenFacts(token({ application_credential: { access_rules: [{ service: 'network' }] } }))).toBeNull();
    expect(readTokenFacts(token({ application_credential: { access_rules: 'all' } }))).toBeNull();
    expect(readTokenFacts(token({ application_credential: { access_rules: [] } }))?.accessRules).toEqual([]);
    expect(readTokenFacts(token({ application_credential: { restricted: true } }))?.accessRules).toBeNull();
  });

  it('what is no such document is null, never an exception', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(readTokenFacts(value)).toBeNull();
      }),
    );
    for (const key of ['user', 'roles', 'expires_at', 'issued_at']) expect(readTokenFacts(token({ [key]: 7 })), key).toBeNull();
  });
});
