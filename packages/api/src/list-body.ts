const COMMA = 0x2c;

/**
 * `HEAD TEXT,TEXT,... TAIL` as UTF-8 bytes. Each text is copied once, to where it belongs; one long string of them all would be copied
 * three times on its way out.
 */
export const listBody = (head: string, texts: readonly string[], tail: string): Buffer => {
  let length = Buffer.byteLength(head) + Buffer.byteLength(tail) + Math.max(0, texts.length - 1);
  for (const text of texts) length += Buffer.byteLength(text);
  const body = Buffer.allocUnsafe(length);
  let at = body.write(head);
  for (const [index, text] of texts.entries()) {
    if (index > 0) {
      body[at] = COMMA;
      at += 1;
    }
    at += body.write(text, at);
  }
  body.write(tail, at);
  return body;
};
