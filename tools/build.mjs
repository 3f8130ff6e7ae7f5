// Builds every workspace with project references, after removing compiled files whose source is gone:
// tests run from dist/, so an orphan would be a test of nothing.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const top = join(dirname(fileURLToPath(import.meta.url)), '..');

const workspaces = ['packages', 'apps'].flatMap((group) => readdirSync(join(top, group)).map((name) => join(group, name)));

/** Every file below a folder, relative to it. */
const filesBelow = (folder) => readdirSync(folder, { recursive: true }).filter((name) => statSync(join(folder, name)).isFile());

for (const workspace of [...workspaces, 'lab', 'bench', 'tests']) {
  const dist = join(top, workspace, 'dist');
  if (!existsSync(dist)) continue;
  for (const file of filesBelow(dist)) {
    const stem = file.replace(/\.(d\.ts|js)(\.map)?$/, '');
    const source = join(top, workspace, 'src', stem);
    if (!existsSync(`${source}.ts`) && !existsSync(`${source}.tsx`)) rmSync(join(dist, file));
  }
}

const built = spawnSync(process.execPath, [join(top, 'node_modules/ts7/bin/tsc'), '-b', ...process.argv.slice(2)], {
  cwd: top,
  stdio: 'inherit',
});
process.exit(built.status ?? 1);
