import type { ReportedDrop, ReportedSample } from '@manx/feed';
import { asIp, asMac } from '@manx/ip';
import { cloudChanges, idOf } from '@manx/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi } from '../api-fixture.js';
import { DropBook } from './drop-book.js';
import { SampleBook } from './sample-book.js';

type Row = { readonly host: string | null; readonly port_name: string | null; readonly reason: string; readonly packets: number };
type Asked = { readonly id: string; readonly blockers: readonly string[] };

const [RED, BLUE] = ['a0000000000000000000000000000001', 'b0000000000000000000000000000002'];
const ADMIN = {};
const red = { 'x-project-id': RED, 'x-roles': 'member,reader' };
const blue = { 'x-project-id': BLUE, 'x-roles': 'member,reader' };

let api: TestApi;
let book: DropBook;
let samples: SampleBook;

const drop = (endpoint: string | null, fields: Partial<ReportedDrop> = {}): ReportedDrop => ({
  endpoint,
  at: 'tap1',
  reason: 'source',
  packets: 3,
  bytes: 180,
  rate: 1.5,
  firstAgeMs: 4_000,
  lastAgeMs: 1_000,
  ...fields,
});
const tell = (host: string, ...drops: readonly ReportedDrop[]): void => book.take({ host, run: 'r1', drops, now: Date.now() });

/** red's web, blue's app, on two hosts that drop of both, and of a tap that is nobody's. */
beforeEach(async () => {
  book = new DropBook();
  samples = new SampleBook();
  api = await openTestApi({ checksAnswers: true, drops: book, samples });
  const changes = cloudChanges({
    networks: { net: { shared: true, subnets: { v4: '10.65.0.0/24' } } },
    groups: { web: { rules: [{ direction: 'egress' }] } },
    ports: {
      'web-1': { network: 'net', ips: ['10.65.0.10'], host: 'h1', groups: ['web'], device_id: 'instance-1' },
      spare: { network: 'net', ips: ['10.65.0.30'], groups: ['web'] },
      'app-1': { network: 'net', ips: ['10.65.0.40'], host: 'h2', project_id: BLUE },
    },
  });
  const compiled = new Promise<void>((resolve) => void api.ledger.subscribe(() => resolve()));
  await api.ledger.decide({ requestId: 'test', userId: null, projectId: null }, () => ({ changes, value: () => undefined }));
  await compiled;
  tell('h1', drop(idOf('web-1')), drop(null, { at: 'tapx', reason: 'unknown-tap' }));
  tell('h2', drop(idOf('app-1'), { reason: 'ingress-policy', packets: 9 }));
});
afterEach(() => api.close());

const ask = async (
  query = '',
  headers: Readonly<Record<string, string>> = ADMIN,
): Promise<{ rows: readonly Row[]; ports: readonly Asked[] }> => {
  const { status, json, text } = await api.call(`GET /v2.0/connectivity/drops${query}`, { headers });
  expect(status, text).toBe(200);
  return { rows: json['drops'] as unknown as Row[], ports: json['ports'] as unknown as Asked[] };
};
const seen = (rows: readonly Row[]): readonly unknown[] => rows.map(({ host, port_name: name, reason }) => [host, name, reason]).sort();

type Sample = { readonly text: string; readonly mac: string | null; readonly peers: readonly string[]; readonly check: string | null };

describe('packets of drops', () => {
  const [WEB, APP] = ['10.65.0.10', '10.65.0.40'].map(asIp) as [ReturnType<typeof asIp>, ReturnType<typeof asIp>];
  const mac = asMac('fa:16:3e:00:00:99');
  const sample = (number: number, endpoint: string, reason: ReportedSample['reason']): ReportedSample => {
    const ends = reason === 'source' ? { source: asIp('10.65.0.99'), destination: APP } : { source: WEB, destination: APP };
    const packet = { kind: 'ip', ...ends, protocol: 6, sport: 4, dport: 22, icmp: null, tcpFlags: 2, length: 60 } as const;
    return { number, endpoint, at: 'tap1', reason, mac, packet, ageMs: 5 };
  };
  const samplesIn = (rows: readonly Row[]): readonly Sample[] => rows.flatMap((row) => (row as Row & { samples: Sample[] }).samples);
  beforeEach(() => {
    const now = Date.now();
    samples.take({ host: 'h1', run: 'r1', packets: [1, 2, 3].map((n) => sample(n, idOf('web-1'), 'source')), now });
    samples.take({ host: 'h2', run: 'r1', packets: [sample(1, idOf('app-1'), 'ingress-policy')], now });
  });

  it('are told as many as are asked for, with the rule or check that they failed and the names of the other end', async () => {
    expect(samplesIn((await ask()).rows)).toEqual([]);
    expect(samplesIn((await ask('?samples=5')).rows)).toHaveLength(4);
    const seenBy = samplesIn((await ask('?samples=1')).rows);
    expect(seenBy).toContainEqual(
      expect.objectContaining({
        text: 'TCP 10.65.0.99 port 4 -> 10.65.0.40 port 22 (SYN)',
        mac,
        peers: ['app-1'],
        check: expect.stringContaining('web-1 may not send from 10.65.0.99') as string,
        opening: expect.stringContaining('--allowed-address') as string,
      }),
    );
    // Of what is sent to a port the frame is a router's, or tells who shares its host.
    expect(seenBy).toContainEqual(
      expect.objectContaining({
        mac: null,
        peers: ['web-1'],
        check: expect.stringContaining('lets in TCP port 22 from 10.65.0.10') as string,
      }),
    );
    for (const query of ['?samples=6', '?samples=-1', '?samples=x', '?samples='])
      expect((await api.call(`GET /v2.0/connectivity/drops${query}`)).status, query).toBe(400);
  });

  it("a project sees those of its own ports, and of another's nothing but its address", async () => {
    const own = samplesIn((await ask('?samples=5', blue)).rows);
    expect(own).toEqual([expect.objectContaining({ peers: [], text: expect.stringContaining('10.65.0.10 port 4 ->') as string })]);
    const { text } = await api.call('GET /v2.0/connectivity/drops?samples=5', { headers: blue });
    for (const word of ['web-1', idOf('web-1'), RED, '"h1"', mac, '10.65.0.99']) expect(text).not.toContain(word);
  });
});

describe('GET /v2.0/connectivity/drops', () => {
  it('an administrator sees the drops of every host, with what they mean and what to do', async () => {
    const { rows } = await ask();
    expect(seen(rows)).toEqual([
      ['h1', null, 'unknown-tap'],
      ['h1', 'web-1', 'source'],
      ['h2', 'app-1', 'ingress-policy'],
    ]);
    expect(rows.find(({ reason }) => reason === 'source')).toMatchObject({
      port_id: idOf('web-1'),
      project_id: RED,
      direction: 'egress',
      packets: 3,
      bytes: 180,
      packets_per_second: 1.5,
      meaning: expect.stringContaining('source address'),
      advice: expect.stringContaining('--allowed-address'),
    });
  });

  it("a project sees its own ports', and no host; nothing of another's, nor of taps that are nobody's", async () => {
    expect(seen((await ask('', red)).rows)).toEqual([[null, 'web-1', 'source']]);
    expect(seen((await ask('', blue)).rows)).toEqual([[null, 'app-1', 'ingress-policy']]);
    const { text } = await api.call('GET /v2.0/connectivity/drops', { headers: red });
    for (const word of [BLUE, idOf('app-1'), 'app-1', 'tapx', '"h1"', '"h2"']) expect(text).not.toContain(word);
  });

  it("another project's port is like one that is not there", async () => {
    expect(await ask(`?port_id=${idOf('app-1')}`, red)).toEqual(await ask(`?port_id=${idOf('nothing')}`, red));
    const refusals = [];
    for (const port of [idOf('app-1'), idOf('nothing')]) {
      const { status, json } = await api.call(`GET /v2.0/connectivity/drops?port=${port}`, { headers: red });
      refusals.push([status, json.NeutronError?.message.replace(port, 'X')]);
    }
    expect(refusals[0]).toEqual(refusals[1]);
    expect(refusals[0]?.[0]).toBe(400);
  });

  it('a port is found by id, name, instance and address; one that is plugged in nowhere says so', async () => {
    for (const port of [idOf('web-1'), 'web-1', 'instance-1', '10.65.0.10']) {
      const { rows, ports } = await ask(`?port=${port}`);
      expect(seen(rows)).toEqual([['h1', 'web-1', 'source']]);
      expect(ports.map(({ id }) => id)).toEqual([idOf('web-1')]);
    }
    const { rows, ports } = await ask('?port=spare', red);
    expect(rows).toEqual([]);
    expect(ports[0]?.blockers).toEqual([expect.stringContaining('bound to no host')]);
    expect(seen((await ask(`?port_id=${idOf('web-1')}&port_id=${idOf('app-1')}`)).rows)).toHaveLength(2);
  });

  it('what it cannot be asked is refused', async () => {
    for (const query of ['?reason=source', '?port=nobody', '?port=10.65.0.99', '?port=group:nobody'])
      expect((await api.call(`GET /v2.0/connectivity/drops${query}`)).status).toBe(400);
  });

  it('drops of a port that is gone are an administrator’s to see', async () => {
    await api.call(`DELETE /v2.0/ports/${idOf('web-1')}`);
    expect(seen((await ask(`?port_id=${idOf('web-1')}`)).rows)).toEqual([['h1', null, 'source']]);
    expect((await ask('', red)).rows).toEqual([]);
  });
});
