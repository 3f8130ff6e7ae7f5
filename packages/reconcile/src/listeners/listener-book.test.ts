import type { HostState, IfName } from '@manx/hoststate';
import { asIp, type Ip } from '@manx/ip';
import { endpoint, stateOf } from '@manx/render/testing/states';
import { describe, expect, it } from 'vitest';
import { ListenerBook, type ListenerWord } from './listener-book.js';

const HOLD = 1_000;
const [a, b] = [endpoint('a', 1, { ips: ['10.65.0.2'] }), endpoint('b', 2, { ips: ['10.65.0.3'] })];
const state = stateOf([a, b]);
const taps = new Set<IfName>([a.ifname, b.ifname]);
const [S1, S2, S3] = ['10.65.0.11', '10.65.0.12', '10.65.0.13'].map(asIp) as [Ip, Ip, Ip];
const G = asIp('239.1.1.1');

const say = (kind: ListenerWord['kind'], sources: readonly Ip[] = [], group = G): ListenerWord => ({ group, kind, sources });
const open = (
  more: { readonly state?: HostState; readonly saved?: ConstructorParameters<typeof ListenerBook>[0]['saved'] } = {},
): ListenerBook => {
  const book = new ListenerBook({ holdMs: HOLD, saved: more.saved ?? [], now: 0 });
  book.settle(more.state ?? state, taps);
  return book;
};
const heard = (...words: readonly ListenerWord[]) => {
  const book = open();
  for (const word of words) book.hear(a.ifname, [word], 0);
  return book.memberships.get('a')?.map(({ mode, sources }) => [mode, sources])[0] ?? null;
};

describe('S10: what an instance listens to', () => {
  it.each([
    ['all of a group', [say('exclude')], ['exclude', []]],
    ['all but one source', [say('exclude', [S1])], ['exclude', [S1]]],
    ['one source', [say('include', [S1])], ['include', [S1]]],
    ['nothing any more', [say('exclude'), say('include')], null],
    ['one source more', [say('allow', [S1]), say('allow', [S2])], ['include', [S1, S2]]],
    ['one source less', [say('include', [S1, S2]), say('block', [S1])], ['include', [S2]]],
    ['its last source no more', [say('include', [S1]), say('block', [S1])], null],
    ['a source that it did not want', [say('exclude', [S1, S2]), say('allow', [S2])], ['exclude', [S1]]],
    ['a source no more of all', [say('exclude'), say('block', [S3])], ['exclude', [S3]]],
    ['nothing, which was nothing', [say('block', [S1])], null],
  ])('%s', (_, words, wanted) => expect(heard(...words)).toEqual(wanted));

  it('tells whether anything has changed, and keeps its answer by reference while nothing has', () => {
    const book = open();
    expect(book.hear(a.ifname, [say('exclude')], 0)).toBe(true);
    const { memberships } = book;
    expect(book.hear(a.ifname, [say('exclude')], 10)).toBe(false);
    expect(book.settle(state, new Set(taps))).toBe(false);
    expect(book.memberships).toBe(memberships);
    expect(book.hear(b.ifname, [say('exclude')], 10)).toBe(true);
    expect(book.memberships).not.toBe(memberships);
  });

  it('asks other hosts for each source once, and for all where somebody wants all', () => {
    const book = open();
    book.hear(a.ifname, [say('include', [S2, S1])], 0);
    book.hear(b.ifname, [say('include', [S1, S3])], 0);
    expect(book.interests).toEqual([S1, S2, S3].map((source) => ({ group: G, source })));
    book.hear(b.ifname, [say('exclude', [S1])], 0);
    expect(book.interests).toEqual([{ group: G, source: null }]);
  });

  it('ends when it is silent for too long, and not while it answers', () => {
    const book = open();
    book.hear(a.ifname, [say('exclude')], 0);
    book.hear(b.ifname, [say('exclude')], 0);
    book.hear(b.ifname, [say('exclude')], 600);
    expect(book.expire(HOLD - 1)).toBe(false);
    expect(book.nextAt).toBe(HOLD);
    expect(book.expire(HOLD)).toBe(true);
    expect([...book.memberships.keys()]).toEqual(['b']);
  });

  it.each([
    ['its tap', state, new Set([b.ifname])],
    ['its port', stateOf([b]), taps],
    ['its administrative state', stateOf([{ ...a, isUp: false }, b]), taps],
  ])('ends with %s', (_, after, left) => {
    const book = open();
    book.hear(a.ifname, [say('exclude')], 0);
    book.hear(b.ifname, [say('exclude')], 0);
    expect(book.settle(after, left)).toBe(true);
    expect([...book.memberships.keys()]).toEqual(['b']);
  });

  it('S20: outlives the agent, also where the taps are seen later; what is kept ends as well when nobody answers', () => {
    const before = open();
    before.hear(a.ifname, [say('exclude', [S1])], 0);
    const book = new ListenerBook({ holdMs: HOLD, saved: before.saved(), now: 5_000 });
    book.settle(state, new Set());
    expect(book.memberships).toEqual(before.memberships);
    book.settle(state, taps);
    expect(book.memberships).toEqual(before.memberships);
    expect(book.expire(5_000 + HOLD)).toBe(true);
    expect(book.memberships.size).toBe(0);
  });

  it('S18: is bounded: groups of a port, sources of a group; groups of the link and taps of nobody are none', () => {
    const book = open();
    const many = Array.from({ length: 300 }, (_, n) => asIp(`239.1.${n >> 8}.${n & 255}`));
    book.hear(
      a.ifname,
      many.map((group) => say('exclude', [], group)),
      0,
    );
    expect(book.memberships.get('a')).toHaveLength(64);
    book.hear(
      b.ifname,
      [
        say(
          'include',
          many.map((_, n) => asIp(`10.65.${n >> 8}.${n & 255}`)),
        ),
      ],
      0,
    );
    expect(book.memberships.get('b')?.[0]?.sources).toHaveLength(64);
    expect(book.hear(a.ifname, [say('exclude', [], asIp('224.0.0.251')), say('exclude', [], asIp('10.65.0.9'))], 0)).toBe(false);
    expect(book.hear('tapnobody' as IfName, [say('exclude')], 0)).toBe(false);
    expect(heard(say('include', [asIp('fd00::1'), asIp('239.9.9.9')]))).toBeNull();
  });
});
