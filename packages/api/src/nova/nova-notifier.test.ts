import { type Port, put } from '@manx/model';
import { openMemoryStore, type Store, StoreFault } from '@manx/store';
import { afterEach, describe, expect, it } from 'vitest';
import { Ledger } from '../ledger.js';
import type { NovaEvent } from './nova-event.js';
import { type NovaNotifier, startNovaNotifier } from './nova-notifier.js';

const ORIGIN = { requestId: 'req-1', userId: null, projectId: null };
const INSTANCE = '6f1c1bb4-2a4b-4f3c-9d52-0f7d0d9f4a10';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const portWith = (status: string): Port =>
  ({
    id: 'p1',
    project_id: 'p',
    network_id: 'n',
    mac_address: 'fa:16:3e:00:00:01',
    device_id: INSTANCE,
    device_owner: 'compute:nova',
    status,
    fixed_ips: [],
    security_groups: [],
    allowed_address_pairs: [],
    tags: [],
    qos_policy_id: null,
    'binding:host_id': 'h1',
    'binding:profile': {},
  }) as unknown as Port;

type Server = {
  readonly ledger: Ledger;
  readonly notifier: NovaNotifier;
  readonly told: NovaEvent[];
  readonly set: (status: string) => Promise<void>;
};

/** A server on the store, and what it tells Nova. */
const serve = async (store: Store): Promise<Server> => {
  const ledger = await Ledger.open({ store, now: () => new Date() });
  const told: NovaEvent[] = [];
  const client = { post: async (events: readonly NovaEvent[]) => events.map((event) => (told.push(event), 200)) };
  const notifier = startNovaNotifier({ ledger, client, onReport: () => undefined, gatherMs: 1 });
  closing.push(async () => {
    await ledger.close();
    await notifier.close();
  });
  const set = (status: string): Promise<void> =>
    ledger.decide(ORIGIN, () => ({ changes: [put('port', portWith(status))], value: () => undefined }));
  return { ledger, notifier, told, set };
};
const until = async (is: () => boolean): Promise<void> => {
  while (!is()) await new Promise((resolve) => setImmediate(resolve));
};
const names = (told: readonly NovaEvent[]): readonly string[] => told.map(({ name }) => name);

describe('telling Nova', () => {
  it('of two servers on one store, each tells of what it took itself: Nova hears of everything once', async () => {
    const store = openMemoryStore();
    const [one, two] = [await serve(store), await serve(store)];
    await one.set('DOWN');
    await one.set('ACTIVE');
    await until(() => two.ledger.revision === 2 && one.told.length === 1);
    await two.set('DOWN');
    await until(() => one.ledger.revision === 3 && two.told.length === 1);
    expect([names(one.told), names(two.told)]).toEqual([['network-vif-plugged'], ['network-vif-unplugged']]);
  });

  it('of a commit that the store took before it failed, too', async () => {
    const inner = openMemoryStore();
    let isFailing = false;
    const store: Store = {
      ...inner,
      append: async (expected, commits) => {
        const result = await inner.append(expected, commits);
        if (!isFailing) return result;
        isFailing = false;
        throw new StoreFault({ code: 'failed', op: 'append', subject: 'memory', detail: 'it broke' });
      },
    };
    const server = await serve(store);
    await server.set('DOWN');
    isFailing = true;
    await expect(server.set('ACTIVE')).rejects.toThrow();
    await until(() => server.told.length === 1);
    expect(names(server.told)).toEqual(['network-vif-plugged']);
  });

  it('of the last commits before an end in good order', async () => {
    const server = await serve(openMemoryStore());
    await server.set('DOWN');
    await server.set('ACTIVE');
    await server.ledger.close();
    await server.notifier.close();
    expect(names(server.told)).toEqual(['network-vif-plugged']);
    expect(server.notifier.counts()).toEqual({ sent: 1, refused: 0, dropped: 0, waiting: 0 });
  });

  it('holds up no commit, however long Nova takes', async () => {
    const store = openMemoryStore();
    const ledger = await Ledger.open({ store, now: () => new Date() });
    const notifier = startNovaNotifier({
      ledger,
      client: { post: () => new Promise(() => undefined) },
      onReport: () => undefined,
      gatherMs: 0,
    });
    for (const status of ['DOWN', 'ACTIVE', 'DOWN', 'ACTIVE']) {
      await ledger.decide(ORIGIN, () => ({ changes: [put('port', portWith(status))], value: () => undefined }));
    }
    expect(ledger.revision).toBe(4);
    await until(() => notifier.counts().waiting > 0);
    await ledger.close();
    await notifier.close();
  });
});
