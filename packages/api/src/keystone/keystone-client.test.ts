import { describe, expect, it } from 'vitest';
import type { JsonAnswer, JsonRequest } from './json-exchange.js';
import { createKeystoneClient, type KeystoneAccount } from './keystone-client.js';
import { RemoteFault } from './remote-fault.js';

const ACCOUNT: KeystoneAccount = {
  authUrl: 'http://keystone/identity/',
  username: 'neutron',
  password: 'hunter2',
  projectName: 'service',
  userDomainName: 'Default',
  projectDomainName: 'Default',
};
const endpoint = (face: string, region: string, url: string): unknown => ({ interface: face, region, region_id: region, url });
const CATALOG = [
  {
    type: 'compute',
    endpoints: [
      endpoint('internal', 'one', 'http://n/int'),
      endpoint('public', 'one', 'http://n1/'),
      endpoint('public', 'two', 'http://n2'),
    ],
  },
  { type: 'identity' },
];
const tokenBody = (seconds: number): unknown => ({
  token: {
    user: { id: 'u' },
    roles: [{ name: 'service' }],
    issued_at: '2026-01-01T00:00:00.000000Z',
    expires_at: new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString(),
    catalog: CATALOG,
  },
});

/** A Keystone that gives tokens own-1, own-2, ... and answers questions about others with `next`, or 200. */
const play = ({ seconds = 3600 } = {}) => {
  const sent: JsonRequest[] = [];
  const next: (Partial<JsonAnswer> | RemoteFault)[] = [];
  const outcomes: (string | null)[] = [];
  const clock = { ms: 0 };
  let made = 0;
  const client = createKeystoneClient({
    account: ACCOUNT,
    now: () => clock.ms,
    onOutcome: (fault) => outcomes.push(fault?.code ?? null),
    exchange: {
      send: async (request) => {
        sent.push(request);
        const planned = next.shift();
        if (planned instanceof RemoteFault) throw planned;
        const isLogin = request.method === 'POST';
        if (isLogin) made += 1;
        const usual = {
          status: isLogin ? 201 : 200,
          headers: isLogin ? { 'x-subject-token': `own-${made}` } : {},
          body: tokenBody(seconds),
        };
        return { ...usual, ...planned };
      },
    },
  });
  const logins = (): number => sent.filter(({ method }) => method === 'POST').length;
  return { client, sent, next, outcomes, clock, logins };
};
const faultOf = async (call: Promise<unknown>): Promise<RemoteFault> => {
  const fault: unknown = await call.catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(RemoteFault);
  expect(`${JSON.stringify(fault)} ${(fault as RemoteFault).stack}`).not.toMatch(/hunter2|own-\d|theirs/);
  return fault as RemoteFault;
};
const away = new RemoteFault('unreachable', { op: 'GET', subject: 'http://keystone', detail: 'cannot be reached (ECONNREFUSED)' });

describe('the Keystone client', () => {
  it('asks about a token with one of its own, which it gets once', async () => {
    const { client, sent, logins } = play();
    await Promise.all([
      client.validate('theirs', { allowExpired: false }),
      client.validate('theirs', { allowExpired: true }),
      client.ownToken(),
    ]);
    expect(logins()).toBe(1);
    expect(sent[0]).toMatchObject({ url: 'http://keystone/identity/v3/auth/tokens' });
    expect(sent.slice(1).map(({ url, headers }) => [url, headers?.['x-auth-token'], headers?.['x-subject-token']])).toEqual([
      ['http://keystone/identity/v3/auth/tokens?nocatalog', 'own-1', 'theirs'],
      ['http://keystone/identity/v3/auth/tokens?nocatalog&allow_expired=1', 'own-1', 'theirs'],
    ]);
  });

  it.each([
    [3600, 3_480_000],
    [10, 8_000],
  ])('renews its own token of %i s before it ends', async (seconds, renewAtMs) => {
    const { client, clock } = play({ seconds });
    expect(await client.ownToken()).toBe('own-1');
    clock.ms = renewAtMs - 1;
    expect(await client.ownToken()).toBe('own-1');
    clock.ms = renewAtMs;
    expect(await client.ownToken()).toBe('own-2');
  });

  it('gets a new one when Keystone does not take it any more', async () => {
    const { client, next, logins } = play();
    await client.ownToken();
    next.push({ status: 401 });
    expect(await client.validate('theirs', { allowExpired: false })).toMatchObject({ actor: { user_id: 'u' } });
    expect(logins()).toBe(2);
  });

  it('gives up when the new one is refused too', async () => {
    const { client, next } = play();
    await client.ownToken();
    next.push({ status: 401 }, {}, { status: 401 });
    expect((await faultOf(client.validate('theirs', { allowExpired: false }))).code).toBe('credentials-refused');
  });

  it.each([400, 404, 413, 431])('%i: there is no such token', async (status) => {
    const { client, next, outcomes } = play();
    await client.ownToken();
    next.push({ status, body: { error: {} } });
    expect(await client.validate('theirs', { allowExpired: false })).toBeNull();
    expect(outcomes.at(-1)).toBeNull();
  });

  it.each<[Partial<JsonAnswer> | RemoteFault, string]>([
    [{ status: 403 }, 'not-allowed'],
    [{ status: 500 }, 'failing'],
    [{ status: 503 }, 'failing'],
    [{ status: 429 }, 'failing'],
    [{ status: 302 }, 'bad-answer'],
    [{ status: 200, body: undefined }, 'bad-answer'],
    [{ status: 200, body: { token: {} } }, 'bad-answer'],
    [away, 'unreachable'],
  ])('nothing is known of a token when the answer is of no use (%#)', async (answer, code) => {
    const { client, next, outcomes } = play();
    await client.ownToken();
    next.push(answer);
    expect((await faultOf(client.validate('theirs', { allowExpired: false }))).code).toBe(code);
    expect(outcomes.at(-1)).toBe(code);
  });

  it.each<[Partial<JsonAnswer>, string]>([
    [{ status: 401 }, 'credentials-refused'],
    [{ status: 500 }, 'failing'],
    [{ status: 201, headers: {} }, 'bad-answer'],
  ])('its own user is not taken (%#): a fault, and another try the next time', async (answer, code) => {
    const { client, next } = play();
    next.push(answer);
    expect((await faultOf(client.ownToken())).code).toBe(code);
    expect(await client.ownToken()).toMatch(/^own-/);
  });

  it('finds endpoints by type, interface and region', async () => {
    const { client } = play();
    const wish = { type: 'compute', interface: 'public', region: null } as const;
    expect(await client.endpointOf(wish)).toBe('http://n1');
    expect(await client.endpointOf({ ...wish, region: 'two' })).toBe('http://n2');
    expect(await client.endpointOf({ ...wish, interface: 'internal' })).toBe('http://n/int');
    expect((await faultOf(client.endpointOf({ ...wish, region: 'three' }))).message).toBe(
      "compute has no public endpoint in the region three in Keystone's catalogue",
    );
    expect((await faultOf(client.endpointOf({ ...wish, type: 'identity' }))).code).toBe('no-endpoint');
  });

  it('a token that it is told to forget takes the catalogue with it; one that it has not is nothing to it', async () => {
    const { client, logins } = play();
    const token = await client.ownToken();
    client.forget('another');
    await client.ownToken();
    expect(logins()).toBe(1);
    client.forget(token);
    expect(await client.ownToken()).toBe('own-2');
  });
});
