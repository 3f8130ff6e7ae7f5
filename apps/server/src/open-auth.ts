import { readFile } from 'node:fs/promises';
import { type Authenticator, createNoAuthenticator, type Keystone, openKeystone } from '@manx/api';
import type { Logger } from 'pino';
import type { KeystoneSettings, ServerSettings } from './server-settings.js';
import { StartFault, type StartFaultCode } from './start-fault.js';

/** Who judges requests, and how the server speaks with Keystone if it does. */
export type Auth = {
  readonly authenticator: Authenticator;
  readonly keystone: Keystone | null;
  /** For the line that says how the server runs: `none`, or `keystone` and its URL. */
  readonly summary: string;
};

const TOKEN_CACHE_SECONDS = 300;

/** Opens what `auth` of the settings asks for; whether Keystone is there shows later, in `/readyz` and the log. Throws StartFault for a file that cannot be read. */
export const openAuth = async ({ auth }: ServerSettings, log: Logger): Promise<Auth> => {
  if (auth.kind === 'none') {
    log.warn('auth: none: everybody on this machine has every right');
    return { authenticator: createNoAuthenticator(), keystone: null, summary: 'none' };
  }
  const password = auth.password ?? (await readPassword(auth));
  const ca = auth.cafile === undefined ? undefined : await readOrFault(auth.cafile, 'auth.cafile', 'authority-unreadable');
  const keystone = openKeystone({
    account: {
      authUrl: auth.auth_url,
      username: auth.username,
      password,
      projectName: auth.project_name,
      userDomainName: auth.user_domain_name,
      projectDomainName: auth.project_domain_name,
    },
    tokenCacheSeconds: auth.token_cache_seconds ?? TOKEN_CACHE_SECONDS,
    ...(auth.www_authenticate_uri === undefined ? {} : { wwwAuthenticateUri: auth.www_authenticate_uri }),
    ...(ca === undefined ? {} : { ca }),
    onChange: (fault) => {
      if (fault === null) log.info('Keystone answers again');
      else
        log.error(
          { code: fault.code, op: fault.op, reason: fault.message },
          'Keystone cannot be used; tokens that are not remembered are answered 503',
        );
    },
  });
  return { authenticator: keystone.authenticator, keystone, summary: `keystone ${keystone.client.url}` };
};

const readPassword = async ({ password_file }: KeystoneSettings): Promise<string> => {
  const text = await readOrFault(password_file ?? '', 'auth.password_file', 'password-unreadable');
  const [password = ''] = text.split(/\r?\n/, 1);
  if (password === '')
    throw new StartFault('password-unreadable', password_file ?? '', `auth.password_file: ${password_file} has no first line.`);
  return password;
};

const readOrFault = async (path: string, key: string, code: StartFaultCode): Promise<string> => {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const errno = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new StartFault(code, path, `${key}: ${path} cannot be read (${errno}).`, cause);
  }
};
