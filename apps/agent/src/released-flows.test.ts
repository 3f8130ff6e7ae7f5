import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestHost } from './testing/test-host.js';
import { EGRESS, endpoint, GATEWAY, PING, policy, portOf, SUBNET, stateOf } from './testing/test-states.js';

const isUp = ({ state }: { readonly state: string }): boolean => state === 'up';
const host = new TestHost('rf-host', stateOf(SUBNET, policy('open', EGRESS, PING), endpoint(1), endpoint(2)));
const [lost, kept, other] = ['10.65.0.200', '10.65.0.201', '10.65.0.202'] as const;
const [asker, local] = [portOf(1).ip, portOf(2).ip] as const;

const ask = (ip: string): unknown => host.inGuest('rf-g1', 'sh', '-c', `ping -c 1 -W 1 ${ip} || true`);
const remembered = (): readonly string[] => {
  const lines = host.exec('conntrack', '-L', '-p', 'icmp', '-s', asker).split('\n');
  return [lost, kept, other, local].filter((ip) => lines.some((line) => line.includes(`dst=${ip} `)));
};

beforeAll(async () => {
  await host.serve();
  host.start();
  for (const n of [1, 2]) host.plug({ ...portOf(n), name: `rf-g${n}`, gateway: GATEWAY });
  for (const n of [1, 2]) await host.status(portOf(n).id, isUp);
  // Where other hosts are, which take everything and never answer.
  host.exec('ip', 'link', 'add', 'others', 'type', 'veth', 'peer', 'name', 'their-end');
  for (const link of ['others', 'their-end']) host.exec('ip', 'link', 'set', link, 'up');
  for (const ip of [lost, kept, other]) {
    host.exec('ip', 'route', 'add', `${ip}/32`, 'dev', 'others');
    host.exec('ip', 'neigh', 'add', ip, 'lladdr', 'fa:16:3e:00:00:99', 'dev', 'others');
  }
  for (const ip of [lost, kept, other, local]) ask(ip);
});
afterAll(() => host.remove());

describe('S16: when an address has another owner on another host', () => {
  it('flows with it end, and no others; those of an address that an instance here has are not its business', async () => {
    expect(remembered()).toEqual([lost, kept, other, local]);
    host.release(lost, local);
    await host.until('cut', () => (host.said.includes('cut flows with addresses that others have lost') ? true : null));
    expect(remembered()).toEqual([kept, other, local]);
  });

  it('what is lost while the agent is away ends when it is back; what it has heard of before does not end again', async () => {
    await host.stop('SIGKILL');
    host.release(other);
    // Of this one it has heard before: what is asked of the next owner since is not its predecessor's.
    ask(lost);
    expect(remembered()).toEqual([lost, kept, other, local]);
    host.start();
    await host.until('cut', () => (remembered().includes(other) ? null : true));
    expect(remembered()).toEqual([lost, kept, local]);
  });
});
