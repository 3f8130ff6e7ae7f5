import net from 'node:net';
import { AF_INET, AF_INET6, openBound, openSocket, SOCK_STREAM } from './namespace-socket.js';

const tcpSocket = (address: string) => ({ domain: net.isIPv6(address) ? AF_INET6 : AF_INET, type: SOCK_STREAM, protocol: 0 });

/** What became of one attempt; `source` is the address that the far end saw. */
export type ProbeResult =
  | { readonly kind: 'answered'; readonly source: string }
  | { readonly kind: 'refused' }
  | { readonly kind: 'silent' };

/** Something that answers in a namespace until it is closed. */
export type Responder = { readonly close: () => void };

/** How often the ends of a chatty connection say something. */
const chatEveryMs = 50;

const chat = (socket: net.Socket): void => {
  const saying = setInterval(() => {
    if (socket.writable) socket.write('still here\n');
  }, chatEveryMs);
  socket.on('close', () => clearInterval(saying));
};

/** What a listener does beside answering: it goes on talking; it says this line, and not where the caller came from. */
export type Manners = { readonly chatty?: boolean; readonly says?: string };

/** A listener in a namespace that tells every caller, in one line, which address it came from. */
export const serveTcp = (namespace: string, family: 4 | 6, port: number, { chatty = false, says }: Manners = {}): Responder => {
  const callers = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    callers.add(socket);
    socket.on('close', () => callers.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', () => undefined);
    socket.write(`${says ?? socket.remoteAddress ?? ''}\n`);
    if (chatty) chat(socket);
  });
  server.listen({ fd: openBound(namespace, { domain: family === 4 ? AF_INET : AF_INET6, type: SOCK_STREAM, protocol: 0 }, port) });
  return {
    close: () => {
      server.close();
      // A caller whose flow was cut never says goodbye.
      for (const caller of callers) caller.destroy();
    },
  };
};

/** A TCP connection being made from a namespace; `connect` or `error` comes as with any socket. */
const dialTcp = (namespace: string, address: string, port: number): net.Socket => {
  const socket = new net.Socket({ fd: openSocket(namespace, tcpSocket(address)) });
  socket.setNoDelay(true);
  return socket.connect(port, address);
};

/** A connection from a namespace that keeps talking to a chatty listener, or only hears it. */
export const talkTcp = (
  namespace: string,
  to: { readonly address: string; readonly port: number },
  { isMute = false }: { readonly isMute?: boolean } = {},
): { readonly hears: (timeoutMs: number) => Promise<boolean>; readonly close: () => void } => {
  const socket = dialTcp(namespace, to.address, to.port);
  socket.on('error', () => socket.destroy());
  if (isMute) socket.resume();
  else chat(socket);
  return {
    hears: async (timeoutMs) =>
      await new Promise((resolve) => {
        const end = (heard: boolean) => () => {
          clearTimeout(limit);
          socket.off('data', onData);
          socket.off('close', onClose);
          resolve(heard);
        };
        const [onData, onClose] = [end(true), end(false)];
        const limit = setTimeout(onClose, timeoutMs);
        socket.on('data', onData);
        socket.on('close', onClose);
        if (socket.destroyed) onClose();
      }),
    close: () => socket.destroy(),
  };
};

/** Connects from a namespace to a listener of `serveTcp` and hears which source it saw. */
export const probeTcp = async (
  namespace: string,
  to: { readonly address: string; readonly port: number },
  timeoutMs: number,
): Promise<ProbeResult> =>
  await new Promise((resolve) => {
    const socket = dialTcp(namespace, to.address, to.port);
    const end = (result: ProbeResult) => {
      clearTimeout(limit);
      socket.destroy();
      resolve(result);
    };
    const limit = setTimeout(() => end({ kind: 'silent' }), timeoutMs);
    let heard = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      heard += text;
      if (heard.includes('\n')) end({ kind: 'answered', source: heard.slice(0, heard.indexOf('\n')) });
    });
    socket.on('error', (error: NodeJS.ErrnoException) => end({ kind: error.code === 'ECONNREFUSED' ? 'refused' : 'silent' }));
  });
