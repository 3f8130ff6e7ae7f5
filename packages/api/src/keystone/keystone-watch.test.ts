import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createKeystoneWatch } from './keystone-watch.js';
import { RemoteFault, type RemoteFaultCode } from './remote-fault.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const fault = (code: RemoteFaultCode = 'unreachable'): RemoteFault =>
  new RemoteFault(code, { op: 'GET', subject: 'keystone', detail: code });

/** A watch on a Keystone that is well or not, and how often it was asked. */
const play = () => {
  const news: (string | null)[] = [];
  const keystone = { fault: null as RemoteFault | null, asked: 0 };
  const watch = createKeystoneWatch({ onChange: (change) => news.push(change?.message ?? null), whileWellMs: 15_000, whileAwayMs: 1_000 });
  watch.start(async () => {
    keystone.asked += 1;
    watch.saw(keystone.fault);
    if (keystone.fault !== null) throw keystone.fault;
  });
  return { watch, news, keystone };
};

describe('the watch on Keystone', () => {
  it('asks now and then while all is well, often while it is not, and tells of each change once', async () => {
    const { watch, news, keystone } = play();
    await vi.advanceTimersByTimeAsync(15_000);
    expect([keystone.asked, watch.trouble(), news]).toEqual([2, null, []]);
    keystone.fault = fault();
    await vi.advanceTimersByTimeAsync(15_000 + 5_000);
    expect(keystone.asked).toBe(2 + 1 + 5);
    expect([watch.trouble(), news]).toEqual(['keystone unreachable', ['keystone unreachable']]);
    keystone.fault = fault('credentials-refused');
    await vi.advanceTimersByTimeAsync(1_000);
    keystone.fault = null;
    await vi.advanceTimersByTimeAsync(1_000);
    expect([watch.trouble(), news.slice(1)]).toEqual([null, ['keystone credentials-refused', null]]);
  });

  it('learns from what others see meanwhile; a gap in the catalogue is no trouble of Keystone', () => {
    const { watch, news } = play();
    watch.saw(fault('no-endpoint'));
    expect(watch.trouble()).toBeNull();
    watch.saw(fault());
    expect(watch.trouble()).toBe('keystone unreachable');
    watch.saw(null);
    expect(news).toEqual(['keystone unreachable', null]);
  });

  it('asks no more when it is closed', async () => {
    const { watch, news, keystone } = play();
    watch.close();
    keystone.fault = fault();
    await vi.advanceTimersByTimeAsync(100_000);
    expect([keystone.asked, news]).toEqual([1, []]);
  });
});
