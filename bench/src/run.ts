import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LabError, labNamespaces, table, tearDown, up } from '@manx/lab/bench-kit';
import { type BenchCloud, hosts, makeBenchCloud } from './bench-cloud.js';
import { type Cleanup, openCleanup } from './cleanup.js';
import { type Effort, type Figure, fullEffort, type Progress, quickEffort } from './figure.js';
import { describeMachine } from './machine.js';
import { measureApi } from './measure-api.js';
import { measureBoot } from './measure-boot.js';
import { measureChange } from './measure-change.js';
import { measureDhcp } from './measure-dhcp.js';
import { measureDrops } from './measure-drops.js';
import { measureExplain } from './measure-explain.js';
import { measureHost } from './measure-host.js';
import { measureMetadata } from './measure-metadata.js';
import { measureMigrate } from './measure-migrate.js';
import { measureMulticast } from './measure-multicast.js';
import { measurePath } from './measure-path.js';
import { measureQos } from './measure-qos.js';
import { measureRoutes } from './measure-routes.js';
import { measureSize } from './measure-size.js';
import { measureStorm } from './measure-storm.js';
import { measureVerify } from './measure-verify.js';
import { judged, renderResults } from './render-results.js';

const figureNames = [
  'neutron',
  'size',
  'explain',
  'boot',
  'change',
  'dhcp',
  'host',
  'metadata',
  'path',
  'migrate',
  'drops',
  'multicast',
  'qos',
  'routes',
  'storm',
  'verify',
] as const;
type FigureName = (typeof figureNames)[number];

/** What `--only` takes: a figure, or several by one name. */
const chosen: Readonly<Record<string, readonly FigureName[]>> = {
  api: ['neutron', 'size', 'explain'],
  lab: ['boot', 'change', 'dhcp', 'host', 'metadata', 'path', 'migrate', 'drops', 'multicast', 'qos', 'routes', 'storm', 'verify'],
  ...Object.fromEntries(figureNames.map((name) => [name, [name]])),
};

const usage = `bench [--quick] [--only ${Object.keys(chosen).join('|')}]... [--write FILE]
  Measures, and writes what it has measured into bench/RESULTS.md, where the other figures stay as they are.
  api: the API beside Neutron (neutron), the large cloud and the feed (size), who reaches whom in it (explain). lab: port to ping (boot), change to enforced (change), offers of addresses (dhcp), drift, cold start and memory of a host (host), metadata for a thousand instances (metadata), the data path (path), live migration (migrate), a flood that is dropped (drops), multicast to three hosts (multicast), limits of bandwidth (qos), a new route from host to host (routes), a boot storm on ten hosts (storm), the oracle (verify).
  With --quick it prints alone, unless told where to write.`;

type Work = { readonly cleanup: Cleanup; readonly progress: Progress };

/** A lab of so many hosts, with a cloud to measure in; the clean-up takes it down. */
const openLabCloud = async (hostCount: number, crowd: number, { cleanup, progress }: Work): Promise<BenchCloud> => {
  const building = up({ empty: true, hosts: hostCount }, (step) => progress(`lab: ${step}`));
  // A lab that could not be built has taken itself down; one that was in its way is somebody else's.
  cleanup.add(async () => {
    const isUp = await building.then(
      () => true,
      () => false,
    );
    if (isUp) await tearDown();
  });
  await building;
  progress(`lab: ${crowd} ports`);
  return await makeBenchCloud(crowd);
};

const inOneLab = {
  boot: measureBoot,
  change: measureChange,
  dhcp: measureDhcp,
  host: measureHost,
  metadata: measureMetadata,
  path: measurePath,
  migrate: measureMigrate,
  drops: measureDrops,
  multicast: measureMulticast,
  qos: measureQos,
  routes: measureRoutes,
} as const;

/** Which figures share a lab, and how many ports it has before. The data path begins on hosts that are nearly empty, and fills them itself. */
const labs: readonly { readonly names: readonly (keyof typeof inOneLab)[]; readonly crowd: (effort: Effort) => number }[] = [
  { names: ['boot', 'change', 'host'], crowd: ({ crowd }) => crowd },
  { names: ['drops'], crowd: () => 0 },
  { names: ['multicast'], crowd: () => 0 },
  { names: ['path'], crowd: () => 0 },
  { names: ['migrate'], crowd: ({ crowd }) => crowd },
  { names: ['qos'], crowd: () => 0 },
  { names: ['routes'], crowd: () => 0 },
  { names: ['dhcp'], crowd: () => 0 },
  { names: ['metadata'], crowd: () => 0 },
];
const stormHosts = Array.from({ length: 10 }, (_, index) => `h${index + 1}`);

/** What needs a lab: one of three hosts for most, and one of ten for the storm. */
const measureInLab = async (wanted: readonly FigureName[], effort: Effort, work: Work): Promise<readonly Figure[]> => {
  const figures: Figure[] = [];
  const alone = async (measure: (own: Work) => Promise<void>): Promise<void> => {
    const own = openCleanup();
    work.cleanup.add(async () => await own.run());
    await measure({ cleanup: own, progress: work.progress });
    await own.run();
  };
  for (const { names, crowd } of labs) {
    const here = names.filter((name) => wanted.includes(name));
    if (here.length === 0) continue;
    await alone(async (own) => {
      const cloud = await openLabCloud(hosts.length, crowd(effort), own);
      for (const name of here) figures.push(await inOneLab[name](effort, { cloud, ...own }));
    });
  }
  if (wanted.includes('storm')) {
    await alone(async (own) => {
      const cloud = await openLabCloud(stormHosts.length, 0, own);
      figures.push(await measureStorm(effort, { cloud, hosts: stormHosts, ...own }));
    });
  }
  if (wanted.includes('verify')) await alone(async (own) => void figures.push(await measureVerify(effort, own)));
  return figures;
};

const measure = async (wanted: readonly FigureName[], effort: Effort, { cleanup, progress }: Work): Promise<readonly Figure[]> => {
  const figures: Figure[] = [];
  const alone = async (work: (own: Work) => Promise<readonly Figure[]>): Promise<void> => {
    const own = openCleanup();
    cleanup.add(async () => await own.run());
    figures.push(...(await work({ cleanup: own, progress })));
    // The servers end before the next figure: they would be in its way.
    await own.run();
  };
  if (wanted.includes('neutron')) await alone(async (own) => [await measureApi(effort, own)]);
  if (wanted.includes('size')) await alone(async (own) => await measureSize(effort, own));
  if (wanted.includes('explain')) await alone(async (own) => await measureExplain(effort, own));
  return [...figures, ...(await measureInLab(wanted, effort, { cleanup, progress }))];
};

const demandQuiet = async (): Promise<void> => {
  if (process.getuid?.() !== 0)
    throw new LabError('no-root', 'The benchmarks make network namespaces, and that takes root. Run them as root (sudo).');
  if ((await labNamespaces()).length > 0)
    throw new LabError(
      'lab-up',
      'A lab is up: its namespaces would be in the way, and its work in the numbers. End it with: ./manx lab down',
    );
};

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [...figureNames] },
      write: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    say(usage);
    return;
  }
  const wanted = figureNames.filter((name) => values.only.some((only) => chosen[only]?.includes(name) === true));
  const unknown = values.only.find((name) => !Object.hasOwn(chosen, name));
  if (unknown !== undefined) throw new LabError('usage', `There is no figure ${JSON.stringify(unknown)}.\n${usage}`);
  if (wanted.some((name) => chosen['lab']?.includes(name) === true)) await demandQuiet();
  const cleanup = openCleanup();
  // What was under way fails for it; its words would only hide the reason.
  let isInterrupted = false;
  const interrupted = (): void => {
    isInterrupted = true;
    say('interrupted: taking everything down');
    void cleanup.run().then(() => process.exit(130));
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  const start = performance.now();
  const progress: Progress = (step) => say(`${((performance.now() - start) / 1000).toFixed(0).padStart(4)} s  ${step}`);
  const machine = describeMachine();
  let figures: readonly Figure[];
  try {
    figures = await measure(wanted, values.quick ? quickEffort : fullEffort, { cleanup, progress });
  } catch (error) {
    // The handler ends the process when all is down.
    if (isInterrupted) await new Promise(() => undefined);
    throw error;
  } finally {
    for (const failure of await cleanup.run()) process.stderr.write(`clean-up: ${failure}\n`);
  }
  for (const { title, rows } of figures) {
    say(`\n${title}`);
    say(
      table(
        ['figure', 'manx', 'peer', 'ratio', 'goal'],
        rows.map((row) => [row.what, row.ours, row.peer, row.ratio, judged(row)]),
      ),
    );
  }
  const path = values.write ?? (values.quick ? null : fileURLToPath(new URL('../RESULTS.md', import.meta.url)));
  if (path === null) return;
  const args = process.argv.slice(2);
  const command = args.length === 0 ? 'make bench' : ['node bench/dist/run.js', ...args].join(' ');
  const before = await readFile(path, 'utf8').catch(() => '');
  await writeFile(path, renderResults({ command, machine, date: new Date().toISOString().slice(0, 10) }, figures, before));
  say(`\nwritten to ${path}`);
};

try {
  await main();
} catch (error) {
  if (!(error instanceof Error)) throw error;
  process.stderr.write(`bench: ${error instanceof LabError ? error.message : (error.stack ?? error.message)}\n`);
  process.exitCode = 1;
}
