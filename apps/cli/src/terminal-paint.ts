import type { Paint } from '@manx/reach';

/** SGR codes (ECMA-48, section 8.3.117). */
const CODES: { readonly [R in Parameters<Paint>[0]]: number } = { good: 32, bad: 31, doubt: 33, faint: 2, strong: 1 };

/** Colours for a terminal; none for files and pipes, nor where `NO_COLOR` is set (no-color.org). */
export const terminalPaint = (stream: { readonly isTTY?: boolean }, env: { readonly [name: string]: string | undefined }): Paint => {
  const isPlain = stream.isTTY !== true || (env['NO_COLOR'] ?? '') !== '';
  return isPlain ? (_, text) => text : (role, text) => `\u001B[${CODES[role]}m${text}\u001B[0m`;
};
