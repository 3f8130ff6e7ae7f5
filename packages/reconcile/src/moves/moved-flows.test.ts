import { type Endpoint, FLAT_SPACE, flowJudge, type HostState } from '@manx/hoststate';
import { asIp } from '@manx/ip';
import { PICKED_UP_MARK, renderHost } from '@manx/render';
import { addressSet, endpoint, policy, rule, SETTINGS, stateOf, subnet } from '@manx/render/testing/states';
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
  for (const netns of [world.outside, guest])
    netns.run(['nft', 'table inet t { chain c { type filter hook output priority 0; tcp flags rst drop\n}\n}']);
});
afterAll(() => world?.remove());

const segment = (to: number, flags: string): string =>
  `Ether(src='${A.mac}',dst='${HOST_MAC}')/IP(src='10.65.0.2',dst='${OUTSIDE}')/TCP(sport=40000,dport=${to},flags='${flags}',seq=7,ack=9)`;

/** The ports to which the segments get, of those that the guest sends: a last one, which is allowed as any first segment is, tells that all have come. */
const reached = async (picksUp: boolean, frames: readonly string[]): Promise<readonly string[]> => {
  applyPlan(world.host, renderHost(stateWith(picksUp), SETTINGS));
  world.host.run(['conntrack', '-F'], { mayFail: true });
  return (await seenOutside(frames)).flatMap((line) => /\.40000 > \S+\.(\d+): Flags \[([^\]]+)\]/.exec(line)?.slice(1).join(' ') ?? []);
};

/** What is seen outside of the frames that the guest sends. */
const seenOutside = async (frames: readonly string[]): Promise<readonly string[]> => {
  const last = `Ether(src='${A.mac}',dst='${HOST_MAC}')/IP(src='10.65.0.2',dst='${OUTSIDE}')/TCP(sport=40999,dport=443,flags='S')`;
  const seen = await capture(world.outside, { filter: 'tcp and dst host 192.0.2.2' });
  try {
    sendFrames(guest, [...frames, last]);
    return await seen.until('.40999 >');
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

describe('live: a segment of an instance with a floating IP, which may be known by either address to another instance', () => {
  const FLOATING = '203.0.113.5';
  const open = policy('open', [rule('in', {}), rule('out', { direction: 'egress' })]);
  const both: Endpoint = {
    ...A,
    policies: ['open'],
    picksUp: true,
    phase: 'arrived',
    floating: [{ ip: asIp(FLOATING), fixed: asIp('10.65.0.2') }],
  };
  const flat = addressSet(FLAT_SPACE, ['10.65.0.0/24', '192.0.2.0/24', '203.0.113.0/24']);
  const answer = (to: string): string =>
    `Ether(dst='${world.host.run(['cat', '/sys/class/net/up0/address']).stdout.trim()}')/IP(src='${OUTSIDE}',dst='${to}')/TCP(sport=443,dport=40000,flags='A',seq=9,ack=8)`;
  const tracked = (): readonly string[] =>
    world.host
      .run(['conntrack', '-L', '-p', 'tcp'])
      .stdout.split('\n')
      .filter((line) => line.includes('=40000'));
  const sources = async (): Promise<readonly string[]> =>
    (await seenOutside([segment(443, 'A')])).flatMap((line) => /(\S+)\.40000 > /.exec(line)?.[1] ?? []).sort();

  it.each([
    ['its floating IP', FLOATING],
    ['its own', '10.65.0.2'],
  ])('is sent as both, and remembered as neither, until the other end answers to %s', async (_, known) => {
    applyPlan(world.host, renderHost(stateOf([subnet('sub4', '10.65.0.0/24', '10.65.0.1'), open, flat, both]), SETTINGS));
    world.host.run(['conntrack', '-F'], { mayFail: true });
    expect(await sources()).toEqual(['10.65.0.2', FLOATING]);
    expect(tracked()).toEqual([]);
    const heard = await capture(guest, { filter: 'tcp and src host 192.0.2.2' });
    try {
      sendFrames(world.outside, [answer(known)]);
      await heard.until('.443 > 10.65.0.2.40000');
    } finally {
      heard.stop();
    }
    expect(tracked()).toHaveLength(1);
    expect(await sources()).toEqual([known]);
  });
});
