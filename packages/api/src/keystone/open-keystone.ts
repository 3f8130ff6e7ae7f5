import type { Authenticator } from '../authenticator.js';
import { createJsonExchange } from './json-exchange.js';
import { createKeystoneAuthenticator } from './keystone-authenticator.js';
import { createKeystoneClient, type KeystoneAccount, type KeystoneClient } from './keystone-client.js';
import { createKeystoneWatch } from './keystone-watch.js';
import type { RemoteFault } from './remote-fault.js';

/** Keystone as a running server uses it. */
export type Keystone = {
  readonly authenticator: Authenticator;
  readonly client: KeystoneClient;
  /** The authorities that it was opened with: other services' endpoints are theirs too. */
  readonly ca: string | undefined;
  /** Why Keystone cannot be used, in words without secrets; null when it can. */
  readonly trouble: () => string | null;
  /** Stops asking, closes the connections. */
  readonly close: () => void;
};

/** What the way to Keystone is made from. */
export type OpenKeystoneOptions = {
  readonly account: KeystoneAccount;
  readonly tokenCacheSeconds: number;
  /** What a 401 names; `authUrl` unless told. */
  readonly wwwAuthenticateUri?: string;
  /** PEM text of the authorities to trust in place of the system's. */
  readonly ca?: string;
  /** Told when Keystone can no longer be used, and (null) when it can again. */
  readonly onChange: (fault: RemoteFault | null) => void;
};

/** Opens the way to Keystone and begins to look whether it is there; does not wait for that. */
export const openKeystone = ({ account, tokenCacheSeconds, wwwAuthenticateUri, ca, onChange }: OpenKeystoneOptions): Keystone => {
  const exchange = createJsonExchange(ca === undefined ? {} : { ca });
  const watch = createKeystoneWatch({ onChange });
  const client = createKeystoneClient({ account, exchange, now: () => performance.now(), onOutcome: watch.saw });
  watch.start(client.probe);
  const authenticator = createKeystoneAuthenticator({
    client,
    cacheSeconds: tokenCacheSeconds,
    now: Date.now,
    wwwAuthenticateUri: wwwAuthenticateUri ?? account.authUrl,
  });
  return {
    authenticator,
    client,
    ca,
    trouble: watch.trouble,
    close: () => {
      watch.close();
      exchange.close();
    },
  };
};
