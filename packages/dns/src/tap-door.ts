import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { familyOf, type Ip } from '@manx/ip';
import { openTapSocket } from '@manx/kernel';
import type { DnsTap } from './dns-service.js';
import { TcpFrames, tcpFrame } from './tcp-frames.js';

/** Connections of one tap at a time, and how long one may say nothing. */
const MAX_CONNECTIONS = 8;
const IDLE_MS = 10_000;
/** Questions of one tap that others are asked for, at a time. */
const MAX_OUTSTANDING = 64;
/** Answers that a guest does not fetch are not heaped up. */
const MAX_UNREAD_BYTES = 256 * 1024;
/** No question is as long. */
const MAX_QUERY_BYTES = 4_096;

/** Whose message it is, by which protocol it came, and whether others may be asked for it now. */
export type Asking = { readonly port: string; readonly protocol: 'udp' | 'tcp'; readonly mayForward: boolean };

/** Answers one message; null: not at all. */
export type Answerer = (message: Buffer, asking: Asking) => Buffer | null | Promise<Buffer | null>;

type DoorOptions = { readonly addresses: readonly Ip[]; readonly port: number; readonly answer: Answerer };

/** The sockets of one tap, UDP and TCP at each address; whatever comes by them comes from this tap. */
export class TapDoor {
  /** Who is behind the tap, as of now. */
  tap: DnsTap;
  readonly #answer: Answerer;
  readonly #udp: UdpSocket[] = [];
  readonly #servers: Server[] = [];
  readonly #connections = new Set<Socket>();
  #outstanding = 0;

  /** Throws Fault when an address cannot be listened on; then nothing is. */
  constructor(tap: DnsTap, { addresses, port, answer }: DoorOptions) {
    this.tap = tap;
    this.#answer = answer;
    const { ifname, index } = tap;
    try {
      for (const ip of addresses) {
        this.#openUdp(ip, openTapSocket({ ifname, index, ip, port, protocol: 'udp' }));
        this.#openTcp(openTapSocket({ ifname, index, ip, port, protocol: 'tcp' }));
      }
    } catch (fault) {
      this.close();
      throw fault;
    }
  }

  close(): void {
    for (const socket of this.#udp.splice(0)) socket.close();
    for (const server of this.#servers.splice(0)) server.close();
    for (const connection of this.#connections) connection.destroy();
  }

  #openUdp(ip: Ip, fd: number): void {
    const family = familyOf(ip);
    // What is sent goes to addresses, and none of them is looked up.
    const socket = createSocket({ type: `udp${family}`, lookup: (address, _options, found) => found(null, address, family) });
    this.#udp.push(socket);
    // A tap that goes takes its sockets along; what follows is the next `serve`.
    socket.on('error', () => undefined);
    socket.on('message', (message, from) => void this.#onDatagram(socket, message, from));
    socket.bind({ fd, exclusive: true });
  }

  async #onDatagram(socket: UdpSocket, message: Buffer, { address, port }: RemoteInfo): Promise<void> {
    const answer = await this.#ask(message, 'udp');
    // A guest that is gone gets no answer, and misses none; nor does one that asks from port 0, which nothing can be sent to.
    if (answer !== null && port !== 0 && this.#udp.includes(socket)) socket.send(answer, port, address, () => undefined);
  }

  #openTcp(fd: number): void {
    const server = createServer((connection) => this.#onConnection(connection));
    this.#servers.push(server);
    server.maxConnections = MAX_CONNECTIONS;
    server.on('error', () => server.close());
    server.listen({ fd });
  }

  #onConnection(connection: Socket): void {
    const frames = new TcpFrames();
    this.#connections.add(connection);
    connection.setTimeout(IDLE_MS, () => connection.destroy());
    connection.on('close', () => this.#connections.delete(connection));
    connection.on('error', () => connection.destroy());
    connection.on('data', (piece) => {
      for (const message of frames.take(piece)) void this.#onMessage(connection, message);
      if (frames.pendingBytes > MAX_QUERY_BYTES) connection.destroy();
    });
  }

  async #onMessage(connection: Socket, message: Buffer): Promise<void> {
    const answer = await this.#ask(message, 'tcp');
    if (answer === null || connection.writableLength > MAX_UNREAD_BYTES) connection.destroy();
    else if (!connection.destroyed) connection.write(tcpFrame(answer));
  }

  async #ask(message: Buffer, protocol: 'udp' | 'tcp'): Promise<Buffer | null> {
    const mayForward = this.#outstanding < MAX_OUTSTANDING;
    const answer = this.#answer(message, { port: this.tap.port, protocol, mayForward });
    if (!(answer instanceof Promise)) return answer;
    this.#outstanding += 1;
    const settled = await answer;
    this.#outstanding -= 1;
    return settled;
  }
}
