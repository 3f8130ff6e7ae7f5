import { type BgpPeer, isProblem, parseHostObject } from '@manx/hoststate';
import { asCidr, asIp, type Cidr } from '@manx/ip';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderHost } from '../render-host.js';
import { SETTINGS as HOST_SETTINGS, stateOf } from '../testing/states.js';
import type { BirdSettings } from './bird-settings.js';
import { renderBird } from './render-bird.js';
import { type BirdBox, type BirdLab, makeBirdLab } from './testing/bird-lab.js';
import { birdVerdict } from './testing/bird-verdict.js';
import { withApiPeers } from './with-api-peers.js';

const SETTINGS: BirdSettings = {
  directory: '/run/manx/bird',
  controlSocket: '/run/manx/bird.ctl',
  user: 'bird',
  group: 'bird',
  asn: 65_001,
  routerId: asIp('198.18.1.1'),
  peers: [{ name: 'tor1', address: asIp('198.18.1.2'), asn: 64_601 }],
};

function apiPeer(id: string, address: string, more: Partial<BgpPeer> = {}): BgpPeer {
  return { kind: 'bgp-peer', id, address: asIp(address), asn: 64_602, localAsn: 65_100, password: null, announced: null, ...more };
}

function peersOf(...peers: readonly BgpPeer[]): ReadonlyMap<string, BgpPeer> {
  return new Map(peers.map((peer) => [peer.id, peer]));
}

/** `accepted`, or what BIRD says of the file. */
const judged = (settings: BirdSettings): string => birdVerdict(renderBird(settings).files.get('bird.conf') ?? '');

describe('peers of the API on a host', () => {
  it('come beside those of its file, with their own AS number of the host and what the file says of all of them', () => {
    const apiPeers = { accept: [asCidr('10.0.0.0/8')], multihop: 3 } as const;
    const { settings, problems } = withApiPeers(
      { ...SETTINGS, apiPeers },
      peersOf(apiPeer('a', '198.18.1.6'), apiPeer('b', '198.18.1.7', { asn: 65_100 })),
    );
    expect(problems).toEqual([]);
    expect(settings?.peers.map(({ name, asn, localAsn, multihop }) => [name, asn, localAsn, multihop])).toEqual([
      ['tor1', 64_601, undefined, undefined],
      ['api-a', 64_602, 65_100, 3],
      ['api-b', 65_100, 65_100, undefined],
    ]);
    const text = renderBird(settings as BirdSettings).files.get('bird.conf') ?? '';
    expect(text).toContain("protocol bgp 'peer-api-a' {\n  local as 65100;\n  neighbor 198.18.1.6 as 64602;\n  multihop 3;");
    expect(text).toContain('allow local as 1;');
  });

  it('one that cannot be, or whose address is spoken to already, is left out and told; the others are as if it were not there', () => {
    const good = apiPeer('good', '198.18.1.6');
    const alone = withApiPeers(SETTINGS, peersOf(good)).settings;
    const { settings, problems } = withApiPeers(
      SETTINGS,
      peersOf(
        apiPeer('of-the-file', '198.18.1.2'),
        good,
        apiPeer('twice', '198.18.1.6'),
        apiPeer('loud', '198.18.1.9', { password: 'a"b; }' }),
      ),
    );
    expect(settings).toEqual(alone);
    expect(problems.map(({ code, subject }) => [code, subject])).toEqual([
      ['bad_peer', 'loud'],
      ['bad_peer', 'of-the-file'],
      ['bad_peer', 'twice'],
    ]);
    expect(JSON.stringify(problems)).not.toContain('a\\"b');
    expect(problems[1]?.detail).toContain('`tor1` of its agent.yaml');
  });

  it('in a mesh each host is left out of its own, and speaks from the address that the others know', () => {
    const mesh = peersOf(
      apiPeer('h1', '198.18.255.1', { asn: 65_100 }),
      apiPeer('h2', '198.18.255.2', { asn: 65_100 }),
      apiPeer('h2-v6', 'fd00:198::2', { asn: 65_100 }),
      apiPeer('tor', '198.18.1.6'),
    );
    const localAddresses = ['198.18.255.1', 'fd00:198::1'].map(asIp);
    const { settings, problems } = withApiPeers({ ...SETTINGS, apiPeers: { localAddresses, hasBfd: true } }, mesh);
    expect(problems).toEqual([]);
    expect(settings?.peers.slice(1).map(({ name, localAddress }) => [name, localAddress])).toEqual([
      ['api-h2', '198.18.255.1'],
      ['api-h2-v6', 'fd00:198::1'],
      ['api-tor', undefined],
    ]);
    expect(judged(settings as BirdSettings)).toBe('accepted');
  });

  it('without BGP in its file are told to be without a session', () => {
    const plan = renderHost(stateOf([apiPeer('a', '198.18.1.6')]), HOST_SETTINGS);
    expect(plan.bird.files.size).toBe(0);
    expect(plan.problems).toMatchObject([{ code: 'bad_peer', subject: 'a' }]);
    const speaking = renderHost(stateOf([apiPeer('a', '198.18.1.6')]), { ...HOST_SETTINGS, bird: SETTINGS });
    expect(speaking.problems).toEqual([]);
    expect(speaking.bird.files.get('bird.conf')).toContain('peer-api-a');
  });

  it('BIRD takes the file of whatever peers a host may be told of', () => {
    const cidrs = fc.constantFrom(null, [], ['10.65.0.0/24'], ['10.65.0.0/24', '2001:db8::/32', '0.0.0.0/0']) as fc.Arbitrary<
      readonly Cidr[] | null
    >;
    const peers = fc.uniqueArray(
      fc.record({
        kind: fc.constant('bgp-peer'),
        id: fc.constantFrom('a', 'b-c', '0f3a2b1c-0000-4000-8000-0123456789ab'),
        address: fc.constantFrom('198.18.1.2', '198.18.1.6', '240.0.0.1', '0.0.0.1', 'fd00:198::1', '::ffff:1.2.3.4', '2001:db8::1'),
        asn: fc.constantFrom(1, 64_602, 65_100, 2 ** 32 - 2),
        localAsn: fc.constantFrom(1, 65_001, 65_100, 2 ** 32 - 2),
        password: fc.oneof(fc.constant(null), fc.string({ minLength: 1, maxLength: 90 })),
        announced: cidrs,
      }),
      { selector: ({ id }) => id, maxLength: 3 },
    );
    const apiPeers = fc.constantFrom(undefined, { hasBfd: true }, { multihop: 2, accept: ['any'] as const }, { hasTtlSecurity: true });
    fc.assert(
      fc.property(peers, apiPeers, (objects, said) => {
        const read = objects.map(parseHostObject).filter((object): object is BgpPeer => !isProblem(object));
        const { settings } = withApiPeers({ ...SETTINGS, apiPeers: said }, peersOf(...read));
        expect(judged(settings as BirdSettings)).toBe('accepted');
      }),
      { numRuns: 60 },
    );
  });
});

describe('a host and the routers that the API gave it', () => {
  let lab: BirdLab;
  let host: BirdBox;
  let tors: readonly BirdBox[];
  const PASSWORD = "api's s3cret; }";

  const text = (announced: readonly Cidr[] | null): string => {
    const peers = peersOf(
      apiPeer('one', '198.18.41.2', { asn: 64_601, password: PASSWORD }),
      apiPeer('two', '198.18.42.2', { asn: 64_602, announced }),
    );
    const { settings } = withApiPeers(
      { ...SETTINGS, directory: host.directory, controlSocket: host.controlSocket, apiPeers: { accept: ['any'] } },
      peers,
    );
    return renderBird(settings as BirdSettings).files.get('bird.conf') ?? '';
  };
  const torText = (n: number): string =>
    [
      `router id 198.18.0.${n};`,
      'protocol device { }',
      'protocol kernel { ipv4 { export all; }; }',
      // What another host of the same AS has told this router.
      `protocol static { ipv4; route 10.70.0.${n}/32 blackhole { bgp_path.prepend(65100); }; }`,
      `protocol bgp h { local as ${64_600 + n}; neighbor 198.18.4${n}.1 as 65100; connect retry time 1; error wait time 1, 2; ${n === 1 ? `password "${PASSWORD}";` : ''}`,
      '  ipv4 { import all; export all; next hop self; }; }',
      '',
    ].join('\n');

  beforeAll(async () => {
    lab = makeBirdLab('api');
    host = lab.box('h');
    tors = [lab.box('t1'), lab.box('t2')];
    for (const [at, tor] of tors.entries()) {
      lab.link(host, tor, 41 + at);
      await tor.start(torText(at + 1));
    }
    for (const ip of ['10.65.0.2', '10.66.0.2']) host.netns.run(['ip', 'route', 'add', ip, 'dev', 'tapx', 'proto', '80']);
    await host.start(text([asCidr('10.65.0.0/24')]));
  }, 30_000);
  afterAll(async () => {
    await lab.close();
  });

  it('each is told what is for it: all, or what is inside prefixes, which may change while the session stays', async () => {
    const [one, two] = tors as [BirdBox, BirdBox];
    await one.untilRoutes('10.66.0.2', (said) => said !== '');
    await two.untilRoutes('10.65.0.2', (said) => said !== '');
    expect(two.ask('show route 10.66.0.2/32')).toContain('not found');
    expect(host.ask("show route export 'peer-api-two'")).not.toContain('10.66.0.2');
    const since = (): string | undefined => /peer-api-two .*/.exec(host.ask('show protocols'))?.[0];
    const before = since();
    expect(host.configure(text([asCidr('10.66.0.0/24')]))).toMatch(/Reconfigur/);
    await two.untilRoutes('10.66.0.2', (said) => said !== '');
    await two.untilRoutes('10.65.0.2', (said) => said === '');
    expect(since()).toBe(before);
  });

  it('are heard of what carries the AS number that the hosts have alike', async () => {
    await host.untilRoutes('10.70.0.1', (said) => said !== '');
    await host.untilRoutes('10.70.0.2', (said) => said !== '');
  });
});

describe('two hosts that are peers of one speaker, each other', () => {
  it('tell each other their routes, and themselves nothing', async () => {
    const lab = makeBirdLab('mesh');
    try {
      const [one, two] = [lab.box('h1'), lab.box('h2')];
      lab.link(one, two, 51);
      const addresses = ['198.18.51.1', '198.18.51.2'].map(asIp);
      const mesh = peersOf(...addresses.map((address, at) => apiPeer(`h${at + 1}`, address, { asn: 65_100, password: 'mesh' })));
      for (const [at, box] of [one, two].entries()) {
        const own = {
          asn: 65_001 + at,
          routerId: addresses[at] ?? SETTINGS.routerId,
          peers: [],
          directory: box.directory,
          controlSocket: box.controlSocket,
        };
        const { settings } = withApiPeers({ ...SETTINGS, ...own, apiPeers: { localAddresses: addresses.slice(at, at + 1) } }, mesh);
        box.netns.run(['ip', 'route', 'add', `10.65.0.${at + 1}`, 'dev', 'tapx', 'proto', '80']);
        await box.start(renderBird(settings as BirdSettings).files.get('bird.conf') ?? '');
      }
      expect(await one.untilRoutes('10.65.0.2', (said) => said !== '')).toContain('via 198.18.51.2');
      expect(await two.untilRoutes('10.65.0.1', (said) => said !== '')).toContain('via 198.18.51.1');
      expect(one.ask('show protocols')).not.toContain('peer-api-h1');
    } finally {
      await lab.close();
    }
  }, 60_000);
});
