import { cloudChanges, idOf } from '@manx/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi } from '../api-fixture.js';

type Answer = { readonly explanations: readonly Explained[] };
type Explained = {
  readonly flow: { readonly source: string; readonly destination: string; readonly family: number };
  readonly answer: string;
  readonly ways: readonly Way[];
};
type Way = {
  readonly answer: string;
  readonly source: End;
  readonly destination: End;
  readonly forward: { readonly steps: readonly { readonly kind: string; readonly text: string; readonly policy: string | null }[] };
  readonly blockers: readonly { readonly code: string; readonly text: string; readonly opening: { readonly text: string } | null }[];
};
type End = { readonly kind: string; readonly name: string | null; readonly host: string | null };

const [RED, BLUE] = ['a0000000000000000000000000000001', 'b0000000000000000000000000000002'];
const ADMIN = {};
const red = { 'x-project-id': RED, 'x-roles': 'member,reader' };
const blue = { 'x-project-id': BLUE, 'x-roles': 'member,reader' };

let api: TestApi;

/** red's web and db, blue's app, each in a group of its own; on two hosts. */
beforeEach(async () => {
  api = await openTestApi({ checksAnswers: true });
  const changes = cloudChanges({
    networks: { net: { shared: true, subnets: { v4: '10.65.0.0/24', v6: '2001:db8:65::/64' } } },
    groups: {
      web: { rules: [{ direction: 'egress' }, { direction: 'ingress', protocol: 'tcp', port_range_min: 443, port_range_max: 443 }] },
      db: { rules: [{ direction: 'ingress', protocol: 'tcp', port_range_min: 5432, port_range_max: 5432, group: 'web' }] },
      secret: { project_id: BLUE, rules: [{ direction: 'egress' }, { direction: 'ingress', protocol: 'udp' }] },
    },
    ports: {
      'web-1': { network: 'net', ips: ['10.65.0.10', '2001:db8:65::10'], host: 'h1', groups: ['web'], device_id: 'instance-1' },
      'db-1': { network: 'net', ips: ['10.65.0.20', '2001:db8:65::20'], host: 'h2', groups: ['db'] },
      spare: { network: 'net', ips: ['10.65.0.30'], groups: ['db'] },
      'app-1': { network: 'net', ips: ['10.65.0.40'], host: 'h2', groups: ['secret'], project_id: BLUE },
    },
  });
  await api.ledger.decide({ requestId: 'test', userId: null, projectId: null }, () => ({ changes, value: () => undefined }));
});
afterEach(() => api.close());

const explain = async (question: object, headers: Readonly<Record<string, string>> = ADMIN): Promise<readonly Explained[]> => {
  const { status, json, text } = await api.call('POST /v2.0/connectivity/explain', { body: { connectivity: question }, headers });
  expect(status, text).toBe(200);
  return (json['connectivity'] as unknown as Answer).explanations;
};
const refuse = async (question: unknown, headers: Readonly<Record<string, string>> = ADMIN): Promise<string> => {
  const { status, json } = await api.call('POST /v2.0/connectivity/explain', { body: { connectivity: question }, headers });
  expect(status).toBe(400);
  return json.NeutronError?.message ?? '';
};

describe('POST /v2.0/connectivity/explain', () => {
  it('an administrator gets both sides, in both IP versions, with hosts, groups and rules', async () => {
    const [v4, v6, ...more] = await explain({ source: 'web-1', destination: 'db-1', protocol: 'tcp', port: 5432 });
    expect(more).toEqual([]);
    expect([v4?.flow.family, v6?.flow.family]).toEqual([4, 6]);
    expect(v4?.answer).toBe('allowed');
    expect(v4?.ways[0]?.source).toMatchObject({ name: 'web-1', host: 'h1' });
    expect(v4?.ways[0]?.destination).toMatchObject({ name: 'db-1', host: 'h2' });
    expect(v4?.ways[0]?.forward.steps.map(({ kind }) => kind)).toEqual([
      'tap',
      'source-check',
      'policy',
      'route',
      'fabric',
      'policy',
      'tap',
    ]);
    expect(v4?.ways[0]?.forward.steps.flatMap(({ policy }) => policy ?? [])).toEqual([idOf('web'), idOf('db')]);
  });

  it('every blocker is told, each with what would open it', async () => {
    const [flow] = await explain({ source: 'db-1', destination: 'web-1', protocol: 'tcp', port: 80, ip_version: 4 });
    expect(flow?.answer).toBe('refused');
    expect(flow?.ways[0]?.blockers.map(({ code }) => code)).toEqual(['no-rule', 'no-rule']);
    expect(flow?.ways[0]?.blockers[1]?.opening?.text).toBe(
      `openstack security group rule create --ingress --ethertype IPv4 --protocol tcp --dst-port 80 --remote-ip 10.65.0.20/32 ${idOf('web')}`,
    );
  });

  it('an instance is found by its id, a port by id, and an address by itself', async () => {
    for (const source of ['instance-1', idOf('web-1'), '10.65.0.10']) {
      const [flow] = await explain({ source, destination: '10.65.0.20', protocol: 6, port: 5432 });
      expect(flow?.ways[0]?.source.name).toBe('web-1');
    }
  });

  it('a port that no host plays is a blocker by name', async () => {
    const [flow] = await explain({ source: 'web-1', destination: 'spare', protocol: 'icmp' });
    expect(flow?.ways[0]?.blockers).toMatchObject([{ code: 'unbound', text: expect.stringContaining('spare has 10.65.0.30') }]);
  });

  it('all ports of a group at once', async () => {
    const flows = await explain({ source: 'group:web', destination: 'group:db', protocol: 'tcp', port: 5432, ip_version: 4 });
    expect(flows.map(({ answer, flow }) => [flow.destination, answer]).toSorted()).toEqual([
      ['10.65.0.20', 'allowed'],
      ['10.65.0.30', 'refused'],
    ]);
  });

  it("a project learns its own side only: the other's group, host, and whether it would let it in are not told", async () => {
    const [flow] = await explain({ source: 'web-1', destination: '10.65.0.40', protocol: 'tcp', port: 22 }, red);
    const text = JSON.stringify(flow);
    expect(flow?.answer).toBe('allowed-here');
    expect(flow?.ways[0]?.destination).toMatchObject({ kind: 'elsewhere', name: null, host: null });
    for (const word of ['secret', idOf('secret'), 'app-1', idOf('app-1'), '"h1"', '"h2"']) expect(text).not.toContain(word);
  });

  it("what another project's port lets in makes no difference to what is told, and neither does whether there is one", async () => {
    const shape = async (destination: string, protocol: string): Promise<unknown> => {
      const flows = await explain({ source: 'web-1', destination, protocol, ...(protocol === 'icmp' ? {} : { port: 22 }) }, red);
      return JSON.parse(JSON.stringify(flows).replaceAll(destination, 'IP'));
    };
    for (const protocol of ['tcp', 'udp', 'icmp']) expect(await shape('10.65.0.40', protocol)).toEqual(await shape('10.65.0.99', protocol));
  });

  it('names are looked up among what the asker may see', async () => {
    expect(await refuse({ source: 'web-1', destination: 'app-1', protocol: 'icmp' }, red)).toContain(
      'no port or instance of yours is called "app-1"',
    );
    expect(await refuse({ source: 'web-1', destination: 'app-1', protocol: 'icmp' }, blue)).toContain('"web-1"');
    expect(await refuse({ source: '10.65.0.10', destination: '10.65.0.20', protocol: 'icmp' }, blue)).toContain('neither end');
  });

  it('follows commits: a rule that is taken away closes the flow', async () => {
    const question = { source: 'web-1', destination: 'db-1', protocol: 'tcp', port: 5432, ip_version: 4 };
    expect((await explain(question))[0]?.answer).toBe('allowed');
    await api.call(`PUT /v2.0/ports/${idOf('web-1')}`, { body: { port: { security_groups: [], 'binding:host_id': 'h2' } } });
    const [flow] = await explain(question);
    expect(flow?.ways[0]?.source.host).toBe('h2');
    expect(flow?.ways[0]?.blockers.map(({ code }) => code)).toEqual(['no-policy', 'no-rule']);
    await api.call(`PUT /v2.0/ports/${idOf('db-1')}`, { body: { port: { admin_state_up: false } } });
    expect((await explain(question))[0]?.ways[0]?.blockers.map(({ code }) => code)).toEqual(['no-policy', 'no-rule', 'endpoint-down']);
  });

  it.each([
    [{ source: 'web-1', destination: 'db-1' }, 'protocol'],
    [{ source: 'web-1', destination: 'db-1', protocol: 'tcp' }, 'port is required'],
    [{ source: 'web-1', destination: 'db-1', protocol: 'icmp', port: 1 }, 'has no ports'],
    [{ source: 'web-1', destination: 'db-1', protocol: 'tcp', port: 70_000 }, 'port must be'],
    [{ source: 'web-1', destination: 'db-1', protocol: 'esp', icmp_type: 8 }, 'only for ICMP'],
    [{ source: 'web-1', protocol: 'icmp' }, 'source and destination'],
    [{ source: 'web-1', destination: 'db-1', protocol: 'icmp', colour: 'red' }, 'no attribute "colour"'],
    [{ source: '10.65.0.10', destination: '2001:db8:65::20', protocol: 'icmp' }, 'one IP version'],
    ['web-1', 'the body must be'],
    [{ source: 'group:nothing', destination: 'db-1', protocol: 'icmp' }, 'no security group'],
  ])('refuses %j', async (question, words) => {
    expect(await refuse(question)).toContain(words);
  });
});
