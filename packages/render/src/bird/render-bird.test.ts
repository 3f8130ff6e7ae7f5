import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asIp } from '@manx/ip';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { birdCheckCommand, birdCommand, birdRecoverCommand } from './bird-command.js';
import { birdProblems } from './bird-problems.js';
import type { BirdPeer, BirdSettings } from './bird-settings.js';
import { birdProtocolName, renderBird } from './render-bird.js';

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

function text(peers: readonly BirdPeer[], more: Partial<BirdSettings> = {}): string {
  return renderBird({ ...SETTINGS, ...more, peers }).files.get('bird.conf') ?? '';
}

function accepts(config: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'manx-t-bird-'));
  try {
    const file = join(directory, 'bird.conf');
    writeFileSync(file, config);
    const [program, ...args] = birdCheckCommand(file);
    const done = spawnSync(program, args, { encoding: 'utf8' });
    return done.status === 0 ? 'accepted' : done.stderr;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe('renderBird', () => {
  it('says an external peer like this', () => {
    expect(text([V4]).split('\n').slice(-15)).toEqual([
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
      '  ipv4 { add paths rx; import filter manx_learn4; export filter manx_announce_external; next hop self; };',
      '}',
      '',
      '',
    ]);
  });

  it('S8: watches a peer by BFD where that is asked for, and only then has the protocol', () => {
    expect(text([{ ...V4, bfd: true }])).toMatch(/^protocol bfd \{ \}$[^]*^ {2}bfd \{ interval 150 ms; multiplier 4; \};$/m);
    expect(text([V4])).not.toContain('bfd');
  });

  it('says an internal peer with the metric as local preference, and learns what its next hops need', () => {
    expect(text([INTERNAL])).toContain('export filter manx_announce_internal;');
    expect(text([INTERNAL])).toContain('preference = 1; accept;');
    expect(text([V4])).not.toContain('preference = 1;');
  });

  it.each([
    ['no peers', []],
    ['both families', [V4, V6]],
    ['an internal peer', [INTERNAL, V6]],
    ['a peer with BFD', [{ ...V4, bfd: true }, V6]],
  ])('is accepted by BIRD itself: %s', (_what, peers) => {
    expect(accepts(text(peers))).toBe('accepted');
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
      ],
    };
    expect(birdProblems(bad).map(({ subject }) => subject)).toEqual([
      'bgp.asn',
      'bgp.router_id',
      'run_dir',
      'bgp.peers.tor1-v4.password',
      'bgp.peers.tor1-v4.asn',
      'bgp.peers.tor1-v6.address',
      'bgp.peers.x.local_address',
      'bgp.peers.4.name',
      'bgp.peers.tor1-v4',
    ]);
    expect(JSON.stringify(birdProblems(bad))).not.toContain('hush');
    expect(() => renderBird(bad)).toThrow(RangeError);
  });

  it('starts BIRD in the foreground as its own user, and recovers with the routes kept', () => {
    expect(birdCommand(SETTINGS).join(' ')).toBe('bird -f -u bird -g bird -c /run/manx/bird/bird.conf -s /run/manx/bird.ctl');
    expect(birdRecoverCommand(SETTINGS).at(-1)).toBe('-R');
    expect(birdProtocolName(V4)).toBe('peer-tor1-v4');
  });
});
