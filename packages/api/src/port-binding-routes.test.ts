import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi } from './api-fixture.js';

describe('/v2.0/ports/{id}/bindings', () => {
  let api: TestApi;
  let url: string;

  beforeEach(async () => {
    api = await openTestApi({ checksAnswers: true });
    const network = await api.call('POST /v2.0/networks', { body: { network: { name: 'n' } } });
    const port = { network_id: network.json['network']?.['id'], device_owner: 'compute:nova', 'binding:host_id': 'h1' };
    const made = await api.call('POST /v2.0/ports', { body: { port } });
    url = `/v2.0/ports/${made.json['port']?.['id']}/bindings`;
  });

  afterEach(async () => api.close());

  it('a port moves from host to host as Nova asks for it', async () => {
    const waiting = await api.call(`POST ${url}`, {
      body: { binding: { host: 'h2', profile: { migrating_to: 'h2' }, vnic_type: 'normal' } },
    });
    expect([waiting.status, waiting.json]).toMatchObject([
      201,
      {
        binding: { host: 'h2', status: 'INACTIVE', vif_type: 'tap', vif_details: { connectivity: 'l3' }, profile: { migrating_to: 'h2' } },
      },
    ]);
    const activated = await api.call(`PUT ${url}/h2/activate`);
    expect([activated.status, activated.json]).toMatchObject([200, { binding: { host: 'h2', status: 'ACTIVE' } }]);
    expect((await api.call(`PUT ${url}/h2/activate`)).json.NeutronError).toMatchObject({ type: 'PortBindingAlreadyActive' });
    const listed = await api.call(`GET ${url}`);
    expect(listed.json).toMatchObject({
      bindings: [
        { host: 'h2', status: 'ACTIVE' },
        { host: 'h1', status: 'INACTIVE' },
      ],
    });
    expect((await api.call(`GET ${url}?status=INACTIVE`)).json['bindings']).toHaveLength(1);
    expect((await api.call(`GET ${url}/h1`)).json).toMatchObject({ binding: { host: 'h1' } });
    expect((await api.call(`PUT ${url}/h1`, { body: { binding: { profile: { a: 1 } } } })).json).toMatchObject({
      binding: { profile: { a: 1 } },
    });
    expect((await api.call(`DELETE ${url}/h1`)).status).toBe(204);
    expect((await api.call(`GET ${url}/h1`)).status).toBe(404);
  });

  it('bodies are read as strictly as any', async () => {
    const refused = async (body: unknown): Promise<number> => (await api.call(`POST ${url}`, { body })).status;
    expect(await refused({ binding: { host: '' } })).toBe(400);
    expect(await refused({ binding: {} })).toBe(400);
    expect(await refused({ binding: { host: 'h2', vnic_type: 'direct' } })).toBe(400);
    expect(await refused({ binding: { host: 'h2', status: 'ACTIVE' } })).toBe(400);
    expect(await refused({ bindings: [] })).toBe(400);
    expect(await refused(null)).toBe(400);
    expect((await api.call(`PUT ${url}/h1`, { body: { binding: { profile: 5 } } })).status).toBe(400);
    expect((await api.call('GET /v2.0/ports/none/bindings')).status).toBe(404);
    expect((await api.call(`PATCH ${url}`)).status).toBe(405);
  });
});
