import { createServer, type Server } from 'node:net';
import type { Ip } from '@manx/ip';
import { openTapSocket } from '@manx/kernel';
import type { GuestDoor } from './guest-door.js';
import type { MetadataTap } from './metadata-service.js';
import { type Allowance, TokenBucket } from './token-bucket.js';

/** Connections of one tap at a time: cloud-init uses one or two. */
const MAX_CONNECTIONS = 64;

type ListenerOptions = {
  readonly addresses: readonly Ip[];
  readonly port: number;
  readonly allowance: Allowance;
  readonly door: GuestDoor;
};

/** The listening sockets of one tap, one an address; whatever comes by them comes from this tap. */
export class TapListener {
  /** Who is behind the tap, as of now. */
  tap: MetadataTap;
  readonly #servers: Server[] = [];
  readonly #bucket: TokenBucket;

  /** Throws Fault when an address cannot be listened on; then nothing is. */
  constructor(tap: MetadataTap, { addresses, port, allowance, door }: ListenerOptions) {
    this.tap = tap;
    this.#bucket = new TokenBucket(allowance, performance.now());
    try {
      for (const ip of addresses) {
        const fd = openTapSocket({ ifname: tap.ifname, index: tap.index, ip, port, protocol: 'tcp' });
        const server = createServer((socket) => door.enter(socket, this));
        server.maxConnections = MAX_CONNECTIONS;
        // A tap that goes takes its sockets along: their errors are followed by the next `serve`.
        server.on('error', () => server.close());
        server.listen({ fd });
        this.#servers.push(server);
      }
    } catch (fault) {
      this.close();
      throw fault;
    }
  }

  /** Whether one more request is within the tap's allowance. */
  mayAsk(): boolean {
    return this.#bucket.take(performance.now());
  }

  close(): void {
    for (const server of this.#servers) server.close();
  }
}
