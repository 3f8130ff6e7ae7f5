import { spawn } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PLANTED_BUGS } from '@manx/reach/testing/planted-bugs';

/**
 * `make verify-planted`: plants faults one at a time in a copy of this tree, runs the oracle there, and says after how much each is found. Exit status 1:
 * one was not. A name as argument plants that one alone.
 */

const top = fileURLToPath(new URL('../../../', import.meta.url));

/** One change of a compiled file of the copy. */
type Edit = { readonly file: string; readonly from: string; readonly to: string };

const renderedBy = (name: string): Edit => ({
  file: 'apps/agent/dist/run-agent.js',
  from: "import { renderHost } from '@manx/render';",
  to: `import { renderHost as honest } from '@manx/render';
import { PLANTED_BUGS } from '../../../packages/reach/dist/testing/planted-bugs.js';
const renderHost = (...all) => PLANTED_BUGS.get(${JSON.stringify(name)})(honest(...all));`,
});

/** Faults of the tables, which the comparison without a kernel knows too; and those that only a running agent has. */
const edits: ReadonlyMap<string, Edit> = new Map<string, Edit>([
  ...[...PLANTED_BUGS.keys()].map((name) => [name, renderedBy(name)] as const),
  [
    'flows that are not cut',
    { file: 'apps/agent/dist/host-loop.js', from: 'isAllowed: (flow) => !isCut(flow)', to: 'isAllowed: (flow) => flow !== isCut' },
  ],
  [
    'flows of a floating IP that are not cut when it moves',
    { file: 'packages/hoststate/dist/tightened.js', from: 'translated.isCut(flow) || ', to: '' },
  ],
  [
    'a target of a live migration that is not silent',
    { file: 'packages/render/dist/render-routes.js', from: 'const asked = isSilent(endpoint) ? [] : ', to: 'const asked = ' },
  ],
  [
    'an instance that nobody hears where it arrives',
    { file: 'packages/reconcile/dist/moves/move-book.js', from: "if (move?.phase !== 'incoming')", to: "if (move?.phase !== 'never')" },
  ],
  [
    'connections that end when an instance moves live',
    { file: 'packages/render/dist/nft/endpoint-nft.js', from: 'moved: endpoint.picksUp ? [tap] : []', to: 'moved: []' },
  ],
  [
    'an agent that does nothing after a while',
    {
      file: 'apps/agent/dist/host-loop.js',
      from: 'async #apply(round, steps, review) {',
      to: 'async #apply(round, steps, review) {\n        if ((globalThis.turns = (globalThis.turns ?? 0) + 1) > 25) return [];',
    },
  ],
  [
    'a change that one host is not told of',
    {
      file: 'packages/compile/dist/compiler.js',
      from: 'apply(changes, state) {',
      to: `apply(given, state) {
        const changes = [...given];
        if (changes.some(({ kind, op }) => kind === 'security_group_rule' && op === 'delete')) return new Map();`,
    },
  ],
]);

/** A copy of the built tree, with everything of others linked. */
const copyTree = async (): Promise<string> => {
  const copy = await mkdtemp(join(tmpdir(), 'manx-planted-'));
  for (const name of ['manx', 'package.json', 'apps', 'packages', 'lab', 'tests'])
    await cp(join(top, name), join(copy, name), { recursive: true, filter: (path) => basename(path) !== 'node_modules' });
  await cp(join(top, 'node_modules/@manx'), join(copy, 'node_modules/@manx'), { recursive: true, verbatimSymlinks: true });
  for (const name of await readdir(join(top, 'node_modules')))
    if (name !== '@manx') await symlink(join(top, 'node_modules', name), join(copy, 'node_modules', name));
  return copy;
};

const plant = async (copy: string, { file, from, to }: Edit): Promise<() => Promise<void>> => {
  const path = join(copy, file);
  const text = await readFile(path, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${file} does not have once: ${from}`);
  await writeFile(
    path,
    text.replace(from, () => to),
  );
  return async () => await writeFile(path, text);
};

/** Ctrl-C ends the run under way, which takes its lab down, and then this. */
const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());

const verifyIn = async (copy: string): Promise<string> =>
  await new Promise((resolve, reject) => {
    const env = { ...process.env, SEQUENCES: '15', SEED: '1', STEPS: '8', SHRINKS: '0' };
    const child = spawn(process.execPath, ['tests/dist/verify/run-verify.js'], { cwd: copy, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => void (said += text));
    ending.signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
    child.on('error', reject);
    child.on('close', () => (ending.signal.aborted ? reject(new Error('ended by a signal')) : resolve(said)));
  });

/** What the oracle said of a planted fault: null when it did not find it. */
const found = async (copy: string, edit: Edit): Promise<string | null> => {
  const pullOut = await plant(copy, edit);
  try {
    const said = await verifyIn(copy);
    const at = said.indexOf('DISAGREE');
    if (at < 0 && !said.includes('all agree')) throw new Error(`the run ended by itself: ${said.slice(-500)}`);
    return at < 0 ? null : said.slice(at).split('\n').slice(0, 3).join('\n  ');
  } finally {
    await pullOut();
  }
};

const [only] = process.argv.slice(2);
const chosen = [...edits].filter(([name]) => only === undefined || name === only);
if (chosen.length === 0) throw new Error(`There is no fault ${JSON.stringify(only)}; there are: ${[...edits.keys()].join(', ')}`);
const copy = await copyTree();
try {
  for (const [name, edit] of chosen) {
    const what = await found(copy, edit);
    process.stdout.write(what === null ? `NOT FOUND: ${name}\n` : `found: ${name}\n  ${what}\n`);
    if (what === null) process.exitCode = 1;
  }
} finally {
  await rm(copy, { recursive: true, force: true });
}
