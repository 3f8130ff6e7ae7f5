import type { ReportedEvent } from '@manx/feed';
import { asIp } from '@manx/ip';
import { cloudChanges, idOf } from '@manx/model';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openTestApi, type TestApi } from '../api-fixture.js';
import { EventBook } from './event-book.js';

type Row = {
  readonly action: string;
  readonly host: string | null;
  readonly port_name: string | null;
  readonly log_ids: readonly string[];
  readonly security_group_name: string | null;
  readonly text: string;
};

const [RED, BLUE] = ['a0000000000000000000000000000001', 'b0000000000000000000000000000002'];
const ADMIN = {};
const manager = (project: string): Readonly<Record<string, string>> => ({ 'x-project-id': project, 'x-roles': 'manager,member,reader' });
const member = { 'x-project-id': RED, 'x-roles': 'member,reader' };

let api: TestApi;
let book: EventBook;
/** A log of red's web, a log of blue's app, and one of the administrator's about red's web. */
let logs: { readonly red: string; readonly blue: string; readonly admin: string };

const event = (number: number, fields: Partial<ReportedEvent>): ReportedEvent => ({
  number,
  endpoint: idOf('web-1'),
  direction: 'ingress',
  reason: null,
  logs: [],
  policy: null,
  rule: null,
  packet: {
    kind: 'ip',
    source: asIp('10.65.0.40'),
    destination: asIp('10.65.0.10'),
    protocol: 6,
    sport: 4,
    dport: 22,
    icmp: null,
    tcpFlags: 2,
    length: 60,
  },
  ageMs: 5,
  ...fields,
});

beforeEach(async () => {
  book = new EventBook();
  api = await openTestApi({ checksAnswers: true, events: book });
  const changes = cloudChanges({
    networks: { net: { shared: true, subnets: { v4: '10.65.0.0/24' } } },
    groups: { web: { rules: [{ direction: 'egress' }] } },
    ports: {
      'web-1': { network: 'net', ips: ['10.65.0.10'], host: 'h1', groups: ['web'], project_id: RED },
      'app-1': { network: 'net', ips: ['10.65.0.40'], host: 'h2', project_id: BLUE },
    },
  });
  await api.ledger.decide({ requestId: 'test', userId: null, projectId: null }, () => ({ changes, value: () => undefined }));
  const make = async (project_id: string, target: string): Promise<string> => {
    const log = { project_id, resource_type: 'security_group', target_id: idOf(target) };
    const { status, json, text } = await api.call('POST /v2.0/log/logs', { body: { log } });
    expect(status, text).toBe(201);
    return (json['log'] as unknown as { readonly id: string }).id;
  };
  logs = { red: await make(RED, 'web-1'), blue: await make(BLUE, 'app-1'), admin: await make('c0000000000000000000000000000003', 'web-1') };
  const accepted = event(1, { logs: [logs.red, logs.admin], policy: idOf('web'), rule: 'rule-1' });
  book.take({ host: 'h1', run: 'r1', packets: [accepted, event(2, { logs: [logs.red], reason: 'ingress-policy' })], now: Date.now() });
  book.take({ host: 'h2', run: 'r1', packets: [event(1, { logs: [logs.blue], endpoint: idOf('app-1') })], now: Date.now() });
});
afterEach(() => api.close());

const ask = async (
  query = '',
  headers: Readonly<Record<string, string>> = ADMIN,
): Promise<{ readonly rows: readonly Row[]; readonly cursor: string }> => {
  const { status, json, text } = await api.call(`GET /v2.0/connectivity/logged${query}`, { headers });
  expect(status, text).toBe(200);
  return { rows: json['logged'] as unknown as Row[], cursor: String(json['cursor']) };
};

it('an administrator sees what all logs asked for, accepted and dropped, and where', async () => {
  const { rows } = await ask();
  expect(rows.map(({ action, host, port_name: port, security_group_name: group }) => [action, host, port, group])).toEqual([
    ['ACCEPT', 'h1', 'web-1', 'web'],
    ['DROP', 'h1', 'web-1', null],
    ['ACCEPT', 'h2', 'app-1', null],
  ]);
  expect(rows[0]?.log_ids).toEqual([logs.red, logs.admin]);
  expect(rows[0]?.text).toContain('10.65.0.40');
});

it('a project sees what its own logs asked for, names no log of others, and no host', async () => {
  for (const [project, count] of [
    [RED, 2],
    [BLUE, 1],
  ] as const) {
    const { rows } = await ask('', manager(project));
    expect(rows).toHaveLength(count);
    expect(rows.every(({ host }) => host === null)).toBe(true);
    expect(new Set(rows.flatMap(({ log_ids: ids }) => ids))).toEqual(new Set([project === RED ? logs.red : logs.blue]));
  }
  expect((await ask(`?log_id=${logs.blue}`, manager(RED))).rows).toEqual([]);
  expect((await ask(`?port_id=${idOf('app-1')}`, manager(RED))).rows).toEqual([]);
});

it('who may not see logs sees nothing of what they asked for', async () => {
  expect((await ask('', member)).rows).toEqual([]);
});

it('it is narrowed by port and log, goes on from a cursor, and ends with its log', async () => {
  expect((await ask(`?log_id=${logs.blue}`)).rows).toHaveLength(1);
  expect((await ask('?port=web-1')).rows).toHaveLength(2);
  const { cursor } = await ask();
  expect((await ask(`?after=${cursor}`)).rows).toEqual([]);
  await api.call(`DELETE /v2.0/log/logs/${logs.blue}`);
  expect((await ask()).rows).toHaveLength(2);
});

it('a port that is not there, an unknown parameter and two cursors are refused', async () => {
  for (const query of ['?port=web-9', '?ports=web-1', '?after=a&after=b']) {
    expect((await api.call(`GET /v2.0/connectivity/logged${query}`)).status, query).toBe(400);
  }
});
