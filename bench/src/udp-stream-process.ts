import dgram from 'node:dgram';
import { once } from 'node:events';
import { AF_INET, openBound, SOCK_DGRAM } from '@manx/lab/bench-kit';

/** Argument 1, as JSON: who sends to whom, how often, and from which port. */
export type StreamStart = {
  readonly from: string;
  readonly to: string;
  readonly address: string;
  readonly port: number;
  readonly everyMs: number;
};

/** Asks for what arrived since a moment, on the monotonic clock that all processes share, in milliseconds. */
export type StreamQuestion = { readonly since: number };

/** The first and the last arrival since then, how many there were, and the longest time between two of them. */
export type StreamAnswer = {
  readonly first: number | null;
  readonly last: number | null;
  readonly count: number;
  readonly longestGap: number;
};

/**
 * One flow of UDP datagrams from an instance to another, both ends in this process: sent at a pace, noted as they arrive. The port that it
 * is sent from stays the same, so that it is one flow to connection tracking.
 */
const start = JSON.parse(process.argv[2] ?? '{}') as StreamStart;
const now = (): number => Number(process.hrtime.bigint()) / 1e6;

const open = async (namespace: string, port: number): Promise<dgram.Socket> => {
  const socket = dgram.createSocket('udp4');
  const listening = once(socket, 'listening');
  socket.bind({ fd: openBound(namespace, { domain: AF_INET, type: SOCK_DGRAM, protocol: 0 }, port) });
  await listening;
  return socket;
};

const [sender, receiver] = await Promise.all([open(start.from, start.port), open(start.to, start.port)]);
const arrivals: number[] = [];
receiver.on('message', () => arrivals.push(now()));
// A host that refuses, or has no route yet, is what is being measured.
const timer = setInterval(() => sender.send(Buffer.from([0]), start.port, start.address, () => undefined), start.everyMs);

process.on('message', ({ since }: StreamQuestion) => {
  const some = arrivals.filter((at) => at >= since);
  const gaps = some.map((at, index) => at - (some[index - 1] ?? at));
  const answer: StreamAnswer = {
    first: some[0] ?? null,
    last: some.at(-1) ?? null,
    count: some.length,
    longestGap: gaps.reduce((most, gap) => Math.max(most, gap), 0),
  };
  process.send?.(answer);
});
process.once('disconnect', () => {
  clearInterval(timer);
  process.exit(0);
});
process.send?.({ ready: true });
