import { type Endpoint, flowJudge, type HostState } from '@manx/hoststate';
import { PICKED_UP_MARK, renderHost } from '@manx/render';
import { endpoint, policy, rule, SETTINGS, stateOf, subnet } from '@manx/render/testing/states';
import type { TestNetns } from '@manx/render/testing/test-netns';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture, type GuestWorld, makeGuestWorld, sendFrames } from '../testing/guest-world.js';
import { applyPlan } from '../testing/host-in-netns.js';

/** Real segments of TCP connections that began on another host: which go on here. */

const A: Endpoint = endpoint('aaaaaa-1', 0xa, { ips: ['10.65.0.2'], policies: ['some'] });
const HOST_MAC = 'fe:16:3e:00:00:0a';
const OUTSIDE = '192.0.2.2';
/** Out to the port 443, in to the port 80. */
const SOME = policy('some', [
  rule('out', { direction: 'egress', protocol: 6, ports: { from: 443, to: 443 } }),
  rule('in', { protocol: 6, ports: { from: 80, to: 80 } }),
]);
const stateWith = (picksUp: boolean): HostState =>
  stateOf([subnet('sub4', '10.65.0.0/24', '10.65.0.1'), SOME, { ...A, picksUp, phase: picksUp ? 'arrived' : 'home' }]);

let world: GuestWorld;
let guest: TestNetns;

beforeAll(() => {
  world = makeGuestWorld('moved');
  guest = world.plug(A);
  // Nobody listens there, and a reset would end what is looked at.
  world.outside.run(['nft', 'table inet t { chain c { type filter hook output priority 0; tcp flags rst drop\n}\n}']);
});
afterAll(() => world?.remove());

const segment = (to: number, flags: string): string =>
  `Ether(src='${A.mac}',dst='${HOST_MAC}')/IP(src='10.65.0.2',dst='${OUTSIDE}')/TCP(sport=40000,dport=${to},flags='${flags}',seq=7,ack=9)`;

/** The ports to which the segments get, of those that the guest sends: a last one, which is allowed as any first segment is, tells that all have come. */
const reached = async (picksUp: boolean, frames: readonly string[]): Promise<readonly string[]> => {
  applyPlan(world.host, renderHost(stateWith(picksUp), SETTINGS));
  world.host.run(['conntrack', '-F'], { mayFail: true });
  const last = `Ether(src='${A.mac}',dst='${HOST_MAC}')/IP(src='10.65.0.2',dst='${OUTSIDE}')/TCP(sport=40999,dport=443,flags='S')`;
  const seen = await capture(world.outside, { filter: 'tcp and dst host 192.0.2.2' });
  try {
    sendFrames(guest, [...frames, last]);
    const lines = await seen.until('.40999 >');
    return lines.flatMap((line) => /\.40000 > \S+\.(\d+): Flags \[([^\]]+)\]/.exec(line)?.slice(1).join(' ') ?? []);
  } finally {
    seen.stop();
  }
};

describe('a TCP connection that this host knows nothing of', () => {
  it('S16: goes on where it may begin, for an instance that has just come; a reset and what no rule allows do not', async () => {
    const frames = [segment(443, 'R'), segment(443, 'SA'), segment(444, 'A'), segment(443, 'A')];
    expect(await reached(true, frames)).toEqual(['443 .']);
    // Marked, so that it is judged as what either end may have begun.
    const { stdout } = world.host.run(['conntrack', '-L', '-m', String(PICKED_UP_MARK)]);
    expect(
      stdout
        .trim()
        .split('\n')
        .filter((line) => line.includes('sport=40000 dport=443')),
    ).toHaveLength(1);
  });

  it('S16: does not go on for any other', async () => {
    expect(await reached(false, [segment(443, 'A')])).toEqual([]);
  });

  it('what goes on may begin by the same rules', () => {
    const isAllowed = flowJudge(stateWith(true));
    const flow = (dport: number) =>
      ({ protocol: 6, source: '10.65.0.2', destination: OUTSIDE, sport: 40_000, dport, icmp: null }) as unknown as Parameters<
        typeof isAllowed
      >[0];
    expect([443, 444].map((port) => isAllowed(flow(port)))).toEqual([true, false]);
  });
});
