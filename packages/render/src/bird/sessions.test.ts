import { asIp } from '@manx/ip';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BirdPeer, BirdSettings } from './bird-settings.js';
import { renderBird } from './render-bird.js';
import { type BirdBox, type BirdLab, makeBirdLab } from './testing/bird-lab.js';

/** Two links from the host to a router each, IPv4: 41 and 42. */
const LINKS = [41, 42] as const;

const torText = (link: number): string =>
  [
    `router id 198.18.0.${link};`,
    'protocol device { }',
    'protocol bfd { interface "*" { interval 300 ms; multiplier 3; }; }',
    'protocol static { ipv4; route 0.0.0.0/0 blackhole; }',
    `protocol bgp h1 { local as 64600; neighbor 198.18.${link}.1 as 65001; connect delay time 0; connect retry time 1; error wait time 1, 2;`,
    '  bfd on; ipv4 { import all; export all; next hop self; }; }',
    '',
  ].join('\n');

describe('a host with BFD', () => {
  let lab: BirdLab;
  let host: BirdBox;

  beforeAll(async () => {
    lab = makeBirdLab('bfd');
    host = lab.box('h');
    for (const link of LINKS) {
      const tor = lab.box(`t${link}`);
      lab.link(host, tor, link);
      await tor.start(torText(link));
    }
    const { directory, controlSocket } = host;
    const peers = LINKS.map((link): BirdPeer => ({ name: `tor${link}`, address: asIp(`198.18.${link}.2`), asn: 64_600, hasBfd: true }));
    const settings: BirdSettings = {
      directory,
      controlSocket,
      user: 'bird',
      group: 'bird',
      asn: 65_001,
      routerId: asIp('198.18.41.1'),
      peers,
    };
    await host.start(renderBird(settings).files.get('bird.conf') ?? '');
  });
  afterAll(() => lab.close());

  it('finds, long before the hold time, that a router does not reach it, and uses the other until it does again', async () => {
    await host.untilSaid('show bfd sessions', (text) => text.match(/\bUp\b/g)?.length === LINKS.length);
    await host.untilRoutes('default', (text) => text.includes('up41') && text.includes('up42'));
    // What BGP itself says still passes, and the link is up: only BFD can know.
    const silence = 'table inet t { chain c { type filter hook input priority 0; iifname "up42" udp dport 3784 drop; }; }';
    host.netns.run(['nft', '-f', '-'], { input: silence });
    await host.untilSaid("show protocols 'peer-tor42'", (text) => !text.includes('Established'));
    expect(await host.untilRoutes('default', (text) => !text.includes('up42'))).toContain('up41');
    host.netns.run(['nft', 'delete', 'table', 'inet', 't']);
    await host.untilRoutes('default', (text) => text.includes('up41') && text.includes('up42'));
  });
});

/** A reflector between two hosts, by links 51 and 52: it passes on what they say, and changes no next hop. */
const REFLECTOR = [
  'router id 198.18.0.5;',
  'protocol device { }',
  'protocol direct { ipv4; }',
  'protocol kernel { ipv4 { export where source = RTS_BGP; }; }',
  ...[51, 52].map(
    (link) =>
      `protocol bgp h${link} { local 198.18.${link}.2 as 65000; neighbor 198.18.${link}.1 as 65000; rr client; password "hush"; connect delay time 0; connect retry time 1; error wait time 1, 2; graceful restart on; ipv4 { import all; export where source = RTS_BGP; }; }`,
  ),
  '',
].join('\n');

describe('a host that speaks with what is on its link alone', () => {
  it('S18: the kernel drops what a peer sends that may come from further away, and there is no session', async () => {
    const lab = makeBirdLab('ttl');
    try {
      const [host, tor] = [lab.box('h'), lab.box('t')];
      lab.link(host, tor, 43);
      // This router does not say by its TTL that it is near.
      await tor.start(torText(43));
      const { directory, controlSocket } = host;
      const settings = (hasTtlSecurity: boolean): BirdSettings => ({
        directory,
        controlSocket,
        user: 'bird',
        group: 'bird',
        asn: 65_001,
        routerId: asIp('198.18.43.1'),
        peers: [{ name: 'tor', address: asIp('198.18.43.2'), asn: 64_600, hasTtlSecurity }],
      });
      const text = (hasTtlSecurity: boolean): string => renderBird(settings(hasTtlSecurity)).files.get('bird.conf') ?? '';
      await host.start(text(true));
      await host.untilSaid("show protocols 'peer-tor'", () =>
        /TCPMinTTLDrop +[1-9]/.test(host.netns.run(['nstat', '-az', 'TcpExtTCPMinTTLDrop']).stdout),
      );
      expect(host.ask("show protocols 'peer-tor'")).not.toContain('Established');
      host.configure(text(false));
      await host.untilSaid("show protocols 'peer-tor'", (said) => said.includes('Established'));
    } finally {
      await lab.close();
    }
  });
});

describe('two hosts with a route reflector', () => {
  it('learn each other’s routes, by next hops that the kernel’s own routes lead to, of two the one with the lower metric', async () => {
    const lab = makeBirdLab('rr');
    try {
      const [reflector, a, b] = [lab.box('r'), lab.box('a'), lab.box('b')];
      const settings = (box: BirdBox, link: number): BirdSettings => ({
        directory: box.directory,
        controlSocket: box.controlSocket,
        user: 'bird',
        group: 'bird',
        asn: 65_000,
        routerId: asIp(`198.18.${link}.1`),
        peers: [{ name: 'rr', address: asIp(`198.18.${link}.2`), asn: 65_000, password: 'hush' }],
      });
      lab.link(a, reflector, 51);
      lab.link(b, reflector, 52);
      a.netns.run(['ip', 'route', 'add', '198.18.52.0/30', 'via', '198.18.51.2']);
      b.netns.run(['ip', 'route', 'add', '198.18.51.0/30', 'via', '198.18.52.2']);
      await reflector.start(REFLECTOR);
      for (const [box, link] of [
        [a, 51],
        [b, 52],
      ] as const)
        await box.start(renderBird(settings(box, link)).files.get('bird.conf') ?? '');
      a.netns.run(['ip', 'route', 'add', '10.66.0.1/32', 'dev', 'tapx', 'proto', '80', 'metric', '1024']);
      expect(await b.untilRoutes('10.66.0.1', (text) => text !== '')).toContain('via 198.18.52.2 dev up52 proto bird');
      // A migration: the target announces it with a better metric, before the source is silent.
      b.netns.run(['ip', 'route', 'add', '10.66.0.1/32', 'dev', 'tapx', 'proto', '80', 'metric', '512']);
      expect(await reflector.untilRoutes('10.66.0.1', (text) => text.includes('up52'))).not.toContain('up51');
    } finally {
      await lab.close();
    }
  });
});
