import { appendFileSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type OutputTail, tailOutput } from './output-tail.js';

const folder = mkdtempSync(join(tmpdir(), 'manx-t-tail-'));
const file = join(folder, 'out');
let tail: OutputTail | undefined;
afterEach(() => {
  tail?.close();
  rmSync(folder, { recursive: true });
});

describe('what a program says', () => {
  it('is told line by line from now on, also from a new file, and is never kept for long', async () => {
    writeFileSync(file, 'old\nhal');
    const lines: string[] = [];
    tail = tailOutput(file, (line) => lines.push(line));
    appendFileSync(file, 'f\na line\nwith');
    await vi.waitFor(() => {
      expect(lines).toEqual(['f', 'a line']);
    });
    appendFileSync(file, ' an end\n');
    await vi.waitFor(() => {
      expect(lines.slice(2)).toEqual(['with an end']);
    });
    writeFileSync(`${file}.new`, 'another\n');
    renameSync(`${file}.new`, file);
    appendFileSync(file, 'more\n');
    await vi.waitFor(() => {
      expect(lines.slice(3)).toEqual(['another', 'more']);
    });
    appendFileSync(file, `${'x'.repeat(99)}\n`.repeat(11_000));
    await vi.waitFor(() => {
      expect(statSync(file).size).toBe(0);
    });
    expect(lines).toHaveLength(11_005);
    appendFileSync(file, 'last\n');
    await vi.waitFor(() => {
      expect(lines.at(-1)).toBe('last');
    });
  });
});
