import { isNode, LineCounter, parseDocument } from 'yaml';

/** Where a value of a YAML text stands, by its path of keys and indexes; line and column count from 1. The text's start when there is no such value. */
export const placeOf = (text: string, path: readonly (string | number)[]): { readonly line: number; readonly column: number } => {
  const lines = new LineCounter();
  const node = parseDocument(text, { lineCounter: lines }).getIn(path, true);
  const offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
};
