import type { ChildProcess } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { apiUrl, withApiSocket } from './api-socket.js';
import { LabError } from './lab-error.js';
import { labPaths } from './lab-paths.js';
import { hostNamespace, managementNamespace } from './layout.js';
import { killProgram, logTail, startProgram, waitUntil } from './program.js';
import { novaMetadataPort } from './program-settings.js';

/** The lab's server and agents, to be started and killed as an operator's worst day would. */
export type ProcessControl = {
  readonly startServer: () => Promise<void>;
  /** The metadata service that stands in for Nova's, beside the server. */
  readonly startNovaMetadata: (address: string) => Promise<void>;
  /** SIGKILL. */
  readonly killServer: () => Promise<void>;
  /** Resolves when the agent is in sync with the server, or, without `awaitServer`, as soon as it has taken up its host. */
  readonly startAgent: (host: string, options?: { readonly awaitServer?: boolean }) => Promise<void>;
  /** SIGKILL; the host's rules, routes, BIRD and dnsmasq stay. */
  readonly killAgent: (host: string) => Promise<void>;
};

/** The one command, as an operator starts it. */
const manx = [fileURLToPath(new URL('../../manx', import.meta.url))] as const;

/** Waits for a program to become ready; LabError with the end of its log when it ends or takes too long. */
const ready = async (name: string, child: ChildProcess, isReady: () => Promise<boolean>): Promise<void> => {
  const started = async () => {
    if (await isReady()) return true;
    if (child.exitCode !== null || child.signalCode !== null)
      throw new LabError('program', `${name} ended at once. Its last words (${labPaths.log(name)}):\n${await logTail(name)}`);
    return false;
  };
  try {
    await waitUntil(`${name} to be ready`, started);
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'timeout') throw error;
    throw new LabError('program', `${error.message} Its last words (${labPaths.log(name)}):\n${await logTail(name)}`);
  }
};

const answers = async (url: string): Promise<boolean> =>
  await fetch(url).then(
    (response) => response.ok,
    () => false,
  );

const sizeOf = async (path: string): Promise<number> =>
  await stat(path).then(
    ({ size }) => size,
    () => 0,
  );

const startServer = async (): Promise<void> => {
  const program = { name: 'server', namespace: managementNamespace };
  const child = await withApiSocket((fd) =>
    startProgram({ ...program, argv: [...manx, 'server', '--config', labPaths.serverSettings], inherit: fd }),
  );
  await ready(program.name, child, async () => await answers(`${apiUrl}/readyz`));
};

const startAgent = async (host: string, { awaitServer = true }: { readonly awaitServer?: boolean } = {}): Promise<void> => {
  const program = { name: `agent-${host}`, namespace: hostNamespace(host) };
  const before = await sizeOf(labPaths.log(program.name));
  const child = startProgram({ ...program, argv: [...manx, 'agent', '--config', labPaths.agentSettings(host)] });
  // The agent says so in its log, which grows from where it was.
  const wanted = awaitServer ? 'connected to the server' : 'agent started';
  await ready(program.name, child, async () => {
    const log = await readFile(labPaths.log(program.name)).catch(() => Buffer.alloc(0));
    return log.subarray(before).includes(wanted);
  });
};

const startNovaMetadata = async (address: string): Promise<void> => {
  const program = { name: 'nova-metadata', namespace: managementNamespace };
  const main = fileURLToPath(new URL('nova-metadata-main.js', import.meta.url));
  const child = startProgram({ ...program, argv: [process.execPath, main, address, String(novaMetadataPort), labPaths.metadataSecret] });
  await ready(program.name, child, async () => (await readFile(labPaths.log(program.name), 'utf8')).includes('ready'));
};

/** Control over the programs of the running lab. */
export const processControl: ProcessControl = {
  startServer,
  startNovaMetadata,
  startAgent,
  killServer: async () => await killProgram('server', managementNamespace),
  killAgent: async (host) => await killProgram(`agent-${host}`, hostNamespace(host)),
};
