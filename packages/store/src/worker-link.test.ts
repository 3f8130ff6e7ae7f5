import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeScratchDirectory } from './scratch-directory.js';

it('opens in a process whose own options are not for threads', () => {
  const { path, remove } = makeScratchDirectory();
  const url = new URL('./sqlite-store.js', import.meta.url).href;
  const script = `import { openSqliteStore } from '${url}'; const s = await openSqliteStore({ path: '${join(path, 'store.db')}' }); console.log(await s.head()); await s.close();`;
  try {
    const done = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8', timeout: 20_000 });
    expect(done.stderr).toBe('');
    expect(done.stdout.trim()).toBe('0');
  } finally {
    remove();
  }
});
