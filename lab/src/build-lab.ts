import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { agentToken } from '@manx/feed';
import { parseHostName } from '@manx/hoststate';
import { apiUrl } from './api-socket.js';
import { dhcpEventScript } from './dhcp-client.js';
import { renderFabricBird } from './fabric-bird.js';
import { LabError } from './lab-error.js';
import { labPaths } from './lab-paths.js';
import { type Layout, outsideAddress4, outsideAddress6, outsideNetwork4, outsideNetwork6, type Router } from './layout.js';
import { processControl } from './process-control.js';
import { logTail, startProgram, waitUntil } from './program.js';
import { agentSettings, serverSettings } from './program-settings.js';
import { execOut } from './run-program.js';
import { labFolder } from './running-lab.js';
import { buildTopology } from './topology.js';

/** Tells what is being done, one step at a time. */
export type Progress = (step: string) => void;

/** How something is made that takes seconds: it tells its steps, and stops (rejects) between them once the signal is aborted. */
export type Making = { readonly progress: Progress; readonly signal: AbortSignal };

/** Builds hosts and fabric and starts every program; resolves when the API answers, every agent is in sync and every BGP session is up. */
export const buildLab = async (layout: Layout, { progress, signal }: Making): Promise<void> => {
  await mkdir(labFolder, { recursive: true, mode: 0o755 });
  progress(
    `namespaces and links: ${layout.hosts.length} host${layout.hosts.length === 1 ? '' : 's'}, ${layout.tors.length} top-of-rack routers, the outside`,
  );
  await Promise.all([buildTopology(layout, [`${outsideAddress4}/32`, `${outsideAddress6}/128`]), writeFiles(layout)]);
  signal.throwIfAborted();
  progress('fabric: BIRD on each router');
  const routers = [...layout.tors, layout.outside];
  const fabric = routers.map((router): Fabric => ({ router, bird: startFabricBird(router), signal }));
  progress('server: the API and the door for agents; a metadata service in place of Nova; an agent per host, with its BIRD and dnsmasq');
  await Promise.all([
    processControl.startServer(),
    processControl.startNovaMetadata(layout.management.serverAddress),
    ...layout.hosts.map(async ({ name }) => await processControl.startAgent(name)),
  ]);
  signal.throwIfAborted();
  progress('BGP: every session of the fabric');
  await Promise.all(fabric.map(sessionsUp));
  await writeFile(`${labFolder}/lab.json`, `${JSON.stringify({ api: apiUrl, hosts: layout.hosts.map(({ name }) => name) }, null, 2)}\n`);
};

const writeFiles = async (layout: Layout): Promise<void> => {
  const secret = randomBytes(32).toString('base64url');
  await Promise.all(
    [labPaths.server, labPaths.fabric, `${labFolder}/instances`].map(async (path) => await mkdir(path, { recursive: true })),
  );
  await Promise.all([
    writeFile(labPaths.secret, `${secret}\n`, { mode: 0o600 }),
    writeFile(labPaths.metadataSecret, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 }),
    writeFile(labPaths.serverSettings, serverSettings(layout)),
    writeFile(labPaths.dhcpScript, dhcpEventScript).then(async () => await chmod(labPaths.dhcpScript, 0o755)),
    ...[...layout.tors, layout.outside].map(
      async (router) => await writeFile(`${labPaths.fabric}/${router.name}.conf`, fabricConfiguration(router)),
    ),
    ...layout.hosts.map(async (host) => {
      const name = parseHostName(host.name);
      if (name === null) throw new LabError('bad-host', `${JSON.stringify(host.name)} is no host name.`);
      await mkdir(labPaths.host(host.name), { recursive: true });
      await writeFile(labPaths.agentSettings(host.name), agentSettings(layout, host));
      await writeFile(labPaths.token(host.name), `${agentToken(secret, name)}\n`, { mode: 0o600 });
    }),
  ]);
};

/** The outside is where the world begins: it announces itself and the way to everything else. */
const fabricConfiguration = (router: Router): string =>
  renderFabricBird(
    router,
    router.name === 'out'
      ? {
          prefixes4: ['0.0.0.0/0', outsideNetwork4],
          prefixes6: ['::/0', outsideNetwork6],
          source4: outsideAddress4,
          source6: outsideAddress6,
        }
      : { prefixes4: [`${router.loopback4}/32`], prefixes6: [`${router.loopback6}/128`] },
  );

const controlSocket = (router: Router): string => `${labPaths.fabric}/${router.name}.ctl`;

const startFabricBird = (router: Router): ChildProcess => {
  const argv = ['bird', '-f', '-c', `${labPaths.fabric}/${router.name}.conf`, '-s', controlSocket(router)];
  return startProgram({ name: `bird-${router.name}`, namespace: router.namespace, argv });
};

/** The sessions that are not up, as BIRD tells them; everything is still awaited while BIRD itself does not answer yet. */
const sessionsAwaited = async (router: Router): Promise<string> => {
  const shown = await execOut(['birdc', '-s', controlSocket(router), 'show', 'protocols']).catch((error: unknown) => {
    if (error instanceof LabError) return null;
    throw error;
  });
  if (shown === null) return 'all of them: BIRD does not answer';
  const sessions = shown.split('\n').filter((line) => / BGP /.test(line) && !/Established/.test(line));
  return sessions.map((line) => line.split(/\s+/)[0]).join(', ');
};

type Fabric = { readonly router: Router; readonly bird: ChildProcess; readonly signal: AbortSignal };

const sessionsUp = async ({ router, bird, signal }: Fabric): Promise<void> => {
  const log = `bird-${router.name}`;
  const lastWords = async (): Promise<string> => `BIRD's last words (${labPaths.log(log)}):\n${await logTail(log)}`;
  try {
    await waitUntil(`the BGP sessions of ${router.name}`, async () => {
      signal.throwIfAborted();
      if (bird.exitCode !== null || bird.signalCode !== null)
        throw new LabError('bgp', `BIRD of ${router.name} ended at once. ${await lastWords()}`);
      return (await sessionsAwaited(router)) === '';
    });
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'timeout') throw error;
    throw new LabError('bgp', `${error.message} Not up: ${await sessionsAwaited(router)}. ${await lastWords()}`);
  }
};
