// A Keystone for a person or a conformance run: prints an openrc of its administrator, then stays until SIGINT or SIGTERM.
//   node tests/dist/keystone/start-keystone.js [URL of the Networking API] [URL of Nova]
import { once } from 'node:events';
import { startKeystone } from './keystone-fixture.js';

const [networkUrl, computeUrl] = process.argv.slice(2);
const ending = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
const keystone = await startKeystone();
if (networkUrl !== undefined) await keystone.setEndpoint('network', networkUrl);
if (computeUrl !== undefined) await keystone.setEndpoint('compute', computeUrl);
const openrc = keystone.openrc(keystone.admin, { project: keystone.adminProject.id });
const lines = [
  '# server.yaml:',
  `#   ${keystone.authLine()}`,
  ...Object.entries(openrc).map(([name, value]) => `export ${name}='${value}'`),
];
process.stdout.write(`${lines.join('\n')}\n`);
await ending;
await keystone.end();
