import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBeenRead, markRead } from './read-mark.js';

describe('what dnsmasq has read', () => {
  let folder = '';
  const pidFile = (): string => join(folder, 'dnsmasq.pid');
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'manx-t-mark-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('S20: a restarted agent takes files for read that were written in the instant before dnsmasq was told', () => {
    writeFileSync(pidFile(), '1\n');
    for (let round = 0; round < 200; round += 1) {
      writeFileSync(join(folder, 'hosts'), String(round));
      markRead(pidFile());
      expect(hasBeenRead(pidFile(), folder, ['hosts'])).toBe(true);
    }
  });

  it('takes a file for unread that was written since, and every file where no program was started', async () => {
    markRead(pidFile());
    // The kernel's clock for file times moves in steps of some milliseconds: write until it has.
    await expect
      .poll(() => {
        writeFileSync(join(folder, 'hosts'), 'later');
        return hasBeenRead(pidFile(), folder, ['hosts']);
      })
      .toBe(false);
    expect(hasBeenRead(join(folder, 'no.pid'), folder, ['hosts'])).toBe(false);
  });
});
