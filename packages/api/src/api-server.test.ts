import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { openMemoryStore, type Store } from '@manx/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi } from './api-fixture.js';
import type { RequestRecord } from './api-server.js';
import { BODY_BYTES_LIMIT } from './json-body.js';

let api: TestApi;
const records: RequestRecord[] = [];

beforeEach(async () => {
  records.length = 0;
  api = await openTestApi({ onAnswer: (record) => records.push(record) });
});
afterEach(async () => {
  await api.close();
  expect(api.bugs).toEqual([]);
});

describe('the documents', () => {
  it('lists the one version with a link back the way that the client came', async () => {
    const { json, status } = await api.call('GET /', { headers: { host: 'neutron.example:9696' } });
    expect(status).toBe(200);
    expect(json).toEqual({
      versions: [{ id: 'v2.0', status: 'CURRENT', links: [{ rel: 'self', href: 'http://neutron.example:9696/v2.0/' }] }],
    });
  });

  it.each(['/v2.0', '/v2.0/'])('%s lists where each kind of resource lives', async (path) => {
    const { json } = await api.call(`GET ${path}`, { headers: { host: 'n:1' } });
    const resources = (json as unknown as { resources: { name: string; links: { href: string }[] }[] }).resources;
    expect(resources.map(({ name, links }) => [name, links[0]?.href])).toContainEqual([
      'security_group_rule',
      'http://n:1/v2.0/security-group-rules',
    ]);
  });

  it('S4: lists the extension l2_adjacency, alone and among the others', async () => {
    const { json } = await api.call('GET /v2.0/extensions');
    const { extensions } = json as unknown as { extensions: { alias: string }[] };
    const one = await api.call('GET /v2.0/extensions/l2_adjacency');
    expect(extensions).toContainEqual(one.json['extension']);
    expect(new Set(extensions.map(({ alias }) => alias)).size).toBe(extensions.length);
  });

  it('knows no extension that does not work', async () => {
    const { status, json } = await api.call('GET /v2.0/extensions/trunk');
    expect([status, json.NeutronError]).toEqual([
      404,
      { type: 'HTTPNotFound', message: 'Extension with alias trunk does not exist', detail: '' },
    ]);
  });
});

describe('every answer', () => {
  it.each([
    'GET /',
    'GET /v2.0/networks',
    'POST /v2.0/networks',
    'GET /nowhere',
    'GET /v2.0/networks/%zz',
    'HEAD /v2.0/networks',
    'DELETE /v2.0/ports/none',
  ])('has a request id of its own: %s', async (line) => {
    const [first, second] = [await api.call(line), await api.call(line)];
    expect(first.headers['x-openstack-request-id']).toMatch(/^req-[0-9a-f-]{36}$/);
    expect(second.headers['x-openstack-request-id']).not.toBe(first.headers['x-openstack-request-id']);
  });

  it('is told to the log without query, body or token', async () => {
    await api.call('GET /v2.0/networks?name=hunter2', { headers: { 'x-auth-token': 'hunter2', 'x-project-id': 'blue' } });
    await api.call('POST /v2.0/networks', { body: { network: { nome: 'hunter2' } } });
    expect(records).toMatchObject([
      { method: 'GET', path: '/v2.0/networks', status: 200, projectId: 'blue' },
      { method: 'POST', path: '/v2.0/networks', status: 400, projectId: 'admin' },
    ]);
    expect(JSON.stringify(records)).not.toContain('hunter2');
  });
});

describe('bad requests', () => {
  const id = '00000000-0000-0000-0000-000000000000';
  it.each<[string, string, unknown, Record<string, string>, number, string, RegExp]>([
    ['a URL that nothing is at', 'GET /v2.0/networkz', undefined, {}, 404, 'HTTPNotFound', /could not be found/],
    ['a URL below a resource', `GET /v2.0/networks/${id}/more`, undefined, {}, 404, 'HTTPNotFound', /could not be found/],
    ['a URL outside the version', 'GET /v3/networks', undefined, {}, 404, 'HTTPNotFound', /could not be found/],
    ['an escape that is none', 'GET /v2.0/networks/%zz', undefined, {}, 404, 'HTTPNotFound', /could not be found/],
    ['a method that a collection has not', 'PUT /v2.0/networks', undefined, {}, 405, 'HTTPMethodNotAllowed', /method/],
    ['a method that a resource has not', `PATCH /v2.0/ports/${id}`, undefined, {}, 405, 'HTTPMethodNotAllowed', /method/],
    ['a method that a document has not', 'POST /v2.0/extensions', {}, {}, 405, 'HTTPMethodNotAllowed', /method/],
    ['no body', 'POST /v2.0/networks', undefined, {}, 400, 'HTTPBadRequest', /Resource body required/],
    ['an empty body', 'POST /v2.0/networks', '', {}, 400, 'HTTPBadRequest', /Resource body required/],
    ['broken JSON', 'POST /v2.0/networks', '{"network": {', {}, 400, 'HTTPBadRequest', /Malformed request body/],
    ['JSON that ends too late', 'POST /v2.0/networks', '{} {}', {}, 400, 'HTTPBadRequest', /Malformed request body/],
    ['bytes that are not UTF-8', 'POST /v2.0/networks', Buffer.from('7b22ff227d', 'hex'), {}, 400, 'HTTPBadRequest', /UTF-8/],
    [
      'JSON without a bottom',
      'POST /v2.0/networks',
      `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
      {},
      400,
      'HTTPBadRequest',
      /nests deeper/,
    ],
    ['a list in place of an object', 'POST /v2.0/networks', [], {}, 400, 'HTTPBadRequest', /./],
    ['another resource', 'POST /v2.0/networks', { port: {} }, {}, 400, 'HTTPBadRequest', /Unable to find 'network' in request body/],
    [
      'a form',
      'POST /v2.0/networks',
      'network=x',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'HTTPUnsupportedMediaType',
      /application\/json/,
    ],
    ['too much', 'POST /v2.0/networks', ' '.repeat(BODY_BYTES_LIMIT + 1), {}, 413, 'HTTPRequestEntityTooLarge', /too large/],
    ['a filter that is none', 'GET /v2.0/ports?colour=red', undefined, {}, 400, 'HTTPBadRequest', /colour/],
    ['a limit that is no number', 'GET /v2.0/ports?limit=many', undefined, {}, 400, 'BadRequest', /[Ll]imit/],
    ['a precondition that is none', `DELETE /v2.0/ports/${id}`, undefined, { 'if-match': 'W/"1"' }, 400, 'HTTPBadRequest', /If-Match/],
    ['an id that is nobody’s', `GET /v2.0/ports/${id}`, undefined, {}, 404, 'PortNotFound', new RegExp(id)],
  ])('%s: %s', async (...[, line, body, headers, status, type, message]) => {
    const answer = await api.call(line, { ...(body === undefined ? {} : { body }), headers });
    expect([answer.status, answer.json.NeutronError?.type, answer.json.NeutronError?.detail]).toEqual([status, type, '']);
    expect(answer.json.NeutronError?.message).toMatch(message);
    expect(api.ledger.revision).toBe(0);
  });

  it('names the methods that a known URL has', async () => {
    expect((await api.call('PATCH /v2.0/networks')).headers['allow']).toBe('GET, POST');
    expect((await api.call('POST /v2.0/networks/x')).headers['allow']).toBe('GET, PUT, DELETE');
  });

  it('HEAD is refused as Neutron does, without a body', async () => {
    const { status, text } = await api.call('HEAD /v2.0/networks');
    expect([status, text]).toEqual([405, '']);
  });

  it('takes .json at the end of any URL for nothing', async () => {
    expect((await api.call('GET /v2.0/networks.json?limit=1')).json).toEqual({
      networks: [],
      networks_links: expect.anything() as unknown,
    });
    expect((await api.call(`GET /v2.0/ports/${id}.json`)).json.NeutronError?.type).toBe('PortNotFound');
  });

  it.each([
    ['bytes that are not HTTP', 'hello there\r\n\r\n', 400],
    ['headers without end', `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(100_000)}\r\n\r\n`, 431],
    [
      'a body shorter than it claims to be, in chunks of nonsense',
      'POST /v2.0/networks HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      400,
    ],
  ])('%s are answered with the error document too', async (_title, bytes, status) => {
    await api.app.listen({ host: '127.0.0.1', port: 0 });
    const socket = connect((api.app.server.address() as AddressInfo).port, '127.0.0.1');
    socket.end(bytes);
    let text = '';
    socket.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    await once(socket, 'close');
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(text).toMatch(/X-Openstack-Request-Id: req-/i);
    expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4))).toMatchObject({ NeutronError: { detail: '' } });
  });
});

describe('a store that fails', () => {
  const broken = (): Store => {
    const inner = openMemoryStore();
    return {
      ...inner,
      append: () => Promise.reject(new Error('disk on fire')),
      // eslint-disable-next-line require-yield
      async *history(after) {
        yield* inner.history(after);
        if ((await inner.head()) === 0 && after === 0 && isBroken) throw new Error('disk on fire');
      },
    };
  };
  let isBroken = false;

  it('makes reads and writes 503 with a time to try again, and readiness false', async () => {
    isBroken = false;
    const own = await openTestApi({ store: broken() });
    isBroken = true;
    const write = await own.call('POST /v2.0/networks', { body: { network: { name: 'n' } } });
    const read = await own.call('GET /v2.0/networks');
    for (const answer of [write, read]) {
      expect([answer.status, answer.json.NeutronError?.type, answer.headers['retry-after']]).toEqual([503, 'HTTPServiceUnavailable', '1']);
      expect(answer.text).not.toContain('fire');
    }
    expect(own.ledger.isReady).toBe(false);
    expect((await own.call('GET /healthz')).status).toBe(200);
    await own.close();
    expect(own.bugs).toEqual([]);
  });

  it('readiness says why in words', async () => {
    const own = await openTestApi({ notReady: () => ['the store does not answer'] });
    const { status, json } = await own.call('GET /readyz');
    expect([status, json]).toEqual([503, { status: 'not ready', reasons: ['the store does not answer'] }]);
    await own.close();
  });
});

describe('the authenticator', () => {
  it('refuses before a body is read or a resource is looked at; the versions document stays open', async () => {
    const refusal = {
      kind: 'refused',
      status: 401,
      message: 'The request you have made requires authentication.',
      wwwAuthenticate: 'Keystone uri="http://k"',
    } as const;
    const own = await openTestApi({ authenticator: { authenticate: () => Promise.resolve(refusal) } });
    for (const line of ['GET /v2.0/networks', 'POST /v2.0/networks', 'GET /v2.0/nowhere']) {
      const { status, json, headers } = await own.call(line, line.startsWith('POST') ? { body: '{bad' } : {});
      expect([status, json.NeutronError?.type, headers['www-authenticate']]).toEqual([401, 'HTTPUnauthorized', 'Keystone uri="http://k"']);
    }
    expect((await own.call('GET /')).status).toBe(200);
    await own.close();
  });
});
