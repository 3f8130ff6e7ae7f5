import { apiUrl } from '../api-socket.js';
import { type Booted, type BootRequest, bootInstance, deleteInstance, moveInstance, moveInstanceLive } from '../instances.js';
import { interruptible } from '../interrupts.js';
import { LabError } from '../lab-error.js';
import { openNeutronClient } from '../neutron-client.js';
import { demandRoot } from '../requirements.js';
import { readRunningLab } from '../running-lab.js';
import { type Output, say, sayJson } from '../say.js';
import { sayLab } from './up.js';

const client = openNeutronClient(apiUrl);

const sayBooted = (booted: Booted, output: Output): void => {
  if (output === 'json') return sayJson(booted);
  const { name, host, addresses, netns, tap, port_id, ms_to_active, ms_to_address } = booted;
  say(
    `${name} on ${host}: ${addresses.join(' ')} (port ${port_id}, ${tap}; ACTIVE after ${ms_to_active} ms, addresses after ${ms_to_address} ms)`,
  );
  say(`Its shell: ip netns exec ${netns} bash`);
};

/** `./manx lab boot`. */
export const labBoot = async (request: BootRequest, output: Output): Promise<void> => {
  demandRoot();
  if ((request.network === undefined) === (request.port === undefined)) throw new LabError('usage', 'Give either --network or --port.');
  sayBooted(await interruptible(async (signal) => await bootInstance(client, { ...request, signal })), output);
};

/** `./manx lab move`. */
export const labMove = async (
  name: string,
  { host, isLive }: { readonly host: string; readonly isLive: boolean },
  output: Output,
): Promise<void> => {
  demandRoot();
  if (isLive) {
    const moved = await interruptible(async (signal) => await moveInstanceLive(client, { name, host, signal }));
    const { from, addresses, ms_to_ready, ms_stopped, ms_to_end } = moved;
    if (output === 'json') return sayJson(moved);
    return say(
      `${name} moved live from ${from} to ${host}: ${addresses.join(' ')} (${host} ready after ${ms_to_ready} ms, the guest stopped for ${ms_stopped} ms, nothing left on ${from} after ${ms_to_end} ms)`,
    );
  }
  sayBooted(await interruptible(async (signal) => await moveInstance(client, { name, host, signal })), output);
};

/** `./manx lab delete`. */
export const labDelete = async (name: string, output: Output): Promise<void> => {
  demandRoot();
  const { port_id } = await deleteInstance(client, name);
  if (output === 'json') sayJson({ name, port_id });
  else say(`${name} is gone${port_id === null ? '' : `, and its port ${port_id} with it`}.`);
};

/** `./manx lab list`. */
export const labList = async (output: Output): Promise<void> => {
  const lab = await readRunningLab();
  if (output === 'json') sayJson(lab);
  else sayLab(lab);
};
