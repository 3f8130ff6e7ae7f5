import type { ServerSettings } from './server-settings.js';
import { StartFault } from './start-fault.js';

/** Where programs on this machine reach a server's API. Throws StartFault when its settings leave that to another program (an inherited socket), or to chance (port 0). */
export const apiUrlOf = ({ listen: { api } }: Pick<ServerSettings, 'listen'>): string => {
  if ('fd' in api || api.port === 0)
    throw new StartFault('address-missing', 'listen.api', 'these settings do not say where the API listens: name its URL with --server');
  const address = { '0.0.0.0': '127.0.0.1', '::': '::1' }[api.address] ?? api.address;
  return `http://${address.includes(':') ? `[${address}]` : address}:${api.port}`;
};
