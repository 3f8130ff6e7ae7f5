import { asIp, type Ip } from '@manx/ip';
import { type Guest, openFlow, openLinkOf } from '@manx/lab/attack-kit';
import { echoPacket, echoReplyPacket, ipFrame, newToken, udpPacket } from './forge.js';
import { carries } from './read-packet.js';

/** A flow under way, of which both ends keep the state alive as real ends would. */
export type Stream = {
  readonly what: string;
  /** True when something comes back from the far end within the limit. */
  readonly lives: (timeoutMs: number) => Promise<boolean>;
  readonly close: () => void;
};

/** Who speaks to whom, at which address (the receiver's own unless told), and the port of both TCP and UDP. */
export type StreamEnds = { readonly from: Guest; readonly to: Guest; readonly family: 4 | 6; readonly port: number; readonly address?: Ip };

const addressOf = ({ to, family, address }: StreamEnds): Ip => address ?? (family === 4 ? to.v4 : to.v6);
const sourceOf = ({ from, family }: StreamEnds): Ip => (family === 4 ? from.v4 : from.v6);

const named = (kind: string, { from, to, family }: StreamEnds): string => `${kind}, IPv${family}, ${from.name} to ${to.name}`;

/** A TCP connection in which both ends keep talking. */
const tcpStream = async (ends: StreamEnds): Promise<Stream> => {
  const { from, to, port } = ends;
  const flow = await openFlow(from, { netns: to.netns, address: addressOf(ends), port });
  return { what: named('TCP', ends), lives: async (timeoutMs) => await flow.lives(timeoutMs), close: flow.close };
};

type Sides = { readonly out: (token: Uint8Array) => Uint8Array; readonly back: (token: Uint8Array) => Uint8Array };

/**
 * A flow of packets by hand, alive while what its beginner sends arrives. The far end has answered once, so that the flow is established; it does
 * not go on answering, for an answer that leaves as the flow is cut begins a flow of its own, which the far end's rules may well allow.
 */
const packetStream = async (ends: StreamEnds, what: string, { out, back }: Sides): Promise<Stream> => {
  const [near, far] = [openLinkOf(ends.from.netns), openLinkOf(ends.to.netns)];
  const stream: Stream = {
    what: named(what, ends),
    lives: async (timeoutMs) => {
      const end = performance.now() + timeoutMs;
      do {
        far.forget();
        const token = newToken();
        near.send(out(token));
        if (await far.hears((frame) => carries(frame, token), 20)) return true;
      } while (performance.now() < end);
      return false;
    },
    close: () => {
      near.close();
      far.close();
    },
  };
  if (await stream.lives(3_000)) {
    const token = newToken();
    const end = performance.now() + 3_000;
    // What may be sent is in force before the way back is.
    do {
      far.send(back(token));
      if (await near.hears((frame) => carries(frame, token), 100)) return stream;
    } while (performance.now() < end);
  }
  stream.close();
  throw new Error(`this flow never began: ${stream.what}`);
};

/** What the far end says, as itself: its host translates it back where the flow was translated. */
const reverse = (ends: StreamEnds) => ({ source: ends.family === 4 ? ends.to.v4 : ends.to.v6, destination: sourceOf(ends) });

/** Datagrams of one flow. */
export const udpStream = async (ends: StreamEnds): Promise<Stream> => {
  const { from, to, port } = ends;
  const ports = { sport: port, dport: port };
  return await packetStream(ends, 'UDP', {
    out: (token) => ipFrame(from, udpPacket({ source: sourceOf(ends), destination: addressOf(ends), ...ports }, token)),
    back: (token) => ipFrame(to, udpPacket({ ...reverse(ends), ...ports }, token)),
  });
};

/** Echo requests of one identifier, which the far end's kernel answers (an answer begins nothing). */
export const icmpStream = async (ends: StreamEnds): Promise<Stream> =>
  await packetStream(ends, 'ICMP', {
    out: (token) => ipFrame(ends.from, echoPacket({ source: sourceOf(ends), destination: addressOf(ends) }, token)),
    back: (token) => ipFrame(ends.to, echoReplyPacket(reverse(ends), token)),
  });

/** One of each, of both families (of the one that an address is of), all heard once; throws when one is not. */
export const openStreams = async (
  from: Guest,
  to: Guest,
  { port, address }: { readonly port: number; readonly address?: Ip },
): Promise<readonly Stream[]> => {
  const families = address === undefined ? ([4, 6] as const) : address.includes(':') ? ([6] as const) : ([4] as const);
  const streams = await Promise.all(
    families.flatMap((family) => {
      const ends = { from, to, family, port, ...(address === undefined ? {} : { address: asIp(address) }) };
      return [tcpStream(ends), udpStream(ends), icmpStream(ends)];
    }),
  );
  const mute = (await Promise.all(streams.map(async (stream) => ((await stream.lives(3_000)) ? [] : [stream.what])))).flat();
  if (mute.length > 0) {
    for (const { close } of streams) close();
    throw new Error(`these flows never began: ${mute.join('; ')}`);
  }
  return streams;
};
