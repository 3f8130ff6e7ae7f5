import type { KeystoneClient } from './keystone-client.js';
import { RemoteFault } from './remote-fault.js';
import { TimedCache, tokenDigest } from './timed-cache.js';
import type { TokenFacts } from './token-facts.js';

/** What is known of a token: its facts, that Keystone knows none such, or that Keystone cannot be asked. */
export type Lookup = { readonly kind: 'known'; readonly facts: TokenFacts } | { readonly kind: 'unknown' } | { readonly kind: 'away' };

/** Looks tokens up: at once what is remembered, else by asking. Never rejects. */
export type TokenLookup = {
  readonly find: (token: string, options: { readonly allowExpired: boolean }) => Lookup | Promise<Lookup>;
};

/** What a lookup is made from. */
export type TokenLookupOptions = {
  readonly client: Pick<KeystoneClient, 'validate'>;
  /** How long Keystone's word counts: a revoked token may be taken for as long. */
  readonly cacheSeconds: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Tokens remembered at most. */
  readonly capacity?: number;
};

const CAPACITY = 10_000;
/** Tokens that Keystone does not know have a memory of their own, so that rubbish never pushes a good token out. */
const UNKNOWN_CAPACITY = 1_000;
const UNKNOWN_SECONDS = 10;
/** Tokens asked about at one time; what comes beyond is told to come later, so that rubbish cannot pile up here. */
const ASKED_LIMIT = 1_000;

const UNKNOWN: Lookup = { kind: 'unknown' };
const AWAY: Lookup = { kind: 'away' };

/** Makes a lookup. It holds digests of tokens, never a token; requests that come with one token at the same time ask once. */
export const createTokenLookup = ({ client, cacheSeconds, now, capacity = CAPACITY }: TokenLookupOptions): TokenLookup => {
  const known = new TimedCache<Lookup & { readonly kind: 'known' }>(capacity);
  const unknown = new TimedCache<true>(UNKNOWN_CAPACITY);
  const asked = new Map<string, Promise<Lookup>>();

  const remember = (key: string, facts: TokenFacts | null): Lookup => {
    if (facts === null) {
      unknown.set(key, true, now() + 1000 * Math.min(UNKNOWN_SECONDS, cacheSeconds));
      return UNKNOWN;
    }
    const found = { kind: 'known' as const, facts };
    known.set(key, found, now() + 1000 * cacheSeconds);
    return found;
  };
  const ask = async (token: string, key: string, allowExpired: boolean): Promise<Lookup> => {
    try {
      return remember(key, await client.validate(token, { allowExpired }));
    } catch (fault) {
      if (!(fault instanceof RemoteFault)) throw fault;
      return AWAY;
    } finally {
      asked.delete(key);
    }
  };
  const lookUp = (token: string, allowExpired: boolean): Lookup | Promise<Lookup> => {
    // An expired token is nothing to most and something to a service: the two answers are kept apart.
    const key = `${allowExpired ? 'e' : ''}${tokenDigest(token)}`;
    const remembered = known.get(key, now());
    if (remembered !== undefined) return remembered;
    if (unknown.get(key, now()) === true) return UNKNOWN;
    const underWay = asked.get(key);
    if (underWay !== undefined) return underWay;
    if (asked.size >= ASKED_LIMIT) return AWAY;
    const asking = ask(token, key, allowExpired);
    asked.set(key, asking);
    return asking;
  };
  const check = (found: Lookup, allowExpired: boolean): Lookup =>
    found.kind === 'known' && !allowExpired && found.facts.expiresAtMs <= now() ? UNKNOWN : found;
  return {
    find: (token, { allowExpired }) => {
      const found = lookUp(token, allowExpired);
      return found instanceof Promise ? found.then((late) => check(late, allowExpired)) : check(found, allowExpired);
    },
  };
};
