import { connect, type Socket } from 'node:net';

/** What came back; `text` makes a string of the body, which is not free. */
export type HttpAnswer = { readonly status: number; readonly length: number; readonly text: () => string };

type Waiting = { readonly resolve: (answer: HttpAnswer) => void; readonly reject: (error: Error) => void; readonly timer: NodeJS.Timeout };

const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * One kept-open HTTP/1.1 connection, one request at a time (RFC 9112). Node's own client costs more than the servers' answers do, and with one
 * process to load a server the client would be what is measured. It reads what the two servers send: bodies of a known length.
 */
export class HttpConnection {
  readonly #host: string;
  readonly #timeoutMs: number;
  readonly #socket: Socket;
  #waiting: Waiting | null = null;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Bytes of head and body together, and where the body begins, once the head is whole. */
  #expected: { readonly status: number; readonly bodyAt: number; readonly total: number } | null = null;
  #isClosed = false;

  /** With a socket of one's own, which may still be connecting, `base` is only what the server is called. */
  constructor(base: URL, timeoutMs: number, socket: Socket = connect({ host: base.hostname, port: Number(base.port), noDelay: true })) {
    this.#host = base.host;
    this.#timeoutMs = timeoutMs;
    this.#socket = socket;
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  /** False once it cannot be used again. */
  get isOpen(): boolean {
    return !this.#isClosed;
  }

  /** Sends a request and resolves when its answer has been read to the end. Not to be called before the one before has ended. More headers end in `\r\n` each. */
  send(method: string, path: string, body: string | null, headers = ''): Promise<HttpAnswer> {
    const about = body === null ? '' : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#fail(new Error(`no answer within ${this.#timeoutMs / 1000} s`)), this.#timeoutMs);
      this.#waiting = { resolve, reject, timer };
      this.#socket.write(
        `${method} ${path} HTTP/1.1\r\nhost: ${this.#host}\r\naccept: application/json\r\n${headers}${about}\r\n${body ?? ''}`,
      );
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#expected ??= this.#readHead();
    if (this.#expected === null || this.#bytes < this.#expected.total) return;
    const { status, bodyAt } = this.#expected;
    const chunks = this.#chunks;
    const length = this.#bytes - bodyAt;
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#chunks = [];
    this.#bytes = 0;
    this.#expected = null;
    if (waiting === null) return;
    clearTimeout(waiting.timer);
    waiting.resolve({ status, length, text: () => Buffer.concat(chunks).toString('utf8', bodyAt) });
  }

  #readHead(): { readonly status: number; readonly bodyAt: number; readonly total: number } | null {
    const [first] = this.#chunks;
    const bytes = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks);
    const end = bytes.indexOf(HEAD_END);
    if (end === -1) return null;
    const head = bytes.toString('latin1', 0, end);
    const status = Number(head.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined && status !== 204) {
      this.#fail(new Error(`an answer of unknown length: ${head}`));
      return null;
    }
    if (/\r\nconnection: *close/i.test(head)) this.#isClosed = true;
    return { status, bodyAt: end + HEAD_END.length, total: end + HEAD_END.length + Number(length ?? 0) };
  }

  #fail(error: Error): void {
    this.close();
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) return;
    clearTimeout(waiting.timer);
    waiting.reject(error);
  }
}
