import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import type { Listen } from './server-settings.js';
import { StartFault, type StartFaultCode } from './start-fault.js';

/** Where a server listens: an IP socket (an `AddressInfo`), or, for an inherited Unix socket, its path. */
export type Listening = AddressInfo | string;

const FAULTS: Readonly<Record<string, { readonly code: StartFaultCode; readonly says: (name: string, where: string) => string }>> = {
  EADDRINUSE: {
    code: 'port-taken',
    says: (name, where) =>
      `${where} is taken: another program (perhaps another manx server) listens there. Stop it, or choose another port in listen.${name}.`,
  },
  EADDRNOTAVAIL: {
    code: 'address-missing',
    says: (name, where) => `this machine has no address ${where}. Correct listen.${name}.address.`,
  },
  EACCES: {
    code: 'not-allowed',
    says: (name, where) => `this user may not listen on ${where}. Choose a port above 1023 in listen.${name}, or start as root.`,
  },
};

const NO_SOCKET = new Set(['EBADF', 'ENOTSOCK', 'EINVAL', 'ENOTCONN', 'EEXIST']);

const describe = (listen: Listen): string => {
  if ('fd' in listen) return `file descriptor ${listen.fd}`;
  return listen.address.includes(':') ? `[${listen.address}]:${listen.port}` : `${listen.address}:${listen.port}`;
};

/** Starts listening as `listen.NAME` of the settings says. Throws StartFault with the reason in a sentence. */
export const listenOn = async (server: Server, name: 'api' | 'feed' | 'metrics', listen: Listen): Promise<Listening> => {
  const listening = once(server, 'listening');
  try {
    server.listen('fd' in listen ? { fd: listen.fd } : { host: listen.address, port: listen.port });
    await listening;
  } catch (cause) {
    const errno = (cause as NodeJS.ErrnoException).code ?? '';
    const where = describe(listen);
    if ('fd' in listen && (NO_SOCKET.has(errno) || errno === 'ERR_INVALID_FD_TYPE')) {
      throw new StartFault(
        'no-socket',
        where,
        `listen.${name}: ${where} is not a listening socket. The program that starts the server has to open it.`,
        cause,
      );
    }
    const fault = FAULTS[errno] ?? { code: 'failed' as const, says: () => `cannot listen on ${where} (${errno || String(cause)}).` };
    throw new StartFault(fault.code, where, `listen.${name}: ${fault.says(name, where)}`, cause);
  }
  return server.address() ?? describe(listen);
};

/** Whether only this machine can reach the socket: loopback addresses (RFC 1122 3.2.1.3, RFC 4291 2.5.3) and Unix sockets. */
export const isLoopback = (listening: Listening): boolean => {
  if (typeof listening === 'string') return true;
  const address = listening.address.replace(/^::ffff:/, '');
  return address === '::1' || address.startsWith('127.');
};

/** The URL that a client on this machine uses. */
export const urlOf = (listening: Listening): string => {
  if (typeof listening === 'string') return `unix:${listening}`;
  return `http://${listening.family === 'IPv6' ? `[${listening.address}]` : listening.address}:${listening.port}`;
};
