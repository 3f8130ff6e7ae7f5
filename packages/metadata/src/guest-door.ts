import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { NovaClient } from './nova-client.js';
import { isPath, novaHeaders } from './nova-request.js';
import type { TapListener } from './tap-listener.js';

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT']);

/** What guests speak to: HTTP, whichever tap they come by. */
export class GuestDoor {
  readonly #server: Server;
  readonly #nova: NovaClient;
  readonly #secret: string;
  readonly #listenerOf = new WeakMap<Socket, TapListener>();
  readonly #sockets = new Set<Socket>();

  constructor({ nova, secret }: { readonly nova: NovaClient; readonly secret: string }) {
    this.#nova = nova;
    this.#secret = secret;
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.headersTimeout = HEADERS_TIMEOUT_MS;
    this.#server.requestTimeout = REQUEST_TIMEOUT_MS;
    // The server listens nowhere itself: connections are handed to it.
  }

  /** Takes a connection that came by a tap. */
  enter(socket: Socket, listener: TapListener): void {
    this.#listenerOf.set(socket, listener);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    this.#server.emit('connection', socket);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const listener = this.#listenerOf.get(request.socket);
    const { method = '', url = '' } = request;
    const { owner = null, address = null } = listener?.tap ?? {};
    if (!METHODS.has(method)) return refuse(response, 405, `metadata: ${method} is not offered`);
    if (!isPath(url)) return refuse(response, 400, 'metadata: a path is wanted');
    if (owner === null || address === null) return refuse(response, 404, 'metadata: this port is no instance’s');
    if (listener?.mayAsk() !== true) {
      response.setHeader('Retry-After', '1');
      return refuse(response, 429, 'metadata: too many requests');
    }
    const headers = novaHeaders(request.headers, { owner, address }, this.#secret);
    this.#nova.forward({ method, path: url, headers }, { request, response });
  }
}

/** Answers in one line, and hangs up: what the guest may still be sending is not read. */
function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' }).end(`${text}\n`);
}
