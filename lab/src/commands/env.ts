import { readRunningLab } from '../running-lab.js';
import { type Output, say, sayJson } from '../say.js';

/** `./manx lab env`: what the `openstack` command needs to talk to this lab, without Keystone. */
export const labEnv = async (output: Output): Promise<void> => {
  const { api } = await readRunningLab();
  const environment = { OS_AUTH_TYPE: 'none', OS_ENDPOINT: api };
  if (output === 'json') sayJson(environment);
  else for (const [name, value] of Object.entries(environment)) say(`export ${name}=${value}`);
};
