import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, clientOf, neutronError } from '../neutron/client.js';
import { makeServerFolder, type ServerFolder, type ServerProcess, startServerProcess } from '../neutron/server-process.js';
import {
  type KeystoneFixture,
  type KeystoneProject,
  type KeystoneUser,
  type RoleName,
  startKeystone,
  type TokenScope,
} from './keystone-fixture.js';

const run = promisify(execFile);

let keystone: KeystoneFixture;
let endKeystone: (() => Promise<void>) | null = null;
let folder: ServerFolder;
/** Remembers a token for one second. */
let server: ServerProcess;
let blue: KeystoneProject;
let red: KeystoneProject;
let member: { user: KeystoneUser; token: string };
/** Everything that must never be in a log. */
const secrets: string[] = [];
const folders: ServerFolder[] = [];
const servers: ServerProcess[] = [];

const serve = async (auth: string): Promise<ServerProcess> => {
  const made = await makeServerFolder({ auth, extra: 'log: {level: debug}' });
  folders.push(made);
  const started = await startServerProcess(made);
  servers.push(started);
  return started;
};
const tokenOf = async (user: KeystoneUser, scope: TokenScope): Promise<string> => {
  const token = await keystone.token(user, scope);
  secrets.push(token, user.password);
  return token;
};
const memberOf = async (project: KeystoneProject, role: RoleName): Promise<{ user: KeystoneUser; token: string }> => {
  const made = await keystone.member(project, role);
  secrets.push(made.token, made.user.password);
  return made;
};
const call = (
  line: string,
  token: string | null,
  more: { body?: unknown; headers?: Record<string, string>; to?: ServerProcess } = {},
): Promise<Answer> => {
  const [method = '', path = ''] = line.split(' ');
  const headers = { ...(token === null ? {} : { 'x-auth-token': token }), ...more.headers };
  return clientOf((more.to ?? server).url).call(method, path, { headers, ...(more.body === undefined ? {} : { body: more.body }) });
};
const makeNetwork = (token: string, more = {}): Promise<Answer> =>
  call('POST /v2.0/networks', token, { body: { network: { name: 'n', ...more } } });
/** Asks until the status is that one: within the time that the server remembers a token, and one more second. */
const becomes = async (status: number, ask: () => Promise<Answer>, limitMs = 25_000): Promise<Answer> => {
  const limit = Date.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer.status === status) return answer;
    if (Date.now() > limit) throw new Error(`still ${answer.status}, not ${status}`);
    await delay(100);
  }
};

beforeAll(async () => {
  keystone = await startKeystone();
  endKeystone = keystone.end;
  secrets.push(keystone.server.password, keystone.admin.password);
  [blue, red] = [await keystone.makeProject('blue'), await keystone.makeProject('red')];
  server = await serve(keystone.authLine('token_cache_seconds: 1'));
  [folder] = folders as [ServerFolder];
  await keystone.setEndpoint('network', server.url);
  member = await memberOf(blue, 'member');
}, 300_000);
afterAll(async () => {
  for (const started of servers) await started.end('SIGTERM');
  for (const made of folders) await made.remove();
  await endKeystone?.();
});

describe('with Keystone', () => {
  it.each<[string, Record<string, string>]>([
    ['no token', {}],
    ['an empty token', { 'x-auth-token': '' }],
    ['nonsense', { 'x-auth-token': 'nonsense' }],
    ['a token with a space', { 'x-auth-token': 'a b' }],
    ['kilobytes of nonsense', { 'x-auth-token': 'x'.repeat(12_000) }],
    ['what auth: none would believe', { 'x-auth-token': 'project:blue', 'x-project-id': 'blue', 'x-roles': 'admin', 'x-user-id': 'root' }],
  ])('%s is 401, and says where tokens are had', async (_title, headers) => {
    const answer = await call('GET /v2.0/networks', null, { headers });
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, `Keystone uri="${keystone.url}"`]);
    expect(neutronError(answer)?.type).toBe('HTTPUnauthorized');
    expect(answer.headers.get('x-openstack-request-id')).toMatch(/^req-[0-9a-f-]{36}$/);
  });

  it('a member makes what then belongs to the project; another project does not see it', async () => {
    const made = await makeNetwork(member.token);
    expect(made).toMatchObject({ status: 201, body: { network: { project_id: blue.id } } });
    const { id } = (made.body as { network: { id: string } }).network;
    const other = await memberOf(red, 'member');
    expect((await call(`GET /v2.0/networks/${id}`, other.token)).status).toBe(404);
    expect((await call(`GET /v2.0/networks/${id}`, member.token)).status).toBe(200);
    const admin = await tokenOf(keystone.admin, { project: keystone.adminProject.id });
    expect((await call(`GET /v2.0/networks/${id}`, admin)).status).toBe(200);
  });

  it.each<[RoleName, number]>([
    ['admin', 201],
    ['manager', 201],
    ['member', 201],
    ['reader', 403],
  ])('the role %s: a list is 200, a new network is %i', async (role, status) => {
    const { token } = await memberOf(blue, role);
    expect((await call('GET /v2.0/networks', token)).status).toBe(200);
    expect((await makeNetwork(token)).status).toBe(status);
  });

  it('only an administrator makes something for another project', async () => {
    const admin = await memberOf(red, 'admin');
    expect(await makeNetwork(admin.token, { project_id: blue.id })).toMatchObject({
      status: 201,
      body: { network: { project_id: blue.id } },
    });
    const manager = await memberOf(red, 'manager');
    expect((await makeNetwork(manager.token, { project_id: blue.id })).status).toBeGreaterThanOrEqual(400);
  });

  it.each<[string, TokenScope, { project: string | null }]>([
    ['a domain', { domain: 'default' }, { project: null }],
    ['the system', { system: 'all' }, { project: null }],
    ['nothing', { none: true }, { project: null }],
  ])('a token scoped to %s is let in as a user without a project', async (_title, scope, { project }) => {
    const token = await tokenOf(keystone.admin, scope);
    const answer = await call('GET /v2.0/networks', token);
    expect(answer.status).toBeLessThan(500);
    expect(answer.status).not.toBe(401);
    const line = await server.logged(answer.headers.get('x-openstack-request-id') ?? '');
    expect(JSON.parse(line)).toMatchObject({ user: keystone.admin.id, project });
  });

  it('a role that is taken away ends the tokens that had it', async () => {
    const { user, token } = await memberOf(blue, 'member');
    expect((await call('GET /v2.0/networks', token)).status).toBe(200);
    await keystone.unassign(user, 'member', { project: blue.id });
    await becomes(401, () => call('GET /v2.0/networks', token));
  });

  it('a revoked token ends when it is no longer remembered', async () => {
    const token = await tokenOf(member.user, { project: blue.id });
    expect((await call('GET /v2.0/networks', token)).status).toBe(200);
    await keystone.revoke(token);
    await becomes(401, () => call('GET /v2.0/networks', token));
  });

  it('an application credential does what its access rules say and no more', async () => {
    const rules = [{ service: 'network', method: 'GET', path: '/v2.0/networks/{id}' }];
    const token = await restrictedToken(rules);
    const { id } = ((await makeNetwork(member.token)).body as { network: { id: string } }).network;
    expect((await call(`GET /v2.0/networks/${id}`, token)).status).toBe(200);
    for (const line of ['GET /v2.0/networks', `DELETE /v2.0/networks/${id}`, `GET /v2.0/networks/${id}/x`]) {
      expect((await call(line, token)).status, line).toBe(401);
    }
    // Not even by passing it off as a service's.
    expect((await call('GET /v2.0/networks', token, { headers: { 'x-service-token': member.token } })).status).toBe(401);
  });

  it('a service token that is not valid lets nobody in', async () => {
    expect((await call('GET /v2.0/networks', member.token, { headers: { 'x-service-token': 'nonsense' } })).status).toBe(401);
    const service = await tokenOf(keystone.server, { project: keystone.serviceProject.id });
    expect((await call('GET /v2.0/networks', member.token, { headers: { 'x-service-token': service } })).status).toBe(200);
    expect((await call('GET /v2.0/networks', null, { headers: { 'x-service-token': service } })).status).toBe(401);
  });

  it("the caller's request id is in the log, and ours in the answer", async () => {
    const theirs = 'req-11111111-2222-4333-8444-555555555555';
    const answer = await call('GET /v2.0/networks?name=private', member.token, { headers: { 'x-openstack-request-id': theirs } });
    const ours = answer.headers.get('x-openstack-request-id') ?? '';
    expect(ours).not.toBe(theirs);
    expect(JSON.parse(await server.logged(ours))).toMatchObject({
      request_id: ours,
      global_request_id: theirs,
      user: member.user.id,
      project: blue.id,
    });
    const odd = await call('GET /v2.0/networks', member.token, { headers: { 'x-openstack-request-id': `${theirs}; DROP` } });
    expect(JSON.parse(await server.logged(odd.headers.get('x-openstack-request-id') ?? ''))).not.toHaveProperty('global_request_id');
  });

  it('the openstack command finds the server in the catalogue', async () => {
    const { stdout } = await run('openstack', ['network', 'list', '-f', 'json'], {
      env: { PATH: process.env['PATH'], HOME: folder.path, ...keystone.openrc(member.user, { project: blue.id }) },
    });
    expect(JSON.parse(stdout)).toEqual(expect.arrayContaining([expect.objectContaining({ Name: 'n' })]));
  }, 60_000);

  it('a wrong password of the server: it starts, says so in /readyz and the log, and answers 503', async () => {
    const wrong = await serve(keystone.authLine().replace(keystone.server.password, 'wrong-and-secret'));
    secrets.push('wrong-and-secret');
    const ready = await becomes(503, () => call('GET /readyz', null, { to: wrong }));
    expect(JSON.stringify(ready.body)).toMatch(/does not take this server's own user neutron \(domain Default\)/);
    expect((await call('GET /v2.0/networks', member.token, { to: wrong })).status).toBe(503);
    expect(await wrong.logged('Keystone cannot be used')).toContain('credentials-refused');
  });

  it('while Keystone is away: what is remembered works, the rest is 503, /readyz says why; then all is well again', async () => {
    const long = await serve(keystone.authLine());
    expect((await call('GET /v2.0/networks', member.token, { to: long })).status).toBe(200);
    await keystone.process.stop();
    expect((await call('GET /v2.0/networks', member.token, { to: long })).status).toBe(200);
    const other = await call('GET /v2.0/networks', `${member.token}x`, { to: long });
    expect([other.status, neutronError(other)?.message]).toEqual([
      503,
      expect.stringMatching(/Keystone service is temporarily unavailable/),
    ]);
    await becomes(503, () => call('GET /v2.0/networks', member.token));
    const ready = await call('GET /readyz', null, { to: long });
    expect([ready.status, JSON.stringify(ready.body)]).toEqual([503, expect.stringMatching(/cannot be reached \(ECONNREFUSED\)/)]);
    await keystone.process.restart();
    await becomes(200, () => call('GET /readyz', null, { to: long }), 30_000);
    expect((await call('GET /v2.0/networks', member.token)).status).toBe(200);
    expect(await long.logged('Keystone answers again')).toContain('"level":30');
  }, 90_000);

  it('an expired token is 401; a service passes it on for a user whose operation took long', async () => {
    // From now on tokens live for eight seconds, the server's own too: it is renewed again and again meanwhile.
    await keystone.process.restart({ tokenSeconds: 8 });
    const long = await serve(keystone.authLine());
    const token = await tokenOf(member.user, { project: blue.id });
    await becomes(200, () => call('GET /v2.0/networks', token, { to: long }), 5_000);
    const expired = await becomes(401, () => call('GET /v2.0/networks', token, { to: long }), 20_000);
    expect(expired.headers.get('www-authenticate')).toBe(`Keystone uri="${keystone.url}"`);
    const passedOn = async (by: KeystoneUser, project: KeystoneProject): Promise<number> => {
      const service = await tokenOf(by, { project: project.id });
      return (await call('GET /v2.0/networks', token, { to: long, headers: { 'x-service-token': service } })).status;
    };
    expect(await passedOn(keystone.server, keystone.serviceProject)).toBe(200);
    // Without the role `service` it is nobody who may say so; and the expired token has not become a good one.
    expect(await passedOn(member.user, blue)).toBe(401);
    expect((await call('GET /v2.0/networks', token, { to: long })).status).toBe(401);
    // Nor is an expired service token worth anything.
    const service = await tokenOf(keystone.server, { project: keystone.serviceProject.id });
    const headers = { 'x-service-token': service };
    await becomes(200, () => call('GET /v2.0/networks', token, { to: long, headers }), 5_000);
    await becomes(401, () => call('GET /v2.0/networks', token, { to: long, headers }), 20_000);
  }, 120_000);

  it('no password and no token is in any log', () => {
    expect(secrets.length).toBeGreaterThan(4);
    for (const started of servers) {
      expect(started.log().length).toBeGreaterThan(100);
      for (const secret of secrets) expect(started.log()).not.toContain(secret);
      expect(started.log()).not.toContain('name=private');
    }
  });
});

/** A token of an application credential of the member's. */
const restrictedToken = async (rules: readonly unknown[]): Promise<string> => {
  const headers = { 'content-type': 'application/json', 'x-auth-token': member.token };
  const credential = { name: 'restricted', secret: 'a secret of an application', access_rules: rules };
  secrets.push(credential.secret);
  const made = await fetch(`${keystone.url}/users/${member.user.id}/application_credentials`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ application_credential: credential }),
  });
  const { application_credential } = (await made.json()) as { application_credential: { id: string } };
  const identity = {
    methods: ['application_credential'],
    application_credential: { id: application_credential.id, secret: credential.secret },
  };
  const response = await fetch(`${keystone.url}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ auth: { identity } }),
  });
  const token = response.headers.get('x-subject-token') ?? '';
  secrets.push(token);
  return token;
};
