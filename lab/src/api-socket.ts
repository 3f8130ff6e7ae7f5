import { execFile } from 'node:child_process';
import { closeSync } from 'node:fs';
import { promisify } from 'node:util';
import { LabError } from './lab-error.js';
import { openLoopbackListener, SocketFault } from './wire/namespace-socket.js';

const apiPort = 9696;

/** Where the API answers on the machine itself. */
export const apiUrl = `http://127.0.0.1:${apiPort}`;

const EADDRINUSE = 98;

/** Who listens on a port, as `ss` tells: `node (process 4711)`. */
const holderOf = async (port: number): Promise<string> => {
  const { stdout } = await promisify(execFile)('ss', ['-Hltnp', `sport = :${port}`]);
  const [, program, pid] = /\("([^"]+)",pid=(\d+)/.exec(stdout) ?? [];
  return program === undefined ? 'another program' : `${program} (process ${pid})`;
};

/**
 * Opens the API's listening socket on the machine's loopback, hands it to `use`, and closes this process's copy: whoever inherited it
 * keeps it. LabError `port-taken` names the program that has the port.
 */
export const withApiSocket = async <T>(use: (fd: number) => T): Promise<T> => {
  let fd: number;
  try {
    fd = openLoopbackListener(apiPort);
  } catch (error) {
    if (!(error instanceof SocketFault) || error.errno !== EADDRINUSE) throw error;
    throw new LabError('port-taken', `127.0.0.1:${apiPort} is taken by ${await holderOf(apiPort)}. Stop it, then try again.`);
  }
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
};
