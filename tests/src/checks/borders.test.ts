import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const TOP = fileURLToPath(new URL('../../..', import.meta.url));
const ROOMS = ['ip', 'model', 'admission', 'store', 'hoststate', 'compile', 'feed', 'api', 'render', 'reconcile', 'kernel', 'settings'];
const WORKSPACES = [...ROOMS.map((room) => `packages/${room}`), 'apps/agent', 'apps/server', 'apps/cli', 'lab'];

let tree: string;

/** A tree in the shape of ours, with empty rooms and our borders. */
beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), 'manx-borders-'));
  await cp(join(TOP, 'tsconfig.base.json'), join(tree, 'tsconfig.base.json'));
  await mkdir(join(tree, 'tools'));
  for (const file of ['borders.cjs', 'borders.resolve.cjs']) await cp(join(TOP, 'tools', file), join(tree, 'tools', file));
  for (const workspace of WORKSPACES) {
    await write(`${workspace}/package.json`, `{"name": "@manx/${workspace.split('/').at(-1)}", "type": "module"}`);
    await write(`${workspace}/src/index.ts`, 'export const one = 1;\n');
  }
});
afterAll(() => rm(tree, { recursive: true, force: true }));

const write = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(join(tree, path)), { recursive: true });
  await writeFile(join(tree, path), text);
};

/** What breaks a rule, and the beginning of that rule's name. */
const PLANTED: readonly (readonly [title: string, rule: string, files: Readonly<Record<string, string>>])[] = [
  ...ROOMS.filter((room) => room !== 'api' && room !== 'kernel').map((room) => {
    const beyond = room === 'settings' || room === 'ip' ? 'model' : 'kernel';
    const files = { [`packages/${room}/src/beyond.ts`]: `export { one } from '@manx/${beyond}';\n` };
    return [`${room} imports ${beyond}`, `${room}-imports-only-`, files] as const;
  }),
  ['api imports kernel', 'api-imports-only-', { 'packages/api/src/beyond.ts': "export { one } from '@manx/kernel';\n" }],
  ['kernel imports model', 'kernel-imports-only-', { 'packages/kernel/src/beyond.ts': "export { one } from '@manx/model';\n" }],
  ['a type crosses a border', 'ip-imports-only-', { 'packages/ip/src/type.ts': "export type { one } from '@manx/model';\n" }],
  ['a path crosses a border', 'ip-imports-only-', { 'packages/ip/src/path.ts': "export { one } from '../../model/src/index.js';\n" }],
  ['a pure room opens a file', 'pure-rooms-touch-nothing', { 'packages/model/src/file.ts': "export { readFileSync } from 'node:fs';\n" }],
  ['a program imports the lab', 'nobody-imports-apps-or-lab', { 'apps/server/src/lab.ts': "export { one } from '@manx/lab';\n" }],
  ['the agent imports the model', 'agent-side-never-sees-the-model', { 'apps/agent/src/model.ts': "export { one } from '@manx/model';\n" }],
  [
    'a program imports what is made for tests',
    'nothing-that-runs-imports-tests',
    { 'packages/ip/src/tested.ts': "export { a } from './testing/a.js';\n", 'packages/ip/src/testing/a.ts': 'export const a = 1;\n' },
  ],
  [
    'two modules need each other',
    'no-circles',
    {
      'lab/src/circle.ts': "import { b } from './b.js';\nexport const a = b;\n",
      'lab/src/b.ts': "import { a } from './circle.js';\nexport const b = a;\n",
    },
  ],
  ['what is imported is not there', 'nothing-unresolved', { 'lab/src/x.ts': "export { one } from './nowhere.js';\n" }],
];

/** What breaks nothing. */
const HARMLESS: Readonly<Record<string, string>> = {
  'packages/model/src/a.test.ts': "export { readFileSync } from 'node:fs';\n",
  'packages/render/src/nft/testing/a.ts': "export { readFileSync } from 'node:fs';\n",
  'packages/compile/src/fine.ts': "export { one } from '@manx/hoststate';\n",
};

let violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];

beforeAll(async () => {
  for (const files of [...PLANTED.map(([, , planted]) => planted), HARMLESS]) {
    for (const [path, text] of Object.entries(files)) await write(path, text);
  }
  const cruise = join(TOP, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [cruise, '--config', 'tools/borders.cjs', '--output-type', 'json', 'packages', 'apps', 'lab'];
  const { stdout } = await run(process.execPath, args, { cwd: tree, maxBuffer: 64 << 20 }).catch((error: { stdout: string }) => error);
  violations = (JSON.parse(stdout) as { summary: { violations: typeof violations } }).summary.violations;
});

/** The rules that a file breaks. */
const brokenBy = (file: string): string[] => violations.filter(({ from }) => from === file).map(({ rule }) => rule.name);

describe('the borders between rooms', () => {
  it.each(PLANTED)('%s: %s', (_, rule, files) => {
    expect(Object.keys(files).flatMap(brokenBy)).toContainEqual(expect.stringMatching(`^${rule}`));
  });

  it.each(Object.keys(HARMLESS))('%s breaks nothing', (file) => {
    expect(brokenBy(file)).toEqual([]);
  });
});
