import { describe, expect, it } from 'vitest';
import { progressLine, progressShower } from './show-progress.js';

const progress = { hosts: 50, connected: 50, ports: 10, up: 10, failed: 0, problem: null };

const shown = (isTTY: boolean, form: 'text' | 'json'): string => {
  let text = '';
  const out = { isTTY, write: (piece: string) => (text += piece) };
  const shower = progressShower(out, form);
  shower.show({ ...progress, up: 9 });
  shower.show(progress);
  shower.show(progress);
  shower.end();
  return text;
};

describe('progress of a simulation', () => {
  it('is one line on a terminal, written over', () => {
    expect(shown(true, 'text')).toBe(
      '\r50 of 50 hosts connected, 9 of 10 ports up\x1b[K\r50 of 50 hosts connected, 10 of 10 ports up\x1b[K\n',
    );
  });

  it('is a line a change elsewhere, and a JSON value a line when asked for', () => {
    expect(shown(false, 'text').split('\n')).toHaveLength(3);
    expect(shown(true, 'json')).toBe(`${JSON.stringify({ ...progress, up: 9 })}\n${JSON.stringify(progress)}\n`);
  });

  it('says what is refused, and why a host is away', () => {
    expect(progressLine({ hosts: 1, connected: 0, ports: 1, up: 0, failed: 1, problem: 'nobody answers' })).toBe(
      '0 of 1 host connected, 0 of 1 port up, 1 port refused (nobody answers)',
    );
  });
});
