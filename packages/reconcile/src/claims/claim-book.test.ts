import { type Endpoint, emptyHostState, type HostState, NO_QOS, tapName } from '@manx/hoststate';
import { asCidr, asIp, asMac, compareIps, type Ip } from '@manx/ip';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { ClaimBook } from './claim-book.js';
import { withClaims } from './with-claims.js';

const VIP = asIp('10.65.0.100');
const VIP6 = asIp('fd00:65::100');
const WITHIN = asIp('10.65.8.7');

/** An endpoint that has both addresses and a prefix as pairs; `yielded`: the server says that another host's port has claimed those. */
const endpoint = (
  id: string,
  { claims = [], yielded = [], isUp = true }: Partial<Record<'claims' | 'yielded', Ip[]>> & { isUp?: boolean } = {},
): Endpoint => {
  const pair = (text: string, ip?: Ip): Endpoint['pairs'][number] => ({
    cidr: asCidr(text),
    mac: asMac('fa:16:3e:00:00:01'),
    isRouted: true,
    isYielded: ip !== undefined && yielded.includes(ip),
  });
  return {
    kind: 'endpoint',
    id,
    ifname: tapName(id),
    mac: asMac('fa:16:3e:00:00:01'),
    isUp,
    phase: 'home',
    picksUp: false,
    addresses: [{ ip: asIp(`10.65.0.${id.length + 1}`), subnet: 'sub' }],
    isSecured: true,
    pairs: [pair(`${VIP}/32`, VIP), pair('10.65.8.0/24'), pair(`${VIP6}/128`, VIP6)],
    claims: claims.toSorted(compareIps),
    policies: [],
    floating: [],
    forwards: [],
    floatingLimits: [],
    qos: NO_QOS,
    dhcpOptions: [],
    logs: [],
    hostname: `host-${id}`,
    owner: null,
  };
};
const stateOf = (...endpoints: readonly Endpoint[]): HostState => ({
  ...emptyHostState,
  endpoints: new Map(endpoints.map((one) => [one.id, one])),
});
const receiversOf = (state: HostState, ip: Ip): string[] => {
  const claimants = [...state.endpoints.values()].filter(({ claims }) => claims.includes(ip));
  const sharing = [...state.endpoints.values()].filter(({ pairs }) =>
    pairs.some(({ cidr, isYielded }) => cidr === `${ip}/32` && !isYielded),
  );
  return (claimants.length > 0 ? claimants : sharing).map(({ id }) => id);
};
const [A, B] = ['a', 'bb'] as const;
const TAPS = new Set([A, B].map(tapName));

let book: ClaimBook;
let now: number;
let revision: number;
let server: HostState;
const settle = (more: { taps?: ReadonlySet<ReturnType<typeof tapName>> } = {}): boolean =>
  book.settle({ state: server, revision, taps: TAPS, now, ...more });
const hear = (id: string, ip: Ip = VIP): boolean => book.hear({ ifname: tapName(id), ip, now });
const here = (ip: Ip = VIP): string[] => receiversOf(withClaims(server, book.changes()), ip);
/** The server's answer to what was reported. */
const answer = (state: HostState): void => {
  revision += 1;
  book.answered(book.claims(), revision);
  server = state;
  settle();
};

beforeEach(() => {
  [book, now, revision, server] = [new ClaimBook([]), 1_000_000, 1, stateOf(endpoint(A), endpoint(B))];
  settle();
});

describe('S9: a claim', () => {
  it('counts on this host at once, before the server has heard of it, and is told', () => {
    expect(here()).toEqual([A, B]);
    expect(hear(A)).toBe(true);
    expect(here()).toEqual([A]);
    expect(book.claims()).toEqual([{ endpoint: A, ip: VIP, at: now }]);
    expect(here(VIP6)).toEqual([]);
  });

  it('moves with the next announcement; one that changes nothing is no news', () => {
    hear(A);
    expect(hear(A)).toBe(false);
    now += 5;
    expect(hear(B)).toBe(true);
    expect(here()).toEqual([B]);
    expect(book.claims()).toEqual([{ endpoint: B, ip: VIP, at: now }]);
  });

  it('is nothing of this host’s own any more once the server’s state says it', () => {
    hear(A);
    answer(stateOf(endpoint(A, { claims: [VIP] }), endpoint(B, { yielded: [VIP] })));
    expect([...book.changes()]).toEqual([]);
    expect(here()).toEqual([A]);
    expect(book.claims()).toHaveLength(1);
  });

  it('gives way when the server knows of a later one on another host', () => {
    hear(A);
    answer(stateOf(endpoint(A, { yielded: [VIP] }), endpoint(B, { yielded: [VIP] })));
    expect(here()).toEqual([]);
    expect(book.claims()).toEqual([]);
  });

  it('stands against what the server said before it answered, for as long as it is away', () => {
    server = stateOf(endpoint(A, { yielded: [VIP] }), endpoint(B, { yielded: [VIP] }));
    settle();
    hear(A);
    revision += 5;
    settle();
    expect(here()).toEqual([A]);
  });

  it.each([
    ['its pair', () => stateOf({ ...endpoint(A), pairs: [] }, endpoint(B))],
    ['its port', () => stateOf(endpoint(B))],
    ['its port going down', () => stateOf(endpoint(A, { isUp: false }), endpoint(B))],
  ])('ends with %s, and nothing of it is left', (_, after) => {
    hear(A);
    server = after();
    expect(settle()).toBe(true);
    expect(book.claims()).toEqual([]);
    expect([...book.changes()]).toEqual([]);
  });

  it('ends with its tap: those who remain have the address at once, also while the server still says otherwise', () => {
    hear(A);
    answer(stateOf(endpoint(A, { claims: [VIP] }), endpoint(B, { yielded: [VIP] })));
    settle({ taps: new Set([tapName(B)]) });
    expect(here()).toContain(B);
    expect(book.claims()).toEqual([]);
    settle();
    expect(book.claims(), 'a tap that is back has claimed nothing').toEqual([]);
    hear(A);
    expect(here()).toEqual([A]);
  });

  it('that came with its port waits for the tap; one whose tap went while no agent ran has ended', () => {
    const moved = endpoint('ccc', { claims: [VIP] });
    server = stateOf(endpoint(A, { yielded: [VIP] }), moved);
    settle();
    expect(book.claims()).toEqual([{ endpoint: 'ccc', ip: VIP, at: null }]);
    settle({ taps: new Set([...TAPS, tapName('ccc')]) });
    const restarted = new ClaimBook(book.saved());
    restarted.settle({ state: server, revision, taps: TAPS, now });
    expect(restarted.claims()).toEqual([]);
    expect(receiversOf(withClaims(server, restarted.changes()), VIP)).toContain(A);
  });

  it('S20: that the server has granted stands after a restart, also by a copy of the state from before', () => {
    const before = stateOf(endpoint(A, { yielded: [VIP] }), endpoint(B, { claims: [VIP] }));
    server = before;
    settle();
    hear(A);
    answer(stateOf(endpoint(A, { claims: [VIP] }), endpoint(B, { yielded: [VIP] })));
    const restarted = new ClaimBook(book.saved());
    restarted.settle({ state: before, revision: revision - 1, taps: TAPS, now });
    expect(receiversOf(withClaims(before, restarted.changes()), VIP)).toEqual([A]);
    expect(restarted.claims().map((claim) => claim.endpoint)).toEqual([A]);
    restarted.settle({ state: before, revision: revision + 1, taps: TAPS, now });
    expect(receiversOf(withClaims(before, restarted.changes()), VIP)).toEqual([B]);
  });

  it('that the server grants when its tap has gone already is not taken up again', () => {
    hear(A);
    settle({ taps: new Set([tapName(B)]) });
    server = stateOf(endpoint(A, { claims: [VIP] }), endpoint(B, { yielded: [VIP] }));
    settle({ taps: new Set([tapName(B)]) });
    expect(book.claims()).toEqual([]);
    expect(here()).toContain(B);
  });

  it('that the server took back without a later one, having lost sight of the host, is made again with its own time', () => {
    hear(A);
    const at = now;
    answer(stateOf(endpoint(A, { claims: [VIP] }), endpoint(B, { yielded: [VIP] })));
    now += 60_000;
    server = stateOf(endpoint(A), endpoint(B));
    settle();
    expect(here()).toEqual([A]);
    expect(book.claims()).toEqual([{ endpoint: A, ip: VIP, at }]);
  });

  it('to an address within a prefix is the server’s to grant: it may be somebody else’s elsewhere', () => {
    expect(hear(A, WITHIN)).toBe(true);
    expect([...book.changes()]).toEqual([]);
    expect(book.claims()).toEqual([{ endpoint: A, ip: WITHIN, at: now }]);
    answer(stateOf(endpoint(A), endpoint(B)));
    expect(book.claims()).toEqual([]);
  });

  it.each([
    ['the port’s own address', asIp('10.65.0.2')],
    ['an address outside of its pairs', asIp('10.65.0.101')],
  ])('is not made to %s', (_, ip) => {
    expect(hear(A, ip)).toBe(false);
    expect(book.claims()).toEqual([]);
  });

  it('is not made to a pair that is not routed, nor by a tap that is unknown', () => {
    const [first, ...rest] = endpoint(A).pairs;
    server = stateOf({ ...endpoint(A), pairs: [{ ...(first as Endpoint['pairs'][number]), isRouted: false }, ...rest] });
    settle();
    expect([hear(A), hear('stranger')]).toEqual([false, false]);
  });
});

describe('S9: two that fight over an address', () => {
  it('change it five times and then once a second, and the last who announced has it in the end', () => {
    let changes = 0;
    for (let turn = 0; turn < 1_000; turn += 1) {
      now += 1;
      if (hear(turn % 2 === 0 ? A : B)) changes += 1;
    }
    expect(changes).toBeLessThanOrEqual(6);
    const last = here()[0] === A ? B : A;
    expect(hear(last)).toBe(false);
    const due = book.nextAt(now) ?? Number.NaN;
    expect(due).toBeGreaterThan(now);
    now = due;
    settle();
    expect(here()).toEqual([last]);
    expect(book.nextAt(now)).toBeNull();
  });

  it('hold up no other address', () => {
    for (let turn = 0; turn < 100; turn += 1) hear(turn % 2 === 0 ? A : B);
    expect(hear(A, VIP6)).toBe(true);
  });

  it('a port that claims all of a prefix has 64 addresses of it, and the book no more than that', () => {
    for (let n = 1; n < 255; n += 1) hear(A, asIp(`10.65.8.${n}`));
    now += 100_000;
    for (let n = 1; n < 255; n += 1) hear(A, asIp(`10.65.8.${n}`));
    expect(book.claims()).toHaveLength(64);
  });
});

/** What may happen to a host, in any order. */
const happenings = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('hear' as const),
      id: fc.constantFrom(A, B),
      ip: fc.constantFrom(VIP, VIP6, WITHIN),
      after: fc.integer({ min: 0, max: 2_000 }),
    }),
    fc.record({
      kind: fc.constant('server' as const),
      claimant: fc.constantFrom(A, B, 'elsewhere', null),
      ip: fc.constantFrom(VIP, VIP6),
      hears: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('taps' as const), there: fc.subarray([A, B]) }),
    fc.record({ kind: fc.constant('restart' as const) }),
  ),
  { maxLength: 40 },
);

describe('whatever happens', () => {
  it('an address of this host goes to one claimant or is shared, what is told is what counts, and a restart changes nothing', () => {
    fc.assert(
      fc.property(happenings, (events) => {
        [book, now, revision, server] = [new ClaimBook([]), 1_000_000, 1, stateOf(endpoint(A), endpoint(B))];
        let taps = TAPS;
        settle({ taps });
        for (const event of events) {
          if (event.kind === 'hear') {
            now += event.after;
            hear(event.id, event.ip);
          } else if (event.kind === 'taps') {
            taps = new Set(event.there.map(tapName));
            settle({ taps });
          } else if (event.kind === 'server') {
            revision += 1;
            if (event.hears) book.answered(book.claims(), revision);
            const claimed = (id: string): Parameters<typeof endpoint>[1] =>
              event.claimant === id ? { claims: [event.ip] } : event.claimant === null ? {} : { yielded: [event.ip] };
            server = stateOf(endpoint(A, claimed(A)), endpoint(B, claimed(B)));
            settle({ taps });
          } else {
            settle({ taps });
            const before = [book.claims(), [...book.changes()]];
            book = new ClaimBook(book.saved());
            settle({ taps });
            expect([book.claims(), [...book.changes()]]).toEqual(before);
          }
          const effective = withClaims(server, book.changes());
          for (const ip of [VIP, VIP6, WITHIN]) {
            const claimants = [...effective.endpoints.values()].filter(({ claims }) => claims.includes(ip));
            expect(claimants.length).toBeLessThanOrEqual(1);
            for (const { id } of claimants) expect(book.claims().find((claim) => claim.ip === ip)?.endpoint).toBe(id);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
