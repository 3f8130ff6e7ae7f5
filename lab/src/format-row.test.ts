import { describe, expect, it } from 'vitest';
import { formatRow } from './format-row.js';

const plain = (text: string): string => text.replaceAll(new RegExp(`${String.fromCodePoint(27)}\\[\\d+m`, 'g'), '');

const row = {
  promise: 'S3',
  did: 'an OSPF hello to 224.0.0.5 from one instance, tcpdump on every other, on both hosts',
  saw: '0 frames in 7 instances',
  ok: true,
};

describe('a row of `lab check`', () => {
  it('in a pipe it is one line: promise, what was done, what was seen, verdict', () => {
    const text = plain(formatRow({ ...row, ok: false }, null));
    expect(text).not.toContain('\n');
    expect(text).toMatch(/^S3 .*OSPF hello.* 0 frames .*FAIL$/);
  });

  it.each([80, 100, 140])('on a terminal of %i characters no line is longer, and no word is lost', (width) => {
    const lines = plain(formatRow(row, width)).split('\n');
    expect(lines.filter((line) => line.length > width)).toEqual([]);
    const words = lines.join(' ').split(/\s+/);
    for (const word of `${row.did} ${row.saw} pass`.split(' ')) expect(words).toContain(word);
  });

  it('a word that is wider than its column is cut, not lost', () => {
    const long = 'f'.repeat(200);
    const lines = plain(formatRow({ ...row, saw: long }, 80)).split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.map((line) => (/f{5,}/.exec(line) ?? [''])[0]).join('')).toBe(long);
  });
});
