import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory of a test's own, and how it goes away again with everything in it. */
export function makeScratchDirectory(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'manx-t-store-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
