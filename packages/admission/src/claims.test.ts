import { asIp } from '@manx/ip';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ReportedClaim } from './command.js';
import { faultsOf } from './soundness.js';
import { ADMIN, Bench, outcome } from './test-bench.js';

const VIP = '10.1.0.100';
const PREFIX = '10.1.8.0/24';

let bench: Bench;
let a: string;
let b: string;

/** What a host says of its ports: each claim as port, address, and the second at which it was heard. */
const say = (host: string, ports: readonly string[], ...claims: readonly (readonly [string, string, number])[]): string =>
  outcome(
    bench.run({
      op: 'report_claims',
      host,
      ports,
      claims: claims.map(
        ([port, ip_address, at]) => ({ port, ip_address, claimed_at: new Date(at * 1000).toISOString() }) as ReportedClaim,
      ),
    }),
  );
const claimsOf = (id: string): readonly string[] => bench.the('port', id).claimed_addresses?.map(({ ip_address }) => ip_address) ?? [];

beforeEach(() => {
  bench = new Bench();
  const network_id = bench.made('network', {}).id;
  bench.made('subnet', { network_id, cidr: '10.1.0.0/16', ip_version: 4 });
  const pairs = [{ ip_address: VIP }, { ip_address: PREFIX }];
  a = bench.made('port', { network_id, 'binding:host_id': 'h1', allowed_address_pairs: pairs }).id;
  b = bench.made('port', { network_id, 'binding:host_id': 'h2', allowed_address_pairs: pairs }).id;
});

describe('S9: of claims to one address', () => {
  test('the later stands, whichever is heard of first', () => {
    say('h1', [a], [a, VIP, 10]);
    expect([claimsOf(a), claimsOf(b)]).toEqual([[VIP], []]);
    say('h2', [b], [b, VIP, 20]);
    expect([claimsOf(a), claimsOf(b)]).toEqual([[], [VIP]]);
    // The host of the first had been cut off, and tells late of what it saw before.
    say('h1', [a], [a, VIP, 15]);
    expect([claimsOf(a), claimsOf(b)]).toEqual([[], [VIP]]);
  });

  test('of one moment, one stands, and the other report changes nothing again and again', () => {
    const [low, high] = [a, b].sort() as [string, string];
    const hostOf = (id: string): string => (id === a ? 'h1' : 'h2');
    for (const id of [high, low, high, low]) say(hostOf(id), [id], [id, VIP, 10]);
    expect([claimsOf(low), claimsOf(high)]).toEqual([[], [VIP]]);
  });

  test('one that is told again is no change, and no revision', () => {
    say('h1', [a], [a, VIP, 10]);
    const before = bench.the('port', a).revision_number;
    say('h1', [a], [a, VIP, 30]);
    expect(bench.the('port', a).revision_number).toBe(before);
  });

  test('what a host says no more has ended; of ports that it does not speak of nothing is said', () => {
    say('h1', [a], [a, VIP, 10], [a, '10.1.8.7', 10]);
    say('h1', []);
    expect(claimsOf(a)).toEqual([VIP, '10.1.8.7']);
    say('h1', [a], [a, '10.1.8.7', 10]);
    expect(claimsOf(a)).toEqual(['10.1.8.7']);
  });

  test('a host speaks for its own ports and their pairs alone, and nobody but the server speaks for hosts', () => {
    say('h1', [a, b], [b, VIP, 10], [a, '10.1.0.7', 10], ['gone', VIP, 10]);
    expect([claimsOf(a), claimsOf(b)]).toEqual([[], []]);
    expect(outcome(bench.run({ op: 'report_claims', host: 'h1', ports: [a], claims: [] }, ADMIN))).toBe('403 PolicyNotAuthorized');
  });

  test('a host that was told of a claim keeps it, and makes none of it that has ended', () => {
    const keeps = (): void =>
      void bench.run({ op: 'report_claims', host: 'h1', ports: [a], claims: [{ port: a, ip_address: asIp(VIP), claimed_at: null }] });
    keeps();
    expect(claimsOf(a)).toEqual([]);
    say('h1', [a], [a, VIP, 10]);
    keeps();
    expect(claimsOf(a)).toEqual([VIP]);
  });

  test('a port has 64 at most', () => {
    say('h1', [a], ...Array.from({ length: 100 }, (_, n) => [a, `10.1.8.${n + 1}`, 10] as const));
    expect(claimsOf(a)).toHaveLength(64);
  });
});

describe('S9: a port keeps its claims', () => {
  beforeEach(() => {
    say('h1', [a], [a, VIP, 10], [a, '10.1.8.7', 10]);
  });

  test('when it moves to another host, and loses them when it is plugged in nowhere', () => {
    bench.changed('port', a, { 'binding:host_id': 'h2' });
    expect(claimsOf(a)).toEqual([VIP, '10.1.8.7']);
    bench.changed('port', a, { 'binding:host_id': null });
    expect(claimsOf(a)).toEqual([]);
  });

  test('as far as its pairs go', () => {
    bench.changed('port', a, { allowed_address_pairs: [{ ip_address: PREFIX }] });
    expect(claimsOf(a)).toEqual(['10.1.8.7']);
    bench.changed('port', a, { allowed_address_pairs: [] });
    expect(claimsOf(a)).toEqual([]);
    expect(faultsOf(bench.state, 'refuse')).toEqual([]);
  });

  test('out of reach of who changes the port', () => {
    expect(outcome(bench.put('port', a, { claimed_addresses: [] }))).toMatch(/^400 /);
    expect(claimsOf(a)).toEqual([VIP, '10.1.8.7']);
  });
});
