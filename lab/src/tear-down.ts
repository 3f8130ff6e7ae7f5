import { readdir, rm } from 'node:fs/promises';
import { LabError } from './lab-error.js';
import { managementNamespace, outsideNamespace } from './layout.js';
import { endProcesses } from './namespace-processes.js';
import { runProgram } from './run-program.js';
import { labFolder } from './running-lab.js';

/** What a teardown found and removed. */
export type TornDown = { readonly namespaces: number; readonly processes: number };

const isOurs = (namespace: string): boolean =>
  /^manx-(host|fab|vm)-/.test(namespace) || namespace === outsideNamespace || namespace === managementNamespace;

/** The lab's namespaces that exist, by name. */
export const labNamespaces = async (): Promise<readonly string[]> => {
  const names = await readdir('/run/netns').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.filter(isOurs).toSorted();
};

/**
 * Removes a lab, however it died: every process in its namespaces, the namespaces with their links, routes and rules, and its folder.
 * Nothing of the lab is anywhere else. Does nothing where there is none.
 */
export const tearDown = async (): Promise<TornDown> => {
  const namespaces = await labNamespaces();
  const processes = await endProcesses(namespaces);
  await runProgram(['ip', '-batch', '-'], { stdin: namespaces.map((name) => `netns del ${name}\n`).join('') });
  const left = await labNamespaces();
  if (left.length > 0) throw new LabError('left-over', `These namespaces could not be removed: ${left.join(', ')}.`);
  await rm(labFolder, { recursive: true, force: true });
  return { namespaces: namespaces.length, processes };
};
