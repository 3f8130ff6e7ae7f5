import { asCidr, asIp, asMac, hostCidr, ipFromValue } from '@manx/ip';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTestNetns } from '../testing/test-netns.js';
import type { RouteHop, RtChange } from './change.js';
import { openRtnetlink } from './open-rtnetlink.js';
import type { RtEvent } from './rtnetlink.js';
import { watchRtnetlink } from './watch-rtnetlink.js';

const netns = makeTestNetns('kn-rt');
const rtnetlink = netns.inside(openRtnetlink);
let tap = 0;

beforeAll(() => {
  netns.exec('ip', 'link', 'add', 'tap1', 'type', 'veth', 'peer', 'name', 'guest1');
  netns.exec('ip', 'link', 'set', 'guest1', 'up');
  tap = rtnetlink.links().find(({ ifname }) => ifname === 'tap1')?.ifindex ?? 0;
});
afterAll(() => {
  rtnetlink.close();
  netns.remove();
});

const GUEST = asMac('fa:16:3e:00:00:05');
const both = ['10.0.0.5', '2001:db8::5'].map(asIp);
const routes = (): readonly string[] =>
  ([4, 6] as const).flatMap((family) => rtnetlink.routes({ family, protocol: 80 }).map(({ destination }) => destination));

describe('links, addresses, routes and neighbours of a real kernel', () => {
  it('are as asked for, as iproute2 tells it too', () => {
    const changes: RtChange[] = [
      { kind: 'set-link', ifindex: tap, mac: asMac('fe:16:3e:00:00:05'), isUp: true },
      { kind: 'put-address', ifindex: tap, ip: asIp('10.0.0.1'), prefixLength: 32 },
      { kind: 'put-address', ifindex: tap, ip: asIp('fe80::1'), prefixLength: 64 },
      ...both.map(
        (ip): RtChange => ({
          kind: 'put-route',
          destination: hostCidr(ip),
          hops: [{ ifindex: tap, via: null }],
          metric: 1024,
          protocol: 80,
        }),
      ),
      ...both.map((ip): RtChange => ({ kind: 'put-neighbour', ifindex: tap, ip, mac: GUEST })),
    ];
    // Twice is as once.
    for (let times = 0; times < 2; times += 1) expect(rtnetlink.apply(changes)).toEqual(changes.map(() => null));
    expect(netns.exec('ip', 'route', 'show', 'proto', '80').trim()).toBe('10.0.0.5 dev tap1 scope link metric 1024');
    expect(netns.exec('ip', '-6', 'route', 'show', 'proto', '80').trim()).toBe('2001:db8::5 dev tap1 metric 1024 pref medium');
    expect(netns.exec('ip', 'neigh', 'show', 'dev', 'tap1', 'nud', 'permanent')).toContain(`2001:db8::5 lladdr ${GUEST} PERMANENT`);
    expect(rtnetlink.addresses(tap).map(({ ip }) => ip)).toEqual(expect.arrayContaining(['10.0.0.1', 'fe80::1']));
    expect(
      rtnetlink
        .neighbours(tap)
        .filter(({ mac }) => mac === GUEST)
        .map(({ ip }) => ip),
    ).toEqual(both);
    expect(rtnetlink.links().find(({ ifindex }) => ifindex === tap)).toMatchObject({ mac: 'fe:16:3e:00:00:05', isUp: true });
  });

  it('a refused change names its reason and stops none of those after it', () => {
    const outcome = rtnetlink.apply([
      { kind: 'put-route', destination: hostCidr(asIp('10.0.0.6')), hops: [{ ifindex: 4711, via: null }], metric: 1024, protocol: 80 },
      { kind: 'put-route', destination: hostCidr(asIp('10.0.0.7')), hops: [{ ifindex: tap, via: null }], metric: 1024, protocol: 80 },
    ]);
    expect(outcome[0]?.code).toBe('missing');
    expect(outcome[0]?.subject).toContain('10.0.0.6/32');
    expect(outcome[1]).toBeNull();
    expect(routes()).toContain('10.0.0.7/32');
  });

  it('a delete of what is not there is done; one of ours leaves the route of another owner', () => {
    netns.exec('ip', 'route', 'add', '10.0.0.8/32', 'dev', 'tap1', 'metric', '1024', 'proto', 'static');
    const outcome = rtnetlink.apply([
      { kind: 'delete-route', destination: hostCidr(asIp('10.0.0.8')), hops: [{ ifindex: tap, via: null }], metric: 1024, protocol: 80 },
      { kind: 'delete-route', destination: hostCidr(asIp('10.0.0.7')), hops: [{ ifindex: tap, via: null }], metric: 1024, protocol: 80 },
      { kind: 'delete-neighbour', ifindex: tap, ip: asIp('10.9.9.9') },
      { kind: 'delete-address', ifindex: tap, ip: asIp('10.9.9.9'), prefixLength: 32 },
    ]);
    expect(outcome).toEqual([null, null, null, null]);
    expect(routes()).not.toContain('10.0.0.7/32');
    expect(netns.exec('ip', 'route', 'show', '10.0.0.8')).toContain('10.0.0.8');
  });

  it('of a table that never had a route nothing is listed', () => {
    expect(rtnetlink.routes({ family: 4, table: 4711 })).toEqual([]);
    expect(rtnetlink.routes({ family: 6, table: 4711 })).toEqual([]);
  });

  it('of an interface that is not there nothing is listed', () => {
    expect(rtnetlink.addresses(4711)).toEqual([]);
    expect(rtnetlink.neighbours(4711)).toEqual([]);
  });

  it('thousands in one call are all answered, and the listing is whole', () => {
    const many = Array.from({ length: 3000 }, (_, index) => hostCidr(ipFromValue(4, 0x0a010000n + BigInt(index))));
    const change = (kind: 'put-route' | 'delete-route'): RtChange[] =>
      many.map((destination) => ({ kind, destination, hops: [{ ifindex: tap, via: null }], metric: 1024, protocol: 80 }));
    expect(rtnetlink.apply(change('put-route')).filter((fault) => fault !== null)).toEqual([]);
    expect(new Set(routes()).size).toBe(3000 + both.length);
    rtnetlink.apply(change('delete-route'));
    expect(routes().length).toBe(both.length);
  });

  it('a route that is put again on another interface has moved, so that an interface made anew is no obstacle', () => {
    netns.exec('ip', 'link', 'add', 'tap2', 'type', 'veth', 'peer', 'name', 'guest2');
    netns.exec('ip', 'link', 'set', 'tap2', 'up');
    const other = rtnetlink.links().find(({ ifname }) => ifname === 'tap2')?.ifindex ?? 0;
    const moved = both.map(
      (ip): RtChange => ({
        kind: 'put-route',
        destination: hostCidr(ip),
        hops: [{ ifindex: other, via: null }],
        metric: 1024,
        protocol: 80,
      }),
    );
    expect(rtnetlink.apply(moved)).toEqual([null, null]);
    expect(
      ([4, 6] as const)
        .flatMap((family) => rtnetlink.routes({ family, protocol: 80 }))
        .flatMap(({ hops }) => hops.map(({ ifindex }) => ifindex)),
    ).toEqual([other, other]);
  });

  it('S24: a route to nowhere is put, takes the place of a way and gives it up again, and goes', () => {
    const destination = asCidr('10.9.9.7/32');
    const put = (hops: readonly RouteHop[]): RtChange => ({ kind: 'put-route', destination, hops, metric: 1024, protocol: 80 });
    const there = () => rtnetlink.routes({ family: 4, protocol: 80 }).filter((route) => route.destination === destination);
    for (const hops of [[], [], [{ ifindex: tap, via: null }], []]) {
      expect(rtnetlink.apply([put(hops)])).toEqual([null]);
      expect(there()).toMatchObject([{ hops }]);
    }
    expect(netns.exec('ip', 'route', 'show', 'proto', '80', '10.9.9.7').trim()).toBe('blackhole 10.9.9.7 metric 1024');
    expect(rtnetlink.apply([{ ...put([]), kind: 'delete-route' } as RtChange])).toEqual([null]);
    expect(there()).toEqual([]);
  });

  it('S8: a route becomes one over several ways and one way again, and goes as a whole, in both families', () => {
    const other = rtnetlink.links().find(({ ifname }) => ifname === 'tap2')?.ifindex ?? 0;
    const router = asIp('fe80::9');
    const ways = (...ifindexes: readonly number[]) => ifindexes.map((ifindex) => ({ ifindex, via: router }));
    const shapes: readonly (readonly [string, RouteHop[]])[] = [
      ['10.9.9.9/32', [{ ifindex: tap, via: null }]],
      ['10.9.9.9/32', [tap, other].map((ifindex) => ({ ifindex, via: null }))],
      ['10.9.9.9/32', [{ ifindex: other, via: null }]],
      ['10.9.0.0/16', ways(tap)],
      ['10.9.0.0/16', ways(tap, other)],
      ['10.9.0.0/16', ways(other)],
      ['2001:db8:9::9/128', [{ ifindex: tap, via: null }]],
      ['2001:db8:9::9/128', ways(tap, other)],
      ['2001:db8:9::9/128', [{ ifindex: other, via: null }]],
      ['2001:db8:9::9/128', ways(tap, other)],
      ['2001:db8:9::/64', ways(other)],
      ['2001:db8:9::/64', ways(tap, other)],
    ];
    const there = (destination: string) =>
      rtnetlink.routes({ family: destination.includes(':') ? 6 : 4, protocol: 80 }).filter((route) => route.destination === destination);
    for (const [text, hops] of shapes) {
      const destination = asCidr(text);
      // Twice is as once.
      for (let times = 0; times < 2; times += 1) {
        expect(rtnetlink.apply([{ kind: 'put-route', destination, hops, metric: 1024, protocol: 80 }])).toEqual([null]);
      }
      expect(there(text).map((route) => route.hops.toSorted((a, b) => Number(a.ifindex) - Number(b.ifindex)))).toEqual([hops]);
    }
    for (const [text, hops] of new Map(shapes)) {
      const destination = asCidr(text);
      expect(rtnetlink.apply([{ kind: 'delete-route', destination, hops, metric: 1024, protocol: 80 }])).toEqual([null]);
      expect(there(text)).toEqual([]);
    }
  });

  it('what happens is told, whoever does it', async () => {
    const wanted = new Set([
      'link+tap3',
      'netconf4 proxy_arp=1',
      'netconf6 forwarding=1',
      'address+tap3',
      'limits tap3',
      'route+10.0.0.9/32',
      'neighbour+10.0.0.9',
      'neighbour-10.0.0.9',
      'link-tap3',
    ]);
    let index = 0;
    const nameOf = (event: RtEvent): string => {
      if (event.kind === 'netconf') {
        const { family, ifindex, values } = event.netconf;
        const [[name = '', value = 0] = []] = values;
        return ifindex === index ? `netconf${family} ${name}=${value}` : '';
      }
      if (event.kind === 'limits') return `limits${event.ifindex === index ? ' tap3' : ''}`;
      const sign = event.isGone ? '-' : '+';
      switch (event.kind) {
        case 'link':
          if (event.link.ifname === 'tap3') index = event.link.ifindex;
          return `link${sign}${event.link.ifname}`;
        case 'address':
          return `address${sign}${event.address.ifindex === index ? 'tap3' : ''}`;
        case 'route':
          return `route${sign}${event.route.destination}`;
        case 'neighbour':
          return `neighbour${sign}${event.neighbour.ip}`;
        default:
          return event satisfies never;
      }
    };
    await new Promise<void>((resolve) => {
      const watch = netns.inside(() =>
        watchRtnetlink({
          onLost: () => undefined,
          onEvent: (event) => {
            wanted.delete(nameOf(event));
            if (wanted.size > 0) return;
            watch.close();
            resolve();
          },
        }),
      );
      netns.exec('ip', 'link', 'add', 'tap3', 'type', 'veth', 'peer', 'name', 'guest3');
      netns.exec('ip', 'link', 'set', 'tap3', 'up');
      netns.exec('sysctl', '-q', 'net.ipv4.conf.tap3.proxy_arp=1', 'net.ipv6.conf.tap3.forwarding=1');
      netns.exec('ip', 'address', 'add', '10.0.0.1/32', 'dev', 'tap3');
      netns.exec('tc', 'qdisc', 'add', 'dev', 'tap3', 'ingress');
      netns.exec('ip', 'route', 'add', '10.0.0.9/32', 'dev', 'tap3');
      netns.exec('ip', 'neigh', 'add', '10.0.0.9', 'lladdr', GUEST, 'dev', 'tap3', 'nud', 'permanent');
      netns.exec('ip', 'neigh', 'delete', '10.0.0.9', 'dev', 'tap3');
      netns.exec('ip', 'link', 'delete', 'tap3');
    });
    expect(wanted.size).toBe(0);
  });
});
