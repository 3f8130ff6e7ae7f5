import { readdir, readFile } from 'node:fs/promises';
import { LabError } from './lab-error.js';

/** Where everything that a lab writes lives; `down` removes it whole. */
export const labFolder = '/run/manx-lab';
const labFile = `${labFolder}/lab.json`;
const instancesFolder = `${labFolder}/instances`;

/** An instance of the lab: a namespace with one port. */
export type Instance = {
  readonly name: string;
  readonly port_id: string;
  readonly project_id: string;
  readonly host: string;
  readonly netns: string;
  readonly tap: string;
  readonly mac: string;
  /** The network's, which a hypervisor gives the tap; the guest learns it from its host. */
  readonly mtu: number;
  /** Fixed IPs as the API shows them. */
  readonly addresses: readonly string[];
};

/** What `lab up` left running. */
export type RunningLab = {
  readonly api: string;
  readonly hosts: readonly string[];
  readonly instances: readonly Instance[];
};

/** Where an instance is described; the folder's existence is what makes its name taken. */
export const instanceFile = (name: string): string => `${instancesFolder}/${name}/instance.json`;

/** The running lab; LabError `no-lab` when there is none. */
export const readRunningLab = async (): Promise<RunningLab> => {
  const lab = (await readJson(labFile)) as Omit<RunningLab, 'instances'> | null;
  if (lab === null) throw new LabError('no-lab', 'No lab is up. Start one with: ./manx lab up');
  const names = await readdir(instancesFolder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  // An instance that is being booted has a folder but no description yet.
  const instances = await Promise.all(names.toSorted().map(async (name) => (await readJson(instanceFile(name))) as Instance | null));
  return { ...lab, instances: instances.filter((instance) => instance !== null) };
};

/** The instance of that name; LabError `no-instance` names those that there are. */
export const instanceNamed = (lab: RunningLab, name: string): Instance => {
  const found = lab.instances.find((instance) => instance.name === name);
  if (found !== undefined) return found;
  const names = lab.instances.map((instance) => instance.name).join(', ');
  throw new LabError('no-instance', `There is no instance ${JSON.stringify(name)}; there ${names === '' ? 'are none' : `are: ${names}`}.`);
};

const readJson = async (path: string): Promise<unknown> => {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
};
