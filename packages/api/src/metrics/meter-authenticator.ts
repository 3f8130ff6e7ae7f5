import type { Authenticator } from '../authenticator.js';
import type { Metrics } from './metrics.js';

/** The authenticator, with its memory's use counted: who answers at once knew the token, who gives a promise has to ask. */
export const meterAuthenticator = (authenticator: Authenticator, metrics: Pick<Metrics, 'onAuthLookup'>): Authenticator => ({
  authenticate: (headers, line) => {
    const answer = authenticator.authenticate(headers, line);
    if (headers['x-auth-token'] !== undefined) metrics.onAuthLookup(answer instanceof Promise ? 'miss' : 'hit');
    return answer;
  },
});
