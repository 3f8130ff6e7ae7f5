import { hostNamespace } from '../layout.js';
import { execIn } from '../namespace-exec.js';

/** All that a host believes about an address: where it routes it, and each MAC that it has for it, by interface. */
export const beliefAbout = async (host: string, address: string): Promise<string> => {
  const family = address.includes(':') ? '-6' : '-4';
  const [neighbours, route] = await Promise.all([
    execIn(hostNamespace(host), ['ip', family, 'neigh', 'show', 'to', address]),
    execIn(hostNamespace(host), ['ip', family, 'route', 'get', address]),
  ]);
  const entries = neighbours.stdout
    .trim()
    .split('\n')
    .map((line) => `${/dev (\S+)/.exec(line)?.[1] ?? 'no'} ${/lladdr (\S+)/.exec(line)?.[1] ?? 'entry'}`);
  return `route ${/dev (\S+)/.exec(route.stdout)?.[1] ?? 'none'}, ${entries.toSorted().join(', ')}`;
};
