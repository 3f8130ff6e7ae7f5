import type { HostState, IfName } from '@manx/hoststate';
import { asCidr, asIp, asMac, hostCidr } from '@manx/ip';
import { type HostPlan, renderHost, type TokenBucket } from '@manx/render';
import { arbitraryState } from '@manx/render/testing/arbitrary-state';
import { endpoint, NAMED_STATES, SETTINGS, stateOf } from '@manx/render/testing/states';
import { makeTestNetns, type TestNetns } from '@manx/render/testing/test-netns';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cleanupPlan } from './cleanup-plan.js';
import type { HostFacts, LimitFact, LinkFact } from './host-facts.js';
import { planHost } from './plan-host.js';
import { statusOf } from './status-of.js';
import { formatStep, type Step, stepInterfaces } from './step.js';
import { observedOf } from './table-shape.js';
import { applyPlan, applySteps, readFacts } from './testing/host-in-netns.js';

const state = NAMED_STATES.get('web-and-db') ?? stateOf([]);
const plan = renderHost(state, SETTINGS);
const TAP = 'tap0a1b2c3d-4e' as IfName;

const link = (more: Partial<LinkFact> = {}): LinkFact => ({
  index: 5,
  mac: asMac('fe:16:3e:00:00:01'),
  isUp: true,
  mtu: 1500,
  addresses: [],
  ...more,
});

/** A host on which nothing of ours is, with these taps. */
const bare = (links: ReadonlyMap<IfName, LinkFact>): HostFacts => ({
  links,
  limits: new Map(),
  routes: [],
  neighbours: [],
  sysctls: new Map(),
  tables: [],
  files: { dnsmasq: new Map(), bird: new Map() },
});

/** What limits taps where the plan stands. */
const limitsOf = ({ links }: HostPlan): HostFacts['limits'] =>
  new Map(
    [...links.values()].flatMap(({ ifname, toGuest, fromGuest }): Array<[IfName, LimitFact]> => {
      const isLed = fromGuest !== null;
      return toGuest === null && !isLed ? [] : [[ifname, { toGuest, fromGuest, hasShaper: isLed, led: isLed ? 'through' : 'past' }]];
    }),
  );

/** A host on which the plan stands. */
const done = (of: HostPlan): HostFacts => ({
  links: new Map([...of.links].map(([name, { mac, addresses }]) => [name, link({ mac, addresses })])),
  limits: limitsOf(of),
  routes: [...of.routes.values()],
  neighbours: [...of.neighbours.values()],
  sysctls: new Map([...of.sysctls, ...[...of.links.values()].flatMap(({ sysctls }) => [...sysctls])]),
  tables: of.tables.map(observedOf),
  files: { dnsmasq: of.dnsmasq.files, bird: of.bird.files },
});

const kinds = (steps: readonly Step[]): string[] => [...new Set(steps.map(({ kind }) => kind))];
const lines = (steps: readonly Step[]): string[] => steps.map(formatStep);

describe('the order of one apply', () => {
  it('is policy, then flows, then links and neighbours, then routes, then programs', () => {
    const whole = { ...plan, dnsmasq: { files: new Map([['hosts', 'x']]) } };
    const links = new Map([...plan.links.keys()].map((name) => [name, link({ addresses: [{ ip: asIp('192.0.2.9'), prefixLength: 32 }] })]));
    expect(kinds(planHost(whole, bare(links), [asIp('10.65.0.2')]))).toEqual([
      'apply-nft',
      'review-flows',
      'write-sysctl',
      'add-address',
      'delete-address',
      'set-mac',
      'set-neighbour',
      'set-route',
      'write-files',
    ]);
  });

  it('takes routes away before anything else, and nothing is left to do when all is done', () => {
    const stale = { destination: asCidr('10.65.0.77/32'), hops: [{ dev: TAP, via: null }], metric: 1024 };
    expect(lines(planHost(plan, { ...done(plan), routes: [stale, ...plan.routes.values()] }, []))).toEqual([
      'delete route 10.65.0.77/32 dev tap0a1b2c3d-4e metric 1024',
    ]);
    expect(planHost(plan, done(plan), [])).toEqual([]);
    // Connections by what leaves are carried before a packet of theirs can be led away.
    const leaving = planHost(plan, { ...done(plan), routes: [stale, ...plan.routes.values()] }, [], [asIp('203.0.113.5')]);
    expect(kinds(leaving)).toEqual(['review-flows', 'delete-route']);
  });

  it('programs nft alone, fail-closed, while a tap is missing; and waits with routes until it is up', () => {
    expect(kinds(planHost(plan, bare(new Map()), []))).toEqual(['apply-nft', 'write-sysctl']);
    const down = planHost(plan, bare(new Map([[TAP, link({ isUp: false })]])), []);
    expect(kinds(down)).not.toContain('set-route');
    expect(kinds(down)).not.toContain('set-neighbour');
    expect(kinds(down)).toContain('add-address');
  });
});

describe('limits of bandwidth', () => {
  const bucket = { rate: 125_000, burst: 100_000, queue: 30_280 };
  const link0 = plan.links.get(TAP);
  const limited = (toGuest: TokenBucket | null, fromGuest: TokenBucket | null): HostPlan =>
    link0 === undefined ? plan : { ...plan, links: new Map([...plan.links, [TAP, { ...link0, toGuest, fromGuest }]]) };
  const found = (more: Partial<LimitFact>): LimitFact => ({ toGuest: null, fromGuest: null, hasShaper: false, led: 'past', ...more });
  const steps = (wanted: HostPlan, fact: LimitFact): string[] =>
    lines(planHost(wanted, { ...done(plan), limits: new Map([[TAP, fact]]) }, []));
  const FROM = 'limit what the guest on tap0a1b2c3d-4e sends to 125000 bytes per second, 100000 at once';

  it('stand before anything is sent to the guest', () => {
    const order = kinds(planHost(limited(bucket, bucket), bare(new Map([[TAP, link({})]])), []));
    expect(order.filter((kind) => ['limit-to-guest', 'limit-from-guest', 'set-route'].includes(kind))).toEqual([
      'limit-to-guest',
      'limit-from-guest',
      'set-route',
    ]);
  });

  it('are left as they are where the kernel has rounded the burst, and are set where anything is another', () => {
    const standing = { hasShaper: true, led: 'through' } as const;
    expect(steps(limited(null, bucket), found({ ...standing, fromGuest: { ...bucket, burst: 99_999 } }))).toEqual([]);
    for (const other of [{ rate: 125_001 }, { burst: 99_000 }, { queue: 1 }])
      expect(steps(limited(null, bucket), found({ ...standing, fromGuest: { ...bucket, ...other } }))).toEqual([FROM]);
    for (const led of ['past', 'astray'] as const)
      expect(steps(limited(null, bucket), found({ hasShaper: true, fromGuest: bucket, led }))).toEqual([FROM]);
  });

  it('go where they are not wanted: whatever is left of them, and with a tap that is gone', () => {
    const away = 'let the guest on tap0a1b2c3d-4e send without limit';
    for (const left of [{ hasShaper: true }, { led: 'astray' }, { led: 'through', hasShaper: true, fromGuest: bucket }] as const)
      expect(steps(limited(null, null), found(left))).toEqual([away]);
    const facts = { ...bare(new Map()), limits: new Map([[TAP, found({ hasShaper: true })]]) };
    expect(lines(cleanupPlan(facts, new Map()))).toContain(away);
  });
});

describe('routes', () => {
  it('that move to another tap are replaced without a gap', () => {
    const facts = done(plan);
    const moved = facts.routes.map((route) =>
      route.hops[0]?.dev === TAP ? { ...route, hops: [{ dev: 'tap1a1b2c3d-4e' as IfName, via: null }] } : route,
    );
    expect(lines(planHost(plan, { ...facts, routes: moved }, []))).toEqual([
      'set route 10.65.0.2/32 dev tap0a1b2c3d-4e metric 1024',
      'set route 2001:db8:65::2/128 dev tap0a1b2c3d-4e metric 1024',
    ]);
  });

  it('that get another metric: the new one stands before the old one goes', () => {
    const facts = done(plan);
    const better = facts.routes.map((route) => (route.hops[0]?.dev === TAP ? { ...route, metric: 512 } : route));
    expect(lines(planHost(plan, { ...facts, routes: better }, []))).toEqual([
      'set route 10.65.0.2/32 dev tap0a1b2c3d-4e metric 1024',
      'set route 2001:db8:65::2/128 dev tap0a1b2c3d-4e metric 1024',
      'delete route 10.65.0.2/32 dev tap0a1b2c3d-4e metric 512',
      'delete route 2001:db8:65::2/128 dev tap0a1b2c3d-4e metric 512',
    ]);
  });

  it('that are there twice, or with no single device, lose the wrong one first', () => {
    const facts = done(plan);
    const twice = { destination: hostCidr(asIp('10.65.0.2')), hops: [{ dev: 'tap1a1b2c3d-4e' as IfName, via: null }], metric: 1024 };
    expect(lines(planHost(plan, { ...facts, routes: [...facts.routes, twice] }, []))).toEqual([
      'delete route 10.65.0.2/32 dev tap1a1b2c3d-4e metric 1024',
    ]);
    const nowhere = { ...twice, hops: [] };
    const others = facts.routes.filter(({ destination }) => destination !== nowhere.destination);
    expect(lines(planHost(plan, { ...facts, routes: [...others, nowhere] }, []))).toEqual([
      'delete route 10.65.0.2/32 to nowhere metric 1024',
      'set route 10.65.0.2/32 dev tap0a1b2c3d-4e metric 1024',
    ]);
  });
});

it('routes and neighbours that the kernel drops with the last IPv4 address of a tap are given again', () => {
  const facts = done(plan);
  const old = link({ mac: asMac('fe:16:3e:00:00:01'), addresses: [{ ip: asIp('192.0.2.9'), prefixLength: 32 }] });
  const bareLink = plan.links.get(TAP);
  if (bareLink === undefined) throw new Error('no link');
  const addresses = bareLink.addresses.filter(({ ip }) => ip.includes(':'));
  const without = { ...plan, links: new Map([[TAP, { ...bareLink, addresses }]]) };
  const steps = planHost(without, { ...facts, links: new Map([[TAP, old]]) }, []);
  // The last step is about the taps that are not there in these facts.
  expect(lines(steps.slice(-4, -1))).toEqual([
    'delete address 192.0.2.9/32 from tap0a1b2c3d-4e',
    'set neighbour 10.65.0.2 at fa:16:3e:00:00:01 dev tap0a1b2c3d-4e',
    'set route 10.65.0.2/32 dev tap0a1b2c3d-4e metric 1024',
  ]);
});

it('S29: the IPv6 MTU of a tap is the network’s, but never more than the tap has: the kernel would refuse it', () => {
  const mtuSteps = (mtu: number, tap: number): string[] => {
    const subnets = new Map([...state.subnets].map(([id, subnet]) => [id, { ...subnet, mtu }]));
    const links = new Map([[TAP, link({ mtu: tap })]]);
    return lines(planHost(renderHost({ ...state, subnets }, SETTINGS), bare(links), [])).filter((line) => line.includes('/mtu'));
  };
  const set = (mtu: number): string[] => [`write sysctl net/ipv6/conf/${TAP}/mtu = ${mtu}`];
  expect(mtuSteps(1400, 1500)).toEqual(set(1400));
  expect(mtuSteps(9000, 1500)).toEqual(set(1500));
  expect(mtuSteps(9000, 9000)).toEqual(set(9000));
  expect(mtuSteps(576, 1500)).toEqual(set(1280));
});

describe('what is not ours', () => {
  const stranger = { ip: asIp('172.16.0.9'), mac: asMac('02:00:00:00:00:09'), dev: 'tap9' as IfName };

  it('is left alone: a tap with addresses and neighbours that no port of ours has', () => {
    const facts = done(plan);
    const links = new Map([...facts.links, ['tap9' as IfName, link({ addresses: [{ ip: asIp('172.16.0.1'), prefixLength: 24 }] })]]);
    const around = { ...facts, links, neighbours: [...facts.neighbours, stranger] };
    expect(planHost(plan, around, [])).toEqual([]);
    expect(cleanupPlan(around, new Map()).filter((step) => stepInterfaces(step)?.includes('tap9' as IfName))).toEqual([]);
  });

  it('S19: a tap of a port that went is released: shut, without addresses, routes and neighbours', () => {
    const facts = done(plan);
    const without = new Map([...state.endpoints].filter(([, { ifname }]) => ifname !== TAP));
    const steps = planHost(renderHost({ ...state, endpoints: without }, SETTINGS), facts, []);
    expect(lines(steps).filter((line) => line !== `apply nft: ${line.split(' ')[2]} lines in one transaction`)).toEqual([
      'delete route 10.65.0.2/32 dev tap0a1b2c3d-4e metric 1024',
      'delete route 2001:db8:65::2/128 dev tap0a1b2c3d-4e metric 1024',
      'delete neighbour 10.65.0.2 at fa:16:3e:00:00:01 dev tap0a1b2c3d-4e',
      'delete neighbour 2001:db8:65::2 at fa:16:3e:00:00:01 dev tap0a1b2c3d-4e',
      'write sysctl net/ipv4/conf/tap0a1b2c3d-4e/forwarding = 0',
      'write sysctl net/ipv4/conf/tap0a1b2c3d-4e/proxy_arp = 0',
      'write sysctl net/ipv6/conf/tap0a1b2c3d-4e/forwarding = 0',
      'delete address 10.65.0.1/32 from tap0a1b2c3d-4e',
      'delete address 2001:db8:65::1/64 from tap0a1b2c3d-4e',
      'delete address fe80::fc16:3eff:fe00:1/64 from tap0a1b2c3d-4e',
    ]);
  });
});

describe('status', () => {
  const seen = { state, plan, facts: done(plan), remaining: [], failures: [], revision: 7 };
  const of = (id: string, more: Partial<Parameters<typeof statusOf>[0]> = {}) =>
    statusOf({ ...seen, ...more }).find((status) => status.id === id);
  const ID = '0a1b2c3d-4e';

  it('is up, for every port in order, when nothing remains', () => {
    expect(statusOf(seen)).toEqual(
      ['0a1b2c3d-4e', '1a1b2c3d-4e', '2a1b2c3d-4e'].map((id) => ({ id, state: 'up', revision: 7, problem: null })),
    );
  });

  it('is not up while a step of its own, or of the whole host, remains or failed', () => {
    const own: Step = { kind: 'set-mac', ifname: TAP, mac: asMac('fe:00:00:00:00:01') };
    expect(of(ID, { remaining: [own] })).toMatchObject({
      state: 'error',
      problem: 'not done: set mac of tap0a1b2c3d-4e to fe:00:00:00:00:01',
    });
    expect(of('1a1b2c3d-4e', { remaining: [own] })).toMatchObject({ state: 'up' });
    const whole: Step = { kind: 'apply-nft', script: 'x\n' };
    expect(of(ID, { failures: [{ step: whole, detail: 'no' }] })).toMatchObject({
      state: 'error',
      problem: 'apply nft: 1 lines in one transaction: no',
    });
  });

  it('is down without the interface, or with the port set down; an error when the port could not be rendered', () => {
    expect(of(ID, { facts: bare(new Map()) })).toMatchObject({ state: 'down', problem: 'no interface tap0a1b2c3d-4e' });
    expect(of(ID, { facts: bare(new Map([[TAP, link({ isUp: false })]])) })).toMatchObject({ state: 'down' });
    const off = stateOf([endpoint('a', 1, { ips: [], isUp: false }), endpoint('b', 2, { ips: [], policies: ['gone'] })]);
    expect(statusOf({ ...seen, state: off, plan: renderHost(off, SETTINGS) })).toMatchObject([
      { id: 'a', state: 'down' },
      { id: 'b', state: 'error', problem: 'no such policy: gone' },
    ]);
  });
});

describe('on a real host', () => {
  let netns: TestNetns;
  const taps = (of: HostState): IfName[] => [...of.endpoints.values()].map(({ ifname }) => ifname);
  beforeAll(() => {
    netns = makeTestNetns('plan');
  });
  afterAll(() => netns.remove());
  const existing = new Set<IfName>();
  const plugIn = (names: readonly IfName[]): void => {
    for (const name of names.filter((one) => !existing.has(one))) {
      netns.run(['sh', '-c', `ip tuntap add ${name} mode tap && ip link set ${name} up`]);
      existing.add(name);
    }
  };
  beforeEach(() => netns.run(['nft', 'flush', 'ruleset']));
  afterEach(() => {
    for (const name of existing) netns.run(['ip', 'link', 'delete', name]);
    existing.clear();
  });

  it('any state is reached from any other in one apply, and then nothing is left to do', () => {
    fc.assert(
      fc.property(fc.array(arbitraryState, { minLength: 2, maxLength: 3 }), (states) => {
        for (const one of states) {
          plugIn(taps(one));
          const wanted = renderHost(one, SETTINGS);
          applyPlan(netns, wanted);
          expect(lines(planHost(wanted, readFacts(netns, wanted), []))).toEqual([]);
        }
      }),
      { numRuns: 8 },
    );
  });

  it('S20: a second apply of the same state does nothing at all: what an earlier agent left is adopted', () => {
    plugIn(taps(state));
    expect(applyPlan(netns, plan).length).toBeGreaterThan(50);
    expect(applyPlan(netns, renderHost(structuredClone(state), SETTINGS))).toEqual([]);
  });

  it('cleanup removes all that is ours and nothing else, and no tap forwards on the way', () => {
    plugIn([...taps(state), 'tap9' as IfName]);
    netns.run([
      'sh',
      '-c',
      'echo 0 > /proc/sys/net/ipv4/ip_forward; nft add table inet mine; ip address add 172.16.0.1/24 dev tap9; ip route add 192.0.2.0/24 dev tap9; ip neigh add 172.16.0.9 lladdr 02:00:00:00:00:09 dev tap9 nud permanent',
    ]);
    const before = [
      'nft list ruleset',
      'ip -4 address',
      'ip route',
      'ip -6 route',
      'ip neigh show nud permanent',
      'cat /proc/sys/net/ipv4/ip_forward',
    ];
    const look = (): string[] => before.map((command) => netns.run(['sh', '-c', command]).stdout);
    const was = look();
    const saved = new Map([['net/ipv4/ip_forward', '0']]);
    applyPlan(netns, plan);
    const steps = cleanupPlan(readFacts(netns, plan), saved);
    expect(steps.findLastIndex(({ kind }) => kind === 'write-sysctl')).toBeLessThan(steps.findIndex(({ kind }) => kind === 'apply-nft'));
    applySteps(netns, steps);
    const is = look();
    // The kernel gave every tap a link-local address; ours took their place.
    const isOurs = (line: string): boolean => line.startsWith('fe80::/64 dev tap') && !line.includes('tap9');
    const rest = (texts: readonly string[]): string[] =>
      texts.map((text) =>
        text
          .split('\n')
          .filter((line) => !isOurs(line))
          .join('\n'),
      );
    expect(rest(is)).toEqual(rest(was));
    netns.run(['nft', 'delete', 'table', 'inet', 'mine']);
  });
});
