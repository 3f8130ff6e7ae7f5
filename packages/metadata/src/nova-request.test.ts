import { createHmac } from 'node:crypto';
import { asIp } from '@manx/ip';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guestHeaders, isPath, novaHeaders } from './nova-request.js';

const asker = { owner: { instance: 'vm-1', project: 'blue' }, address: asIp('10.65.0.2') };

describe('S27: the request in the instance’s name', () => {
  it('says who asks, and signs the instance as Nova checks it', () => {
    expect(novaHeaders({ accept: '*/*' }, asker, 'secret')).toEqual({
      accept: '*/*',
      'X-Instance-ID': 'vm-1',
      'X-Tenant-ID': 'blue',
      'X-Instance-ID-Signature': createHmac('sha256', 'secret').update('vm-1').digest('hex'),
      'X-Forwarded-For': '10.65.0.2',
    });
  });

  it('whatever headers a guest sends, those of the identity are ours, each once, and nothing unknown passes', () => {
    const names = fc.constantFrom(
      'x-instance-id',
      'x-tenant-id',
      'x-instance-id-signature',
      'x-forwarded-for',
      'x-metadata-provider',
      'host',
      'connection',
      'transfer-encoding',
      'cookie',
      'accept',
    );
    fc.assert(
      fc.property(fc.dictionary(names, fc.string()), (headers) => {
        const { accept: _, ...sent } = novaHeaders(headers, asker, 'secret');
        expect(sent).toEqual(novaHeaders({}, asker, 'secret'));
      }),
    );
  });

  it('of Nova’s answer what describes the content comes through', () => {
    expect(guestHeaders({ 'content-type': 'text/plain', 'set-cookie': ['a'], 'x-openstack-request-id': 'r', connection: 'close' })).toEqual(
      {
        'content-type': 'text/plain',
      },
    );
  });

  it('takes a path as target, and no URL, no blank, no control character', () => {
    for (const good of ['/', '/openstack/latest/meta_data.json', '/2009-04-04/user-data?x=%0d%0a']) expect(isPath(good)).toBe(true);
    for (const bad of ['', '*', 'http://10.0.0.1/', '/a b', '/a\r\nX-Tenant-ID: red', '/ä']) expect(isPath(bad)).toBe(false);
  });
});
