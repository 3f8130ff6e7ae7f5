import { asIfName, type Endpoint, emptyHostState, type HostState, NO_QOS } from '@manx/hoststate';
import { asIp, asMac } from '@manx/ip';
import { describe, expect, it } from 'vitest';
import { MoveBook } from './move-book.js';
import { withMoves } from './with-moves.js';

const TAP = asIfName('tap0');
const DAY = 86_400_000;

const endpoint = (phase: Endpoint['phase'], more: Partial<Endpoint> = {}): Endpoint => ({
  kind: 'endpoint',
  id: 'a',
  ifname: TAP,
  mac: asMac('fa:16:3e:00:00:01'),
  isUp: true,
  phase,
  picksUp: phase === 'incoming' || phase === 'arrived',
  addresses: [{ ip: asIp('10.65.0.2'), subnet: 's' }],
  isSecured: true,
  pairs: [{ cidr: '10.65.0.9/32' as never, mac: asMac('fa:16:3e:00:00:01'), isRouted: true, isYielded: false }],
  claims: [asIp('10.65.0.9')],
  policies: ['p'],
  floating: [{ ip: asIp('203.0.113.5'), fixed: asIp('10.65.0.2') }],
  forwards: [],
  floatingLimits: [],
  qos: NO_QOS,
  dhcpOptions: [],
  logs: [],
  hostname: 'host-a',
  owner: null,
  ...more,
});

const stateOf = (...endpoints: readonly Endpoint[]): HostState => ({
  ...emptyHostState,
  endpoints: new Map(endpoints.map((one) => [one.id, one])),
});

/** A book, what the server says one word after another, and what comes of it: the phase here, whether connections are picked up, and routes' sake. */
const play = (saved: ConstructorParameters<typeof MoveBook>[0] = []) => {
  const book = new MoveBook(saved);
  let revision = 0;
  let now = 1_000;
  let state = emptyHostState;
  const settle = (hasTap: boolean): string => {
    book.settle({ state, revision, taps: new Set(hasTap ? [TAP] : []), now });
    const here = withMoves(state, book.changes()).endpoints.get('a');
    return here === undefined ? 'nothing' : `${here.phase}${here.picksUp ? ' picks up' : ''}`;
  };
  return {
    book,
    told: (said: HostState, { hasTap = true, at = revision + 1 }: { hasTap?: boolean; at?: number } = {}): string => {
      revision = at;
      state = said;
      return settle(hasTap);
    },
    heard: (): string => {
      book.hear({ ifname: TAP, now });
      return settle(true);
    },
    after: (ms: number, hasTap = true): string => {
      now += ms;
      return settle(hasTap);
    },
  };
};

const INCOMING = stateOf(endpoint('incoming'));
const ARRIVED = stateOf(endpoint('arrived'));
const HOME = stateOf(endpoint('home'));
const LEFT = stateOf(endpoint('left'));

describe('a live migration at its target', () => {
  it('waits in silence, arrives when it is heard, has the better metric for a while, and picks connections up for longer', () => {
    const { told, heard, after } = play();
    expect(told(INCOMING)).toBe('incoming picks up');
    expect(heard()).toBe('arrived picks up');
    expect(told(ARRIVED)).toBe('arrived picks up');
    expect(told(HOME)).toBe('arrived picks up');
    expect(after(29_999)).toBe('arrived picks up');
    expect(after(1)).toBe('home picks up');
    expect(after(570_000)).toBe('home');
  });

  it('that nobody hears arrives with the server’s word', () => {
    const { told } = play();
    told(INCOMING, { hasTap: false });
    expect(told(HOME)).toBe('arrived picks up');
  });

  it('stays arrived while the server knows of it as awaited only; afterwards the server’s word is that it has gone again', () => {
    const { told, heard } = play();
    told(INCOMING);
    heard();
    expect(told(stateOf(endpoint('incoming', { hostname: 'another' })))).toBe('arrived picks up');
    told(ARRIVED);
    expect(told(INCOMING)).toBe('incoming picks up');
  });

  it('is awaited again when its tap goes, whatever the server knows', () => {
    for (const known of [INCOMING, ARRIVED]) {
      const { told, heard, after } = play();
      told(INCOMING);
      heard();
      told(known);
      expect(after(1, false)).toBe('incoming picks up');
    }
  });

  it('a port that is bound here without having been awaited, or that is heard at home, is none', () => {
    const { told, heard, book } = play();
    expect(told(HOME)).toBe('home');
    expect(heard()).toBe('home');
    expect(book.saved()).toEqual([]);
  });

  it('ends without a trace', () => {
    for (const end of [emptyHostState, stateOf(endpoint('home', { id: 'b', ifname: asIfName('tap1') }))]) {
      const { told, heard, book } = play();
      told(INCOMING);
      heard();
      told(end);
      expect(book.saved()).toEqual([]);
      expect(book.changes().size).toBe(0);
    }
  });

  it('S16: what is tightened meanwhile ends the picking up of connections', () => {
    const { told } = play();
    told(INCOMING);
    told(HOME);
    expect(told(stateOf(endpoint('home', { policies: [] })))).toBe('arrived');
  });
});

describe('a live migration at its source', () => {
  it('is silent when the server knows that it was heard elsewhere, and hears it if it turns back', () => {
    const { told, heard } = play();
    expect(told(HOME)).toBe('home');
    expect(told(INCOMING)).toBe('incoming picks up');
    expect(heard()).toBe('arrived picks up');
    expect(told(HOME)).toBe('arrived picks up');
  });

  it('that has left is silent and deaf', () => {
    const { told, heard } = play();
    told(HOME);
    expect(told(LEFT)).toBe('left');
    expect(heard()).toBe('left');
    expect(told(HOME)).toBe('arrived picks up');
  });
});

describe('an agent that comes back', () => {
  it('goes on where it was, also with a copy of the state that is older', () => {
    for (const [words, after] of [
      [[INCOMING], 'incoming picks up'],
      [[INCOMING, ARRIVED], 'arrived picks up'],
      [[HOME, INCOMING], 'incoming picks up'],
      [[HOME, LEFT], 'left'],
    ] as const) {
      const before = play();
      for (const [at, word] of words.entries()) before.told(word, { at: at + 1 });
      for (const [at, word] of words.entries()) expect(play(before.book.saved()).told(word, { at: at + 1 })).toBe(after);
    }
  });

  it('was heard before the server knew: still arrived', () => {
    const before = play();
    before.told(INCOMING);
    before.heard();
    expect(play(before.book.saved()).told(INCOMING)).toBe('arrived picks up');
  });

  it('goes on picking connections up when the copy of the state is from before it began', () => {
    const before = play();
    before.told(INCOMING, { at: 2 });
    before.heard();
    const after = play(before.book.saved());
    expect(after.told(stateOf(), { at: 1 })).toBe('nothing');
    expect(after.told(ARRIVED, { at: 3 })).toBe('arrived picks up');
    expect(after.told(stateOf(endpoint('arrived', { policies: [] })), { at: 4 })).toBe('arrived');
  });

  it('picks up no more connections of what has settled: what was tightened meanwhile it cannot know', () => {
    const before = play();
    before.told(INCOMING);
    before.told(HOME);
    expect(play(before.book.saved()).told(HOME, { at: 2 })).toBe('arrived');
  });
});

it('a silent endpoint draws nothing here: no floating IP, no routed pair, no claim; others keep their reference', () => {
  const other = endpoint('home', { id: 'b', ifname: asIfName('tap1') });
  const state = stateOf(endpoint('incoming'), other);
  const { endpoints } = withMoves(state, new Map());
  expect(endpoints.get('a')).toMatchObject({ floating: [], claims: [], pairs: [{ isRouted: false }], policies: ['p'] });
  expect(endpoints.get('b')).toBe(other);
  expect(withMoves(HOME, new Map())).toBe(HOME);
});

it('what is saved is what is read', () => {
  const { told, heard, book, after } = play();
  told(INCOMING);
  heard();
  expect(JSON.parse(JSON.stringify(book.saved()))).toEqual(book.saved());
  expect(book.nextAt(0)).toBeNull();
  told(HOME);
  expect(book.nextAt(1_000)).toBe(31_000);
  after(DAY);
  expect(book.saved()).toEqual([]);
});
