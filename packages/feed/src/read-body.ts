import type { IncomingMessage } from 'node:http';

/** A body, as far as it came: `too-long` as soon as it is, `cut` when the other side went away before its end. */
export type Body = { readonly kind: 'whole'; readonly text: string } | { readonly kind: 'too-long' } | { readonly kind: 'cut' };

/** The body of a request or response as text; bytes that are no UTF-8 become U+FFFD. Never rejects. */
export function readBody(message: IncomingMessage, maxBytes: number): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    message.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else {
        message.pause();
        resolve({ kind: 'too-long' });
      }
    });
    message.on('end', () => resolve({ kind: 'whole', text: Buffer.concat(chunks).toString('utf8') }));
    message.on('error', () => resolve({ kind: 'cut' }));
    message.on('close', () => resolve({ kind: 'cut' }));
  });
}
