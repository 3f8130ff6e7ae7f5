import { DERIVED, RESOURCE_KINDS } from '@manx/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi } from '../api-fixture.js';
import type { OpenApiDocument } from './openapi-document.js';

let api: TestApi;
let document: OpenApiDocument;
beforeEach(async () => {
  api = await openTestApi();
  document = (await api.call('GET /openapi.json')).json as unknown as OpenApiDocument;
});
afterEach(() => api.close());

/** Paths differ by the names of their parameters at most. */
const shape = (path: string): string => path.replaceAll(/\{\w+\}|:\w+/g, '{}');

describe('the description of the API', () => {
  it('has every route of the app, and nothing else', () => {
    const routes = api.app.listedRoutes.map(({ method, url }) => `${method} ${shape(url)}`);
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${shape(path)}`),
    );
    expect(new Set(described)).toEqual(new Set(routes));
    expect(described.length).toBe(routes.length);
    expect(routes.length).toBeGreaterThan(RESOURCE_KINDS.length + DERIVED.length);
  });

  it('is there without a token, whatever the rest asks for', async () => {
    const refused = { kind: 'refused', status: 401, message: 'no', wwwAuthenticate: null } as const;
    const closed = await openTestApi({ authenticator: { authenticate: () => refused } });
    expect((await closed.call('GET /openapi.json')).status).toBe(200);
    expect((await closed.call('GET /v2.0/networks')).status).toBe(401);
    await closed.close();
  });

  it('names each operation once, and says which need no token', () => {
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map(
        (operation) => ({ path, ...operation }) as { path: string; operationId: string; security?: readonly unknown[] },
      ),
    );
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    const open = operations.filter(({ security }) => security?.length === 0).map(({ path }) => path);
    expect(open.sort()).toEqual(['/', '/healthz', '/openapi.json', '/readyz']);
  });

  it('refers to nothing that it does not have', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)];
    expect(references.length).toBeGreaterThan(0);
    const components = document.components as { readonly [group: string]: { readonly [name: string]: unknown } };
    expect(references.filter(([, group = '', name = '']) => components[group]?.[name] === undefined)).toEqual([]);
  });

  it('never shows a secret', () => {
    const peer = (document.components as { schemas: { [name: string]: { properties: object } } }).schemas['BgpPeer'];
    expect(Object.keys(peer?.properties ?? {})).not.toContain('password');
  });
});
