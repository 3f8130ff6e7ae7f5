import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RemoteFault, type RemoteFaultCode } from '../keystone/remote-fault.js';
import { EventQueue, type EventQueueOptions, type EventReport } from './event-queue.js';
import type { NovaEvent } from './nova-event.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const event = (tag: string, name: NovaEvent['name'] = 'network-vif-plugged'): NovaEvent => ({ name, server_uuid: 'i', tag });

/** A Nova that does what it is told to next (200 to all, when nothing), and remembers every post. */
const play = (options: Partial<EventQueueOptions> = {}) => {
  const posts: string[][] = [];
  const next: (RemoteFaultCode | readonly number[] | 'hang')[] = [];
  const reports: EventReport[] = [];
  const queue = new EventQueue({
    client: {
      post: async (events) => {
        posts.push(events.map(({ tag }) => tag));
        const answer = next.shift() ?? [];
        if (answer === 'hang') return new Promise(() => undefined);
        if (typeof answer === 'string') throw new RemoteFault(answer, { op: 'POST', subject: 'nova', detail: 'fails' });
        return events.map((_event, at) => answer[at] ?? 200);
      },
    },
    onReport: (report) => reports.push(report),
    ...options,
  });
  return { queue, posts, next, reports };
};
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe('the queue of events for Nova', () => {
  it('sends what comes within a moment in one post, in order', async () => {
    const { queue, posts } = play();
    queue.add([event('a')]);
    await pass(100);
    queue.add([event('b'), event('a', 'network-changed')]);
    expect(posts).toEqual([]);
    await pass(100);
    expect(posts).toEqual([['a', 'b', 'a']]);
    expect(queue.counts).toEqual({ sent: 3, refused: 0, dropped: 0, waiting: 0 });
  });

  it('a full batch need not wait, and a batch has a limit', async () => {
    const { queue, posts } = play({ batchLimit: 2 });
    queue.add([event('a')]);
    await pass(50);
    queue.add(['b', 'c', 'd', 'e'].map((tag) => event(tag)));
    await pass(2);
    expect(posts).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    await pass(200);
    expect(posts.at(-1)).toEqual(['e']);
  });

  it('one post at a time: what comes meanwhile is the next', async () => {
    const { queue, posts, next } = play();
    next.push('hang');
    queue.add([event('a')]);
    await pass(200);
    queue.add([event('b')]);
    await pass(60_000);
    expect(posts).toEqual([['a']]);
  });

  it.each<RemoteFaultCode>(['unreachable', 'timed-out', 'failing', 'credentials-refused', 'not-allowed', 'no-endpoint'])(
    '%s: sends again, in order, more slowly each time, and at once when it works again',
    async (code) => {
      const { queue, posts, next, reports } = play({ retryFirstMs: 500, retryLimitMs: 1_500 });
      next.push(code, code, code, code);
      queue.add([event('a')]);
      await pass(200);
      queue.add([event('b')]);
      for (const delayMs of [500, 1_000, 1_500, 1_500]) {
        const before = posts.length;
        await pass(delayMs - 1);
        expect(posts).toHaveLength(before);
        await pass(1);
        expect(posts).toHaveLength(before + 1);
      }
      expect(posts.at(-1)).toEqual(['a', 'b']);
      expect(queue.counts).toMatchObject({ sent: 2, dropped: 0, waiting: 0 });
      expect(reports.map(({ kind }) => kind)).toEqual(['failing', 'failing', 'failing', 'failing', 'sent']);
    },
  );

  it('what Nova refuses as a whole is not sent again', async () => {
    const { queue, posts, next, reports } = play();
    next.push('bad-answer');
    queue.add([event('a')]);
    await pass(60_000);
    expect(posts).toEqual([['a']]);
    expect(reports).toMatchObject([{ kind: 'batch-refused', events: 1 }]);
    expect(queue.counts).toMatchObject({ refused: 1 });
  });

  it('a full queue drops the oldest, and says how many', async () => {
    const { queue, posts, next, reports } = play({ capacity: 3 });
    next.push('unreachable');
    queue.add(['a', 'b'].map((tag) => event(tag)));
    await pass(200);
    queue.add(['c', 'd', 'e'].map((tag) => event(tag)));
    expect(reports).toMatchObject([
      { kind: 'failing', waiting: 2 },
      { kind: 'dropped', events: 2 },
    ]);
    await pass(500);
    expect(posts.at(-1)).toEqual(['c', 'd', 'e']);
    expect(queue.counts).toEqual({ sent: 3, refused: 0, dropped: 2, waiting: 0 });
  });

  it.each([404, 422])('a plugged event that Nova has no use for yet (%i) is sent a few times more, then given up', async (code) => {
    const { queue, posts, next, reports } = play();
    next.push([200, code], [code], [code], [code]);
    queue.add([event('a'), event('b')]);
    await pass(60_000);
    expect(posts).toEqual([['a', 'b'], ['b'], ['b'], ['b']]);
    expect(reports.at(-1)).toEqual({ kind: 'refused', event: event('b'), code });
    expect(queue.counts).toEqual({ sent: 1, refused: 1, dropped: 0, waiting: 0 });
  });

  it('and it works when Nova has the instance in the end', async () => {
    const { queue, next } = play();
    next.push([422], [422]);
    queue.add([event('a')]);
    await pass(60_000);
    expect(queue.counts).toMatchObject({ sent: 1, refused: 0 });
  });

  it('but not when the port has had another event since', async () => {
    const { queue, posts, next } = play();
    next.push([422]);
    queue.add([event('a')]);
    await pass(300);
    queue.add([event('a', 'network-vif-deleted')]);
    await pass(60_000);
    expect(posts).toEqual([['a'], ['a']]);
    expect(queue.counts).toMatchObject({ sent: 1, waiting: 0 });
  });

  it.each<NovaEvent['name']>(['network-vif-deleted', 'network-vif-unplugged', 'network-changed'])(
    '%s of an instance that is gone is done with',
    async (name) => {
      const { queue, posts, next, reports } = play();
      next.push([404]);
      queue.add([event('a', name)]);
      await pass(60_000);
      expect(posts).toEqual([['a']]);
      expect(reports).toEqual([{ kind: 'refused', event: event('a', name), code: 404 }]);
    },
  );

  it('an end sends what waits, takes nothing more, and does not wait for a Nova that hangs or fails', async () => {
    const good = play();
    good.queue.add([event('a')]);
    await good.queue.close(1_000);
    good.queue.add([event('b')]);
    await pass(60_000);
    expect(good.posts).toEqual([['a']]);

    const hanging = play();
    hanging.next.push('hang');
    hanging.queue.add([event('a')]);
    const closing = hanging.queue.close(1_000);
    await pass(1_000);
    await closing;

    const failing = play();
    failing.next.push('unreachable');
    failing.queue.add([event('a')]);
    await failing.queue.close(1_000);
    expect(failing.queue.counts).toMatchObject({ dropped: 1, waiting: 0 });
    await pass(60_000);
    expect(failing.posts).toHaveLength(1);
  });
});
