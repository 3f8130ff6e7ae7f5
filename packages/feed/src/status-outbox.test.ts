import type { EndpointStatus } from '@manx/hoststate';
import { asIp } from '@manx/ip';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStatusReport } from './parse-status.js';
import { type HeardDrop, type HeardEvent, type HeardSample, StatusOutbox } from './status-outbox.js';
import { quietAgent } from './testing/reports.js';

const status = (id: string, revision: number, state: EndpointStatus['state'] = 'up'): EndpointStatus => ({
  id,
  state,
  revision,
  problem: null,
});
const news = (revision: number, endpoints: readonly EndpointStatus[], gone: readonly string[] = []) => ({
  revision,
  endpoints,
  gone,
  agent: quietAgent,
});

describe('what a server has still to hear', () => {
  it('S10: of more listeners than a report has room for some are left out, and the report is taken', () => {
    const sources = Array.from({ length: 60 }, (_, n) => asIp(`10.65.0.${n + 1}`));
    const listener = (n: number) => ({
      endpoint: `p${n}`,
      group: asIp('239.1.1.1'),
      mode: 'include' as const,
      sources: n === 0 ? [] : sources,
    });
    const outbox = new StatusOutbox('run');
    outbox.meet('server-1');
    outbox.tell({ ...news(1, []), agent: { ...quietAgent, listeners: Array.from({ length: 3_000 }, (_, n) => listener(n)) } });
    const { report } = outbox.post(0);
    expect(report.agent?.listeners).toHaveLength(1 + Math.floor(10_000 / 60));
    expect(parseStatusReport(JSON.stringify(report))).toEqual(report);
  });

  it('before the first apply there is nothing to say but that the agent lives: no full report of nothing', () => {
    const outbox = new StatusOutbox('run');
    outbox.meet('server-1');
    expect(outbox.isDirty).toBe(false);
    expect(outbox.post(0).report).toEqual({
      run: 'run',
      revision: 0,
      isFull: false,
      endpoints: [],
      claims: null,
      drops: null,
      samples: null,
      events: null,
      agent: null,
    });
  });

  it('the first report of a run is full, later ones say what changed, and an unchanged status is not repeated', () => {
    const outbox = new StatusOutbox('run');
    outbox.tell(news(3, [status('a', 3), status('b', 3)]));
    const first = outbox.post(0);
    expect(first.report).toMatchObject({ isFull: true, revision: 3, endpoints: [status('a', 3), status('b', 3)] });
    outbox.taken(first, 'server-1');
    expect(outbox.isDirty).toBe(false);
    outbox.tell(news(4, [status('a', 3), status('b', 4)]));
    expect(outbox.post(0).report).toMatchObject({ isFull: false, revision: 4, endpoints: [status('b', 4)] });
  });

  it('of several statuses the latest is sent; one that changes while a report is on its way is sent again', () => {
    const outbox = new StatusOutbox('run');
    outbox.tell(news(1, [status('a', 1)]));
    outbox.tell(news(2, [status('a', 2)]));
    const posting = outbox.post(0);
    expect(posting.report.endpoints).toEqual([status('a', 2)]);
    outbox.tell(news(3, [status('a', 3)]));
    outbox.taken(posting, 'server-1');
    expect(outbox.isDirty).toBe(true);
    expect(outbox.post(0).report).toMatchObject({ isFull: false, endpoints: [status('a', 3)] });
  });

  it('a report that is not taken is sent again', () => {
    const outbox = new StatusOutbox('run');
    outbox.tell(news(1, [status('a', 1)]));
    expect(outbox.post(0)).toEqual(outbox.post(0));
    expect(outbox.isDirty).toBe(true);
  });

  it('another run of the server hears everything again', () => {
    const outbox = new StatusOutbox('run');
    outbox.tell(news(1, [status('a', 1), status('b', 1)]));
    outbox.taken(outbox.post(0), 'server-1');
    outbox.meet('server-2');
    expect(outbox.isDirty).toBe(true);
    expect(outbox.post(0).report).toMatchObject({ isFull: true, endpoints: [status('a', 1), status('b', 1)] });
  });

  it('a run that is first met in the answer to a report that was not full hears everything next', () => {
    const outbox = new StatusOutbox('run');
    outbox.tell(news(1, [status('a', 1)]));
    outbox.taken(outbox.post(0), 'server-1');
    outbox.taken(outbox.post(0), 'server-2');
    expect(outbox.isDirty).toBe(true);
    expect(outbox.post(0).report.isFull).toBe(true);
  });

  it('an endpoint that is gone is not spoken of any more', () => {
    const outbox = new StatusOutbox('run');
    outbox.tell(news(1, [status('a', 1), status('b', 1)]));
    outbox.tell(news(2, [], ['a']));
    expect(outbox.post(0).report.endpoints).toEqual([status('b', 1)]);
  });

  it('what the agent says of itself is sent when it changes', () => {
    const outbox = new StatusOutbox('run');
    outbox.tell(news(1, []));
    outbox.taken(outbox.post(0), 'server-1');
    outbox.tell({ ...news(1, []), agent: { ...quietAgent, bgp: [{ name: 'tor1', state: 'Established' }] } });
    expect(outbox.isDirty).toBe(true);
  });

  it('of drops what changed is sent, once, with its age; to another run of the server all', () => {
    const outbox = new StatusOutbox('run');
    const drop = (at: string, packets: number, lastAt: number): HeardDrop => {
      return { endpoint: 'a', at, reason: 'source', packets, bytes: 60 * packets, rate: 1, firstAt: 100, lastAt };
    };
    const [one, two] = [drop('t1', 1, 100), drop('t2', 1, 200)];
    const said = () => outbox.post(300).report.drops?.map(({ at, packets, lastAgeMs }) => [at, packets, lastAgeMs]);
    outbox.tell({ ...news(1, []), drops: [one] });
    outbox.taken(outbox.post(300), 'server-1');
    expect([outbox.isDirty, said()]).toEqual([false, undefined]);
    outbox.tell({ ...news(1, []), drops: [two, one] });
    expect([outbox.isDirty, said()]).toEqual([true, [['t2', 1, 100]]]);
    const onItsWay = outbox.post(300);
    outbox.tell({ ...news(1, []), drops: [drop('t2', 5, 300), one] });
    outbox.taken(onItsWay, 'server-1');
    expect(said()).toEqual([['t2', 5, 0]]);
    outbox.taken(outbox.post(300), 'server-1');
    outbox.meet('server-2');
    expect(said()?.map(([at]) => at)).toEqual(['t2', 't1']);
  });

  it('of samples those are sent that were not, once, each with its age; to another run of the server all that are kept', () => {
    const outbox = new StatusOutbox('run');
    const sample = (number: number): HeardSample => {
      return {
        number,
        endpoint: 'a',
        at: 't1',
        reason: 'source',
        mac: null,
        packet: { kind: 'other', etherType: 9 },
        seenAt: 100 * number,
      };
    };
    const said = () => outbox.post(500).report.samples?.map(({ number, ageMs }) => [number, ageMs]) ?? null;
    outbox.tell({ ...news(1, []), samples: [sample(1)] });
    outbox.taken(outbox.post(500), 'server-1');
    expect([outbox.isDirty, said()]).toEqual([false, null]);
    outbox.tell({ ...news(1, []), samples: [sample(1), sample(2)] });
    expect([outbox.isDirty, said()]).toEqual([true, [[2, 300]]]);
    const onItsWay = outbox.post(500);
    outbox.tell({ ...news(1, []), samples: [sample(2), sample(3)] });
    outbox.taken(onItsWay, 'server-1');
    expect(said()).toEqual([[3, 200]]);
    outbox.taken(outbox.post(500), 'server-1');
    expect(outbox.isDirty).toBe(false);
    outbox.meet('server-2');
    expect(said()?.map(([number]) => number)).toEqual([2, 3]);
  });

  it('of logged packets the same', () => {
    const outbox = new StatusOutbox('run');
    const what = { endpoint: 'a', direction: 'egress', reason: null, logs: ['l'], policy: null, rule: null } as const;
    const event = (number: number): HeardEvent => ({ ...what, number, packet: { kind: 'other', etherType: 9 }, seenAt: 100 * number });
    const said = () => outbox.post(500).report.events?.map(({ number, ageMs }) => [number, ageMs]) ?? null;
    outbox.tell({ ...news(1, []), events: [event(1)] });
    outbox.taken(outbox.post(500), 'server-1');
    expect([outbox.isDirty, said()]).toEqual([false, null]);
    outbox.tell({ ...news(1, []), events: [event(1), event(2)] });
    expect([outbox.isDirty, said()]).toEqual([true, [[2, 300]]]);
    outbox.taken(outbox.post(500), 'server-1');
    outbox.meet('server-2');
    expect(said()?.map(([number]) => number)).toEqual([1, 2]);
  });

  it('whatever an agent has to say, the server can read it', () => {
    const text = fc.oneof(fc.string(), fc.string({ minLength: 1500, maxLength: 3000 }));
    const problem = fc.record({ code: text, subject: text, detail: text, since: fc.constant('2024-02-29T12:00:00Z') });
    fc.assert(
      fc.property(fc.array(problem, { maxLength: 3 }), text, (problems, detail) => {
        const outbox = new StatusOutbox('run');
        outbox.tell({ ...news(1, [{ ...status('a', 1, 'error'), problem: detail }]), agent: { ...quietAgent, problems } });
        expect(parseStatusReport(JSON.stringify(outbox.post(0).report))).toMatchObject({ run: 'run' });
      }),
    );
  });
});
