import { execFile } from 'node:child_process';
import { closeSync } from 'node:fs';
import { promisify } from 'node:util';
import { LabError } from './lab-error.js';
import { waitUntil } from './program.js';
import { openLoopbackListener, SocketFault } from './wire/namespace-socket.js';

const apiPort = 9696;

/** Where the API answers on the machine itself. */
export const apiUrl = `http://127.0.0.1:${apiPort}`;

const EADDRINUSE = 98;

/** Who listens on a port, as `ss` tells: `node (process 4711)`; null: a socket that no process has any more, which the kernel is about to close. */
const holderOf = async (port: number): Promise<string | null> => {
  const { stdout } = await promisify(execFile)('ss', ['-Hltnp', `sport = :${port}`]);
  const [, program, pid] = /\("([^"]+)",pid=(\d+)/.exec(stdout) ?? [];
  return program === undefined ? null : `${program} (process ${pid})`;
};

/** Opens the listener, once the one of a server that has just been killed is gone. */
const openListener = async (): Promise<number> => {
  let [fd, holder]: [number | null, string | null] = [null, null];
  const isDecided = async (): Promise<boolean> => {
    try {
      fd = openLoopbackListener(apiPort);
      return true;
    } catch (error) {
      if (!(error instanceof SocketFault) || error.errno !== EADDRINUSE) throw error;
      holder = await holderOf(apiPort);
      return holder !== null;
    }
  };
  await waitUntil(`127.0.0.1:${apiPort} to be free`, isDecided);
  if (fd !== null) return fd;
  throw new LabError('port-taken', `127.0.0.1:${apiPort} is taken by ${holder}. Stop it, then try again.`);
};

/**
 * Opens the API's listening socket on the machine's loopback, hands it to `use`, and closes this process's copy: whoever inherited it
 * keeps it. LabError `port-taken` names the program that has the port.
 */
export const withApiSocket = async <T>(use: (fd: number) => T): Promise<T> => {
  const fd = await openListener();
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
};
