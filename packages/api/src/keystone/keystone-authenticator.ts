import { type Actor, SERVICE_ROLE } from '@manx/model';
import type { Authenticator, Refusal, RequestHeaders, RequestLine } from '../authenticator.js';
import { HTTP_ERRORS } from '../http-error.js';
import { isAllowedBy } from './access-rules.js';
import type { TokenFacts } from './token-facts.js';
import { createTokenLookup, type Lookup, type TokenLookupOptions } from './token-lookup.js';

/** What a Keystone authenticator is made from. */
export type KeystoneAuthenticatorOptions = TokenLookupOptions & {
  /** Where clients get tokens: what a 401 names. */
  readonly wwwAuthenticateUri: string;
};

/**
 * Lets in whom Keystone vouches for: `X-Auth-Token`, checked with Keystone and remembered for a time. With a valid `X-Service-Token` whose
 * user has the role `service`, a user's token may have expired meanwhile, as long as Keystone still allows that: long operations
 * end well. A service token that is not valid lets nobody in. While Keystone is away, what is not remembered is answered 503.
 */
export const createKeystoneAuthenticator = ({ wwwAuthenticateUri, ...lookupOptions }: KeystoneAuthenticatorOptions): Authenticator => {
  const lookup = createTokenLookup(lookupOptions);
  const unknown: Refusal = {
    kind: 'refused',
    status: 401,
    message: HTTP_ERRORS[401].message,
    wwwAuthenticate: `Keystone uri="${wwwAuthenticateUri}"`,
  };
  const asUser = (token: string, service: TokenFacts | null, request: RequestLine): Answer => {
    const isByService = service?.actor.roles.includes(SERVICE_ROLE) ?? false;
    return after(lookup.find(token, { allowExpired: isByService }), (user) => {
      if (user.kind === 'away') return AWAY;
      if (user.kind === 'unknown') return unknown;
      // Access rules bind what a user's client asks for; a service's own calls on the user's behalf are none that a rule names.
      const { accessRules } = user.facts;
      if (accessRules !== null && !isByService && !isAllowedBy(accessRules, request)) return unknown;
      return service === null ? user.facts.actor : { ...user.facts.actor, service_roles: service.actor.roles };
    });
  };
  return {
    authenticate: (headers, request = NO_REQUEST) => {
      const token = tokenOf(headers, 'x-auth-token') ?? tokenOf(headers, 'x-storage-token');
      if (token === null || token === MALFORMED) return unknown;
      const serviceToken = tokenOf(headers, 'x-service-token');
      if (serviceToken === null) return asUser(token, null, request);
      if (serviceToken === MALFORMED) return unknown;
      return after(lookup.find(serviceToken, { allowExpired: false }), (service) => {
        if (service.kind === 'away') return AWAY;
        return service.kind === 'unknown' ? unknown : asUser(token, service.facts, request);
      });
    },
  };
};

type Answer = Actor | Refusal | Promise<Actor | Refusal>;

const AWAY: Refusal = {
  kind: 'refused',
  status: 503,
  message: 'The Keystone service is temporarily unavailable, so this token cannot be checked. Please try again later.',
  wwwAuthenticate: null,
};

const NO_REQUEST: RequestLine = { method: '', path: '' };

/** What could never be a token: Keystone need not be asked. */
const MALFORMED = Symbol('malformed');
const TOKEN = /^[\x21-\x7e]{1,8192}$/;

const tokenOf = (headers: RequestHeaders, name: string): string | typeof MALFORMED | null => {
  const value = headers[name];
  if (value === undefined) return null;
  const text = typeof value === 'string' ? value.trim() : '';
  return TOKEN.test(text) ? text : MALFORMED;
};

/** At once where that is possible: most tokens are remembered. */
const after = (found: Lookup | Promise<Lookup>, take: (found: Lookup) => Answer): Answer =>
  found instanceof Promise ? found.then(take) : take(found);
