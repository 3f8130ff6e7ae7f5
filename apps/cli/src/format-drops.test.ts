import { describe, expect, it } from 'vitest';
import { type DropRow, formatDrops, formatWhyDropped, type SampleRow } from './format-drops.js';

const plain = (_: unknown, text: string): string => text;
const port = { id: 'p1', name: 'web-1', status: 'ACTIVE', blockers: [] };
const row = (fields: Partial<DropRow> = {}): DropRow => ({
  host: 'h1',
  port_id: 'p1',
  port_name: 'web-1',
  at: 'tap1',
  reason: 'source',
  packets: 3,
  bytes: 180,
  packets_per_second: 1.5,
  first_seen_at: '2026-01-31T00:00:00.123Z',
  last_seen_at: '2026-01-31T00:00:09.5Z',
  meaning: 'the source is forged',
  advice: 'Send as who it is.',
  samples: [],
  ...fields,
});

const sample = (fields: Partial<SampleRow> = {}): SampleRow => ({
  seen_at: '2026-01-31T00:00:09.5Z',
  text: 'TCP 10.0.0.9 port 4 -> 10.0.0.2 port 22 (SYN)',
  mac: null,
  peers: [],
  check: 'no rule lets it in',
  opening: 'openstack rule',
  ...fields,
});

describe('packets of drops', () => {
  it('of a port: what they tell is said once, with what opens it', () => {
    const samples = [sample({ peers: ['db-1'], mac: 'fa:16:3e:00:00:01' }), sample(), sample({ check: null, opening: null, text: 'UDP' })];
    expect(formatWhyDropped(port, [row({ samples })], plain).slice(-7)).toEqual([
      '  source: the source is forged.',
      '      Send as who it is.',
      '      2026-01-31T00:00:09Z  TCP 10.0.0.9 port 4 -> 10.0.0.2 port 22 (SYN)  the other end is db-1, from fa:16:3e:00:00:01',
      '      2026-01-31T00:00:09Z  TCP 10.0.0.9 port 4 -> 10.0.0.2 port 22 (SYN)',
      '          no rule lets it in',
      '          to open: openstack rule',
      '      2026-01-31T00:00:09Z  UDP',
    ]);
  });

  it('in a list: the latest, beneath its drop; no name moves the cursor', () => {
    const [, , packet, , , next] = formatDrops([row({ samples: [sample({ peers: ['a\u001B[2J'] }), sample()] }), row()], plain);
    expect(packet).toMatch(/^ {4}2026-01-31T00:00:09Z {2}TCP .* the other end is a\?\[2J$/);
    expect(next).toMatch(/^h1 /);
  });
});

describe('drops for people', () => {
  it('a port with drops: a table, and each reason once in words', () => {
    expect(formatWhyDropped(port, [row(), row({ host: 'h2' }), row({ port_id: 'p2', reason: 'arp' })], plain)).toEqual([
      'web-1 (p1), ACTIVE',
      '  host  at    reason  packets  bytes  per second  since                 last seen',
      '  h1    tap1  source  3        180    1.5         2026-01-31T00:00:00Z  2026-01-31T00:00:09Z',
      '  h2    tap1  source  3        180    1.5         2026-01-31T00:00:00Z  2026-01-31T00:00:09Z',
      '',
      '  source: the source is forged.',
      '      Send as who it is.',
    ]);
  });

  it('a port without drops says so, and what blocks it', () => {
    expect(formatWhyDropped({ ...port, blockers: ['it is down'] }, [row({ port_id: 'p2' })], plain)).toEqual([
      'web-1 (p1), ACTIVE',
      '  blocked: it is down',
      '  Nothing of it was dropped that the hosts told of (the last day at most).',
    ]);
  });

  it('a tenant gets no column of hosts, and no name moves the cursor', () => {
    const [heading, line] = formatDrops([row({ host: null, port_name: 'a\u001B[2J' })], plain);
    expect(heading?.startsWith('port')).toBe(true);
    expect(line?.startsWith('a?[2J')).toBe(true);
  });
});
