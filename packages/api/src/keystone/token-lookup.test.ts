import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RemoteFault } from './remote-fault.js';
import type { TokenFacts } from './token-facts.js';
import { createTokenLookup, type Lookup } from './token-lookup.js';

const EXPIRES = 1_000_000;

const facts = (user: string, expiresAtMs = EXPIRES): TokenFacts => ({
  actor: { user_id: user, project_id: 'p', domain_id: null, roles: ['member'], is_admin: false },
  issuedAtMs: 0,
  expiresAtMs,
  accessRules: null,
});

/** A Keystone with one word for each token; counts the questions, and holds answers back until `answer` when told to wait. */
const play = (options: { cacheSeconds?: number; capacity?: number } = {}) => {
  const known = new Map<string, TokenFacts | 'expired' | 'away'>();
  const questions: string[] = [];
  const clock = { ms: 0 };
  let gate: Promise<void> | null = null;
  let open = (): void => undefined;
  const lookup = createTokenLookup({
    cacheSeconds: 300,
    ...options,
    now: () => clock.ms,
    client: {
      validate: async (token, { allowExpired }) => {
        questions.push(token);
        await gate;
        const word = known.get(token);
        if (word === 'away') throw new RemoteFault('unreachable', { op: 'GET', subject: 'keystone', detail: 'is away' });
        if (word === 'expired') return allowExpired ? facts('late', 0) : null;
        return word ?? null;
      },
    },
  });
  const hold = (): void => {
    gate = new Promise((resolve) => {
      open = resolve;
    });
  };
  const find = async (token: string, allowExpired = false): Promise<Lookup> => lookup.find(token, { allowExpired });
  return { known, questions, clock, lookup, find, hold, answer: () => open() };
};

describe('the memory of tokens', () => {
  it('answers at once, without Keystone, for as long as it is told to remember', async () => {
    const { known, questions, clock, lookup, find } = play({ cacheSeconds: 10 });
    known.set('t', facts('u'));
    await find('t');
    clock.ms = 9_999;
    expect(lookup.find('t', { allowExpired: false })).toMatchObject({ kind: 'known' });
    known.delete('t');
    expect(questions).toEqual(['t']);
    clock.ms = 10_000;
    expect(await find('t')).toEqual({ kind: 'unknown' });
    expect(questions).toEqual(['t', 't']);
  });

  it('requests that come at the same time with one token ask once', async () => {
    const { known, questions, find, hold, answer } = play();
    known.set('t', facts('u'));
    hold();
    const all = Promise.all(Array.from({ length: 50 }, () => find('t')));
    answer();
    expect((await all).every(({ kind }) => kind === 'known')).toBe(true);
    expect(questions).toEqual(['t']);
  });

  it('a token ends when it expires, however long it is remembered, without a question', async () => {
    const { known, questions, clock, find } = play({ cacheSeconds: 3600 });
    known.set('t', facts('u', 5_000));
    clock.ms = 4_999;
    expect(await find('t')).toMatchObject({ kind: 'known' });
    clock.ms = 5_000;
    expect(await find('t')).toEqual({ kind: 'unknown' });
    expect(questions).toEqual(['t']);
  });

  it('an expired token is nothing to a user also when a service has just been let through with it', async () => {
    const { known, clock, find } = play();
    clock.ms = 1;
    known.set('t', 'expired');
    expect(await find('t')).toEqual({ kind: 'unknown' });
    expect(await find('t', true)).toMatchObject({ kind: 'known' });
    expect(await find('t')).toEqual({ kind: 'unknown' });
    expect(await find('t', true)).toMatchObject({ kind: 'known' });
  });

  it('what Keystone does not know is asked again after seconds, not minutes', async () => {
    const { known, questions, clock, find } = play();
    expect(await find('t')).toEqual({ kind: 'unknown' });
    known.set('t', facts('u'));
    clock.ms = 9_999;
    expect(await find('t')).toEqual({ kind: 'unknown' });
    clock.ms = 10_000;
    expect(await find('t')).toMatchObject({ kind: 'known' });
    expect(questions).toHaveLength(2);
  });

  it('while Keystone is away what is remembered goes on working, and the rest is asked again each time', async () => {
    const { known, clock, find } = play({ cacheSeconds: 10 });
    known.set('t', facts('u'));
    await find('t');
    known.set('t', 'away');
    expect(await find('t')).toMatchObject({ kind: 'known' });
    clock.ms = 10_000;
    expect(await find('t')).toEqual({ kind: 'away' });
    known.set('t', facts('u'));
    expect(await find('t')).toMatchObject({ kind: 'known' });
  });

  it('holds a bounded number of tokens, the ones used last; rubbish pushes none of them out', async () => {
    const { known, questions, find } = play({ capacity: 3 });
    for (const token of ['a', 'b', 'c', 'd']) known.set(token, facts(token));
    for (const token of ['a', 'b', 'c']) await find(token);
    for (let at = 0; at < 2_000; at += 1) await find(`rubbish ${at}`);
    questions.length = 0;
    await find('a');
    await find('d');
    await find('a');
    await find('c');
    expect(questions).toEqual(['d']);
    await find('b');
    expect(questions).toEqual(['d', 'b']);
  });

  it('questions do not pile up without end: what comes beyond is told that Keystone is away', async () => {
    const { find, hold, answer } = play();
    hold();
    const all = Promise.all(Array.from({ length: 1_500 }, (_, at) => find(`t${at}`)));
    answer();
    expect((await all).filter(({ kind }) => kind === 'away')).toHaveLength(500);
  });

  it('any order of questions, times and revocations: never let in longer than the memory lasts, nor after expiry', async () => {
    const step = fc.record({
      token: fc.constantFrom('a', 'b'),
      waitMs: fc.integer({ min: 0, max: 4_000 }),
      revoke: fc.boolean(),
      allowExpired: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { known, clock, find } = play({ cacheSeconds: 5 });
        const revokedAt = new Map<string, number>();
        for (const token of ['a', 'b']) known.set(token, facts(token, 20_000));
        for (const { token, waitMs, revoke, allowExpired } of steps) {
          clock.ms += waitMs;
          if (revoke && !revokedAt.has(token)) {
            revokedAt.set(token, clock.ms);
            known.delete(token);
          }
          const { kind } = await find(token, allowExpired);
          const goneFor = clock.ms - (revokedAt.get(token) ?? clock.ms);
          if (goneFor >= 5_000) expect(kind).toBe('unknown');
          if (!allowExpired && clock.ms >= 20_000) expect(kind).toBe('unknown');
          if (!revokedAt.has(token) && clock.ms < 20_000) expect(kind).toBe('known');
        }
      }),
    );
  });
});
