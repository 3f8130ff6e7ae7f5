import { asIp } from '@manx/ip';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { birdCommand, birdRecoverCommand } from './bird-command.js';
import type { BirdPeer, BirdSettings } from './bird-settings.js';
import { renderBird } from './render-bird.js';
import { type BirdBox, type BirdLab, makeBirdLab } from './testing/bird-lab.js';

/** Two hosts, `a` and `b`, each with a link to both top-of-rack routers. Links: a-tor1 11, a-tor2 12, b-tor1 21, b-tor2 22. */
const HOSTS = { a: 1, b: 2 } as const;
const TORS = [1, 2] as const;

/** The routers are on links, tell of other hosts' routes as well, and are told where a host's routes come from. */
const TOLD = { accept: ['any'], hasTtlSecurity: true, communities: ['65000:7', '4200000000:1:2'] } as const;

function peersOf(host: keyof typeof HOSTS): BirdPeer[] {
  return TORS.flatMap((tor) => {
    const link = HOSTS[host] * 10 + tor;
    const password = link === 11 ? { password: "s3cret; } '#" } : {};
    return [
      { name: `tor${tor}-v4`, address: asIp(`198.18.${link}.2`), asn: 64_600 + tor, ...TOLD, ...password },
      { name: `tor${tor}-v6`, address: asIp(`fd00:198:18:${link}::2`), asn: 64_600 + tor, ...TOLD },
    ];
  });
}

function settingsOf(host: keyof typeof HOSTS, box: BirdBox, peers = peersOf(host)): BirdSettings {
  const { directory, controlSocket } = box;
  return {
    directory,
    controlSocket,
    user: 'bird',
    group: 'bird',
    asn: 65_000 + HOSTS[host],
    routerId: asIp(`198.18.${HOSTS[host]}1.1`),
    peers,
  };
}

function render(settings: BirdSettings): string {
  return renderBird(settings).files.get('bird.conf') ?? '';
}

/** A router that knows nothing of Manx, and tells its hosts some things that they must not believe. */
function torText(tor: number): string {
  const sessions = Object.values(HOSTS).flatMap((host) => {
    const link = host * 10 + tor;
    const channel = '{ import all; export all; next hop self; }; ttl security on;';
    const password = link === 11 ? `password "s3cret; } '#";` : '';
    return [
      `protocol bgp h${host}v4 from host { neighbor 198.18.${link}.1 as ${65_000 + host}; ${password} ipv4 ${channel} }`,
      `protocol bgp h${host}v6 from host { neighbor fd00:198:18:${link}::1 as ${65_000 + host}; ipv6 ${channel} }`,
    ];
  });
  return [
    'log stderr { warning, error, fatal };',
    `router id 198.18.0.${tor};`,
    'protocol device { }',
    'protocol direct { ipv4; ipv6; }',
    'protocol kernel { learn; merge paths on; graceful restart on; ipv4 { export where source = RTS_BGP; }; }',
    'protocol kernel { learn; merge paths on; graceful restart on; ipv6 { export where source = RTS_BGP; }; }',
    'protocol static { ipv4; route 0.0.0.0/0 blackhole; route 169.254.169.254/32 blackhole; route 224.0.0.0/4 blackhole; route 10.66.9.9/32 blackhole; }',
    `template bgp host { local as ${64_600 + tor}; connect delay time 0; connect retry time 1; error wait time 1, 5; hold time 30; keepalive time 10; graceful restart on; }`,
    ...sessions,
    '',
  ].join('\n');
}

describe('a host with BIRD in a fabric of two top-of-rack routers', () => {
  let lab: BirdLab;
  let a: BirdBox;
  let b: BirdBox;
  let tors: BirdBox[];
  const has = (text: string): boolean => text !== '';
  const none = (text: string): boolean => text === '';
  const route = (box: BirdBox, ...words: string[]): void => void box.netns.run(['ip', ...words]);

  beforeAll(async () => {
    lab = makeBirdLab('bgp');
    a = lab.box('a');
    b = lab.box('b');
    tors = TORS.map((tor) => lab.box(`tor${tor}`));
    for (const [host, n] of [
      [a, 1],
      [b, 2],
    ] as const)
      for (const [index, tor] of tors.entries()) lab.link(host, tor, n * 10 + index + 1);
    for (const [index, tor] of tors.entries()) await tor.start(torText(index + 1));
    // A scan an hour: whatever is announced sooner was learned by netlink.
    await a.start(render(settingsOf('a', a)).replaceAll('scan time 2;', 'scan time 3600;'), birdCommand(settingsOf('a', a)));
    await b.start(render(settingsOf('b', b)), birdCommand(settingsOf('b', b)));
  });
  afterAll(() => lab.close());

  it.each(['10.66.0.1/32', '2001:db8:66::1/128'])(
    'S1, S8: %s is announced as soon as the kernel has it, over both routers, and withdrawn as soon',
    async (prefix) => {
      route(a, 'route', 'add', prefix, 'dev', 'tapx', 'proto', '80', 'metric', '1024');
      const text = await b.untilRoutes(prefix, (seen) => seen.includes('up21') && seen.includes('up22'));
      expect(text).toContain('proto bird');
      route(a, 'route', 'del', prefix, 'dev', 'tapx', 'proto', '80', 'metric', '1024');
      await b.untilRoutes(prefix, none);
    },
  );

  it('S8: pairs are announced as well: prefixes by a link-local address, and what is spread over several taps', async () => {
    a.netns.run(['ip', 'link', 'add', 'tapy', 'type', 'veth', 'peer', 'name', 'tapyg']);
    for (const tap of ['tapy', 'tapyg']) a.netns.run(['ip', 'link', 'set', tap, 'up']);
    // As every tap has one: BIRD believes in no link-local router on an interface without.
    for (const tap of ['tapx', 'tapy']) a.netns.run(['ip', 'address', 'add', 'fe80::77/64', 'dev', tap, 'nodad']);
    const ours = ['proto', '80', 'metric', '1024'];
    const ways: readonly (readonly [string, string[]])[] = [
      ['10.67.0.0/24', ['via', 'inet6', 'fe80::9', 'dev', 'tapy']],
      ['10.67.1.1/32', ['nexthop', 'dev', 'tapx', 'nexthop', 'dev', 'tapy']],
      ['10.67.2.0/24', ['nexthop', 'via', 'inet6', 'fe80::9', 'dev', 'tapx', 'nexthop', 'via', 'inet6', 'fe80::9', 'dev', 'tapy']],
      ['2001:db8:67::/64', ['via', 'fe80::9', 'dev', 'tapy']],
      ['2001:db8:67:1::1/128', ['nexthop', 'via', 'fe80::9', 'dev', 'tapx', 'nexthop', 'via', 'fe80::9', 'dev', 'tapy']],
    ];
    for (const [prefix, way] of ways) {
      route(a, 'route', 'replace', prefix, ...ours, ...way);
      expect(await b.untilRoutes(prefix, has)).toContain('proto bird');
      route(a, 'route', 'replace', prefix, ...ours, 'dev', 'tapx');
      expect(await b.untilRoutes(prefix, has)).toContain('proto bird');
      route(a, 'route', 'del', prefix, ...ours);
      await b.untilRoutes(prefix, none);
    }
  });

  it('announces routes of protocol 80, and none of anybody else', async () => {
    route(a, 'route', 'add', '10.66.1.1/32', 'dev', 'tapx', 'proto', 'static');
    route(a, 'route', 'add', '10.66.1.2/32', 'dev', 'tapx');
    route(a, '-6', 'route', 'add', '2001:db8:66:1::1/128', 'dev', 'tapx', 'proto', 'static');
    route(a, 'route', 'add', '10.66.1.3/32', 'dev', 'tapx', 'proto', '80', 'metric', '1024');
    await b.untilRoutes('10.66.1.3/32', has);
    expect(tors[0]?.ask('show route all where source = RTS_BGP')).toContain('10.66.1.3/32');
    expect(tors[0]?.ask('show route where source = RTS_BGP')).not.toMatch(/10\.66\.1\.[12]|2001:db8:66:1:/);
    expect(tors[0]?.ask('show route all for 10.66.1.3')).toContain('BGP.med: 1024');
    expect(tors[0]?.ask('show route all for 10.66.1.3')).toMatch(/BGP.community: \(65000,7\)\s+BGP.large_community: \(4200000000, 1, 2\)/);
  });

  it('S7: learns the default route over both routers', async () => {
    const text = await b.untilRoutes('default', (seen) => seen.includes('up21') && seen.includes('up22'));
    expect(text).toContain('proto bird');
  });

  it('learns nothing link-local or multicast: nobody draws the metadata address away', async () => {
    await b.untilRoutes('10.66.9.9/32', has);
    expect(b.netns.run(['ip', 'route']).stdout).not.toMatch(/169\.254|224\.0/);
  });

  it('S8: an address that is here is never routed away, and is again when it has left', async () => {
    const mine = ['10.66.2.1/32', 'dev', 'tapx', 'proto', '80', 'metric', '1024'];
    route(a, 'route', 'add', ...mine);
    await b.untilRoutes('10.66.2.1/32', has);
    route(b, 'route', 'add', ...mine);
    expect(await b.untilRoutes('10.66.2.1/32', (text) => !text.includes('bird'))).toContain('tapx proto 80');
    const spread = await tors[0]?.untilRoutes('10.66.2.1/32', (text) => text.includes('up11') && text.includes('up21'));
    expect(spread).toContain('proto bird');
    route(b, 'route', 'del', ...mine);
    await b.untilRoutes('10.66.2.1/32', (text) => text.includes('bird'));
  });

  it('a host is no transit: what one router says is not told to the other', () => {
    expect(a.ask("show route export 'peer-tor2-v4'")).not.toMatch(/0\.0\.0\.0\/0|10\.66\.9\.9/);
    expect(a.ask("show route export 'peer-tor2-v4'")).toContain('10.66.1.3/32');
  });

  it('a changed setting of one peer leaves the sessions with the others alone', async () => {
    /** When each session came up. BIRD reckons that anew at each answer, so that milliseconds differ from one to the next. */
    const since = (): number[] =>
      [...a.ask('show protocols').matchAll(/peer-tor1\S*\s+BGP\s+\S+\s+up\s+(\d+):(\d+):(\d+\.\d+)\s+Established/g)].map(
        ([, hours, minutes, seconds]) => Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds),
      );
    const before = since();
    expect(before).toHaveLength(2);
    const peers = peersOf('a').filter(({ name }) => name.startsWith('tor1'));
    expect(a.configure(render(settingsOf('a', a, peers)))).toMatch(/Reconfigur(?:ed|ation in progress)/);
    await b.untilRoutes('10.66.1.3/32', has);
    const after = since();
    expect(after).toHaveLength(before.length);
    for (const [at, seconds] of after.entries()) expect(seconds).toBeCloseTo(before[at] ?? 0, 1);
    a.configure(render(settingsOf('a', a)));
    await a.untilRoutes('default', (text) => text.includes('up11') && text.includes('up12'));
    await a.untilRoutes('fd00:198:18:22::/64', has);
  });

  it('S20: BIRD killed and started again takes no route away, neither from its host nor from another', async () => {
    const ears = [await a.watchRoutes(), await b.watchRoutes()];
    await a.stop('SIGKILL');
    await a.start(render(settingsOf('a', a)), birdRecoverCommand(settingsOf('a', a)));
    // A route made now arrives when the sessions have recovered. Until then routes may be written again as they are, but not taken away.
    route(a, 'route', 'add', '10.66.3.1/32', 'dev', 'tapx', 'proto', '80', 'metric', '1024');
    await b.untilRoutes('10.66.3.1/32', (text) => text.includes('up21') && text.includes('up22'));
    const heard = ears.flatMap((hear) => hear().split('\n'));
    expect(heard.filter((line) => line.includes('10.66.3.1'))).not.toEqual([]);
    expect(heard.filter((line) => line.startsWith('Deleted'))).toEqual([]);
  });

  it('S20: of pings 1,000 times a second none is lost while BIRD is killed and started again', async () => {
    route(a, 'address', 'add', '10.66.4.1/32', 'dev', 'tapx');
    route(a, 'route', 'add', '10.66.4.1/32', 'dev', 'tapx', 'proto', '80', 'metric', '1024');
    await b.untilRoutes('10.66.4.1/32', (text) => text.includes('up21') && text.includes('up22'));
    const ping = b.ping('10.66.4.1');
    await ping.answered();
    await a.stop('SIGKILL');
    await a.start(render(settingsOf('a', a)), birdRecoverCommand(settingsOf('a', a)));
    route(a, 'route', 'add', '10.66.3.2/32', 'dev', 'tapx', 'proto', '80', 'metric', '1024');
    await b.untilRoutes('10.66.3.2/32', (text) => text.includes('up21') && text.includes('up22'));
    await ping.answered();
    const { lost } = await ping.end();
    expect(lost).toBe(0);
  });

  it('ended in order, BIRD leaves no route of its own in the kernel, and ours stay', async () => {
    await a.stop();
    const routes = a.netns.run(['ip', 'route']).stdout + a.netns.run(['ip', '-6', 'route']).stdout;
    expect(routes).not.toContain('bird');
    expect(routes).toContain('10.66.1.3 dev tapx proto 80');
  });
});

describe('two hosts with an internal session', () => {
  it('tell each other their routes, with the metric as local preference', async () => {
    const lab = makeBirdLab('ibgp');
    try {
      const [a, b] = [lab.box('a'), lab.box('b')];
      lab.link(a, b, 5);
      const settings = (box: BirdBox, end: number, asn = 65_000): BirdSettings => ({
        directory: box.directory,
        controlSocket: box.controlSocket,
        user: 'bird',
        group: 'bird',
        asn,
        routerId: asIp(`198.18.5.${end}`),
        peers: [
          { name: 'other-v4', address: asIp(`198.18.5.${3 - end}`), asn },
          { name: 'other-v6', address: asIp(`fd00:198:18:5::${3 - end}`), asn },
        ],
      });
      await a.start(render(settings(a, 1)));
      await b.start(render(settings(b, 2)));
      for (const prefix of ['10.67.0.1/32', '2001:db8:67::1/128']) {
        a.netns.run(['ip', 'route', 'add', prefix, 'dev', 'tapx', 'proto', '80', 'metric', '512']);
        expect(await b.untilRoutes(prefix, (text) => text !== '')).toContain('dev up5 proto bird');
      }
      expect(b.ask('show route all for 10.67.0.1')).toContain(`BGP.local_pref: ${2_147_483_647 - 512}`);
    } finally {
      await lab.close();
    }
  });
});
