import type { IfName } from '@manx/hoststate';
import { asIp, asMac, hostCidr, linkLocalFor } from '@manx/ip';
import { type HostFacts, planHost, type Step } from '@manx/reconcile';
import type { HostPlan, LinkPlan } from '@manx/render';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Link } from '../rtnetlink/facts.js';
import { watchRtnetlink } from '../rtnetlink/watch-rtnetlink.js';
import { makeTestNetns } from '../testing/test-netns.js';
import { openTestPorts } from '../testing/test-ports.js';
import { applySteps } from './apply-steps.js';
import { HostObserver } from './host-observer.js';

const TAP = 'tap0a1b2c3d-4e' as IfName;
const MAC = asMac('fe:16:3e:00:00:01');
const netns = makeTestNetns('kn-obs');
const ports = openTestPorts(netns);
const observer = new HostObserver(ports);
const planOf = (link: LinkPlan): HostPlan => ({
  tables: [],
  links: new Map([[link.ifname, link]]),
  routes: new Map(),
  neighbours: new Map(),
  sysctls: new Map(),
  dnsmasq: { files: new Map() },
  bird: { files: new Map() },
  problems: [],
});

beforeAll(() => {
  netns.exec('ip', 'link', 'add', TAP, 'address', MAC, 'type', 'veth', 'peer', 'name', 'guest');
  netns.exec('ip', 'link', 'set', 'guest', 'up');
  netns.exec('ip', 'link', 'set', TAP, 'up');
});
afterAll(async () => {
  await ports.nftables.close();
  ports.rtnetlink.close();
  ports.conntrack.close();
  netns.remove();
});

const context = {
  ports,
  indexOf: observer.indexOf.bind(observer),
  isAllowed: () => true,
  onHostSysctl: () => undefined,
};

describe('what is seen of a host', () => {
  it('S1: the address that the kernel gave a new tap, and still probes for, answers at once when it has been given again', async () => {
    const address = { ip: linkLocalFor(MAC), prefixLength: 64 };
    const plan = planOf({ ifname: TAP, mac: MAC, addresses: [address], sysctls: new Map(), toGuest: null, fromGuest: null });
    // The kernel gives it when it has noticed the carrier, which is up to it.
    const before = await vi.waitUntil(
      async () => {
        observer.invalidate();
        const facts = await observer.observe(plan);
        return facts.links.get(TAP)?.addresses.length === 1 ? facts : null;
      },
      { timeout: 10_000, interval: 5 },
    );
    expect(before.links.get(TAP)?.addresses).toEqual([{ ...address, isTentative: true }]);
    expect((await applySteps(planHost(plan, before, []), context)).failures).toEqual([]);
    observer.invalidate('taps');
    const after = await observer.observe(plan);
    expect(after.links.get(TAP)?.addresses).toEqual([address]);
    expect(planHost(plan, after, [])).toEqual([]);
    // By itself the kernel would be at it for a second more.
    expect(netns.exec('ip', '-6', 'address', 'show', 'dev', TAP)).not.toContain('tentative');
  });

  it('routes and neighbours stay when the only IPv4 address of a tap is replaced by another', async () => {
    const link = (ip: string): LinkPlan => ({
      ifname: TAP,
      mac: MAC,
      addresses: [
        { ip: asIp(ip), prefixLength: 32 },
        { ip: linkLocalFor(MAC), prefixLength: 64 },
      ],
      sysctls: new Map(),
      toGuest: null,
      fromGuest: null,
    });
    const neighbours = new Map([[`${TAP} 10.65.0.9`, { ip: asIp('10.65.0.9'), mac: asMac('02:00:00:00:00:09'), dev: TAP }]]);
    const go = async (ip: string): Promise<readonly string[]> => {
      observer.invalidate();
      const steps = planHost({ ...planOf(link(ip)), neighbours }, await observer.observe(null), []);
      expect((await applySteps(steps, context)).failures).toEqual([]);
      return steps.map(({ kind }) => kind);
    };
    await go('10.65.0.1');
    netns.exec('ip', 'route', 'add', '10.65.0.9', 'dev', TAP, 'proto', '99');
    expect(await go('10.66.0.1')).toEqual(['add-address', 'delete-address']);
    expect(netns.exec('ip', '-4', 'address', 'show', 'dev', TAP)).toMatch(/inet 10\.66\.0\.1\/32/);
    expect(netns.exec('ip', 'route')).toContain('10.65.0.9');
    expect(netns.exec('ip', 'neigh', 'show', 'nud', 'permanent')).toContain('10.65.0.9');
  });

  it('the echo of what was read back already is no news; what a stranger does is, also when it comes between', async () => {
    const news: string[] = [];
    let onNews = (): void => undefined;
    const watch = netns.inside(() =>
      watchRtnetlink({
        onEvent: (event) => {
          if (observer.notice(event)) news.push(event.kind);
          if (event.kind === 'route' && event.route.destination === '198.51.100.1/32') onNews();
        },
        onLost: () => news.push('lost'),
      }),
    );
    // A route of nobody's says that all before it has been heard.
    const allHeard = async (): Promise<void> => {
      const heard = new Promise<void>((resolve) => (onNews = resolve));
      netns.exec('ip', 'route', 'replace', '198.51.100.1/32', 'dev', 'lo');
      netns.exec('ip', 'route', 'delete', '198.51.100.1/32', 'dev', 'lo');
      await heard;
    };
    const neighbour = { ip: asIp('10.65.0.12'), mac: asMac('02:00:00:00:00:12'), dev: TAP };
    const route = { destination: hostCidr(neighbour.ip), metric: 1024, hops: [{ dev: TAP, via: null }] };
    const steps: readonly Step[] = [
      { kind: 'add-address', ifname: TAP, ip: asIp('10.67.0.1'), prefixLength: 32, hasPrefixRoute: false },
      { kind: 'set-neighbour', neighbour },
      { kind: 'set-route', route },
    ];
    const change = async (some: readonly Step[]): Promise<void> => {
      expect((await applySteps(some, context)).failures).toEqual([]);
      observer.invalidate();
      await observer.observe(null);
      await allHeard();
    };
    observer.invalidate();
    await observer.observe(null);
    await change(steps);
    await change([
      { kind: 'delete-route', route },
      { kind: 'delete-neighbour', neighbour },
    ]);
    expect(news).toEqual([]);
    netns.exec('ip', 'route', 'add', route.destination, 'dev', TAP, 'proto', '80', 'metric', '1024');
    netns.exec('ip', 'route', 'delete', route.destination, 'dev', TAP, 'proto', '80', 'metric', '1024');
    await allHeard();
    expect(news).toEqual(['route']);
    watch.close();
  });

  it('S20: events that change nothing in the end leave the facts the same object; what changed is in the next ones', async () => {
    const plan = planOf({ ifname: TAP, mac: MAC, addresses: [], sysctls: new Map(), toGuest: null, fromGuest: null });
    observer.invalidate();
    const before = await observer.observe(plan);
    const link = ports.rtnetlink.links().find(({ ifname }) => ifname === TAP);
    if (link === undefined) throw new Error('the tap is gone');
    const look = () => {
      expect(observer.notice({ kind: 'link', isGone: false, link })).toBe(true);
      return observer.observe(plan);
    };
    expect(await look()).toBe(before);
    netns.exec('ip', 'neigh', 'replace', '10.65.0.13', 'lladdr', '02:00:00:00:00:13', 'dev', TAP, 'nud', 'permanent');
    const after = await look();
    expect(after.neighbours).toContainEqual({ ip: '10.65.0.13', mac: '02:00:00:00:00:13', dev: TAP });
    expect(after.links).toBe(before.links);
    netns.exec('ip', 'link', 'set', TAP, 'mtu', '1400');
    expect((await look()).links.get(TAP)?.mtu).toBe(1400);
    netns.exec('ip', 'link', 'set', TAP, 'mtu', '1500');
  });

  it('S20: a tap that is made anew under its name is another one, whichever of the two events is heard first', async () => {
    const name = 'tap0a1b2c3d-5e' as IfName;
    const make = (): Link => {
      netns.exec('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'guest5');
      netns.exec('ip', 'link', 'set', name, 'up');
      const made = ports.rtnetlink.links().find(({ ifname }) => ifname === name);
      if (made === undefined) throw new Error('the tap was not made');
      netns.exec('ip', 'neigh', 'replace', '10.65.0.15', 'lladdr', '02:00:00:00:00:15', 'dev', name, 'nud', 'permanent');
      netns.exec('ip', 'route', 'add', '10.65.0.15', 'dev', name, 'proto', '80', 'metric', '1024');
      return made;
    };
    const old = make();
    observer.notice({ kind: 'link', isGone: false, link: old });
    observer.invalidate('routes');
    const has = ({ links, neighbours, routes }: HostFacts) => [
      links.get(name)?.index,
      neighbours.filter(({ dev }) => dev === name).length,
      routes.filter(({ hops }) => hops.some(({ dev }) => dev === name)).length,
    ];
    expect(has(await observer.observe(null))).toEqual([old.ifindex, 1, 1]);
    netns.exec('ip', 'link', 'delete', name);
    netns.exec('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'guest5');
    const fresh = ports.rtnetlink.links().find(({ ifname }) => ifname === name) ?? old;
    expect(fresh.ifindex).not.toBe(old.ifindex);
    expect(observer.notice({ kind: 'link', isGone: false, link: fresh })).toBe(true);
    expect(has(await observer.observe(null))).toEqual([fresh.ifindex, 0, 0]);
    expect(observer.nameOf(old.ifindex)).toBeNull();
    observer.notice({ kind: 'link', isGone: true, link: old });
    expect(has(await observer.observe(null))).toEqual([fresh.ifindex, 0, 0]);
    netns.exec('ip', 'link', 'delete', name);
    observer.notice({ kind: 'link', isGone: true, link: fresh });
    expect(has(await observer.observe(null))).toEqual([undefined, 0, 0]);
  });
});
