import { LabError } from './lab-error.js';
import { labPaths } from './lab-paths.js';
import { hostNamespace } from './layout.js';
import type { NeutronResource } from './neutron-client.js';
import { programPid } from './program.js';
import type { RunningLab } from './running-lab.js';

const isRunning = (host: string): boolean => programPid(`agent-${host}`, hostNamespace(host)) !== null;

/**
 * The host that was asked for, or else the one with the fewest instances of those whose agent runs. LabError `no-host`, or `binding-failed`
 * when its agent does not run.
 */
export const chooseHost = (lab: RunningLab, wanted: string | null): string => {
  if (wanted !== null) {
    if (!lab.hosts.includes(wanted))
      throw new LabError('no-host', `There is no host ${JSON.stringify(wanted)}; there are: ${lab.hosts.join(', ')}.`);
    if (!isRunning(wanted)) throw bindingFailed(wanted);
    return wanted;
  }
  const load = (host: string) => lab.instances.filter((instance) => instance.host === host).length;
  const [emptiest] = lab.hosts.filter(isRunning).toSorted((a, b) => load(a) - load(b));
  if (emptiest === undefined)
    throw new LabError('no-host', `No host of the lab has a running agent. Their logs: ${labPaths.log('agent-*')}.`);
  return emptiest;
};

const bindingFailed = (host: string): LabError =>
  new LabError(
    'binding-failed',
    `No port can be bound to host ${host} (binding_failed): its agent is not alive. See ${labPaths.log(`agent-${host}`)}.`,
  );

/** LabError `binding-failed` when the server could not bind the port to that host. */
export const demandBound = (port: NeutronResource, host: string): void => {
  if (port['binding:vif_type'] !== 'tap') throw bindingFailed(host);
};
