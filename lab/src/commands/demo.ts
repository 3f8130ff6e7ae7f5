import pc from 'picocolors';
import { apiUrl } from '../api-socket.js';
import { labPaths } from '../lab-paths.js';
import { layoutOf } from '../layout.js';
import { withProgress } from '../progress.js';
import { demandPrograms, demandRoot } from '../requirements.js';
import { readRunningLab } from '../running-lab.js';
import { type Output, say } from '../say.js';
import { labNamespaces, tearDown } from '../tear-down.js';
import { check, labCheck } from './check.js';
import { sayLab, up } from './up.js';

/** What `make lab` does: a fresh lab in place of whatever an earlier one left, every promise proven, and then it stays. */
export const labDemo = async (output: Output): Promise<boolean> => {
  demandRoot();
  await demandPrograms();
  const lab = await withProgress('work', async ({ step }) => {
    if ((await labNamespaces()).length > 0) step('removing an earlier lab');
    await tearDown();
    return await up({}, step);
  });
  if (output === 'json') return await labCheck('json');
  say(pc.bold('\nProving the promises (S1, S2, ...: docs/semantics.md)\n'));
  const passed = await check();
  say('');
  sayLab(await readRunningLab());
  const layout = layoutOf(lab.hosts);
  say(`
${pc.bold('What runs where')}
  server   in ${layout.management.namespace}, API on ${apiUrl}; settings ${labPaths.serverSettings}
  agents   one in each manx-host-*, each with its own BIRD and dnsmasq; settings ${labPaths.agentSettings('HOST')}
  logs     ${labPaths.log('*')}
${pc.bold('Talk to it')}
  eval $(./manx lab env); openstack network list
${pc.bold('Stop it')}
  ./manx lab down`);
  return passed;
};
