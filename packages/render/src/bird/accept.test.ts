import { asCidr, asIp } from '@manx/ip';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BirdMaxPrefix, BirdPeer, BirdSettings } from './bird-settings.js';
import { renderBird } from './render-bird.js';
import { type BirdBox, type BirdLab, makeBirdLab } from './testing/bird-lab.js';

const NOTHING_ELSE: readonly string[] = [];
/** What the router says at first: the default route, an instance elsewhere, one of the fabric, and what no host may believe. */
const ALWAYS = [
  '0.0.0.0/0',
  '10.66.0.1/32',
  '10.99.0.0/16',
  '198.18.200.0/24',
  '198.18.31.2/32',
  '0.0.0.0/8',
  '127.1.0.0/16',
  '169.254.169.254/32',
  '224.0.0.0/4',
];

function torText(routes: readonly string[]): string {
  return [
    'router id 198.18.0.1;',
    'protocol device { }',
    `protocol static { ipv4; ${[...ALWAYS, ...routes].map((route) => `route ${route} blackhole;`).join('\n')} }`,
    'protocol bgp h1 { local as 64600; neighbor 198.18.31.1 as 65001; connect delay time 0; connect retry time 1; error wait time 1, 2;',
    '  graceful restart on; ipv4 { import all; export all; next hop self; }; }',
    '',
  ].join('\n');
}

/** This many routes of instances that nobody has. */
function flood(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `20.${n >> 16}.${(n >> 8) & 255}.${n & 255}/32`);
}

describe('a host and a router that tells it more than it should', () => {
  let lab: BirdLab;
  let host: BirdBox;
  let tor: BirdBox;

  const settings = (peer: Pick<BirdPeer, 'accept' | 'maxPrefix'>): string => {
    const peers: BirdPeer[] = [{ name: 'tor', address: asIp('198.18.31.2'), asn: 64_600, ...peer }];
    const { directory, controlSocket } = host;
    const whole: BirdSettings = {
      directory,
      controlSocket,
      user: 'bird',
      group: 'bird',
      asn: 65_001,
      routerId: asIp('198.18.31.1'),
      peers,
      protectedPrefixes: [asCidr('198.18.0.0/15')],
    };
    return renderBird(whole).files.get('bird.conf') ?? '';
  };
  const untilLearned = async (wanted: (prefixes: readonly string[]) => boolean): Promise<readonly string[]> => {
    const prefixes = (text: string): string[] => text.split('\n').flatMap((line) => line.split(' ')[0] || []);
    return prefixes(await host.untilRoutes('proto bird', (text) => wanted(prefixes(text)))).sort();
  };
  const untilLearnedAll = (...some: readonly string[]): Promise<readonly string[]> =>
    untilLearned((prefixes) => some.every((one) => prefixes.includes(one)));
  const showPeer = "show protocols all 'peer-tor'";

  beforeAll(async () => {
    lab = makeBirdLab('accept');
    host = lab.box('h');
    tor = lab.box('t');
    lab.link(host, tor, 31);
    await tor.start(torText(NOTHING_ELSE));
    await host.start(settings({}));
    await host.untilRoutes('default', (text) => text.includes('bird'));
  });
  afterAll(() => lab.close());

  it('learns the default route alone, unless told more', async () => {
    expect(await untilLearnedAll('default')).toEqual(['default']);
  });

  it('S18: learns what is listed, what is inside it, and nothing of the rest', async () => {
    host.configure(settings({ accept: [asCidr('10.66.0.0/16')] }));
    await host.untilRoutes('default', (text) => text === '');
    expect(await untilLearnedAll('10.66.0.1')).toEqual(['10.66.0.1']);
  });

  it('S18: learns neither the fabric, nor the router itself, nor what never leaves a machine, even of a peer that may teach anything', async () => {
    host.configure(settings({ accept: ['any'] }));
    const all = ['10.66.0.1', '10.99.0.0/16', 'default'];
    expect(await untilLearnedAll(...all)).toEqual(all);
    host.configure(settings({ accept: ['any', asCidr('198.18.200.0/24')] }));
    expect(await untilLearnedAll('198.18.200.0/24')).toEqual(['10.66.0.1', '10.99.0.0/16', '198.18.200.0/24', 'default']);
  });

  const limited = (action: BirdMaxPrefix['action']): string => settings({ accept: ['any'], maxPrefix: { limit: 1_000, action } });

  it('survives 100,000 routes: what it has stays, the session as well, and no more than the limit reaches the kernel', async () => {
    host.configure(limited('block'));
    await untilLearnedAll('10.66.0.1', '10.99.0.0/16', 'default');
    tor.configure(torText(flood(100_000)));
    await host.untilSaid(showPeer, (text) => /Import updates:\s+\d{6}/.test(text));
    await host.untilSaid(showPeer, (text) => text.includes('[HIT]'));
    expect(host.ask(showPeer)).toContain('Established');
    const kept = await untilLearned((prefixes) => prefixes.length >= 1_000);
    expect(kept.length).toBe(1_000);
    expect(kept).toEqual(expect.arrayContaining(['10.66.0.1', '10.99.0.0/16', 'default']));
    tor.configure(torText(NOTHING_ELSE));
    await host.untilSaid(showPeer, (text) => /Routes: +3 imported/.test(text));
    // BIRD goes on refusing until it asks again, as the agent lets it.
    tor.configure(torText(['10.66.7.7/32']));
    expect(host.ask(showPeer)).toContain('[HIT]');
    host.ask("reload in 'peer-tor'");
    await host.untilRoutes('10.66.7.7', (text) => text.includes('bird'));
    expect(host.ask(showPeer)).not.toContain('[HIT]');
  });

  it('ends the session of a peer that has taught too much, where the operator wants that', async () => {
    host.configure(limited('disable'));
    tor.configure(torText(flood(2_000)));
    await host.untilSaid(showPeer, (text) => !text.includes('Established'));
    expect(await untilLearned((prefixes) => prefixes.length === 0)).toEqual([]);
  });
});
