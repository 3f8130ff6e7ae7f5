import { closeSync, readSync, writeSync } from 'node:fs';
import { endianness } from 'node:os';
import { faultOfErrno } from '../errno.js';
import { Fault } from '../fault.js';
import { AF_NETLINK, bindSocket, openSocket, SOCK_CLOEXEC, SOCK_RAW, SOL_SOCKET, setSocketOption } from './libc.js';
import {
  decodeMessages,
  decodeVerdict,
  encodeMessage,
  type NetlinkMessage,
  type NetlinkRequest,
  type NetlinkVerdict,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
} from './message.js';

const SO_RCVTIMEO = 20;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;

const RECEIVE_BYTES = 4 << 20;
/** One send; its ACKs must fit the receive buffer, each costs the kernel about 1 kB of it. */
const MAX_BATCH_MESSAGES = 256;
const MAX_BATCH_BYTES = 32 << 10;
const MAX_DUMP_TRIES = 20;
const TIMEOUT_S = 5;

/** Netlink families (include/uapi/linux/netlink.h). */
export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;

/** Opens and binds a netlink socket in the current network namespace; the caller closes the descriptor. Throws Fault. */
export const openNetlink = (protocol: number, extraType = 0): number => {
  if (endianness() !== 'LE') {
    throw new Fault({ code: 'missing', op: 'open', subject: 'netlink', detail: 'only little-endian machines are supported' });
  }
  const fd = openSocket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | extraType, protocol);
  try {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(RECEIVE_BYTES);
    setSocketOption(fd, { level: SOL_SOCKET, name: SO_RCVBUFFORCE }, size);
    const address = Buffer.alloc(12);
    address.writeUInt16LE(AF_NETLINK);
    bindSocket(fd, address);
    return fd;
  } catch (fault) {
    closeSync(fd);
    throw fault;
  }
};

/**
 * A netlink conversation: requests with their verdicts, and dumps. The kernel works a request off inside the send and a dump inside
 * the reads, so each call is one short synchronous step and needs no waiting.
 */
export class NetlinkSocket {
  readonly #fd: number;
  readonly #buffer = Buffer.allocUnsafe(1 << 18);
  #seq = 0;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Opens a conversation in the network namespace that the calling thread is in. Throws Fault. */
  static open(protocol: number): NetlinkSocket {
    const fd = openNetlink(protocol);
    const one = Buffer.from([1, 0, 0, 0]);
    const timeout = Buffer.alloc(16);
    timeout.writeBigInt64LE(BigInt(TIMEOUT_S));
    try {
      setSocketOption(fd, { level: SOL_NETLINK, name: NETLINK_EXT_ACK }, one);
      setSocketOption(fd, { level: SOL_NETLINK, name: NETLINK_CAP_ACK }, one);
      if (protocol === NETLINK_ROUTE) setSocketOption(fd, { level: SOL_NETLINK, name: NETLINK_GET_STRICT_CHK }, one);
      setSocketOption(fd, { level: SOL_SOCKET, name: SO_RCVTIMEO }, timeout);
    } catch (fault) {
      closeSync(fd);
      throw fault;
    }
    return new NetlinkSocket(fd);
  }

  /** Sends many requests in few sends; one verdict for each, in order. A refused one does not stop those after it. Throws Fault when the socket fails. */
  send(requests: readonly NetlinkRequest[]): readonly NetlinkVerdict[] {
    const verdicts: NetlinkVerdict[] = [];
    let batch: Buffer[] = [];
    let bytes = 0;
    const flush = (): void => {
      if (batch.length > 0) verdicts.push(...this.#exchange(batch));
      batch = [];
      bytes = 0;
    };
    for (const request of requests) {
      const message = encodeMessage({ ...request, flags: request.flags | NLM_F_REQUEST | NLM_F_ACK }, this.#nextSeq());
      if (batch.length === MAX_BATCH_MESSAGES || bytes + message.length > MAX_BATCH_BYTES) flush();
      batch.push(message);
      bytes += message.length;
    }
    flush();
    return verdicts;
  }

  /**
   * All that the kernel lists for a request, without what `decode` has no use for (null). Consistent: a dump that the kernel calls
   * interrupted is taken again. `decode` gets a view that is valid during the call. Throws Fault (`busy` if that never ends).
   */
  dump<T>(request: Omit<NetlinkRequest, 'flags'>, decode: (payload: Buffer) => T | null): readonly T[] {
    for (let tries = 0; tries < MAX_DUMP_TRIES; tries += 1) {
      const found = this.#dumpOnce(request, decode);
      if (found !== null) return found;
    }
    throw new Fault({
      code: 'busy',
      op: 'dump',
      subject: `message type ${request.type}`,
      detail: 'changes too fast to be read',
      retry: true,
    });
  }

  /** The one answer to a request, null when there is none that `decode` has a use for. Throws Fault when the kernel refuses. */
  get<T>(request: Omit<NetlinkRequest, 'flags'>, decode: (payload: Buffer) => T | null): T | null {
    const seq = this.#nextSeq();
    this.#write(encodeMessage({ ...request, flags: NLM_F_REQUEST | NLM_F_ACK }, seq));
    let found: T | null = null;
    for (;;) {
      for (const message of this.#read()) {
        if (message.seq !== seq) continue;
        if (message.type !== NLMSG_ERROR) {
          found = decode(message.payload);
          continue;
        }
        const verdict = decodeVerdict(message);
        if (verdict.errno !== 0) throw faultOfErrno('get', `message type ${request.type}`, verdict);
        return found;
      }
    }
  }

  /** Ends the conversation; nothing may be sent afterwards. */
  close(): void {
    closeSync(this.#fd);
  }

  #nextSeq(): number {
    this.#seq = (this.#seq % 0xffff_fff0) + 1;
    return this.#seq;
  }

  #exchange(batch: readonly Buffer[]): readonly NetlinkVerdict[] {
    const first = batch[0]?.readUInt32LE(8) ?? 0;
    this.#write(Buffer.concat(batch));
    const verdicts = new Map<number, NetlinkVerdict>();
    while (verdicts.size < batch.length) {
      for (const message of this.#read()) {
        const index = message.seq - first;
        if (message.type === NLMSG_ERROR && index >= 0 && index < batch.length) verdicts.set(index, decodeVerdict(message));
      }
    }
    return batch.map((_, index) => verdicts.get(index) ?? { errno: 0, message: null });
  }

  #dumpOnce<T>(request: Omit<NetlinkRequest, 'flags'>, decode: (payload: Buffer) => T | null): readonly T[] | null {
    const seq = this.#nextSeq();
    this.#write(encodeMessage({ ...request, flags: NLM_F_REQUEST | NLM_F_DUMP }, seq));
    const found: T[] = [];
    let isInterrupted = false;
    for (;;) {
      for (const message of this.#read()) {
        if (message.seq !== seq) continue;
        if ((message.flags & NLM_F_DUMP_INTR) !== 0) isInterrupted = true;
        if (message.type === NLMSG_DONE || message.type === NLMSG_ERROR) {
          const verdict = decodeVerdict(message);
          if (verdict.errno !== 0) throw faultOfErrno('dump', `message type ${request.type}`, verdict);
          return isInterrupted ? null : found;
        }
        const fact = decode(message.payload);
        if (fact !== null) found.push(fact);
      }
    }
  }

  #write(bytes: Buffer): void {
    try {
      writeSync(this.#fd, bytes);
    } catch (cause) {
      throw socketFault('send', cause);
    }
  }

  #read(): readonly NetlinkMessage[] {
    try {
      return decodeMessages(this.#buffer.subarray(0, readSync(this.#fd, this.#buffer)));
    } catch (cause) {
      throw socketFault('receive', cause);
    }
  }
}

const socketFault = (op: string, cause: unknown): Fault => {
  const errno = -((cause as NodeJS.ErrnoException).errno ?? 0);
  return faultOfErrno(op, 'netlink', { errno });
};
