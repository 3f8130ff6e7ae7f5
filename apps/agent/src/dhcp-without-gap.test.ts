import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { TestHost } from './testing/test-host.js';
import { EGRESS, endpoint, GATEWAY, policy, portOf, SUBNET, stateOf } from './testing/test-states.js';

const OPEN = policy('open', EGRESS);
const withOther = stateOf(SUBNET, OPEN, endpoint(1), endpoint(2));
const without = stateOf(SUBNET, OPEN, endpoint(1));
// It asks more often than a port may.
const host = new TestHost('ag-gap', withOther, 'dhcp: {messages_per_second: 1000}\n');
const GUEST = 'ag-gap-g1';
const dnsmasq = (): string => readFileSync(join(host.folder, 'run/dnsmasq.pid'), 'utf8').trim();

afterAll(() => host.remove());

it('S26: while other ports come and go no request for an address is lost', async () => {
  await host.serve();
  host.start();
  host.plug({ ...portOf(1), name: GUEST, gateway: GATEWAY });
  await host.status(portOf(1).id, ({ state }) => state === 'up');
  // One request each, which is not repeated.
  const once1 = 'udhcpc -i eth0 -n -q -f -t 1 -T 1 -s /bin/true 2>/dev/null';
  await host.until('first lease', () => (host.inGuest(GUEST, 'sh', '-c', `${once1} && echo got; true`).includes('got') ? true : null));
  const client = host.spawnInGuest(GUEST, 'sh', '-c', `for i in $(seq 60); do ${once1} && echo got || echo missed; done`);
  let said = '';
  client.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(client, 'exit');
  const pids = new Set<string>();
  while (client.exitCode === null) {
    host.change(without);
    host.change(withOther);
    await new Promise((resolve) => setTimeout(resolve, 70));
    host.change(without);
    await new Promise((resolve) => setTimeout(resolve, 70));
    host.change(withOther);
    await new Promise((resolve) => setTimeout(resolve, 70));
    pids.add(dnsmasq());
  }
  await ended;
  expect(pids.size).toBeGreaterThan(3);
  expect(said.split('\n').filter((line) => line === 'got').length).toBe(60);
  // The one whose place was taken last is gone as well.
  await host.until('one dnsmasq', () => (host.countOf('dnsmasq') === 1 ? true : null));
}, 60_000);
