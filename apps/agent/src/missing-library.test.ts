import { realpathSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, TestHost } from './testing/test-host.js';
import { EGRESS, endpoint, GATEWAY, PING, policy, portOf, SUBNET, stateOf } from './testing/test-states.js';
import { withoutFilled } from './testing/without-filled.js';

const state = stateOf(SUBNET, policy('open', EGRESS, PING), policy('shut', EGRESS), endpoint(1), endpoint(2, ['shut']));
const host = new TestHost('ag-lib', state);
const isUp = ({ state: is }: { readonly state: string }): boolean => is === 'up';

/** Where the dynamic loader finds it. */
const library = (): string => realpathSync(/libnftables\.so\.1 .*=> (\S+)/.exec(run('ldconfig', '-p'))?.[1] ?? '');
const pings = (from: number, to: number): boolean => {
  try {
    host.inGuest(`ag-l${from}`, 'ping', '-n', '-c', '1', '-W', '1', portOf(to).ip);
    return true;
  } catch {
    return false;
  }
};
/** All of the host that an agent writes, but for what packets write. */
const look = (): string =>
  [
    withoutFilled(host.exec('nft', '-s', 'list', 'ruleset')),
    host.exec('ip', 'route'),
    host.exec('ip', 'neigh', 'show', 'nud', 'permanent'),
    host.exec('sysctl', '-a', '-r', 'forwarding|proxy_arp'),
  ].join('\n');

beforeAll(async () => {
  for (const n of [1, 2]) host.plug({ ...portOf(n), name: `ag-l${n}`, gateway: GATEWAY });
  await host.serve();
  host.start();
  for (const n of [1, 2]) await host.status(portOf(n).id, isUp);
  await host.stop('SIGTERM');
});
afterAll(() => host.remove());

describe('S20: an agent that cannot load libnftables', () => {
  it.each(['run', 'cleanup'] as const)('ends at once with the reason and the package, and changes nothing: %s', (what) => {
    const before = look();
    const { status, said } = host.once(what, library());
    expect(status).toBe(1);
    expect(said).toMatch(/libnftables\.so\.1: .*cannot be loaded .*install the Debian package libnftables1/);
    expect(said.trim().split('\n')).toHaveLength(1);
    expect(look()).toBe(before);
    expect([pings(2, 1), pings(1, 2)]).toEqual([true, false]);
  });
});
