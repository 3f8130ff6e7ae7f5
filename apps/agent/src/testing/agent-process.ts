import { cleanupAgent, runAgent } from '../index.js';

/** What tests start in a namespace: `run` or `cleanup`, and the path of an agent.yaml. */
const [, , what, config = ''] = process.argv;

try {
  if (what === 'cleanup') process.stdout.write(`${(await cleanupAgent({ config })).join('\n')}\n`);
  else await runAgent({ config });
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
