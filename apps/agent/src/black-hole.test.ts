import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestHost } from './testing/test-host.js';
import { EGRESS, endpoint, GATEWAY, PING, policy, portOf, SUBNET, stateOf } from './testing/test-states.js';

const OPEN = policy('open', EGRESS, PING);
const host = new TestHost('ag-hole', stateOf(SUBNET, OPEN, endpoint(1), endpoint(2)));
const isUp = ({ state }: { readonly state: string }): boolean => state === 'up';
const plug = (n: number): void => host.plug({ ...portOf(n), name: `ag-b${n}`, gateway: GATEWAY });
const ping = (): string => host.inGuest('ag-b1', 'ping', '-n', '-c', '1', '-W', '1', portOf(2).ip);

beforeAll(async () => {
  for (const n of [1, 2]) plug(n);
  await host.serve();
  host.start();
  for (const n of [1, 2]) await host.status(portOf(n).id, isUp);
});
afterAll(() => host.remove());

describe('S20: a server whose packets vanish, so that nothing is refused and no connection ends', () => {
  it('is noticed; ports that are plugged again meanwhile work by the last state; what changed meanwhile is done when it is back', async () => {
    host.exec('nft', 'add table inet hole; add chain inet hole c { type filter hook output priority 0; }');
    host.exec('nft', 'add rule inet hole c tcp dport 9697 drop; add rule inet hole c tcp sport 9697 drop');
    host.change(stateOf(SUBNET, OPEN, endpoint(1), endpoint(2), endpoint(3)));
    host.exec('ip', 'link', 'delete', portOf(2).tap);
    plug(2);
    await host.until('route', () => (host.exec('ip', 'route', 'show', 'proto', '80').includes(portOf(2).ip) ? true : null));
    expect(ping()).toContain(' 0% packet loss');
    plug(3);
    await host.until('away', () => (host.said.includes('the server is away') ? true : null), 40);
    // Of the two waits, for a word and for the acknowledgement of a report, either may end first.
    expect(host.said).toMatch(/nothing was heard for|ETIMEDOUT/);
    expect(host.exec('ip', 'route', 'show', 'proto', '80')).not.toContain(portOf(3).ip);
    host.forgetStatuses();
    host.exec('nft', 'delete table inet hole');
    for (const n of [2, 3]) await host.status(portOf(n).id, isUp);
    expect(ping()).toContain(' 0% packet loss');
  });
});
