/** Messages in a TCP stream, each with its length in two bytes before it (RFC 1035, section 4.2.2). */
export class TcpFrames {
  #rest: Buffer = Buffer.alloc(0);

  /** How much of a message has come whose end has not. */
  get pendingBytes(): number {
    return this.#rest.length;
  }

  /** The messages that this piece of the stream completes. */
  take(piece: Buffer): readonly Buffer[] {
    this.#rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const whole: Buffer[] = [];
    while (this.#rest.length >= 2) {
      const end = 2 + this.#rest.readUInt16BE(0);
      if (this.#rest.length < end) break;
      whole.push(this.#rest.subarray(2, end));
      this.#rest = this.#rest.subarray(end);
    }
    return whole;
  }
}

/** A message as it goes into a TCP stream. */
export function tcpFrame(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}
