import dgram from 'node:dgram';
import { once } from 'node:events';
import { AF_INET, AF_INET6, openBound, SOCK_DGRAM } from './namespace-socket.js';
import type { ProbeResult, Responder } from './tcp-probe.js';

const openUdp = async (namespace: string, family: 4 | 6, port: number): Promise<dgram.Socket> => {
  const socket = dgram.createSocket(family === 4 ? 'udp4' : 'udp6');
  const fd = openBound(namespace, { domain: family === 4 ? AF_INET : AF_INET6, type: SOCK_DGRAM, protocol: 0 }, port);
  // Binding to a descriptor is done at once: the event has to be awaited before.
  const listening = once(socket, 'listening');
  socket.bind({ fd });
  await listening;
  return socket;
};

/** A responder in a namespace that answers each datagram with a line that tells the address it came from, filled up to the datagram's length. */
export const serveUdp = async (namespace: string, family: 4 | 6, port: number): Promise<Responder> => {
  const socket = await openUdp(namespace, family, port);
  socket.on('message', (asked, from) => {
    socket.send(`${from.address}\n`.padEnd(asked.length, '.'), from.port, from.address, () => undefined);
  });
  return { close: () => socket.close() };
};

/** Sends one datagram of `bytes` (again every 200 ms, as a client would) to a responder of `serveUdp` and hears which source it saw. */
export const probeUdp = async (
  namespace: string,
  to: { readonly address: string; readonly port: number; readonly bytes?: number },
  timeoutMs: number,
): Promise<ProbeResult> => {
  const socket = await openUdp(namespace, to.address.includes(':') ? 6 : 4, 0);
  const result = await new Promise<ProbeResult>((resolve) => {
    // A send may fail at once when the host says "prohibited": that is silence like any other.
    const question = 'who am I?'.padEnd(to.bytes ?? 0, '.');
    const ask = () => socket.send(question, to.port, to.address, () => undefined);
    const again = setInterval(ask, 200);
    const end = (outcome: ProbeResult) => {
      clearTimeout(limit);
      clearInterval(again);
      resolve(outcome);
    };
    const limit = setTimeout(() => end({ kind: 'silent' }), timeoutMs);
    socket.on('message', (text) => {
      const told = text.toString('utf8');
      // An answer that came back shorter is none.
      if (text.length >= question.length) end({ kind: 'answered', source: told.slice(0, told.indexOf('\n')) });
    });
    socket.on('error', () => end({ kind: 'refused' }));
    ask();
  });
  socket.close();
  return result;
};
