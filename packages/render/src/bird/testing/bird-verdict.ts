import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { birdCheckCommand } from '../bird-command.js';

/** What a real BIRD says of a configuration: `accepted`, or why not. */
export function birdVerdict(configuration: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'manx-t-bird-'));
  try {
    const file = join(directory, 'bird.conf');
    writeFileSync(file, configuration);
    const [program, ...args] = birdCheckCommand(file);
    const done = spawnSync(program, args, { encoding: 'utf8' });
    return done.status === 0 ? 'accepted' : done.stderr;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
