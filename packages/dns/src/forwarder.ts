import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { familyOf, type Ip } from '@manx/ip';
import type { Query } from './read-query.js';
import { TcpFrames, tcpFrame } from './tcp-frames.js';
import { FLAG, HEADER_BYTES } from './wire.js';
import { writeForwarded } from './write-message.js';

const PORT = 53;
/** How long a forwarder is waited for; all of them are asked once. Resolvers of instances give up after 5 s (resolv.conf(5)). */
const ATTEMPT_MS = 2_000;
const MAX_ATTEMPTS = 2;
/** Questions under way, of all instances. */
const MAX_OUTSTANDING = 1_024;
/** So many questions in a row without an answer are more than somebody's slow domain. */
const SILENT_AFTER = 8;

type Protocol = 'udp' | 'tcp';

/**
 * The operator's resolvers. Each question goes out from a socket of its own, so from a port that nobody can foresee, under a random id, and only the
 * forwarder's own answer to that very question counts (RFC 5452). Nothing is kept: there is no cache to poison.
 */
export class Forwarder {
  readonly #servers: readonly Ip[];
  readonly #onProblem: () => void;
  /** Which one is asked first: the one that answered last. */
  #first = 0;
  #outstanding = 0;
  #silent = 0;
  #problem: string | null = null;

  /** `onProblem` is told when `problem` has changed. */
  constructor(servers: readonly Ip[], onProblem: () => void) {
    this.#servers = servers;
    this.#onProblem = onProblem;
  }

  get isThere(): boolean {
    return this.#servers.length > 0;
  }

  /** Why no forwarder answers; null while one does, or before one was asked. */
  get problem(): string | null {
    return this.#problem;
  }

  /** The answer to a question, under an id of no meaning; null when there is none, or too many are being waited for. */
  async ask(query: Query, protocol: Protocol): Promise<Buffer | null> {
    if (this.#outstanding >= MAX_OUTSTANDING) return null;
    this.#outstanding += 1;
    try {
      for (let attempt = 0; attempt < Math.max(MAX_ATTEMPTS, this.#servers.length) && attempt < 2 * MAX_ATTEMPTS; attempt++) {
        const at = (this.#first + (attempt === 0 ? 0 : 1)) % this.#servers.length;
        const server = this.#servers[at];
        if (server === undefined) return null;
        const answer = await (protocol === 'udp' ? askByUdp(server, query) : askByTcp(server, query));
        this.#first = at;
        if (answer !== null) {
          this.#learn(null);
          return answer;
        }
      }
    } finally {
      this.#outstanding -= 1;
    }
    this.#silent += 1;
    if (this.#silent >= SILENT_AFTER) this.#learn(`no forwarder answers: ${this.#servers.join(', ')}`);
    return null;
  }

  #learn(problem: string | null): void {
    if (problem === null) this.#silent = 0;
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#onProblem();
  }
}

/** Null: none in time, or the forwarder's host said that nobody listens there. */
function askByUdp(server: Ip, query: Query): Promise<Buffer | null> {
  const { question, id } = questionFor(query);
  return new Promise((resolve) => {
    const socket = createSocket(familyOf(server) === 4 ? 'udp4' : 'udp6');
    let isOpen = true;
    const finish = (answer: Buffer | null): void => {
      clearTimeout(timer);
      // Closing twice would throw.
      if (isOpen) socket.close();
      isOpen = false;
      resolve(answer);
    };
    const timer = setTimeout(() => finish(null), ATTEMPT_MS);
    socket.on('error', () => finish(null));
    // Connected: the kernel hands over what comes from this address and port, and nothing else.
    socket.on('message', (answer) => {
      if (isAnswerTo(answer, query, id)) finish(answer);
    });
    // A failure to send, or to find a way at all, is an `error`.
    socket.once('connect', () => {
      if (isOpen) socket.send(question);
    });
    socket.connect(PORT, server);
  });
}

function askByTcp(server: Ip, query: Query): Promise<Buffer | null> {
  const { question, id } = questionFor(query);
  return new Promise((resolve) => {
    const socket = connect({ host: server, port: PORT });
    const frames = new TcpFrames();
    const finish = (answer: Buffer | null): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(null), ATTEMPT_MS);
    socket.on('error', () => finish(null));
    socket.on('close', () => finish(null));
    socket.on('data', (piece) => {
      for (const answer of frames.take(piece)) if (isAnswerTo(answer, query, id)) return finish(answer);
    });
    socket.write(tcpFrame(question));
  });
}

function questionFor(query: Query): { readonly question: Buffer; readonly id: number } {
  const id = randomInt(0x1_00_00);
  return { question: writeForwarded(query, id), id };
}

/** The same id and the same question, letter by letter: a forwarder that changes the case of a name is none. */
function isAnswerTo(answer: Buffer, { question }: Query, id: number): boolean {
  return (
    answer.length >= HEADER_BYTES + question.length &&
    answer.readUInt16BE(0) === id &&
    (answer.readUInt16BE(2) & (FLAG.response | FLAG.opcode)) === FLAG.response &&
    answer.readUInt16BE(4) === 1 &&
    answer.subarray(HEADER_BYTES, HEADER_BYTES + question.length).equals(question)
  );
}
