import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostState } from '@manx/hoststate';
import { asIp } from '@manx/ip';
import { afterAll, describe, expect, it } from 'vitest';
import { TestHost } from './testing/test-host.js';
import { EGRESS, endpoint, GATEWAY, PING, policy, portOf, SUBNET, stateOf } from './testing/test-states.js';

const GROUP = '239.1.2.3';
const [A, B] = [portOf(1), portOf(2)];
const OWN = '192.0.2.1';
const settings = `multicast: {address: ${OWN}, hosts: [192.0.2.0/24]}\nmulticast_query_seconds: 1\n`;
const wanting = (...hosts: readonly string[]): HostState =>
  stateOf(SUBNET, policy('open', EGRESS, PING), endpoint(1), endpoint(2), {
    kind: 'set',
    id: 'multicast-239_1_2_3',
    members: hosts.map(asIp),
  });

const host = new TestHost('ag-multicast', wanting(), settings);
const guestOf = (n: number): string => `ag-multicast-g${n}`;
const isUp = ({ state }: { readonly state: string }): boolean => state === 'up';
/** The copies that a packet to the group is made into, by what they are sent to. */
const copies = (): readonly string[] =>
  [...host.exec('nft', 'list', 'table', 'ip', 'manx').matchAll(/dup to (\S+) device/g)].map(([, to]) => to ?? '').toSorted();
const goesTo = async (...wanted: readonly string[]): Promise<void> => {
  await host.until(`copies to ${wanted.join()}`, () => (copies().join() === wanted.toSorted().join() ? true : null), 20);
};
const told = (): unknown => host.agent?.multicast?.groups;
/** An application of the guest that listens until it is ended. */
const listen = (n: number) =>
  host.spawnInGuest(
    guestOf(n),
    'python3',
    '-c',
    `import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.setsockopt(0, 35, socket.inet_aton("${GROUP}") + bytes(4))\ninput()`,
  );

afterAll(() => host.remove());

describe('S10: instances that listen to a group', () => {
  it('are heard, get copies, and the server is told of the group', async () => {
    await host.serve();
    host.start();
    for (const [n, port] of [A, B].entries()) host.plug({ ...port, name: guestOf(n + 1), gateway: GATEWAY });
    for (const { id } of [A, B]) await host.status(id, isUp);
    const first = listen(1);
    await goesTo(A.ip);
    const second = listen(2);
    await goesTo(A.ip, B.ip);
    await host.until('the report', () => (JSON.stringify(told()) === JSON.stringify([{ group: GROUP, source: null }]) ? true : null));
    second.kill();
    await goesTo(A.ip);
    first.kill();
    await goesTo();
    await host.until('the report', () => (JSON.stringify(told()) === '[]' ? true : null));
  });

  it('on other hosts get one copy a host, by the tunnel, and this host none', async () => {
    host.change(wanting(OWN, '192.0.2.2'));
    // As the hosts are called on the tunnel's device (`tunnelHop` of render).
    await goesTo('240.0.2.2');
    expect(host.exec('bridge', 'fdb', 'show', 'dev', 'manx-mcast')).toContain('dst 192.0.2.2 self permanent');
    host.exec('ip', 'link', 'delete', 'manx-mcast');
    host.change(wanting(OWN, '192.0.2.2', '192.0.2.3'));
    await goesTo('240.0.2.2', '240.0.2.3');

    // nft names a device that is there, and gives the number of one that is not.
    await host.until('rules for the new device', () =>
      host.exec('nft', 'list', 'table', 'ip', 'manx').includes('240.0.2.3 device "manx-mcast"') ? true : null,
    );
    host.change(wanting());
    await goesTo();
  });

  it('S20: get them while the agent is dead, and when it is back; one that comes back on a new tap is heard anew', async () => {
    const app = listen(1);
    await goesTo(A.ip);
    await host.until('the copy on disk', () =>
      existsSync(join(host.folder, 'state/listeners.json')) &&
      readFileSync(join(host.folder, 'state/listeners.json'), 'utf8').includes(A.id)
        ? true
        : null,
    );
    await host.stop('SIGKILL');
    expect(copies()).toEqual([A.ip]);
    host.start();
    await host.until('the second agent', () => (host.said.split('connected to the server').length > 2 ? true : null), 30);
    expect(copies()).toEqual([A.ip]);
    expect(host.said).not.toContain('others changed');
    host.exec('ip', 'link', 'delete', A.tap);
    await goesTo();
    app.kill();
    host.plug({ ...A, name: guestOf(1), gateway: GATEWAY });
    const again = listen(1);
    await goesTo(A.ip);
    again.kill();
    await goesTo();
  });

  it('that crash without a word get none after a while', async () => {
    listen(2);
    await goesTo(B.ip);
    host.inGuest(guestOf(2), 'ip', 'link', 'set', 'eth0', 'down');
    await goesTo();
  });
});
