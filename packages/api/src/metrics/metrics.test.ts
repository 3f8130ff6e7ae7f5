import { openMemoryStore, StoreFault } from '@manx/store';
import { afterEach, describe, expect, it } from 'vitest';
import { openTestApi, type TestApi } from '../api-fixture.js';
import { meterAuthenticator } from './meter-authenticator.js';
import { meterStore } from './meter-store.js';
import { createMetrics, type Metrics } from './metrics.js';

let api: TestApi | null = null;
afterEach(async () => {
  await api?.close();
  api = null;
});

/** An API that is counted. */
const openCounted = async (): Promise<{ readonly api: TestApi; readonly metrics: Metrics }> => {
  const metrics = createMetrics();
  api = await openTestApi({ metrics, store: meterStore(openMemoryStore(), metrics), onAnswer: metrics.onRequest });
  return { api, metrics };
};

/** The lines of a metric, without its help. */
const linesOf = async (metrics: Metrics, name: string): Promise<readonly string[]> =>
  (await metrics.text()).split('\n').filter((line) => line.startsWith(name) && !line.startsWith('#'));

describe('metrics', () => {
  it('count requests by method, route and status; a path that came is never a label', async () => {
    const { api, metrics } = await openCounted();
    for (let at = 0; at < 200; at += 1) {
      await api.call(`GET /v2.0/networks/strange-${at}?name=${at}`);
      await api.call(`GET /v2.0/nonsense-${at}/of/${at}`);
      await api.call(`GET /%zz${at}`);
    }
    expect(await linesOf(metrics, 'manx_http_requests_total')).toEqual(
      expect.arrayContaining([
        'manx_http_requests_total{method="GET",route="/v2.0/networks/:id",status="404"} 200',
        expect.stringMatching(/method="GET",route="none",status="404"} [24]00$/),
      ]),
    );
    expect(await metrics.text()).not.toMatch(/strange|nonsense|zz/);
    expect((await linesOf(metrics, 'manx_http_request_duration_seconds_count')).length).toBeLessThan(5);
  });

  it('count commits, their batches, and what the store takes for them', async () => {
    const { api, metrics } = await openCounted();
    const made = await Promise.all(Array.from({ length: 20 }, () => api.call('POST /v2.0/networks', { body: { network: {} } })));
    expect(made.every(({ status }) => status === 201)).toBe(true);
    expect(await linesOf(metrics, 'manx_commits_total')).toEqual([`manx_commits_total ${api.ledger.revision}`]);
    expect(await linesOf(metrics, 'manx_commit_batch_size_sum')).toEqual([`manx_commit_batch_size_sum ${api.ledger.revision}`]);
    expect((await linesOf(metrics, 'manx_store_append_seconds_count'))[0]).toMatch(/ [1-9]\d*$/);
  });

  it('count what the store fails, by code', async () => {
    const metrics = createMetrics();
    const fault = new StoreFault({ code: 'full', op: 'append', subject: 'disk', detail: 'no space' });
    const store = meterStore({ ...openMemoryStore(), append: () => Promise.reject(fault) }, metrics);
    await expect(store.append(0, [])).rejects.toBe(fault);
    expect(await linesOf(metrics, 'manx_store_faults_total')).toEqual(['manx_store_faults_total{code="full"} 1']);
  });

  it('tell tokens that were known from those that Keystone was asked about, and requests without one from both', async () => {
    const metrics = createMetrics();
    const refusal = { kind: 'refused', status: 401, message: '', wwwAuthenticate: null } as const;
    const line = { method: 'GET', path: '/' };
    const now = meterAuthenticator({ authenticate: () => refusal }, metrics);
    const later = meterAuthenticator({ authenticate: () => Promise.resolve(refusal) }, metrics);
    void now.authenticate({}, line);
    void now.authenticate({ 'x-auth-token': 't' }, line);
    await later.authenticate({ 'x-auth-token': 't' }, line);
    expect(await linesOf(metrics, 'manx_auth_cache_lookups_total')).toEqual([
      'manx_auth_cache_lookups_total{result="hit"} 1',
      'manx_auth_cache_lookups_total{result="miss"} 1',
    ]);
  });

  it('show what is looked up as it is now; what nobody knows is not shown', async () => {
    const metrics = createMetrics();
    let revision = 1;
    metrics.read({ revision: () => revision, hosts: () => ({ sessions: 3, alive: 2, maxLag: 7 }) });
    revision = 5;
    expect(await linesOf(metrics, 'manx_head_revision')).toEqual(['manx_head_revision 5']);
    expect(await linesOf(metrics, 'manx_feed')).toEqual(['manx_feed_sessions 3', 'manx_feed_lag_revisions 7']);
    expect(await linesOf(metrics, 'manx_hosts_alive')).toEqual(['manx_hosts_alive 2']);
    expect(await linesOf(metrics, 'manx_nova')).toEqual([]);
    metrics.read({ nova: () => ({ sent: 4, refused: 1, dropped: 0, waiting: 2 }) });
    expect(await linesOf(metrics, 'manx_nova')).toContain('manx_nova_events_queued 2');
    expect(await linesOf(metrics, 'manx_nova')).toContain('manx_nova_events_total{result="sent"} 4');
  });

  it('GET /metrics needs no token, but is nothing to whom a proxy has brought, or who is elsewhere', async () => {
    const { api } = await openCounted();
    const { statusCode, body } = await api.app.inject({ method: 'GET', url: '/metrics' });
    expect([statusCode, body]).toEqual([200, expect.stringContaining('process_resident_memory_bytes')]);
    for (const header of ['x-forwarded-for', 'forwarded', 'x-real-ip']) {
      expect((await api.call('GET /metrics', { headers: { [header]: '192.0.2.1' } })).status).toBe(404);
    }
    const elsewhere = await api.app.inject({ method: 'GET', url: '/metrics', remoteAddress: '192.0.2.1' });
    expect(elsewhere.statusCode).toBe(404);
  });

  it('an API without them has nothing at /metrics', async () => {
    api = await openTestApi();
    expect((await api.call('GET /metrics')).status).toBe(404);
  });
});
