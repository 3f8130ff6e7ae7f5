import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { IfName } from '@manx/hoststate';
import { asMac } from '@manx/ip';
import { cleanupPlan, formatStep, planHost } from '@manx/reconcile';
import type { HostPlan, TokenBucket } from '@manx/render';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeTestNetns } from '../testing/test-netns.js';
import { openTestPorts } from '../testing/test-ports.js';
import { applySteps } from './apply-steps.js';
import { HostObserver } from './host-observer.js';
import { readDrops } from './read-counters.js';
import { surveyHost } from './survey-host.js';

/** Limits of bandwidth in a real kernel, with a guest that sends more than it may. */

const TAP = 'tap0a1b2c3d-4e' as IfName;
const SHAPER = 'lim0a1b2c3d-4e';
const MAC = asMac('fe:16:3e:00:00:01');
const host = makeTestNetns('kn-lim');
const guest = makeTestNetns('kn-lim-guest');
const ports = openTestPorts(host);
const observer = new HostObserver(ports);

const plug = (): void => {
  host.exec('ip', 'link', 'add', TAP, 'address', MAC, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', guest.name);
  host.exec('ip', 'address', 'add', '10.65.0.1/24', 'dev', TAP);
  host.exec('ip', 'link', 'set', TAP, 'up');
  guest.exec('ip', 'address', 'add', '10.65.0.2/24', 'dev', 'eth0');
  guest.exec('ip', 'link', 'set', 'eth0', 'up');
  guest.exec('ip', 'route', 'replace', 'default', 'via', '10.65.0.1');
};

beforeAll(plug);
afterAll(async () => {
  await ports.nftables.close();
  ports.rtnetlink.close();
  ports.conntrack.close();
  guest.remove();
  host.remove();
});

type Limits = { readonly toGuest?: TokenBucket; readonly fromGuest?: TokenBucket };
const EIGHT_KB: TokenBucket = { rate: 8000, burst: 16_384, queue: 30_280 };
const FAST: TokenBucket = { rate: 125_000_000_000, burst: 125_000_000, queue: 4_294_967_295 };

const planOf = ({ toGuest, fromGuest }: Limits, taps = [TAP]): HostPlan => ({
  tables: [],
  links: new Map(
    taps.map((ifname) => [
      ifname,
      { ifname, mac: MAC, addresses: [], sysctls: new Map(), toGuest: toGuest ?? null, fromGuest: fromGuest ?? null },
    ]),
  ),
  routes: new Map(),
  neighbours: new Map(),
  sysctls: new Map(),
  dnsmasq: { files: new Map() },
  bird: { files: new Map() },
  problems: [],
});

/** The steps about limits; addresses are the test's own. */
const stepsTo = async (plan: HostPlan | null) => {
  observer.invalidate();
  const facts = await observer.observe(plan);
  return (plan === null ? cleanupPlan(facts, new Map()) : planHost(plan, facts, [])).filter(({ kind }) => /limit/.test(kind));
};

/** What it took to limit the tap so; nothing is left to be done then. */
const limit = async (limits: Limits | null, taps?: IfName[]): Promise<readonly string[]> => {
  const plan = limits === null ? null : planOf(limits, taps);
  const steps = await stepsTo(plan);
  const context = { ports, indexOf: observer.indexOf.bind(observer), isAllowed: () => true, onHostSysctl: () => undefined };
  // The sysctls of a namespace are seen by a process that is in it.
  const { failures } = await host.inside(() => applySteps(steps, context));
  expect(failures).toEqual([]);
  expect(await stepsTo(plan)).toEqual([]);
  return steps.map(formatStep);
};
const qdiscs = (): string => host.exec('tc', 'qdisc', 'show');

beforeEach(async () => void (await limit({})));

describe('limits of bandwidth', () => {
  it('stand as planned, at any rate, and are said by tc as well', async () => {
    for (const bucket of [
      { rate: 125, burst: 16_384, queue: 30_280 },
      EIGHT_KB,
      { rate: 12_500_000, burst: 10_000_000, queue: 625_000 },
      FAST,
    ])
      await limit({ toGuest: bucket, fromGuest: bucket });
    await limit({ toGuest: EIGHT_KB, fromGuest: { ...EIGHT_KB, rate: 16_000 } });
    expect(qdiscs()).toMatch(new RegExp(`tbf 4d58: dev ${TAP} root .*rate 64Kbit burst 16Kb`));
    expect(qdiscs()).toMatch(new RegExp(`tbf 4d58: dev ${SHAPER} root .*rate 128Kbit`));
    expect(host.exec('tc', 'filter', 'show', 'dev', TAP, 'ingress')).toContain(`mirred (Egress Redirect to device ${SHAPER}) stolen`);
    expect(host.exec('ip', 'address', 'show', 'dev', SHAPER)).not.toContain('inet6');
  });

  it('that change are changed where they are', async () => {
    await limit({ toGuest: EIGHT_KB, fromGuest: EIGHT_KB });
    const index = ports.rtnetlink.link(SHAPER)?.ifindex;
    await limit({ toGuest: { ...EIGHT_KB, rate: 9000 }, fromGuest: { ...EIGHT_KB, rate: 9000 } });
    expect(ports.rtnetlink.link(SHAPER)?.ifindex).toBe(index);
    expect(host.exec('tc', '-s', 'qdisc', 'show', 'dev', SHAPER)).toContain('rate 72Kbit');
  });

  it('go, and leave nothing: when they are no longer wanted, with the port, with the tap, on clean-up', async () => {
    const isNothingLeft = (): boolean => !/tbf|ingress/.test(qdiscs()) && ports.rtnetlink.link(SHAPER) === null;
    const both = { toGuest: EIGHT_KB, fromGuest: EIGHT_KB };
    await limit(both);
    await limit({});
    expect(isNothingLeft()).toBe(true);
    await limit(both);
    await limit({}, []);
    expect(isNothingLeft()).toBe(true);
    await limit(both);
    host.exec('ip', 'link', 'delete', TAP);
    expect(await limit(both)).toEqual([]);
    await limit({}, []);
    expect(isNothingLeft()).toBe(true);
    plug();
    await limit(both);
    await limit(null);
    expect(isNothingLeft()).toBe(true);
  });

  it.each<readonly [string, readonly [string, ...string[]]]>([
    ['the shaper was deleted', ['ip', 'link', 'delete', SHAPER]],
    ['the shaper was set down', ['ip', 'link', 'set', SHAPER, 'down']],
    ['the shaper lost its bucket', ['tc', 'qdisc', 'delete', 'dev', SHAPER, 'root']],
    ['what the guest sends was led past', ['tc', 'qdisc', 'delete', 'dev', TAP, 'ingress']],
    ['the tap lost its bucket', ['tc', 'qdisc', 'delete', 'dev', TAP, 'root']],
    ['the tap got another discipline', ['tc', 'qdisc', 'replace', 'dev', TAP, 'root', 'handle', '7:', 'pfifo']],
    [
      'the tap got another rate',
      ['tc', 'qdisc', 'change', 'dev', TAP, 'root', 'handle', '4d58:', 'tbf', 'rate', '9mbit', 'burst', '16384', 'limit', '30280'],
    ],
  ])('that a stranger took away are put back: %s', async (_, command) => {
    await limit({ toGuest: EIGHT_KB, fromGuest: EIGHT_KB });
    host.exec(...command);
    expect(await limit({ toGuest: EIGHT_KB, fromGuest: EIGHT_KB })).toHaveLength(1);
  });

  it("what somebody else set on a tap without limits is left alone, and only one's own discipline is not told of", async () => {
    host.exec('tc', 'qdisc', 'replace', 'dev', TAP, 'root', 'handle', '7:', 'pfifo');
    host.exec('tc', 'qdisc', 'add', 'dev', TAP, 'ingress');
    expect(await limit({})).toEqual([]);
    expect(qdiscs()).toMatch(/pfifo 7: .*\n.*ingress/);
    expect((await host.inside(() => surveyHost(ports, []))).tapQdiscs.get(TAP)).toBe('pfifo');
    await limit({ toGuest: EIGHT_KB });
    expect((await host.inside(() => surveyHost(ports, []))).tapQdiscs.get(TAP)).toBeUndefined();
    host.exec('tc', 'qdisc', 'delete', 'dev', TAP, 'ingress');
  });
});

describe('traffic', () => {
  const talkers: ChildProcess[] = [];
  afterAll(() => talkers.forEach((talker) => talker.kill()));

  /** Sends datagrams of a kilobyte as fast as it goes, until `stop`. */
  const flood = async (from: string, to: string): Promise<{ readonly stop: () => void }> => {
    const script = `import socket,time
s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); print('ready',flush=True)
while True:
  try:
    for n in range(20): s.sendto(b'x'*958,('${to}',7))
  except OSError: pass
  time.sleep(0.001)`;
    const talker = spawn('ip', ['netns', 'exec', from, '/usr/bin/python3', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    talkers.push(talker);
    await once(talker.stdout, 'data');
    return { stop: () => void talker.kill() };
  };

  /** Bytes that came to a namespace for port 7, with all headers. */
  const listen = async (at: string): Promise<{ readonly bytes: () => number; readonly until: (bytes: number) => Promise<void> }> => {
    const script = `import socket
s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.bind(('',7)); print(0,flush=True)
while True: print(len(s.recv(2000))+42,flush=True)`;
    const listener = spawn('ip', ['netns', 'exec', at, '/usr/bin/python3', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    talkers.push(listener);
    let bytes = 0;
    let onMore = (): void => undefined;
    const lines = createInterface(listener.stdout);
    await once(lines, 'line');
    lines.on('line', (line) => {
      bytes += Number(line);
      onMore();
    });
    return {
      bytes: () => bytes,
      until: async (wanted) => {
        await new Promise<void>((resolve) => {
          onMore = () => {
            if (bytes >= wanted) resolve();
          };
        });
      },
    };
  };

  it.each([
    { which: 'fromGuest', reason: 'egress-rate', from: guest, to: host, address: '10.65.0.1' },
    { which: 'toGuest', reason: 'ingress-rate', from: host, to: guest, address: '10.65.0.2' },
  ] as const)(
    '$which stays within the limit while it is changed again and again, and what is dropped is counted',
    async ({ which, reason, from, to, address }) => {
      const began = performance.now();
      const rates = [40_000, 60_000, 50_000, 70_000];
      const bucket = (rate: number): TokenBucket => ({ ...EIGHT_KB, rate });
      await limit({ [which]: bucket(40_000) });
      const receiver = await listen(to.name);
      const sender = await flood(from.name, address);
      let wanted = 0;
      for (const rate of rates) {
        await limit({ [which]: bucket(rate) });
        wanted += 25_000;
        await receiver.until(wanted);
      }
      sender.stop();
      // With every change the bucket is full again.
      const most = (70_000 * (performance.now() - began)) / 1000 + (rates.length + 1) * EIGHT_KB.burst;
      expect(receiver.bytes()).toBeLessThanOrEqual(most);
      const { drops } = await readDrops(ports);
      expect(drops).toEqual([{ at: TAP, reason, packets: expect.any(Number), bytes: 0 }]);
      expect(drops[0]?.packets).toBeGreaterThan(100);
    },
  );
});
