import { cloudChanges, idOf } from '@manx/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi } from '../api-fixture.js';

type Matrix = {
  readonly sources: readonly { readonly name: string; readonly ports: number }[];
  readonly cells: readonly (readonly { readonly pairs: number; readonly allowed: number }[])[];
};

const [RED, BLUE] = ['a0000000000000000000000000000001', 'b0000000000000000000000000000002'];
const red = { 'x-project-id': RED, 'x-roles': 'member,reader' };

let api: TestApi;

beforeEach(async () => {
  api = await openTestApi({ checksAnswers: true });
  const changes = cloudChanges({
    networks: { net: { shared: true, subnets: { v4: '10.65.0.0/24' } } },
    groups: {
      web: { rules: [{ direction: 'egress' }] },
      db: { rules: [{ direction: 'ingress', protocol: 'tcp', port_range_min: 5432, port_range_max: 5432, group: 'web' }] },
      other: { project_id: BLUE, rules: [{ direction: 'egress' }, { direction: 'ingress' }] },
    },
    ports: {
      'web-1': { network: 'net', ips: ['10.65.0.10'], host: 'h1', groups: ['web'] },
      'web-2': { network: 'net', ips: ['10.65.0.11'], host: 'h2', groups: ['web'] },
      'db-1': { network: 'net', ips: ['10.65.0.20'], host: 'h2', groups: ['db'] },
      spare: { network: 'net', ips: ['10.65.0.30'], groups: ['db'] },
      'app-1': { network: 'net', ips: ['10.65.0.40'], host: 'h1', groups: ['other'], project_id: BLUE },
    },
  });
  await api.ledger.decide({ requestId: 'test', userId: null, projectId: null }, () => ({ changes, value: () => undefined }));
});
afterEach(() => api.close());

const ask = async (question: object, headers: Readonly<Record<string, string>> = {}): Promise<Matrix> => {
  const { status, json, text } = await api.call('POST /v2.0/connectivity/matrix', { body: { connectivity_matrix: question }, headers });
  expect(status, text).toBe(200);
  return json['connectivity_matrix'] as unknown as Matrix;
};

describe('POST /v2.0/connectivity/matrix', () => {
  it('counts the pairs by group; ports that no host plays are left out', async () => {
    const { sources, cells } = await ask({ protocol: 'tcp', port: 5432 });
    expect(sources.map(({ name, ports }) => `${name} ${ports}`)).toEqual(['db 1', 'other 1', 'web 2']);
    expect(cells.map((row) => row.map(({ pairs, allowed }) => `${allowed}/${pairs}`))).toEqual([
      ['0/0', '0/1', '0/2'],
      ['0/1', '0/0', '0/2'],
      ['2/2', '2/2', '0/2'],
    ]);
  });

  it("is of the asker's ports alone", async () => {
    const { sources } = await ask({ protocol: 'icmp', by: 'port' }, red);
    expect(sources.map(({ name }) => name)).toEqual(['db-1', 'web-1', 'web-2']);
  });

  it.each(['project', 'network', 'host'])('by %s', async (by) => {
    const { sources } = await ask({ protocol: 'icmp', by });
    expect(sources.map(({ name }) => name)).toEqual({ project: [RED, BLUE], network: ['net'], host: ['h1', 'h2'] }[by]);
  });

  it('of some senders and receivers', async () => {
    const { cells } = await ask({ protocol: 'tcp', port: 5432, by: 'port', source: 'web-1', destination: 'group:db' });
    expect(cells).toEqual([[{ pairs: 1, allowed: 1 }]]);
  });

  it.each([
    [{ protocol: 'icmp', by: 'colour' }, {}, 'by must be one of'],
    [{ protocol: 'icmp', by: 'host' }, red, 'for administrators'],
    [{ protocol: 'icmp', source: '10.65.0.10' }, {}, 'ports, instances or groups'],
    [{ protocol: 'icmp', source: idOf('app-1') }, red, 'no port or instance of yours'],
  ])('refuses %j', async (question, headers, words) => {
    const { status, json } = await api.call('POST /v2.0/connectivity/matrix', { body: { connectivity_matrix: question }, headers });
    expect([status, json.NeutronError?.message]).toEqual([400, expect.stringContaining(words)]);
  });
});
