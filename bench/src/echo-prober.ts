import dgram from 'node:dgram';
import { once } from 'node:events';
import { AF_INET, openBound, SOCK_DGRAM } from '@manx/lab/bench-kit';

/**
 * A process that pings: argument 1 is the namespace it pings from. Told `{to, everyMs}` it sends echo requests to that address until one is
 * answered, and then tells `{atNs}`, the moment on the monotonic clock that all processes of the machine share.
 */

export type ProbeOrder = { readonly to: string; readonly everyMs: number };
export type ProbeAnswer = { readonly atNs: string };

const IPPROTO_ICMP = 1;
const ECHO_REQUEST = 8;
const ECHO_REPLY = 0;

/** A kernel ping socket (net.ipv4.ping_group_range) looks like a UDP one whose datagrams start with the ICMP header. */
const openPingSocket = async (namespace: string): Promise<dgram.Socket> => {
  const socket = dgram.createSocket('udp4');
  const listening = once(socket, 'listening');
  socket.bind({ fd: openBound(namespace, { domain: AF_INET, type: SOCK_DGRAM, protocol: IPPROTO_ICMP }, 0) });
  await listening;
  return socket;
};

const serve = async (namespace: string): Promise<void> => {
  const socket = await openPingSocket(namespace);
  let wanted = '';
  let timer: NodeJS.Timeout | undefined;
  let sequence = 0;
  const send = (): void => {
    sequence = (sequence + 1) & 0xffff;
    const request = Buffer.alloc(16);
    request.writeUInt8(ECHO_REQUEST, 0);
    request.writeUInt16BE(sequence, 6);
    // Until the address is reachable the kernel or a router may refuse: that is what is being waited out. The port means nothing.
    socket.send(request, 1, wanted, () => undefined);
  };
  socket.on('message', (reply, from) => {
    if (from.address !== wanted || reply[0] !== ECHO_REPLY) return;
    const answer: ProbeAnswer = { atNs: String(process.hrtime.bigint()) };
    wanted = '';
    clearInterval(timer);
    process.send?.(answer);
  });
  process.on('message', ({ to, everyMs }: ProbeOrder) => {
    wanted = to;
    timer = setInterval(send, everyMs);
  });
  process.once('disconnect', () => process.exit(0));
  process.send?.({ ready: true });
};

await serve(process.argv[2] ?? '');
