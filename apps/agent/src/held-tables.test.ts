import { inNetns, openLibnftables } from '@manx/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestHost } from './testing/test-host.js';
import { EGRESS, endpoint, GATEWAY, PING, policy, portOf, SUBNET, stateOf } from './testing/test-states.js';

const OPEN = policy('open', EGRESS, PING);
const host = new TestHost('ag-held', stateOf(SUBNET, OPEN, endpoint(1), endpoint(2)));
const isUp = ({ state }: { readonly state: string }): boolean => state === 'up';
const pings = (): boolean => {
  try {
    host.inGuest('ag-h1', 'ping', '-n', '-c', '1', '-W', '1', portOf(2).ip);
    return true;
  } catch {
    return false;
  }
};
const stranger = inNetns(`/run/netns/${host.netns}`, openLibnftables);

beforeAll(async () => {
  for (const n of [1, 2]) host.plug({ ...portOf(n), name: `ag-h${n}`, gateway: GATEWAY });
  await stranger.hold({ family: 'inet', name: 'manx' });
  await host.serve();
  host.start();
});
afterAll(() => host.remove());

describe('S20: an nftables that takes nothing from the agent, since another process holds the table', () => {
  it('nothing is opened, and it is said of every port and of the host, in words; all works once the table can be had', async () => {
    for (const n of [1, 2]) {
      const { problem } = await host.status(portOf(n).id, ({ state }) => state === 'error');
      expect(problem).toMatch(/not permitted/i);
    }
    expect(host.agent?.problems.map(({ detail }) => detail).join()).toMatch(/not permitted/i);
    expect(host.exec('ip', 'route', 'show', 'proto', '80')).toBe('');
    expect(host.exec('ip', 'neigh', 'show', 'nud', 'permanent')).toBe('');
    expect(pings()).toBe(false);
    await stranger.close();
    for (const n of [1, 2]) await host.status(portOf(n).id, isUp);
    // Guests do not ask for a while for whom nobody answered.
    await host.until('a ping', () => (pings() ? true : null));
    await host.until('no problem', () => (host.agent?.problems.length === 0 ? true : null));
  });
});
