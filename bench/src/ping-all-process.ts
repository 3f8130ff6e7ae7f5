import dgram from 'node:dgram';
import { once } from 'node:events';
import { AF_INET, openBound, SOCK_DGRAM } from '@manx/lab/bench-kit';

/** Argument 1 is the namespace to ping from. Told addresses, pings them all every 20 ms until each has answered; then tells when the last did. */
export type PingAllOrder = { readonly addresses: readonly string[] };
export type PingAllAnswer = { readonly lastAt: number };

const IPPROTO_ICMP = 1;
const EVERY_MS = 20;

const socket = dgram.createSocket('udp4');
const listening = once(socket, 'listening');
socket.bind({ fd: openBound(process.argv[2] ?? '', { domain: AF_INET, type: SOCK_DGRAM, protocol: IPPROTO_ICMP }, 0) });
await listening;
const missing = new Set<string>();
const request = Buffer.alloc(16);
request.writeUInt8(8, 0);
let timer: NodeJS.Timeout | undefined;

socket.on('message', (reply, { address }) => {
  if (reply[0] !== 0 || !missing.delete(address) || missing.size > 0) return;
  clearInterval(timer);
  const answer: PingAllAnswer = { lastAt: Number(process.hrtime.bigint()) / 1e6 };
  process.send?.(answer);
});
process.on('message', ({ addresses }: PingAllOrder) => {
  for (const address of addresses) missing.add(address);
  timer = setInterval(() => {
    for (const address of missing) socket.send(request, 1, address, () => undefined);
  }, EVERY_MS);
});
process.once('disconnect', () => process.exit(0));
process.send?.({ ready: true });
