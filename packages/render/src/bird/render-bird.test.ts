import { asCidr, asIp } from '@manx/ip';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { birdCommand, birdRecoverCommand } from './bird-command.js';
import { birdCommunity } from './bird-community.js';
import { birdProblems } from './bird-problems.js';
import type { BirdPeer, BirdSettings } from './bird-settings.js';
import { birdProtocolName, renderBird } from './render-bird.js';
import { birdVerdict } from './testing/bird-verdict.js';

const SETTINGS: BirdSettings = {
  directory: '/run/manx/bird',
  controlSocket: '/run/manx/bird.ctl',
  user: 'bird',
  group: 'bird',
  asn: 65_001,
  routerId: asIp('198.18.1.2'),
  peers: [],
};
const V4: BirdPeer = { name: 'tor1-v4', address: asIp('198.18.1.1'), asn: 64_601, password: "it's { a; } # \\ secret" };
const V6: BirdPeer = { name: 'tor1-v6', address: asIp('fd00:198:18:1::1'), asn: 64_601, localAddress: asIp('fd00:198:18:1::2') };
const INTERNAL: BirdPeer = { name: 'rr', address: asIp('198.18.9.1'), asn: 65_001 };

const ALL: Partial<BirdPeer> = {
  accept: ['default', asCidr('10.0.0.0/8'), asCidr('2001:db8::/32')],
  maxPrefix: { limit: 10, action: 'restart' },
  communities: ['65001:100', '4200000000:1:2'],
  hasBfd: true,
  hasTtlSecurity: true,
};

const FAR: BirdPeer = { ...V4, accept: ['any'], hasBfd: true, multihop: 4, localAddress: asIp('198.18.255.1') };

function text(peers: readonly BirdPeer[], more: Partial<BirdSettings> = {}): string {
  return renderBird({ ...SETTINGS, ...more, peers }).files.get('bird.conf') ?? '';
}

describe('renderBird', () => {
  it('says an external peer like this', () => {
    const lines = text([V4]).split('\n');
    expect(lines.slice(lines.indexOf("protocol bgp 'peer-tor1-v4' {"))).toEqual([
      "protocol bgp 'peer-tor1-v4' {",
      '  local as 65001;',
      '  neighbor 198.18.1.1 as 64601;',
      '  password "it\'s { a; } # \\ secret";',
      '  connect delay time 0;',
      '  connect retry time 1;',
      '  error wait time 1, 5;',
      '  error forget time 30;',
      '  hold time 30;',
      '  keepalive time 10;',
      '  graceful restart on;',
      '  ipv4 {',
      '    add paths rx;',
      '    import filter {',
      '      if net ~ [ 0.0.0.0/8{8,32}, 127.0.0.0/8+, 169.254.0.0/16+, 198.18.1.1/32, 224.0.0.0/3+ ] then reject;',
      '      if net ~ [ 0.0.0.0/0 ] then accept;',
      '      reject;',
      '    };',
      '    import limit 250000 action block;',
      '    export filter {',
      '      if source != RTS_INHERIT then reject;',
      '      if krt_source != 80 then reject;',
      '      if defined(krt_metric) then bgp_med = krt_metric;',
      '      accept;',
      '    };',
      '    next hop self;',
      '  };',
      '}',
      '',
      '',
    ]);
  });

  it('S8: watches a peer by BFD where that is asked for, and only then has the protocol', () => {
    const watched = text([{ ...V4, hasBfd: true }]);
    expect(watched).toMatch(/^protocol bfd 'manx-bfd' \{$[^]*^ {2}bfd on;$/m);
    expect(watched).toContain('{ interval 150 ms; idle tx interval 1 s; multiplier 4; };');
    expect(text([V4])).not.toContain('bfd');
  });

  it('says an internal peer with the metric as local preference, and learns what its next hops need', () => {
    expect(text([INTERNAL])).toContain('bgp_local_pref = 2147483647 - krt_metric;');
    expect(text([INTERNAL])).not.toContain('bgp_med');
    expect(text([INTERNAL])).toContain('preference = 1; accept;');
    expect(text([V4])).not.toContain('preference = 1;');
  });

  it('S18: `any` is not the fabric, unless a prefix says so', () => {
    const protectedPrefixes = [asCidr('198.18.0.0/15'), asCidr('fd00:198::/32')];
    expect(text([{ ...V4, accept: ['any'] }], { protectedPrefixes })).toContain(
      '      if net ~ [ 198.18.0.0/15+ ] then reject;\n      accept;\n',
    );
    expect(text([{ ...V4, accept: ['any', asCidr('198.18.9.0/24'), asCidr('2001:db8::/32')] }], { protectedPrefixes })).toContain(
      '      if net ~ [ 198.18.9.0/24+ ] then accept;\n      if net ~ [ 198.18.0.0/15+ ] then reject;\n      accept;\n',
    );
    expect(text([{ ...V6, accept: [asCidr('10.0.0.0/8')] }], { protectedPrefixes })).toMatch(/then reject;\n {6}reject;\n/);
  });

  it.each([
    ['no peers', []],
    ['both families', [V4, V6]],
    ['an internal peer', [INTERNAL, V6]],
    [
      'an external peer with everything',
      [
        { ...V4, ...ALL },
        { ...V6, ...ALL },
      ],
    ],
    ['an external peer that is not on a link', [FAR]],
    ['an internal peer with everything', [{ ...INTERNAL, ...ALL, hasTtlSecurity: false, localAddress: asIp('198.18.9.2') }]],
  ])('is accepted by BIRD itself: %s', (_what, peers) => {
    expect(birdVerdict(text(peers))).toBe('accepted');
  });

  it('no name and no password that is let through changes what BIRD reads', () => {
    const name = fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,39}$/));
    const password = fc.oneof(fc.string({ unit: 'grapheme' }), fc.stringMatching(/^[ !#-~]{1,80}$/));
    const shape = (config: string): number => config.split('\n').length;
    fc.assert(
      fc.property(name, password, (n, p) => {
        const peer = { ...V4, name: n, password: p };
        if (birdProblems({ ...SETTINGS, peers: [peer] }).length > 0) {
          expect(() => text([peer])).toThrow(RangeError);
        } else {
          expect(shape(text([peer]))).toBe(shape(text([V4])));
          expect(text([peer])).toContain(`  password "${p}";\n`);
          expect(p).not.toContain('"');
        }
      }),
    );
  });

  it('refuses what cannot be said, names it, and never shows a password', () => {
    const bad: BirdSettings = {
      ...SETTINGS,
      asn: 0,
      routerId: asIp('2001:db8::1'),
      controlSocket: `/${'x'.repeat(107)}`,
      peers: [
        { ...V4, password: 'hush"hush' },
        { ...V4, asn: 2 ** 32 },
        { ...V6, address: asIp('fe80::1') },
        { ...V6, name: 'x', localAddress: asIp('10.0.0.1') },
        { ...V4, name: 'a b' },
        { ...V4, name: 'y', accept: [asCidr('0.0.0.0/0')], communities: ['65536:1'], maxPrefix: { limit: 0, action: 'block' } },
        { ...V4, name: 'z', multihop: 2, hasTtlSecurity: true },
      ],
      bfd: { intervalMs: 1, multiplier: 1 },
    };
    expect(birdProblems(bad).map(({ subject }) => subject)).toEqual([
      'bgp.asn',
      'bgp.router_id',
      'run_dir',
      'bgp.bfd.interval_ms',
      'bgp.bfd.multiplier',
      'bgp.peers.tor1-v4.password',
      'bgp.peers.tor1-v4.asn',
      'bgp.peers.tor1-v6.address',
      'bgp.peers.x.local_address',
      'bgp.peers.4.name',
      'bgp.peers.y.max_prefix.limit',
      'bgp.peers.y.accept',
      'bgp.peers.y.communities',
      'bgp.peers.z.ttl_security',
      'bgp.peers.tor1-v4',
    ]);
    expect(JSON.stringify(birdProblems(bad))).not.toContain('hush');
    expect(() => renderBird(bad)).toThrow(RangeError);
  });

  it('an internal peer may be anywhere, so that hops and TTL are not its matter, and BFD needs to know from where', () => {
    const peer = { ...INTERNAL, multihop: 2, hasTtlSecurity: true, hasBfd: true };
    expect(birdProblems({ ...SETTINGS, peers: [peer] }).map(({ subject }) => subject)).toEqual([
      'bgp.peers.rr.multihop',
      'bgp.peers.rr.ttl_security',
      'bgp.peers.rr.bfd',
    ]);
  });

  it.each([
    ['65000:100', { attribute: 'bgp_community', value: '(65000,100)' }],
    ['4200000000:0:4294967295', { attribute: 'bgp_large_community', value: '(4200000000,0,4294967295)' }],
    ['65536:1', null],
    ['1:2:4294967296', null],
    ['1', null],
    ['1:2:3:4', null],
    ['01:2', null],
    ['1:2); accept; #', null],
  ])('reads the community %s', (said, expected) => {
    expect(birdCommunity(said)).toEqual(expected);
  });

  it('starts BIRD in the foreground as its own user, and recovers with the routes kept', () => {
    expect(birdCommand(SETTINGS).join(' ')).toBe('bird -f -u bird -g bird -c /run/manx/bird/bird.conf -s /run/manx/bird.ctl');
    expect(birdRecoverCommand(SETTINGS).at(-1)).toBe('-R');
    expect(birdProtocolName(V4)).toBe('peer-tor1-v4');
  });
});
