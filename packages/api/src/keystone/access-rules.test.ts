import { describe, expect, it } from 'vitest';
import { isAllowedBy } from './access-rules.js';

const allows = (path: string, asked: string, method = 'GET'): boolean =>
  isAllowedBy([{ service: 'network', method: 'GET', path }], { method, path: asked });

describe('access rules of application credentials', () => {
  it.each([
    ['/v2.0/networks', '/v2.0/networks', true],
    ['/v2.0/networks', '/v2.0/networks/1', false],
    ['/v2.0/networks/*', '/v2.0/networks/1', true],
    ['/v2.0/networks/{id}', '/v2.0/networks/1', true],
    ['/v2.0/networks/{id}', '/v2.0/networks/1/tags', false],
    ['/v2.0/networks/{id}', '/v2.0/networks/', false],
    ['/v2.0/**', '/v2.0/networks/1/tags', true],
    ['/v2.0/networks', '/v2x0/networks', false],
    ['/v2.0/net(works', '/v2.0/net(works', true],
    ['/v2.0/{networks', '/v2.0/{networks', true],
    ['**', '/v2.0/networks', true],
    ['', '/', false],
  ])('%s and %s: %s', (path, asked, expected) => {
    expect(allows(path, asked)).toBe(expected);
  });

  it('the method and the service count', () => {
    expect(allows('/v2.0/networks', '/v2.0/networks', 'DELETE')).toBe(false);
    expect(isAllowedBy([{ service: 'compute', method: 'GET', path: '**' }], { method: 'GET', path: '/v2.0/networks' })).toBe(false);
    expect(isAllowedBy([], { method: 'GET', path: '/' })).toBe(false);
  });
});
