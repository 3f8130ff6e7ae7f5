import type { Problem } from '@manx/hoststate';

const NEWLINE = 0x0a;

/** Cuts a stream of bytes into lines of UTF-8. What follows the last newline waits for more, and is lost with the stream. */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that these bytes complete, without their newlines; a problem (`line-too-long`, `not-utf8`) ends the stream. */
  push(chunk: Uint8Array): readonly string[] | Problem {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      if (!this.#keep(chunk.subarray(start, end))) return this.#tooLong();
      const line = this.#take();
      if (line === null) return { code: 'not-utf8', subject: 'line', detail: 'a line is not UTF-8' };
      lines.push(line);
      start = end + 1;
    }
    return this.#keep(chunk.subarray(start)) ? lines : this.#tooLong();
  }

  #keep(part: Uint8Array): boolean {
    if (part.length > 0) this.#parts.push(part);
    this.#bytes += part.length;
    return this.#bytes <= this.#maxBytes;
  }

  #take(): string | null {
    const [first] = this.#parts;
    const whole = this.#parts.length === 1 && first !== undefined ? first : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    try {
      return this.#decoder.decode(whole);
    } catch {
      return null;
    }
  }

  #tooLong(): Problem {
    return { code: 'line-too-long', subject: 'line', detail: `a line is longer than ${this.#maxBytes} bytes` };
  }
}
