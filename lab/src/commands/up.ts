import { copyFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { apiUrl, withApiSocket } from '../api-socket.js';
import { applyCloud } from '../apply-cloud.js';
import { buildLab, type Progress } from '../build-lab.js';
import type { Cloud } from '../cloud.js';
import { interruptible } from '../interrupts.js';
import { LabError } from '../lab-error.js';
import { labPaths } from '../lab-paths.js';
import { layoutOf, maxHosts } from '../layout.js';
import { withProgress } from '../progress.js';
import { readCloud } from '../read-cloud.js';
import { demandPrograms, demandRoot } from '../requirements.js';
import { type RunningLab, readRunningLab } from '../running-lab.js';
import { type Output, say, sayJson, table } from '../say.js';
import { labNamespaces, tearDown } from '../tear-down.js';

/** `./manx lab up`: a cloud file, or an empty lab; `hosts` overrides how many there are. */
export type UpOptions = { readonly hosts?: number; readonly file?: string; readonly empty?: boolean };

const defaultCloud = fileURLToPath(new URL('../../clouds/default.yaml', import.meta.url));

/** The hosts of a lab that is asked for by number: h1, h2 and so on. */
const hostNames = (count: number): string[] => Array.from({ length: count }, (_, index) => `h${index + 1}`);

const wantedCloud = async ({ hosts, file, empty }: UpOptions): Promise<Cloud> => {
  if (hosts !== undefined && (!Number.isInteger(hosts) || hosts < 1 || hosts > maxHosts)) {
    throw new LabError('usage', `--hosts takes a whole number from 1 to ${maxHosts}.`);
  }
  if (empty === true) {
    if (file !== undefined) throw new LabError('usage', '--empty and --file exclude each other.');
    return { hosts: hostNames(hosts ?? 3), networks: [], groups: [], instances: [], expectations: [] };
  }
  const cloud = await readCloud(file ?? defaultCloud);
  if (hosts === undefined) return cloud;
  const names = hostNames(hosts);
  const placed = cloud.instances.find(({ host }) => host !== null && !names.includes(host));
  if (placed === undefined) return { ...cloud, hosts: names };
  // The default cloud goes where there is room; a cloud of one's own means what it says.
  if (file !== undefined)
    throw new LabError(
      'bad-hosts',
      `${file} puts ${placed.name} on ${placed.host}, which ${hosts} host(s) named ${names.join(', ')} do not include.`,
    );
  return { ...cloud, hosts: names, instances: cloud.instances.map((instance) => ({ ...instance, host: null })) };
};

/** `./manx lab up`. */
export const labUp = async (options: UpOptions, output: Output): Promise<void> => {
  const lab = await withProgress('work', async ({ step }) => await up(options, step));
  if (output === 'json') sayJson(lab);
  else sayLab(lab);
};

/** Builds the lab and its cloud. A failure, or an interrupt, takes down again what had been built. */
export const up = async (options: UpOptions, progress: Progress): Promise<RunningLab> => {
  demandRoot();
  const cloud = await wantedCloud(options);
  await demandPrograms();
  await demandNoLab();
  // A port that is taken is better known before anything is built.
  await withApiSocket(() => undefined);
  return await interruptible(async (signal) => {
    const build = async () => {
      await buildLab(layoutOf(cloud.hosts), { progress, signal });
      if (options.empty !== true) await copyFile(options.file ?? defaultCloud, labPaths.cloud);
      await applyCloud(cloud, { progress, signal });
    };
    const building = build();
    try {
      await Promise.race([building, untilAborted(signal)]);
    } catch (error) {
      progress('that failed: taking down what had been built');
      await tearDown();
      // What was still under way notices now, and may have made something since.
      await Promise.allSettled([building]);
      await tearDown();
      throw error;
    }
    return await readRunningLab();
  });
};

const untilAborted = async (signal: AbortSignal): Promise<never> =>
  await new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

const demandNoLab = async (): Promise<void> => {
  if ((await labNamespaces()).length === 0) return;
  const lab = await readRunningLab().catch((error: unknown) => {
    if (error instanceof LabError) return null;
    throw error;
  });
  throw lab === null
    ? new LabError('half-lab', 'An earlier lab was left half-way. Remove what is left of it with: ./manx lab down')
    : new LabError(
        'lab-up',
        `A lab is up already: ${lab.hosts.length} hosts, ${lab.instances.length} instances. See it with \`./manx lab list\`, end it with \`./manx lab down\`.`,
      );
};

/** The lab at a glance, and three things to try. */
export const sayLab = (lab: RunningLab): void => {
  const layout = layoutOf(lab.hosts);
  say(
    table(
      ['host', 'namespace', 'AS', 'management', 'instances'],
      layout.hosts.map((host) => [
        host.name,
        host.namespace,
        String(host.asn),
        host.managementAddress,
        lab.instances
          .filter((instance) => instance.host === host.name)
          .map(({ name }) => name)
          .join(' ') || '-',
      ]),
    ),
  );
  if (lab.instances.length > 0) {
    say('');
    say(
      table(
        ['instance', 'host', 'project', 'addresses', 'namespace'],
        lab.instances.map(({ name, host, project_id, addresses, netns }) => [name, host, project_id, addresses.join(' '), netns]),
      ),
    );
  }
  say(`\nAPI  ${apiUrl}  (fabric: ${layout.tors.map(({ namespace }) => namespace).join(', ')}; outside: ${layout.outside.namespace})`);
  say('\nThree things to try:');
  for (const line of thingsToTry(lab)) say(`  ${line}`);
};

const thingsToTry = (lab: RunningLab): string[] => {
  const [first] = lab.instances;
  const other = lab.instances.find(({ host }) => host !== first?.host);
  if (first === undefined || other === undefined) {
    return [
      'eval $(./manx lab env); openstack network create net1',
      'openstack subnet create --network net1 --subnet-range 10.65.0.0/24 sub1',
      './manx lab boot vm1 --network net1',
    ];
  }
  return [
    `./manx lab exec ${first.name} -- traceroute -n ${other.addresses[0] ?? ''}`,
    'eval $(./manx lab env); openstack port list --long',
    './manx lab check',
  ];
};
